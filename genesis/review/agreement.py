"""Whether two raters agree: Cohen's kappa and Gwet's AC1, with intervals.

>>> found = agreement(["accept", "accept", "reject", "accept"], ["accept", "accept", "reject", "reject"])
>>> round(found["agreement"], 2), round(found["kappa"]["value"], 2), round(found["ac1"]["value"], 2)
(0.75, 0.5, 0.53)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.record import Run
from genesis.review.decisions import current, read

Codes = NDArray[np.int64]


def kappa(one: Codes, other: Codes, kinds: int) -> float | None:
    """Return Cohen's (1960) kappa, (a - e) / (1 - e), e from each rater's own shares; None where e is 1.

    Pitfall: where nearly all dialogues are right, kappa is low however well raters agree; read AC1 beside it.
    """
    agree = float(np.mean(one == other))
    chance = float(np.dot(_shares(one, kinds), _shares(other, kinds)))
    return None if chance >= 1 else (agree - chance) / (1 - chance)


def ac1(one: Codes, other: Codes, kinds: int) -> float | None:
    """Return Gwet's (2008) AC1, (a - e) / (1 - e), e = sum q (1 - q) / (kinds - 1), q the mean shares."""
    agree = float(np.mean(one == other))
    share = (_shares(one, kinds) + _shares(other, kinds)) / 2
    chance = float(np.sum(share * (1 - share))) / (kinds - 1)
    return None if chance >= 1 else (agree - chance) / (1 - chance)


def _shares(codes: Codes, kinds: int) -> NDArray[np.float64]:
    counted: NDArray[np.float64] = np.bincount(codes, minlength=kinds) / len(codes)
    return counted


def agreement(one: Sequence[str], other: Sequence[str], *, seed: int = 0, draws: int = 1000) -> dict[str, Any]:
    """Return raw agreement, kappa and AC1 of paired labels, each with a bootstrap percentile interval over dialogues.

    Labels are ``accept`` or anything else: wrong. With no pair the values are None.
    """
    left = np.array([label == "accept" for label in one], dtype=np.int64)
    right = np.array([label == "accept" for label in other], dtype=np.int64)
    if not len(left):
        return {"n": 0, "agreement": None, "kappa": {"value": None}, "ac1": {"value": None}}
    generator = np.random.default_rng(seed)
    samples = [generator.integers(0, len(left), len(left)) for _ in range(draws)]
    return {
        "n": len(left),
        "agreement": float(np.mean(left == right)),
        "kappa": _with_interval(kappa, left, right, samples),
        "ac1": _with_interval(ac1, left, right, samples),
    }


def _with_interval(
    measure: Callable[[Codes, Codes, int], float | None], one: Codes, other: Codes, samples: Sequence[Codes]
) -> dict[str, Any]:
    value = measure(one, other, 2)
    drawn = [found for rows in samples if (found := measure(one[rows], other[rows], 2)) is not None]
    if value is None or len(drawn) < len(samples) / 2:
        return {"value": value, "low": None, "high": None}
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": value, "low": float(low), "high": float(high)}


def between_raters(run: Run) -> list[dict[str, Any]]:
    """Return the agreement of every pair of raters of a run, on what both read before any discussion."""
    early = [made for made in read(run) if made.queue != "disagreements"]
    decided = current(early)
    raters = sorted({name for said in decided.values() for name in said})
    rows = []
    for one, other in combinations(raters, 2):
        both = [said for said in decided.values() if one in said and other in said]
        both = [said for said in both if said[one].version == said[other].version]
        labels = [said[one].decision for said in both], [said[other].decision for said in both]
        rows.append({"raters": [one, other], **agreement(*labels)})
    return rows
