"""How sure a number is, by a method that is right for it.

==================================  ====================================================================
what                                method
==================================  ====================================================================
rate of independent items           Wilson's score interval (:func:`rate`)
mean of independent items           bootstrap of the items, percentile (:func:`mean`)
diversity at a fixed n              disjoint random blocks of that n, t interval over them (:func:`at_fixed_n`)
diversity of a small set            delete-a-group jackknife (:func:`at_fixed_n`, where there are too few blocks)
==================================  ====================================================================

Diversity is never bootstrapped: drawing with replacement invents duplicates, and every diversity measure sees them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np

from genesis.metrics.columns import Rows
from genesis.text import stable_hash

SIZES = (1000, 500, 200, 100, 50, 20, 10)
MIN_BLOCKS = 10
MAX_BLOCKS = 30
GROUPS = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval (95 % unless the caller asked otherwise)."""

    value: float
    low: float | None
    high: float | None
    n: int
    """Items it rests on."""
    size: int | None = None
    """Diversity only: the fixed number of dialogues the value speaks of."""
    method: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, numbers rounded to 6 decimals."""
        row: dict[str, Any] = {"value": _rounded(self.value), "low": _rounded(self.low), "high": _rounded(self.high)}
        row["n"] = self.n
        if self.size is not None:
            row["size"] = self.size
        row["method"] = self.method
        return row


def rate(hits: int, n: int, *, confidence: float = 0.95) -> Estimate | None:
    """Return ``hits / n`` with Wilson's score interval (Wilson 1927); None where n is 0.

    It stays inside [0, 1] and keeps a width at 0 and n hits, where the normal interval has none.

    >>> rate(9, 10).low  # doctest: +ELLIPSIS
    0.5958...
    """
    if n == 0:
        return None
    low, high = wilson(hits, n, confidence)
    return Estimate(hits / n, low, high, n, method="wilson")


def wilson(hits: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the bounds of Wilson's score interval for ``hits`` of ``n`` (n > 0)."""
    z = _normal_quantile(0.5 + confidence / 2)
    share = hits / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def mean(values: Any, *, seed: int = 0, draws: int = 1000, confidence: float = 0.95) -> Estimate | None:
    """Return the mean of independent items with a bootstrap percentile interval (Efron 1979); None without items.

    Beyond 5,000 items the normal interval is taken, which the bootstrap then equals to three digits.
    """
    items = np.asarray(values, dtype=np.float64)
    n = len(items)
    if n == 0:
        return None
    centre = float(items.mean())
    if n == 1:
        return Estimate(centre, None, None, 1, method="one item")
    if n > 5000:
        spread = _normal_quantile(0.5 + confidence / 2) * float(items.std(ddof=1)) / sqrt(n)
        return Estimate(centre, centre - spread, centre + spread, n, method="normal")
    generator = np.random.default_rng(seed)
    step = max(1, 2_000_000 // n)
    sums = [
        items[generator.integers(0, n, (min(step, draws - start), n))].mean(axis=1) for start in range(0, draws, step)
    ]
    low, high = np.quantile(np.concatenate(sums), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(centre, float(low), float(high), n, method="bootstrap")


def fixed_size(n: int) -> int:
    """Return the number of dialogues at which a set of ``n`` is measured: the largest rung with ten blocks, or n."""
    return next((size for size in SIZES if n >= MIN_BLOCKS * size), n)


def blocks(n: int, size: int, *, seed: int = 0, most: int = MAX_BLOCKS) -> list[Rows]:
    """Return disjoint random blocks of ``size`` of the rows 0..n-1, drawn without replacement."""
    order = np.random.default_rng(stable_hash("blocks", seed, n)).permutation(n)
    count = min(n // size, most)
    return [np.sort(order[start * size : (start + 1) * size]) for start in range(count)]


def at_fixed_n(
    measure: Callable[[Rows], float],
    n: int,
    *,
    size: int | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    most: float = math.inf,
) -> Estimate | None:
    """Return a diversity measure at a fixed number of dialogues, with its interval; None where n is 0.

    ``measure`` takes the rows of a subset and is at least 0 and at most ``most``. The set is cut into disjoint random
    blocks of ``size``; the value is the mean over blocks, the interval Student's t over them: blocks share no
    dialogue, so they are independent draws of what is measured. Two sets are comparable where their ``size`` is equal.
    A set too small for two blocks is measured whole, with a delete-a-group jackknife (20 groups; Shao and Tu 1995): its
    interval covers the measure's expectation at that n where the measure is smooth, and is some percent short for
    counts of rare kinds.
    """
    if n == 0:
        return None
    size = fixed_size(n) if size is None else min(size, n)
    if n // size >= 2:
        values = [measure(rows) for rows in blocks(n, size, seed=seed)]
        return over_blocks(values, n, size, confidence=confidence, most=most)
    return jackknife(measure, n, seed=seed, confidence=confidence, most=most)


def jackknife(
    measure: Callable[[Rows], float],
    n: int,
    *,
    seed: int = 0,
    confidence: float = 0.95,
    groups: int = GROUPS,
    most: float = math.inf,
) -> Estimate:
    """Return a measure of the whole set with the delete-a-group jackknife's interval.

    variance = (g - 1) / g * sum((m_i - mean)^2), m_i the measure without group i.
    """
    value = measure(np.arange(n, dtype=np.int64))
    g = min(groups, n)
    if g < 3 or not isfinite(value):
        return Estimate(value, None, None, n, n, "too few")
    order = np.random.default_rng(stable_hash("jackknife", seed, n)).permutation(n)
    parts = [np.sort(np.delete(order, np.s_[i * n // g : (i + 1) * n // g])) for i in range(g)]
    left = np.array([measure(rows) for rows in parts])
    spread = _t_quantile(g - 1, confidence) * sqrt((g - 1) / g * float(((left - left.mean()) ** 2).sum()))
    return Estimate(value, max(0.0, value - spread), min(most, value + spread), n, n, f"jackknife, {g} groups")


def over_blocks(
    values: list[float], n: int, size: int | None, *, confidence: float = 0.95, most: float = math.inf
) -> Estimate:
    """Return the mean of independent measurements with Student's t interval; None for its ends where there is one."""
    series = np.asarray(values)
    series = series[np.isfinite(series)]
    count = len(series)
    if count < 2:
        return Estimate(float(series[0]) if count else math.nan, None, None, n, size, "too few")
    centre = float(series.mean())
    spread = _t_quantile(count - 1, confidence) * float(series.std(ddof=1)) / sqrt(count)
    return Estimate(centre, max(0.0, centre - spread), min(most, centre + spread), n, size, f"{count} blocks")


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _t_quantile(freedom: int, confidence: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def _rounded(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else round(value, 6)
