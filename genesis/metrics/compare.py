"""Two or more runs (or data sets) side by side: which differences are real.

>>> rows = compare({"memory": load("experiments/a/s0-1"), "no memory": load("experiments/b/s0-2")})
>>> [row["measure"] for row in rows if row["real"]]
['tool_entropy', 'duplicates_near']

The first is the baseline; every other one is compared with it, and all p-values are corrected together (Holm).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from genesis.errors import FormatError
from genesis.metrics import significance as test
from genesis.metrics.columns import Columns, Rows
from genesis.metrics.duplicates import near_pairs
from genesis.metrics.lexical import distinct_n, distinct_trimmed
from genesis.metrics.semantic import nearest_distance, spectrum, tfidf, vendi
from genesis.metrics.significance import Difference, Values
from genesis.metrics.statistics import MIN_BLOCKS, Measured, blocks, fixed_size, measured
from genesis.metrics.structural import distinct, entropy

LEVEL = 0.05
SHARED = 0.5
"""Share of common dialogues from which runs are compared pairwise."""


@dataclass(frozen=True, slots=True)
class Side:
    """One run or data set: what was accepted and, where it is known, what was rejected on the way."""

    accepted: Columns
    rejected: Columns | None = None


def compare(sides: Mapping[str, Side]) -> list[dict[str, Any]]:
    """Return one row a measure and run against the first: difference, interval, p, corrected p, ``real``.

    ``real``: the corrected p is below 0.05. Diversity is measured at one size for all, the largest that the smallest
    set allows. Raises FormatError where there are fewer than two sets, or an empty one.
    """
    if len(sides) < 2:
        raise FormatError("compare: needs two runs or data sets at least")
    empty = [name for name, side in sides.items() if not side.accepted.n]
    if empty:
        raise FormatError(f"compare: {', '.join(empty)}: no accepted dialogue to compare")
    size = fixed_size(min(side.accepted.n for side in sides.values()))
    (base, first), *others = sides.items()
    with threadpool_limits(1):
        rows = [
            {"measure": measure, "base": base, "run": name, "size": at, **difference.to_json()}
            for name, second in others
            for measure, at, difference in _differences(first, second, size)
        ]
    for row, corrected in zip(rows, test.holm([row["p"] for row in rows]), strict=True):
        row["p_corrected"] = None if corrected is None else round(corrected, 6)
        row["real"] = corrected is not None and corrected < LEVEL
    return rows


def _differences(first: Side, second: Side, size: int) -> list[tuple[str, int | None, Difference]]:
    rows_1, rows_2 = _common(first.accepted.ids, second.accepted.ids)
    paired = len(rows_1) >= SHARED * min(first.accepted.n, second.accepted.n) and len(rows_1) >= size
    rows: list[tuple[str, int | None, Difference]] = [("acceptance", None, _acceptance(first, second))]
    for name, values in MEANS.items():
        a, b = values(first.accepted), values(second.accepted)
        if a is not None and b is not None:
            rows.append((name, None, _means(a, b, rows_1, rows_2, paired)))
    for name, make in {**DIVERSITIES, **DUPLICATES}.items():
        a_of, b_of = make(first.accepted), make(second.accepted)
        at = size
        if name in DUPLICATES:
            at = len(rows_1) if paired else min(first.accepted.n, second.accepted.n)
        if paired:
            found = _paired(a_of, b_of, rows_1, rows_2, at)
        else:
            found = test.diversities(_measured(a_of, first.accepted.n, at), _measured(b_of, second.accepted.n, at))
        rows.append((name, at, found))
    return rows


def _measured(measure: Callable[[Rows], float], n: int, size: int) -> Measured | None:
    """Measure at ``size``: in blocks where there are ten, else in one random part of that size."""
    if n // size >= MIN_BLOCKS:
        return measured(measure, n, size=size)
    part = blocks(n, size, most=1)[0]
    return measured(lambda rows: measure(part[rows]), size, size=size)


def _acceptance(first: Side, second: Side) -> Difference:
    if first.rejected is None or second.rejected is None:
        return Difference(None, None, None, None, None, None, 0, "not recorded")
    ids = [[*side.accepted.ids, *side.rejected.ids] for side in (first, second) if side.rejected is not None]
    rows_1, rows_2 = _common(*ids)
    kept = [np.arange(len(names)) < side.accepted.n for names, side in zip(ids, (first, second), strict=True)]
    if len(rows_1) >= SHARED * min(map(len, ids)):
        return test.paired_rates(kept[0][rows_1], kept[1][rows_2])
    return test.rates(int(kept[0].sum()), len(kept[0]), int(kept[1].sum()), len(kept[1]))


def _means(a: Values, b: Values, rows_1: Rows, rows_2: Rows, paired: bool) -> Difference:
    if paired:
        a, b = a[rows_1], b[rows_2]
        both = np.isfinite(a) & np.isfinite(b)
        return test.paired_means(a[both], b[both])
    return test.means(a[np.isfinite(a)], b[np.isfinite(b)])


def _paired(
    a_of: Callable[[Rows], float], b_of: Callable[[Rows], float], rows_1: Rows, rows_2: Rows, size: int
) -> Difference:
    def difference(rows: Rows) -> float:
        return b_of(rows_2[rows]) - a_of(rows_1[rows])

    def of(measure: Callable[[Rows], float], rows: Rows) -> Measured:
        found = measured(lambda part: measure(rows[part]), len(rows), size=size)
        assert found is not None
        return found

    apart = measured(difference, len(rows_1), size=size)
    assert apart is not None
    return test.paired_diversities(of(a_of, rows_1).value, of(b_of, rows_2).value, apart)


def _common(first: list[str], second: list[str]) -> tuple[Rows, Rows]:
    """Return the rows of the dialogues that both have, by id, in the first one's order; repeated ids do not count."""
    left = _places(first)
    right = _places(second)
    ids = [name for name in left if name in right]
    return (
        np.array([left[name] for name in ids], np.int64),
        np.array([right[name] for name in ids], np.int64),
    )


