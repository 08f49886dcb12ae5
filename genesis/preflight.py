"""What can be known to be wrong before a run folder is made and anything is spent."""

from __future__ import annotations

import asyncio
from pathlib import Path

from genesis import runner
from genesis.errors import ParamsError, PlanError, PoolError
from genesis.params import Params
from genesis.tools.pool import load_pool

EXECUTING = ("python:", "mcp:")


def check(params: Params, *, allow_exec: bool = False) -> None:
    """Raise the one error that would stop this run later: notebooks, pool, sources, plan, endpoint.

    Raises ParamsError, PoolError, PlanError or LMConfigError.
    """
    if not params.notebooks:
        raise ParamsError("notebooks: the list is empty; expected at least one notebook")
    runner.check(params.notebooks)
    if "20_generate" in params.notebooks:
        _check_generation(params, allow_exec=allow_exec)
    if params.data and not Path(params.data).is_file():
        raise ParamsError(f"data: no file '{params.data}'")


def _check_generation(params: Params, *, allow_exec: bool) -> None:
    if params.pool.path and not Path(params.pool.path).is_file():
        raise PoolError(
            f"pool.path: no file '{params.pool.path}'; `genesis pool build --out {params.pool.path}` makes one"
        )
    if params.pool.path:
        load_pool(params.pool.path)
    for source in [*params.pool.sources, *params.pool.fill]:
        if source.startswith(EXECUTING) and not allow_exec:
            raise PoolError(f"pool.sources: '{source}' executes code; allow it with --allow-exec")
    wanted = sum(params.counts.values()) if params.counts else sum(params.mix.values())
    if wanted <= 0:
        raise PlanError("the plan is empty: the weights of mix, or the numbers of counts, add up to 0")
    _check_endpoint(params)


def _check_endpoint(params: Params) -> None:
    """Ask every endpoint once whether it is there, before anything is made."""
    names = params.lm.values() if isinstance(params.lm, dict) else [params.lm]
    if set(names) == {"offline"}:
        return

    async def reach() -> None:
        from genesis import lm

        async with lm.open(params):
            pass

    asyncio.run(reach())
