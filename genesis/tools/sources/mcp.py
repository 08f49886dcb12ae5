"""Tools of a live MCP server, over stdio or streamable HTTP, by ``tools/list`` alone: nothing is ever called.

::

    mcp:npx -y @modelcontextprotocol/server-everything      # starts the command, speaks over its stdin and stdout
    mcp+http://127.0.0.1:9000/mcp                           # an endpoint that is already there

The command gets the few environment variables that the protocol's own client passes on (PATH, HOME, ...), no keys.
"""

from __future__ import annotations

import asyncio
import shlex
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from typing import IO, Any

from genesis.errors import MissingExtraError, PoolError
from genesis.tools.found import Found

TIMEOUT = 60.0
"""Seconds for starting, greeting and listing together."""
_MAX_PAGES = 1_000
_MAX_TOOLS = 100_000


def stdio_tools(command: str, timeout: float = TIMEOUT) -> Iterator[Found]:
    """Start a server, list its tools, stop it. Raises PoolError with what it said last on stderr."""
    _installed()
    from mcp import StdioServerParameters, stdio_client

    source = f"mcp:{command}"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise PoolError(f"source {source!r}: the command cannot be split into words: {error}") from error
    if not words:
        raise PoolError(f"source {source!r}: expected a command, as in 'mcp:npx -y some-server'")
    with tempfile.TemporaryFile("w+", errors="replace") as stderr:
        server = StdioServerParameters(command=words[0], args=words[1:])
        yield from _listed(source, words[0], stdio_client(server, errlog=stderr), timeout, stderr)


def http_tools(url: str, timeout: float = TIMEOUT) -> Iterator[Found]:
    """List the tools of a server at a URL (``http://...`` or ``https://...``). Raises PoolError."""
    _installed()
    from mcp.client.streamable_http import streamable_http_client

    yield from _listed(f"mcp+{url}", url, streamable_http_client(url), timeout, None)


def _installed() -> None:
    try:
        import mcp  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise MissingExtraError("reading an MCP server needs the package mcp: pip install 'mcp>=2'") from error


def _listed(
    source: str, label: str, transport: AbstractAsyncContextManager[Any], timeout: float, stderr: IO[str] | None
) -> Iterator[Found]:
    try:
        rows = _run(_list(transport, timeout))
    except TimeoutError:
        raise PoolError(f"source {source!r}: no answer within {timeout:g} s{_said(stderr)}") from None
    except (Exception, ExceptionGroup) as error:
        raise PoolError(f"source {source!r}: {_cause(error)}{_said(stderr)}") from error
    short = label.rstrip("/").rsplit("/", 1)[-1] if "://" not in label else label.split("://", 1)[1]
    for index, row in enumerate(rows):
        yield Found(row, f"mcp:{short}", f"tools/list[{index}]")


async def _list(transport: AbstractAsyncContextManager[Any], timeout: float) -> list[dict[str, Any]]:
    from mcp import ClientSession
    from mcp.types import PaginatedRequestParams

    async with asyncio.timeout(timeout):
        async with transport as streams, ClientSession(streams[0], streams[1]) as session:
            await session.initialize()
            rows: list[dict[str, Any]] = []
            cursor: str | None = None
            for _ in range(_MAX_PAGES):
                page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
                rows += [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in page.tools]
                cursor = page.next_cursor
                if not cursor or len(rows) > _MAX_TOOLS:
                    break
            if cursor:
                raise PoolError(f"the list does not end: stopped after {len(rows)} tools")
            return rows


def _run(work: Coroutine[Any, Any, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Run a coroutine to its end, in a thread where this one already runs a loop (in Jupyter)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    result: list[list[dict[str, Any]]] = []
    problems: list[BaseException] = []

    def target() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    return result[0]


def _cause(error: BaseException) -> str:
    """Return the innermost reason of a group of errors, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, PoolError) else f"{type(error).__name__}: {text}" if text else type(error).__name__


def _said(stderr: IO[str] | None) -> str:
    if stderr is None:
        return ""
    stderr.seek(0)
    lines = [line.strip() for line in stderr.read()[-4000:].splitlines() if line.strip()]
    return f"; the server's last words: {lines[-1][:200]!r}" if lines else ""
