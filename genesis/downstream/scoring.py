"""What every scorer returns, and how verdicts become accuracies with intervals.

    >>> accuracy([True, True, False, None])
    {'n': 3, 'correct': 2, 'accuracy': 0.666667, 'interval': [0.207655, 0.938508], 'unscored': 1}

An item that could not be scored is None: it counts as neither right nor wrong, and is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from genesis.checks.intervals import wilson


@dataclass(frozen=True, slots=True)
class Scored:
    """The verdict on one prediction."""

    id: str
    category: str
    correct: bool | None
    """By the benchmark's own rule; None where that rule gives no answer."""
    reason: str = ""
    """Why it is wrong or unscored."""
    strict: bool | None = None
    """By the strict rule, where the benchmark has one here."""


def interval(correct: int, n: int) -> list[float] | None:
    """Return Wilson's 95 % interval of ``correct / n`` as [low, high]; None where nothing was scored."""
    return [round(bound, 6) for bound in wilson(correct, n)] if n else None


def accuracy(verdicts: Iterable[bool | None]) -> dict[str, Any]:
    """Return n, correct, accuracy and its interval of some verdicts; ``unscored`` counts the None among them."""
    known = list(verdicts)
    scored = [verdict for verdict in known if verdict is not None]
    n, correct = len(scored), sum(scored)
    return {
        "n": n,
        "correct": correct,
        "accuracy": round(correct / n, 6) if n else None,
        "interval": interval(correct, n),
        "unscored": len(known) - n,
    }


def weighted(parts: Sequence[Mapping[str, Any]], weights: Sequence[float]) -> dict[str, Any]:
    """Return the weighted mean of independent accuracies (weights are normalised) and its 95 % interval.

    The interval joins the parts' Wilson intervals (MOVER; Zou and Donner 2008): with p = sum(w p_k), low = p -
    sqrt(sum((w_k (p_k - low_k))^2)), high alike. It stays sensible where a part is all right or all wrong. None where a
    part has no item: a mean over what happens to be there would be another quantity.
    """
    total = sum(weights)
    if any(part["accuracy"] is None for part in parts) or not total:
        return {"accuracy": None, "interval": None}
    share = [weight / total for weight in weights]
    rows = [
        (weight, part["correct"] / part["n"], *wilson(part["correct"], part["n"]))
        for weight, part in zip(share, parts, strict=True)
    ]
    value = sum(weight * p for weight, p, _, _ in rows)
    below = sqrt(sum((weight * (p - low)) ** 2 for weight, p, low, _ in rows))
    above = sqrt(sum((weight * (high - p)) ** 2 for weight, p, _, high in rows))
    return {
        "accuracy": round(value, 6),
        "interval": [round(max(0.0, value - below), 6), round(min(1.0, value + above), 6)],
    }


def mean(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the unweighted mean of accuracies, each part counting the same whatever its n."""
    return weighted(parts, [1] * len(parts))


def pooled(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the accuracy over all items of the parts together (each item counts the same)."""
    if any(part["accuracy"] is None for part in parts):
        return {"accuracy": None, "interval": None}
    n, correct = sum(part["n"] for part in parts), sum(part["correct"] for part in parts)
    return {"accuracy": round(correct / n, 6), "interval": interval(correct, n)}
