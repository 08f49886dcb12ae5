"""Tools of real MCP servers, over stdio and over HTTP on loopback; servers that die or never answer are told apart."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import require

from genesis.errors import PoolError
from genesis.tools.build import build_pool
from genesis.tools.pool import ToolPool

SERVER = Path(__file__).with_name("mcp_server.py")


def _command(mode: str) -> str:
    return f"mcp:{shlex.join([sys.executable, str(SERVER), mode])}"


def _check(pool: ToolPool) -> None:
    assert {tool.name for tool in pool} == {"reserve_book", "opening_hours"}
    tool = pool["reserve_book"]
    assert tool.description == "Reserve copies of a book at one branch of the city library."
    assert tool.required == ("title", "branch")
    assert tool.properties["branch"]["enum"] == ["centre", "north"]
    assert tool.properties["copies"]["default"] == 1
    assert pool["opening_hours"].original_name == "opening.hours"


def test_stdio() -> None:
    pool, report = build_pool([_command("stdio")], None, 0, allow_exec=True)
    _check(pool)
    assert report.steps[0].before == 2


@pytest.mark.slow
async def test_stdio_where_a_loop_runs_already() -> None:
    pool, _ = build_pool([_command("stdio")], None, 0, allow_exec=True)
    await asyncio.sleep(0)
    _check(pool)


@pytest.fixture
def url() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([sys.executable, str(SERVER), "http", str(port)], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
        process.terminate()


def test_http_needs_no_permission_to_execute(url: str) -> None:
    pool, _ = build_pool([f"mcp+{url}"], None, 0)
    _check(pool)


def test_a_command_is_refused_unless_allowed(tmp_path: Path) -> None:
    with pytest.raises(PoolError, match="executes code; allow it with --allow-exec"):
        build_pool([f"mcp:touch {tmp_path / 'trace'}"], None, 0)
    assert not (tmp_path / "trace").exists()


def test_a_server_that_dies_is_quoted() -> None:
    source = "mcp:sh -c 'echo no licence found, giving up >&2; exit 3'"
    with pytest.raises(PoolError, match=r"mcp:sh .*last words: 'no licence found, giving up'"):
        build_pool([source], None, 0, allow_exec=True, timeout=20)


@pytest.mark.parametrize("script", ["sleep 60", "echo Welcome to the library; sleep 60"])
def test_a_server_that_never_answers_is_given_up(script: str) -> None:
    with pytest.raises(PoolError, match=r"mcp:sh .*no answer within 0.5 s"):
        build_pool([f"mcp:sh -c {shlex.quote(script)}"], None, 0, allow_exec=True, timeout=0.5)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("mcp:", "expected a command"),
        ("mcp:'unclosed", "cannot be split"),
        ("mcp:/no/such/server --flag", "No such file"),
        ("mcp+http://127.0.0.1:9/mcp", "ConnectError|connection"),
        ("mcp+ftp://127.0.0.1", "unknown kind"),
    ],
)
def test_what_is_no_server_is_named(source: str, message: str) -> None:
    with pytest.raises(PoolError, match=message):
        build_pool([source], None, 0, allow_exec=True, timeout=10)


@pytest.mark.slow
def test_a_server_from_the_npm_registry(tmp_path: Path) -> None:
    require(shutil.which("npx") is not None, "npx")
    found = subprocess.run(
        ["npm", "view", "@modelcontextprotocol/server-filesystem", "name"], capture_output=True, timeout=60
    )
    require(found.returncode == 0, "npm registry")
    source = f"mcp:npx -y @modelcontextprotocol/server-filesystem {tmp_path}"
    pool, _ = build_pool([source], None, 0, allow_exec=True, timeout=240)
    assert len(pool) >= 8
    assert "path" in pool["read_text_file"].properties
