"""Tools of the benchmarks: BFCL from its package, ACEBench and API-Bank from a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from genesis.benchmarks import acebench, apibank, bfcl
from genesis.errors import BenchmarkError, PoolError
from genesis.tools.found import Found

_BFCL = {"": bfcl.NON_LIVE, "non_live": bfcl.NON_LIVE, "live": bfcl.LIVE, "multi_turn": ("multi_turn",)}


def bfcl_tools(part: str) -> Iterator[Found]:
    """Yield BFCL's definitions: non-live, or ``live``, ``multi_turn``, or one category."""
    if part not in _BFCL and part not in bfcl.SINGLE_TURN:
        raise PoolError(f"source 'bfcl:{part}': expected {', '.join([*list(_BFCL)[1:], *bfcl.SINGLE_TURN])}")
    for category in _BFCL.get(part, (part,)):
        for index, raw in enumerate(bfcl.raw_functions(category)):
            yield Found(raw, f"bfcl:{category}", f"[{index}]")


def acebench_tools(folder: str) -> Iterator[Found]:
    """Yield the definitions of an ACEBench folder, every category."""
    where = _folder("acebench", folder)
    for category in acebench.CATEGORIES:
        for index, raw in enumerate(_of("acebench", partial(acebench.raw_functions, where, category))):
            yield Found(raw, f"acebench:{category}", f"[{index}]")


def apibank_tools(folder: str) -> Iterator[Found]:
    """Yield the definitions of an API-Bank folder, every level."""
    where = _folder("apibank", folder)
    for level in apibank.LEVELS:
        for index, raw in enumerate(_of("apibank", partial(apibank.raw_functions, where, level))):
            yield Found(raw, f"apibank:{level}", f"[{index}]")


def _folder(kind: str, folder: str) -> Path:
    if not folder:
        raise PoolError(f"source '{kind}': expected the folder of its data, as in {kind}:../shared/data/{kind}")
    if not Path(folder).is_dir():
        raise PoolError(f"source '{kind}:{folder}': no such folder")
    return Path(folder)


def _of(kind: str, read: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        return read()
    except BenchmarkError as error:
        raise PoolError(f"source '{kind}': {error}") from error
