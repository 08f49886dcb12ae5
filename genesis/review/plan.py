"""How many dialogues to read for a wished interval, and from which strata.

>>> allocate({"flagged": 10, "model 0.9 and above": 90}, 20)
{'flagged': 7, 'model 0.9 and above': 13}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from genesis.errors import ParamsError
from genesis.record import Run
from genesis.review.decisions import LONGEST, read
from genesis.review.queue import by_stratum, passed
from genesis.review.residual import interval

GUESS: Mapping[str, float] = {"flagged": 0.2, "model below 0.9": 0.1, "model 0.9 and above": 0.02}
"""Error rates taken for granted while nobody has read anything: they steer who is read, never what is reported."""
OTHER = 0.05
SECONDS = 45.0
"""Seconds a dialogue takes, until there are decisions to tell."""
FEWEST = 5


def allocate(sizes: Mapping[str, int], total: int, rates: Mapping[str, float] | None = None) -> dict[str, int]:
    """Divide ``total`` readings over strata in proportion to size x sqrt(p (1 - p)) (Neyman 1934).

    Each stratum gets at least five, or all it has; ``rates`` are the error rates to expect.
    """
    rates = rates or {}
    weight = {name: size * _deviation(rates.get(name, GUESS.get(name, OTHER))) for name, size in sizes.items()}
    wanted = {name: min(FEWEST, size) for name, size in sizes.items()}
    while (left := min(total, sum(sizes.values())) - sum(wanted.values())) > 0:
        open_strata = [name for name in sizes if wanted[name] < sizes[name]]
        whole = sum(weight[name] for name in open_strata)
        goals = {name: max(0.0, total * weight[name] / whole - wanted[name]) for name in open_strata}
        first = max(open_strata, key=lambda name: (goals[name], weight[name], name))
        step = max(1, min(left, math.floor(goals[first]), sizes[first] - wanted[first]))
        wanted[first] += step
    return dict(sorted(wanted.items()))


def _deviation(rate: float) -> float:
    return math.sqrt(max(rate, 0.005) * (1 - min(rate, 0.995)))


def plan(run: Run, *, width: float, confidence: float = 0.95) -> dict[str, Any]:
    """Return how many dialogues to read so that the interval of the error left is at most ``width`` wide.

    The rates expected are those found so far in the audit (with half an error added to each stratum), else GUESS.
    Raises ParamsError for a width outside (0, 1).
    """
    if not 0 < width < 1:
        raise ParamsError(f"review plan: width is {width}; expected a share between 0 and 1")
    from genesis.review.residual import audited

    strata = {name: len(members) for name, members in by_stratum(passed(run)).items()}
    if not strata:
        raise ParamsError(f"review plan: {run.path} has no dialogue that passed the checks")
    seen = {row["stratum"]: row for row in audited(run)}
    rates = {
        name: (seen[name]["wrong"] + 0.5) / (seen[name]["read"] + 1)
        if name in seen and seen[name]["read"]
        else GUESS.get(name, OTHER)
        for name in strata
    }
    low, high = min(len(strata), sum(strata.values())), sum(strata.values())
    while low < high:
        middle = (low + high) // 2
        if _width(strata, rates, middle, confidence) <= width:
            high = middle
        else:
            low = middle + 1
    wanted = allocate(strata, low, rates)
    timed = [made.seconds for made in read(run) if made.decision in ("accept", "reject", "fix") and made.seconds]
    seconds = sum(min(one, LONGEST) for one in timed) / len(timed) if timed else SECONDS
    return {
        "width": width,
        "read": sum(wanted.values()),
        "of": sum(strata.values()),
        "expected_width": round(_width(strata, rates, low, confidence), 4),
        "minutes": round(sum(wanted.values()) * seconds / 60, 1),
        "seconds_each": round(seconds, 1),
        "strata": [
            {
                "stratum": name,
                "dialogues": strata[name],
                "read": wanted[name],
                "read_already": seen.get(name, {}).get("read", 0),
                "expected_rate": round(rates[name], 4),
            }
            for name in sorted(strata)
        ],
    }


def _width(strata: Mapping[str, int], rates: Mapping[str, float], total: int, confidence: float) -> float:
    wanted = allocate(strata, total, rates)
    parts = [(strata[name], wanted[name], rates[name] * wanted[name]) for name in strata]
    _, low, high = interval(parts, confidence=confidence)
    return high - low
