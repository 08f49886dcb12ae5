"""Intervals of a share: one home for all who need one.

>>> low, high = clopper_pearson(0, 60)
>>> low, round(high, 3)
(0.0, 0.06)
>>> [round(end, 3) for end in wilson(8, 10)]
[0.49, 0.943]
"""

from __future__ import annotations

from math import sqrt


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


def wilson(hits: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of ``hits`` of ``n`` (Wilson 1927); n = 0 gives (0, 1).

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). Pitfall: it covers ``confidence`` on average over shares, a
    little less near 0 and 1.
    """
    if n == 0:
        return 0.0, 1.0
    z = normal_quantile(0.5 + confidence / 2)
    share = hits / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def normal_quantile(share: float) -> float:
    """Return the standard normal's quantile, 1.96 for 0.975."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
