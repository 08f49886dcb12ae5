"""Where tools come from: one small reader each, all giving :class:`~genesis.tools.found.Found`.

======================================== ==================================================================
``bfcl``                                 BFCL non-live: simple (Python, Java, JavaScript), multiple, parallel,
                                         parallel_multiple, irrelevance; inside the installed bfcl-eval
``bfcl:live`` ``bfcl:multi_turn``        separate, never implied; ``bfcl:CATEGORY`` for one category
======================================== ==================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from genesis.errors import PoolError
from genesis.tools.found import Found
from genesis.tools.sources import benchmark

READERS: dict[str, Callable[[str], Iterator[Found]]] = {
    "bfcl": benchmark.bfcl_tools,
    "acebench": benchmark.acebench_tools,
    "apibank": benchmark.apibank_tools,
}
EXECUTING = ("python", "mcp")
"""Sources that run something of the user's machine: refused unless that was allowed."""


def read(source: str, *, allow_exec: bool = False) -> Iterator[Found]:
    """Yield what a source holds. Raises PoolError naming the source and the place; MissingExtraError."""
    kind, _, rest = source.partition(":")
    if kind not in READERS:
        raise PoolError(f"source {source!r}: unknown kind {kind!r}; known are {', '.join(sorted(READERS))}")
    if kind in EXECUTING and not allow_exec:
        raise PoolError(f"source {source!r} executes code; allow it with --allow-exec")
    yield from READERS[kind](rest)
