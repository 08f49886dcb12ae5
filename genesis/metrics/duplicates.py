"""How much of a data set repeats itself: exact, digit-masked and near duplicates of requests.

gzip, Vendi, cosine, self-BLEU and act entropy do not see 30 % copies (FACTS), so these stand beside them always.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from genesis.metrics.columns import Columns, Facet
from genesis.metrics.lexical import mix
from genesis.metrics.statistics import Estimate, wilson

SHINGLE = 3
PERMUTATIONS = 64
BANDS = 16
THRESHOLD = 0.7
_CHUNK = 20_000


def repeats(keys: NDArray[Any]) -> Estimate | None:
    """Return the share of dialogues whose key an earlier dialogue has: 1 - distinct / n.

    Delete-one jackknife in closed form: with s the share of keys that occur once, the variance is s (1 - s) / (n - 1);
    Wilson's half-widths stand in for the normal's, so that there is an interval at s = 1 too.
    Pitfall: it grows with n (more chances to meet); compare at equal n.
    """
    n = len(keys)
    if n == 0:
        return None
    counts = np.unique(keys, return_counts=True)[1]
    return _with_interval(1 - len(counts) / n, int((counts == 1).sum()), n)


def _with_interval(value: float, single: int, n: int) -> Estimate:
    low, high = wilson(single, n)
    share = single / n
    return Estimate(value, max(0.0, value - (high - share)), min(1.0, value + (share - low)), n, method="jackknife")


def shingles(requests: Facet, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the word 3-grams of requests as 64-bit hashes, and where each request's start; a short request is one.

    The hashes come from the words' text, so they are the same in every data set.
    """
    text = getattr(requests, "names", [])
    hashes = np.fromiter((xxhash.xxh3_64_intdigest(word.encode()) for word in text), np.uint64, len(text))
    counts = requests.starts[rows + 1] - requests.starts[rows]
    grams = np.maximum(counts - SHINGLE + 1, 1)
    starts = np.concatenate([[0], np.cumsum(grams)]).astype(np.int64)
    offset = np.arange(starts[-1], dtype=np.int64) - np.repeat(starts[:-1], grams)
    at = np.repeat(requests.starts[rows], grams) + offset
    limit = np.repeat(requests.starts[rows + 1], grams)
    found = np.zeros(len(at), np.uint64)
    for step in range(SHINGLE):
        inside = at + step < limit
        word = np.zeros(len(at), np.uint64)
        word[inside] = hashes[requests.codes[at[inside] + step]]
        found = mix(found) + word
    return mix(found), starts


def near_pairs(columns: Columns, *, threshold: float = THRESHOLD, seed: int = 42) -> list[tuple[int, int, float]]:
    """Return near duplicates as (earlier row, later row, Jaccard similarity of word 3-grams), later row ascending.

    MinHash (Broder 1997; rensa, 64 permutations) in 16 bands of 4 finds candidates, which are then compared exactly:
    a pair at the threshold of 0.7 is found with probability 0.99. A row is compared with the first row of each of
    its 16 buckets and stands at most once on the later side, with its most similar earlier row.
    """
    best: dict[int, tuple[float, int]] = {}
    sets, starts = shingles(columns.requests, np.arange(columns.n, dtype=np.int64))
    for first, later in _candidates(sets, starts, seed):
        for a, b in zip(first.tolist(), later.tolist(), strict=True):
            same = _jaccard(sets[starts[a] : starts[a + 1]], sets[starts[b] : starts[b + 1]])
            if same >= threshold and same > best.get(b, (0.0, 0))[0]:
                best[b] = (same, a)
    return [(a, b, round(same, 4)) for b, (same, a) in sorted(best.items())]


def _candidates(
    sets: NDArray[np.uint64], starts: NDArray[np.int64], seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return, band by band, the first row of a bucket and each later row in it."""
    bands = _bands(sets, starts, seed)
    pairs = []
    for band in bands:
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        opens = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, bool)
        first = order[np.maximum.accumulate(np.where(opens, np.arange(len(order)), 0))] if len(order) else order
        pairs.append((first[~opens], order[~opens]))
    return pairs


def _bands(sets: NDArray[np.uint64], starts: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a key for each band and request, shape (BANDS, n)."""
    from rensa import RMinHash

    n = len(starts) - 1
    width = PERMUTATIONS // BANDS
    keys = np.empty((BANDS, n), np.uint64)
    for begin in range(0, n, _CHUNK):
        end = min(n, begin + _CHUNK)
        offsets = (starts[begin : end + 1] - starts[begin]).astype(np.uint64)
        flat = np.ascontiguousarray(sets[starts[begin] : starts[end]])
        digests = RMinHash.digest_matrix_from_flat_token_hashes(flat, offsets, PERMUTATIONS, seed)
        matrix = np.asarray(digests.to_rows(), np.uint64).reshape(end - begin, BANDS, width)
        key = np.zeros((end - begin, BANDS), np.uint64)
        for column in range(width):
            key = mix(key) + matrix[:, :, column]
        keys[:, begin:end] = key.T
    return keys


def _jaccard(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    left, right = set(a.tolist()), set(b.tolist())
    return len(left & right) / len(left | right)


def duplicates(columns: Columns) -> dict[str, Any]:
    """Return the duplicate rates of requests: exact (case and spaces apart), digit-masked, near (Jaccard >= 0.7)."""
    exact, masked = repeats(columns.exact), repeats(columns.masked)
    near = None
    if columns.n:
        pairs = near_pairs(columns)
        touched = {row for a, b, _ in pairs for row in (a, b)}
        near = _with_interval(len(pairs) / columns.n, columns.n - len(touched), columns.n)
    return {
        "exact": exact.to_json() if exact else None,
        "masked": masked.to_json() if masked else None,
        "near": {**near.to_json(), "threshold": THRESHOLD} if near else None,
    }
