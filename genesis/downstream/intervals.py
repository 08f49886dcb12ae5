"""How sure an accuracy is."""

from __future__ import annotations


def wilson(correct: int, n: int, *, confidence: float = 0.95) -> list[float] | None:
    """Return Wilson's score interval of ``correct / n`` as [low, high]; None where nothing was scored.

    Stays inside [0, 1] and holds at 0 and n correct, where the normal interval has no width (Wilson 1927).

    >>> wilson(9, 10)
    [0.595850, 0.982124]
    """
    from math import sqrt
    from statistics import NormalDist

    if n == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = correct / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return [round(max(0.0, (centre - spread) / scale), 6), round(min(1.0, (centre + spread) / scale), 6)]