def _places(ids: list[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    twice = set()
    for row, name in enumerate(ids):
        if name in places or not name:
            twice.add(name)
        places[name] = row
    return {name: row for name, row in places.items() if name not in twice}


def _words(columns: Columns) -> Values:
    return columns.lengths.astype(np.float64)


def _grounded(columns: Columns) -> Values:
    with np.errstate(invalid="ignore"):
        return np.where(columns.arguments > 0, columns.grounded / np.maximum(columns.arguments, 1), np.nan)


def _spent(columns: Columns, unit: str) -> Values | None:
    """Return what each dialogue spent; NaN where it was not recorded, None where it never was."""
    recorded = np.diff(columns.agents.starts) > 0
    if not recorded.any():
        return None
    spent: NDArray[Any] = columns.spent_calls if unit == "calls" else columns.spent_tokens
    rows = np.repeat(np.arange(columns.n), np.diff(columns.agents.starts))
    totals = np.bincount(rows, weights=spent, minlength=columns.n).astype(np.float64)
    return np.where(recorded, totals, np.nan)


MEANS: dict[str, Callable[[Columns], Values | None]] = {
    "words": _words,
    "grounding": _grounded,
    "calls": partial(_spent, unit="calls"),
    "tokens": partial(_spent, unit="tokens"),
}


def _entropy(name: str, columns: Columns) -> Callable[[Rows], float]:
    facet = getattr(columns, name)
    return lambda rows: entropy(facet.of(rows))


def _kinds(name: str, columns: Columns) -> Callable[[Rows], float]:
    facet = getattr(columns, name)
    return lambda rows: float(distinct(facet.of(rows)))


def _distinct_3(columns: Columns) -> Callable[[Rows], float]:
    return lambda rows: distinct_n(columns.requests, rows)


def _distinct_3_trimmed(columns: Columns) -> Callable[[Rows], float]:
    return lambda rows: distinct_trimmed(columns.requests, rows)


def _vendi(columns: Columns) -> Callable[[Rows], float]:
    embed = tfidf(columns)
    return lambda rows: vendi(spectrum(embed, rows))[0]


def _nearest(columns: Columns) -> Callable[[Rows], float]:
    embed = tfidf(columns)
    return lambda rows: nearest_distance(embed(rows))


def _repeats(name: str, columns: Columns) -> Callable[[Rows], float]:
    keys = getattr(columns, name)
    return lambda rows: 1 - len(np.unique(keys[rows])) / max(1, len(rows))


def _near(columns: Columns) -> Callable[[Rows], float]:
    """Return the share of near duplicates inside a subset."""
    pairs = near_pairs(columns.requests)
    first, second = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))

    def share(rows: Rows) -> float:
        inside = np.zeros(columns.n, bool)
        inside[rows] = True
        return float((inside[first] & inside[second]).sum()) / max(1, len(rows))

    return share


DIVERSITIES: dict[str, Callable[[Columns], Callable[[Rows], float]]] = {
    "tool_entropy": partial(_entropy, "tools"),
    "tool_kinds": partial(_kinds, "tools"),
    "slot_entropy": partial(_entropy, "slots"),
    "slot_kinds": partial(_kinds, "slots"),
    "act_entropy": partial(_entropy, "acts"),
    "type_entropy": partial(_entropy, "types"),
    "distinct_3": _distinct_3,
    "distinct_3_trimmed": _distinct_3_trimmed,
    "vendi": _vendi,
    "nearest_distance": _nearest,
}
DUPLICATES: dict[str, Callable[[Columns], Callable[[Rows], float]]] = {
    # at the full common n, not in blocks: blocks part most copies from their originals
    "duplicates_exact": partial(_repeats, "exact"),
    "duplicates_masked": partial(_repeats, "masked"),
    "duplicates_near": _near,
}
