"""A real MCP server, made with the official package; run by the tests, not collected by pytest.

python mcp_server.py stdio | http PORT | silent | dies | chatters | endless
"""

from __future__ import annotations

import sys
from typing import Literal

from mcp.server.mcpserver import MCPServer

server = MCPServer("library desk")


@server.tool()
def reserve_book(title: str, branch: Literal["centre", "north"], copies: int = 1) -> str:
    """Reserve copies of a book at one branch of the city library."""
    raise AssertionError(f"no tool is ever called: {title} {branch} {copies}")


@server.tool(name="opening.hours")
def opening_hours(branch: str, days: list[str] | None = None) -> str:
    """Tell when a branch of the library is open on the given days."""
    raise AssertionError(f"no tool is ever called: {branch} {days}")


if __name__ == "__main__":
    mode = sys.argv[1]
    if mode == "stdio":
        server.run("stdio")
    elif mode == "http":
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
