"""The full report on a data set: diversity, quality, cost, as plain JSON.

>>> report(accepted, rejected)["quality"]["acceptance"]["value"]
0.97
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from threadpoolctl import threadpool_limits

from genesis.dialogue import Dialogue
from genesis.metrics.columns import Columns, from_dialogues
from genesis.metrics.cost import Prices, cost
from genesis.metrics.diversity import diversity
from genesis.metrics.quality import quality
from genesis.tools.tool import Tool


def report(
    dialogues: Iterable[Dialogue],
    rejected: Iterable[Dialogue] = (),
    usage: Mapping[str, Any] | None = None,
    *,
    pool: Iterable[Tool] = (),
    size: int | None = None,
    seconds: float | None = None,
    prices: Prices | None = None,
) -> dict[str, Any]:
    """Return ``{"diversity", "quality", "cost"}`` of accepted dialogues (and of what was rejected on the way).

    ``usage`` is what the caller counted, agent by agent; ``pool`` gives tools their domains and coverage its whole;
    ``size`` the fixed number of dialogues that diversity is measured at (by default chosen from their number).
    The same input gives the same output, byte for byte.
    """
    tools = list(pool)
    domains = {tool.name: tool.domain for tool in tools}
    return report_columns(
        from_dialogues(dialogues, domains),
        from_dialogues(rejected, domains),
        usage,
        possible=possible(tools),
        size=size,
        seconds=seconds,
        prices=prices,
    )


def report_columns(
    accepted: Columns,
    rejected: Columns | None = None,
    usage: Mapping[str, Any] | None = None,
    *,
    possible: dict[str, int] | None = None,
    size: int | None = None,
    seconds: float | None = None,
    prices: Prices | None = None,
    embedder: str = "tfidf",
) -> dict[str, Any]:
    """Return the report of columns; ``rejected=None``: one data set, accepted where no verdict failed."""
    with threadpool_limits(1):  # many small matrices: more BLAS threads wait for each other, 30 times as long
        return {
            "diversity": diversity(accepted, size=size, possible=possible, embedder=embedder),
            "quality": quality(accepted, rejected),
            "cost": cost(accepted, rejected, usage, seconds=seconds, prices=prices),
        }


def possible(tools: Sequence[Tool]) -> dict[str, int] | None:
    """Return how many kinds a pool offers, facet by facet; None without a pool."""
    if not tools:
        return None
    return {"tools": len(tools), "domains": len({tool.domain for tool in tools})}
