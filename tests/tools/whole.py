"""What tests of tools share: BFCL's whole pool, built once."""

from __future__ import annotations

from functools import lru_cache

from genesis.tools.build import PoolReport, build_pool
from genesis.tools.pool import ToolPool


@lru_cache(maxsize=1)
def bfcl_pool() -> tuple[ToolPool, PoolReport]:
    """Return every good and distinct tool of BFCL's non-live categories, and the report."""
    return build_pool(["bfcl"], None, 0)
