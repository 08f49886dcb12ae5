"""The full report on a data set: diversity, quality, cost, as plain JSON.

>>> report(accepted, rejected)["quality"]["acceptance"]["value"]
0.97
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from genesis.dialogue import Dialogue
from genesis.metrics.columns import from_dialogues
from genesis.metrics.cost import cost
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
) -> dict[str, Any]:
    """Return ``{"diversity", "quality", "cost"}`` of accepted dialogues (and of what was rejected on the way).

    ``usage`` is what the caller counted, agent by agent; ``pool`` gives tools their domains and coverage its whole;
    ``size`` the fixed number of dialogues that diversity is measured at (by default chosen from their number).
    The same input gives the same output, byte for byte.
    """
    accepted, dropped = list(dialogues), list(rejected)
    tools = list(pool)
    columns = from_dialogues(accepted, {tool.name: tool.domain for tool in tools})
    possible = {"tools": len(tools), "domains": len({tool.domain for tool in tools})} if tools else None
    return {
        "diversity": diversity(columns, size=size, possible=possible),
        "quality": quality(accepted, dropped),
        "cost": cost(accepted, dropped, usage),
    }
