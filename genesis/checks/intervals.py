"""Exact intervals of a share.

>>> low, high = clopper_pearson(0, 60)
>>> low, round(high, 3)
(0.0, 0.06)
"""

from __future__ import annotations


def clopper_pearson(hits: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of ``hits`` of ``n`` (Clopper and Pearson 1934), by the beta distribution's quantiles.

    It covers at least ``confidence`` always, and more than that for small n. Both may be fractions: an effective
    sample size (Korn and Graubard 1998). n = 0 gives (0, 1).
    """
    from scipy.stats import beta

    if n <= 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if hits <= 0 else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits >= n else float(beta.ppf(1 - tail, hits + 1, n - hits))
    return low, high
