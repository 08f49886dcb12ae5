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

from genesis.checks.intervals import normal_quantile, wilson
from genesis.metrics.columns import Rows
from genesis.text import stable_hash

SIZES = (1000, 500, 200, 100)
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
        spread = normal_quantile(0.5 + confidence / 2) * float(items.std(ddof=1)) / sqrt(n)
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


@dataclass(frozen=True, slots=True)
class Measured:
    """A diversity measure with its standard error, before anyone asks for an interval or a difference."""

    value: float
    error: float | None
    """Standard error; None where there is too little to tell."""
    freedom: float
    """Degrees of freedom of the error."""
    n: int
    size: int | None
    method: str

    def estimate(self, *, confidence: float = 0.95, least: float = 0.0, most: float = math.inf) -> Estimate:
        """Return the value with Student's t interval, cut to what the measure can be."""
        if self.error is None:
            return Estimate(self.value, None, None, self.n, self.size, self.method)
        spread = _t_quantile(self.freedom, confidence) * self.error
        low, high = max(least, self.value - spread), min(most, self.value + spread)
        return Estimate(self.value, low, high, self.n, self.size, self.method)


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
    counts of rare kinds (tests/metrics/test_metrics_coverage.py).
    """
    found = measured(measure, n, size=size, seed=seed)
    return found.estimate(confidence=confidence, most=most) if found else None


def measured(measure: Callable[[Rows], float], n: int, *, size: int | None = None, seed: int = 0) -> Measured | None:
    """Return what :func:`at_fixed_n` makes its interval of; None where n is 0."""
    if n == 0:
        return None
    size = fixed_size(n) if size is None else min(size, n)
    if n // size >= 2:
        return over_blocks([measure(rows) for rows in blocks(n, size, seed=seed)], n, size)
    return jackknife(measure, n, seed=seed)


def jackknife(measure: Callable[[Rows], float], n: int, *, seed: int = 0, groups: int = GROUPS) -> Measured:
    """Return a measure of the whole set with the delete-a-group jackknife's error.

    error^2 = (g - 1) / g * sum((m_i - mean)^2), m_i the measure without group i.
    """
    value = measure(np.arange(n, dtype=np.int64))
    g = min(groups, n)
    if g < 3 or not isfinite(value):
        return Measured(value, None, 0, n, n, "too few")
    order = np.random.default_rng(stable_hash("jackknife", seed, n)).permutation(n)
    parts = [np.sort(np.delete(order, np.s_[i * n // g : (i + 1) * n // g])) for i in range(g)]
    left = np.array([measure(rows) for rows in parts])
    error = sqrt((g - 1) / g * float(((left - left.mean()) ** 2).sum()))
    return Measured(value, error if isfinite(error) else None, g - 1, n, n, f"jackknife, {g} groups")


def over_blocks(values: list[float], n: int, size: int | None) -> Measured:
    """Return the mean of independent measurements with its standard error; measurements that are NaN say nothing."""
    series = np.asarray(values)
    series = series[np.isfinite(series)]
    count = len(series)
    if count < 2:
        return Measured(float(series[0]) if count else math.nan, None, 0, n, size, "too few")
    error = float(series.std(ddof=1)) / sqrt(count)
    return Measured(float(series.mean()), error, count - 1, n, size, f"{count} blocks")


def _t_quantile(freedom: float, confidence: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def _rounded(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else round(value, 6)
