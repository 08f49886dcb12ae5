"""What can be measured: a run's folder or id, or a data set in a file.

>>> source = open_source("latest")
>>> source.accepted.n, source.rejected.n
(412, 9)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis import record
from genesis.errors import FormatError, RecordError
from genesis.metrics.columns import Columns, concat
from genesis.metrics.cost import Prices
from genesis.metrics.reading import read_columns
from genesis.metrics.summary import possible, report_columns
from genesis.params import Params
from genesis.record import Run
from genesis.tools.pool import load_pool
from genesis.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Source:
    """Dialogues as columns, and what is known of how they were made."""

    name: str
    accepted: Columns
    rejected: Columns | None = None
    """None: a plain data set, of which nobody knows what was rejected on the way."""
    usage: Mapping[str, Any] | None = None
    seconds: float | None = None
    prices: Prices | None = None
    possible: dict[str, int] | None = None
    """Kinds that the pool offers, facet by facet."""
    lm: str = ""
    """The LM's name as captions show it; empty where it is not known."""

    def report(self, *, size: int | None = None, embedder: str = "tfidf") -> dict[str, Any]:
        """Return the full report."""
        return report_columns(
            self.accepted,
            self.rejected,
            self.usage,
            possible=self.possible,
            size=size,
            seconds=self.seconds,
            prices=self.prices,
            embedder=embedder,
        )


def open_source(
    ref: str | Path, *, root: str | Path = "experiments", format: str | None = None, workers: int = 1
) -> Source:
    """Open a data set's file, or a run by folder, id or ``latest``. Raises FormatError, RecordError."""
    path = Path(ref)
    if path.is_file():
        return Source(str(ref), read_columns(path, format=format, workers=workers))
    if path.is_absolute() and not path.is_dir():
        raise FormatError(f"{ref}: neither a data set's file nor a run: no such file or folder")
    try:
        run = record.open_run(ref, root)
    except RecordError as error:
        raise FormatError(f"{ref}: neither a data set's file nor a run: {error}") from error
    return _of_run(run, workers)


def _of_run(run: Run, workers: int) -> Source:
    meta = run.read_json("run.json")
    params = run.params
    tools = _tools(run)
    domains = {tool.name: tool.domain for tool in tools}
    return Source(
        f"{run.path.parent.name}/{run.id}",
        _side(run, "dialogues", domains, workers),
        _side(run, "rejected", domains, workers),
        usage=meta.get("usage"),
        seconds=meta.get("seconds") or None,
        prices=_prices(params, meta.get("usage") or {}),
        possible=possible(tools),
        lm=run.made_by,
    )


def _side(run: Run, name: str, domains: Mapping[str, str], workers: int) -> Columns:
    for suffix in ("jsonl", "parquet"):
        file = run.path / f"{name}.{suffix}"
        if file.is_file():
            return read_columns(file, domains=domains, workers=workers)
    return concat([])


def _tools(run: Run) -> tuple[Tool, ...]:
    """Return the pool's tools; a run without its pool has none."""
    file = run.path / "pool.jsonl"
    return load_pool(file).tools if file.is_file() else ()


def _prices(params: Params, agents: Mapping[str, Any]) -> Prices:
    """Return prices by agent, where its model's price stands in the parameters."""
    found = {}
    for agent in agents:
        model = params.lm if isinstance(params.lm, str) else params.lm.get(agent, params.lm.get("default", ""))
        if model in params.prices:
            prompt, completion = params.prices[model]
            found[agent] = (prompt, completion)
    return found
