"""Where tools come from: one small reader each, all giving :class:`~genesis.tools.found.Found`.

============================== ===============================================================================
``bfcl``                       BFCL non-live: simple (Python, Java, JavaScript), multiple, parallel,
                               parallel_multiple, irrelevance; inside the installed bfcl-eval
``bfcl:live`` ``:multi_turn``  separate, never implied; ``bfcl:CATEGORY`` for one category
``acebench:DIR``               ACEBench's data folder
``apibank:DIR``                API-Bank's data folder
``tools:FILE``                 OpenAI tools JSON, rows with tools, flat lists, pools; JSON, JSON lines, Parquet
``openapi:FILE``               an OpenAPI 3.x document, JSON or YAML
``mcp:COMMAND``                a live MCP server over stdio: runs the command
``mcp+http://...``             a live MCP server over streamable HTTP (``mcp+https://...``)
``python:MODULE[:FUNCTION]``   Python functions: imports the module
============================== ===============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from genesis.errors import PoolError
from genesis.tools.found import Found
from genesis.tools.sources import benchmark, listed, mcp, openapi, python

READERS: dict[str, Callable[[str], Iterator[Found]]] = {
    "bfcl": benchmark.bfcl_tools,
    "acebench": benchmark.acebench_tools,
    "apibank": benchmark.apibank_tools,
    "tools": listed.file_tools,
    "openapi": openapi.document_tools,
    "python": python.module_tools,
}
EXECUTING = ("python", "mcp")
"""Sources that run something on this machine: refused unless that was allowed."""


def read(source: str, *, allow_exec: bool = False, timeout: float = mcp.TIMEOUT) -> Iterator[Found]:
    """Yield what a source holds; ``timeout`` bounds the seconds an MCP server may take in all.

    Raises PoolError naming the source and the place, or MissingExtraError.
    """
    kind, _, rest = source.partition(":")
    if kind in EXECUTING and not allow_exec:
        raise PoolError(f"source {source!r} executes code; allow it with --allow-exec")
    if kind == "mcp":
        yield from mcp.stdio_tools(rest, timeout)
    elif kind in ("mcp+http", "mcp+https"):
        yield from mcp.http_tools(source.removeprefix("mcp+"), timeout)
    elif kind in READERS:
        yield from READERS[kind](rest)
    else:
        known = ", ".join([*READERS, "mcp", "mcp+http", "mcp+https"])
        raise PoolError(f"source {source!r}: unknown kind {kind!r}; known are {known}")
