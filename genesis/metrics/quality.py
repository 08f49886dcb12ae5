"""How good the generated dialogues are: acceptance by stage, scenario, rule and tool; flags, grounding, mix, yield."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.metrics.columns import Columns, Facet
from genesis.metrics.statistics import mean, rate

UNKNOWN = "unknown"
STAGES = ("memory", "rule", "model", "human")
"""Stages of checking, cheap to dear; a check's id starts with its stage."""
LOWEST = 10


def quality(accepted: Columns, rejected: Columns | None = None) -> dict[str, Any]:
    """Return acceptance rates with Wilson intervals, what was rejected for which reason, flags and grounding.

    ``rejected=None``: one data set, in which dialogues with a failed verdict are the rejected ones; where nobody has
    checked them, rates are None, not 1. A dialogue counts once under every check that failed it, so reasons add up to
    more than the rejected. Formulas: acceptance = accepted / attempted; flag rate = flagged / accepted (GenesisFunc,
    ToolACE report the first). Pitfall: a rate says as much about the checks as about the data: a run with rules off
    accepts more. Compare runs with the same checks, and read ``failed_in_accepted``.
    """
    sides = [accepted] if rejected is None else [accepted, rejected]
    bad = [_has(accepted.failed) if rejected is None else np.zeros(accepted.n, bool)]
    bad += [] if rejected is None else [np.ones(rejected.n, bool)]
    known = rejected is not None or bool((accepted.checks > 0).any())
    seen = sum(side.n for side in sides)
    lost = sum(int(part.sum()) for part in bad)
    good = [~part for part in bad]
    flagged = sum(int((_has(side.flagged) & part).sum()) for side, part in zip(sides, good, strict=True))
    return {
        "accepted": seen - lost if known else None,
        "rejected": lost if known else None,
        "checked": sum(int((side.checks > 0).sum()) for side in sides),
        "acceptance": _rate(seen - lost, seen) if known else None,
        "flag_rate": _rate(flagged, seen - lost) if known else None,
        "grounding": _grounding(accepted),
        "acceptance_by_stage": _stages(sides, bad) if known else {},
        "acceptance_by_scenario": _rates_by("scenarios", sides, good) if known else {},
        "rejected_by_check": _failures(sides, bad),
        "failed_in_accepted": {} if rejected is None else _failures([accepted], good[:1]),
        "unreadable_rows": sum(side.unreadable for side in sides),
        "flagged_by_check": _names(Counter(_of(side.flagged)) for side in sides),
        "mix": _mix(sides, good),
        "yield_by_tool": _yield(sides, good) if known else {},
    }


def _grounding(columns: Columns) -> dict[str, Any] | None:
    """Return the mean share of a dialogue's text and number arguments that stand literally in what was said before.

    Mean over dialogues with such arguments of (literal / all), after ToolACE's and xLAM's check of invented values
    (2024). Pitfall: a lower bound of what is right: "tomorrow" for a date, or a unit that is implied, is not literal.
    """
    with_values = columns.arguments > 0
    found = mean(columns.grounded[with_values] / columns.arguments[with_values])
    return found.to_json() if found else None


def _stages(sides: list[Columns], bad: list[NDArray[np.bool_]]) -> dict[str, Any]:
    """Return, for each stage that rejected anything, how many reached it and the share that passed.

    A dialogue is rejected by the first stage that failed it; a later one never saw it.
    """
    first: Counter[str] = Counter()
    for side, part in zip(sides, bad, strict=True):
        stages = [_stage(name) for name in side.failed.names]
        for row in np.flatnonzero(part).tolist():
            codes = side.failed.codes[side.failed.starts[row] : side.failed.starts[row + 1]]
            first[min((stages[code] for code in codes), key=_rank, default=UNKNOWN)] += 1
    left = sum(side.n for side in sides)
    found = {}
    for stage in sorted(first, key=_rank):
        found[stage] = _rate(left - first[stage], left)
        left -= first[stage]
    return found


def _stage(check: str) -> str:
    return check.partition(":")[0].partition(" ")[0]


def _rank(stage: str) -> tuple[int, str]:
    return (STAGES.index(stage) if stage in STAGES else len(STAGES), stage)


def _rates_by(name: str, sides: list[Columns], good: list[NDArray[np.bool_]]) -> dict[str, Any]:
    kept, seen = _kept_and_seen(name, sides, good)
    return {label: _rate(kept[label], seen[label]) for label in sorted(seen)}


def _kept_and_seen(name: str, sides: list[Columns], good: list[NDArray[np.bool_]]) -> tuple[Counter[str], Counter[str]]:
    kept: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for side, part in zip(sides, good, strict=True):
        facet: Facet = getattr(side, name)
        seen.update(_of(facet))
        kept.update(_of(facet, np.flatnonzero(part)))
    return kept, seen


def _mix(sides: list[Columns], good: list[NDArray[np.bool_]]) -> dict[str, Any]:
    """Return the planned mix (all that was attempted) against what was accepted, as counts and shares.

    Pitfall: what was accepted leans towards scenarios that are easy to pass; the plan's mix does not say what was got.
    """
    kept, seen = _kept_and_seen("scenarios", sides, good)
    return {
        label: {
            "planned": seen[label],
            "accepted": kept[label],
            "planned_share": round(seen[label] / max(1, seen.total()), 6),
            "accepted_share": round(kept[label] / max(1, kept.total()), 6),
        }
        for label in sorted(seen)
    }


def _yield(sides: list[Columns], good: list[NDArray[np.bool_]]) -> dict[str, Any]:
    """Return accepted dialogues per tool (mean over tools, least, most), and the tools that have none.

    Pitfall: a dialogue belongs to its first target alone, though it may call other tools too.
    """
    kept, seen = _kept_and_seen("owners", sides, good)
    if not seen:
        return {}
    counts = np.array([kept[tool] for tool in sorted(seen)])
    found = mean(counts)
    return {
        "tools": len(seen),
        "mean": found.to_json() if found else None,
        "least": int(counts.min()),
        "most": int(counts.max()),
        "without": [tool for tool in sorted(seen) if not kept[tool]],
        "lowest_acceptance": {tool: _rate(kept[tool], seen[tool]) for tool in _lowest(kept, seen)},
    }


def _lowest(kept: Counter[str], seen: Counter[str]) -> list[str]:
    """Return the tools whose dialogues are rejected most, worst first; those that lost none are not listed."""
    losers = [tool for tool in seen if kept[tool] < seen[tool]]
    return sorted(losers, key=lambda tool: (kept[tool] / seen[tool], -seen[tool], tool))[:LOWEST]


def _failures(sides: list[Columns], which: list[NDArray[np.bool_]]) -> dict[str, int]:
    return _names(Counter(_of(side.failed, np.flatnonzero(part))) for side, part in zip(sides, which, strict=True))


def _names(counters: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return dict(sorted(total.items()))


def _of(facet: Facet, rows: NDArray[np.int64] | None = None) -> dict[str, int]:
    """Return how often each name occurs."""
    codes = facet.codes if rows is None else facet.of(rows)
    counts = np.bincount(codes, minlength=len(facet.names)).tolist()
    return {name: count for name, count in zip(facet.names, counts, strict=True) if count}


def _has(facet: Facet) -> NDArray[np.bool_]:
    return np.diff(facet.starts) > 0


def _rate(hits: int, n: int) -> dict[str, Any] | None:
    found = rate(hits, n)
    return found.to_json() if found else None
