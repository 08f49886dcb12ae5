"""Near-duplicates among tools, without any model: cosine of hashed TF-IDF over name, description and parameters.

The search is exact and never multiplies all with all. A tool's features are cut in two: the commonest ones, as long as
their norm stays under the threshold, and the rest. By Cauchy-Schwarz two tools whose cosine reaches the threshold
share a feature of one's rest, and those features are rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BLOCK = 512


class Pair(NamedTuple):
    """Two rows, the earlier first, and their cosine."""

    first: int
    second: int
    cosine: float


def close_pairs(matrix: csr_matrix, threshold: float) -> list[Pair]:
    """Return every pair of rows of an L2-normalised matrix whose cosine is at least ``threshold``, in order."""
    import numpy as np

    rest = _rest(matrix, threshold)
    transposed = matrix.T.tocsr()
    found: list[Pair] = []
    for start in range(0, matrix.shape[0], _BLOCK):
        stop = min(start + _BLOCK, matrix.shape[0])
        candidates = (rest[start:stop] @ transposed).tocoo()
        rows, columns = candidates.row + start, candidates.col
        keep = (columns != rows) & (candidates.data > 0)
        pairs = np.unique(np.sort(np.stack([rows[keep], columns[keep]], axis=1), axis=1), axis=0)
        for part in np.array_split(pairs, max(1, len(pairs) // 200_000)):
            alike = np.asarray(matrix[part[:, 0]].multiply(matrix[part[:, 1]]).sum(axis=1)).ravel()
            near = np.flatnonzero(alike >= threshold)
            found.extend(Pair(int(part[i, 0]), int(part[i, 1]), float(alike[i])) for i in near)
    return sorted(set(found))


def cosines(matrix: csr_matrix, pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Return the cosine of each pair of rows of an L2-normalised matrix."""
    import numpy as np

    if not pairs:
        return []
    first, second = np.asarray(pairs).T
    return [min(1.0, float(one)) for one in np.asarray(matrix[first].multiply(matrix[second]).sum(axis=1)).ravel()]


def _rest(matrix: csr_matrix, threshold: float) -> Any:
    """Return the matrix without each row's commonest features, as many as keep their norm under the threshold."""
    import numpy as np
    from scipy.sparse import csr_matrix

    frequency = np.bincount(matrix.indices, minlength=matrix.shape[1])
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -frequency[matrix.indices], rows))
    squares = matrix.data[order].astype(np.float64) ** 2
    running = np.cumsum(squares)
    before = np.concatenate([[0.0], running])[matrix.indptr[:-1]]
    within = running - before[rows]
    keep = np.zeros(matrix.nnz, dtype=bool)
    keep[order] = within >= (threshold - 1e-3) ** 2  # float32 rounding must not lose a pair
    data = np.where(keep, matrix.data, 0)
    rest = csr_matrix((data, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    rest.eliminate_zeros()
    return rest


def merge(pairs: Sequence[Pair], count: int) -> dict[int, tuple[int, float]]:
    """Return which rows an earlier row stands for: row -> (representative, cosine).

    Rows come best first. A row is merged into the closest representative within the threshold; representatives are
    never merged, so nothing is merged over a chain of likenesses.
    """
    neighbours: dict[int, list[tuple[int, float]]] = {}
    for pair in pairs:
        neighbours.setdefault(pair.second, []).append((pair.first, pair.cosine))
    merged: dict[int, tuple[int, float]] = {}
    for row in range(count):
        standing = [(cosine, -first) for first, cosine in neighbours.get(row, ()) if first not in merged]
        if standing:
            cosine, negative = max(standing)
            merged[row] = (-negative, cosine)
    return merged
