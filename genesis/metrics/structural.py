"""How varied the structure is: tools, slot patterns, values, acts, types, domains, tool pairs.

These survive changes of length, filler and (at a fixed n) of sample size; see experiments/metric_validity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.metrics.columns import Columns, Facet, Rows
from genesis.metrics.statistics import at_fixed_n

FACETS = ("tools", "slots", "values", "acts", "types", "domains", "pairs")


def entropy(codes: NDArray[Any]) -> float:
    """Return Shannon's entropy of items in bits: -sum p log2 p, p an item's share (Shannon 1948); 0 without items.

    Pitfall: the plug-in value is too low on few items (by about (kinds - 1) / (2 n ln 2)), so compare at equal n.

    >>> entropy(np.array([0, 0, 1, 1], np.int32))
    1.0
    """
    if not len(codes):
        return 0.0
    shares = _counts(codes) / len(codes)
    return max(0.0, float(-(shares * np.log2(shares)).sum()))


def distinct(codes: NDArray[Any]) -> int:
    """Return how many kinds there are among items, sum over kinds of 1: observed richness (Hurlbert 1971).

    Pitfall: it grows with n without end; compare at equal n.
    """
    return len(_counts(codes)) if len(codes) else 0


def _counts(codes: NDArray[Any]) -> NDArray[np.int64]:
    """Return how often each kind occurs; codes are small numbers or hashes."""
    if codes.dtype == np.uint64:
        return np.unique(codes, return_counts=True)[1]
    counts = np.bincount(codes)
    return counts[counts > 0]


def coverage(facet: Facet, sizes: list[int]) -> list[float]:
    """Return the expected number of kinds seen in ``size`` dialogues, for each size: exact, no drawing.

    sum over kinds of 1 - C(n - d, m) / C(n, m), d the number of dialogues that show the kind, m the size
    (sample-based rarefaction: Hurlbert 1971, Mao Tau in Colwell et al. 2012). Sizes beyond n give the value at n.
    Pitfall: kinds that no dialogue shows are unknown to it; a flat curve says that this generator has shown what it
    has, not that there is no more.
    """
    from scipy.special import gammaln

    n = len(facet.starts) - 1
    rows = np.repeat(np.arange(n, dtype=np.int64), np.diff(facet.starts))
    codes = np.unique(facet.codes, return_inverse=True)[1] if facet.codes.dtype == np.uint64 else facet.codes
    kinds = int(codes.max(initial=0)) + 1
    shown = np.unique(rows * kinds + codes) % kinds
    times, kinds_with = np.unique(np.bincount(shown, minlength=1), return_counts=True)
    times, kinds_with = times[times > 0], kinds_with[times > 0]
    found = []
    for size in sizes:
        m = min(size, n)
        left = n - times
        missed = np.zeros(len(times))
        can = left >= m
        log = gammaln(left[can] + 1) - gammaln(left[can] - m + 1) - gammaln(n + 1) + gammaln(n - m + 1)
        missed[can] = np.exp(log)
        found.append(float((kinds_with * (1 - missed)).sum()))
    return found


def curve(columns: Columns, facet: str = "tools", points: int = 30) -> list[dict[str, float]]:
    """Return the coverage curve of a facet, ``[{"n", "kinds"}, ...]``: for a figure of coverage against n."""
    sizes = sorted({round(size) for size in np.geomspace(1, max(1, columns.n), points)})
    if columns.n == 0:
        return []
    kinds = coverage(getattr(columns, facet), sizes)
    return [{"n": size, "kinds": round(value, 3)} for size, value in zip(sizes, kinds, strict=True)]


def structural(columns: Columns, *, size: int | None = None, possible: dict[str, int] | None = None) -> dict[str, Any]:
    """Return entropy (bits) and number of kinds of every facet at a fixed number of dialogues, and kinds in all.

    ``possible`` says how many kinds there could be (tools in the pool, for instance): then ``coverage`` is the share
    of them that the whole set shows. A facet that the data lacks is absent.
    """
    result: dict[str, Any] = {}
    for name in FACETS:
        facet: Facet = getattr(columns, name)
        if len(facet.codes):
            result[name] = _facet(facet, columns.n, size, (possible or {}).get(name))
    return result


def _facet(facet: Facet, n: int, size: int | None, possible: int | None) -> dict[str, Any]:
    def entropy_of(rows: Rows) -> float:
        return entropy(facet.of(rows))

    def kinds_of(rows: Rows) -> float:
        return float(distinct(facet.of(rows)))

    found = at_fixed_n(entropy_of, n, size=size)
    kinds = at_fixed_n(kinds_of, n, size=size)
    row: dict[str, Any] = {
        "entropy": found.to_json() if found else None,
        "kinds": kinds.to_json() if kinds else None,
        "kinds_in_all": distinct(facet.codes),
        "items": len(facet.codes),
    }
    if possible:
        row["coverage"] = round(distinct(facet.codes) / possible, 6)
    return row
