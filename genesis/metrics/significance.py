"""Whether two data sets, or two runs, differ: paired where they share dialogues, corrected for many comparisons.

==================================  ====================================================================
what                                test
==================================  ====================================================================
rate, same dialogues planned        McNemar's exact test; interval of the paired difference by bootstrap
rate, other dialogues               two independent binomials; Newcombe's interval
mean, same dialogues                paired bootstrap
mean, other dialogues               Welch's t
diversity at a common fixed n       t over blocks (paired blocks where the dialogues are the same), or jackknife
many at once                        Holm's step-down correction of all p-values together
==================================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.checks.intervals import wilson
from genesis.metrics.statistics import Measured
from genesis.text import stable_hash

DRAWS = 10_000
TINY = 1e-12
"""Differences and errors below it are rounding."""
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first, with its interval and the probability of one as large where there is none."""

    first: float | None
    second: float | None
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    """None: cannot be tested."""
    n: int
    method: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, numbers rounded to 6 decimals."""
        names = ("first", "second", "value", "low", "high", "p")
        numbers = {name: getattr(self, name) for name in names}
        rounded = {
            name: None if number is None or not isfinite(number) else round(number, 6)
            for name, number in numbers.items()
        }
        return {**rounded, "n": self.n, "method": self.method}


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return McNemar's exact two-sided p-value for paired yes/no outcomes (McNemar 1947): a binomial test of whether
    those that changed did so as often one way as the other; 1 where none changed.

    >>> round(mcnemar(np.array([True] * 9 + [False]), np.array([False] * 9 + [True])), 4)
    0.0215
    """
    from scipy.special import bdtr

    gained, lost = int((~first & second).sum()), int((first & ~second).sum())
    return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))


def paired_rates(first: NDArray[np.bool_], second: NDArray[np.bool_], *, seed: int = 0) -> Difference:
    """Return the difference of two rates over the same dialogues: McNemar's p, bootstrap interval of the difference."""
    found = paired_means(first.astype(np.float64), second.astype(np.float64), seed=seed)
    p = mcnemar(first, second) if len(first) else None
    return Difference(
        found.first, found.second, found.value, found.low, found.high, p, len(first), "McNemar, paired bootstrap"
    )


def paired_rates_smoothed(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Difference:
    """Return the difference of two rates over the same dialogues: McNemar's p, interval of Agresti and Min (2005).

    Half a pair is added to each kind of pair, so that few dialogues of which none changed do not look certain: of 60
    without a change the interval is +-0.032, where a bootstrap says +-0.
    """
    n = len(first)
    if not n:
        return _untested(None, None, 0)
    lost, gained = int((first & ~second).sum()), int((~first & second).sum())
    away = (gained - lost) / (n + 2)
    spread = 1.959964 * sqrt(gained + lost + 1 - (gained - lost) ** 2 / (n + 2)) / (n + 2)
    rates_of = float(first.mean()), float(second.mean())
    p = mcnemar(first, second)
    return Difference(
        *rates_of, rates_of[1] - rates_of[0], away - spread, away + spread, p, n, "McNemar, Agresti-Min interval"
    )


def rates(hits_1: int, n_1: int, hits_2: int, n_2: int) -> Difference:
    """Return the difference of two independent rates: Newcombe's interval (1998, method 10), pooled z test."""
    if not n_1 or not n_2:
        return _untested(hits_1 / n_1 if n_1 else None, hits_2 / n_2 if n_2 else None, n_1 + n_2)
    a, b = hits_1 / n_1, hits_2 / n_2
    (low_1, high_1), (low_2, high_2) = wilson(hits_1, n_1), wilson(hits_2, n_2)
    low = b - a - sqrt((b - low_2) ** 2 + (high_1 - a) ** 2)
    high = b - a + sqrt((high_2 - b) ** 2 + (a - low_1) ** 2)
    pooled = (hits_1 + hits_2) / (n_1 + n_2)
    error = sqrt(pooled * (1 - pooled) * (1 / n_1 + 1 / n_2))
    p = _two_sided((b - a) / error) if error else 1.0
    return Difference(a, b, b - a, low, high, p, n_1 + n_2, "Newcombe")


def paired_means(first: Values, second: Values, *, seed: int = 0, draws: int = DRAWS) -> Difference:
    """Return the difference of two means over the same dialogues, by bootstrap of the pairs (Efron 1979).

    p is twice the share of bootstrap differences on the other side of 0, at least 1 / (draws + 1).
    """
    n = len(first)
    if n < 2:
        return _untested(_mean(first), _mean(second), n)
    differences = second - first
    generator = np.random.default_rng(stable_hash("paired", seed, n))
    step = max(1, 4_000_000 // n)
    drawn = np.concatenate(
        [differences[generator.integers(0, n, (min(step, draws - at), n))].mean(axis=1) for at in range(0, draws, step)]
    )
    low, high = np.quantile(drawn, [0.025, 0.975])
    beyond = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (int(beyond) + 1) / (draws + 1))
    value = float(differences.mean())
    return Difference(_mean(first), _mean(second), value, float(low), float(high), p, n, "paired bootstrap")


def means(first: Values, second: Values) -> Difference:
    """Return the difference of two means of independent dialogues, by Welch's t (1947)."""
    measured = [
        Measured(
            _mean(values) or 0.0,
            float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else None,
            len(values) - 1,
            len(values),
            None,
            "Welch",
        )
        for values in (first, second)
    ]
    return diversities(*measured)


def diversities(first: Measured | None, second: Measured | None) -> Difference:
    """Return the difference of two independent measurements with errors, by Welch's t."""
    if first is None or second is None:
        return _untested(first.value if first else None, second.value if second else None, 0)
    n = first.n + second.n
    if first.error is None or second.error is None:
        return _untested(first.value, second.value, n)
    error = sqrt(first.error**2 + second.error**2)
    parts = [
        (side.error or 0.0) ** 4 / side.freedom for side in (first, second) if side.freedom and isfinite(side.freedom)
    ]
    freedom = error**4 / sum(parts) if sum(parts) > 0 else 1e9
    return _tested(first.value, second.value, second.value - first.value, error, freedom, n, first.method)


def paired_diversities(first: float, second: float, difference: Measured) -> Difference:
    """Return the difference that was itself measured, block by block, over the same dialogues."""
    if difference.error is None:
        return _untested(first, second, difference.n)
    method = f"paired, {difference.method}"
    return _tested(first, second, difference.value, difference.error, difference.freedom, difference.n, method)


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for their number by Holm's step-down method (1979); None stays and does not count.

    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    order = sorted((value, place) for place, value in enumerate(p) if value is not None)
    corrected: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, place) in enumerate(order):
        highest = max(highest, min(1.0, value * (len(order) - rank)))
        corrected[place] = round(highest, 12)
    return corrected


def _tested(first: float, second: float, value: float, error: float, freedom: float, n: int, method: str) -> Difference:
    from scipy.special import stdtr, stdtrit

    spread = float(stdtrit(freedom, 0.975)) * error
    p = float(2 * stdtr(freedom, -abs(value) / error)) if error > TINY else float(abs(value) <= TINY)
    return Difference(first, second, value, value - spread, value + spread, p, n, method)


def _untested(first: float | None, second: float | None, n: int) -> Difference:
    known = first is not None and second is not None
    value = second - first if first is not None and second is not None else None
    return Difference(first, second, value if known else None, None, None, None, n, "too few")


def _mean(values: Values) -> float | None:
    return float(values.mean()) if len(values) else None


def _two_sided(z: float) -> float:
    return 1 - erf(abs(z) / sqrt(2))
