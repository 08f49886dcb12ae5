"""How much of a data set repeats itself: exact, digit-masked and near duplicates of requests.

gzip, Vendi, cosine, self-BLEU and act entropy do not see 30 % copies (experiments/metric_validity), so these stand
beside them always.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from genesis.checks.intervals import wilson
from genesis.metrics.bleu import mix
from genesis.metrics.columns import Columns, Facet, Rows
from genesis.metrics.statistics import Estimate

SHINGLE = 3
PERMUTATIONS = 64
BANDS = 16
THRESHOLD = 0.7
_WIDTH = PERMUTATIONS // BANDS
_SLACK = 0.2
"""A pair whose sketches agree in less than threshold - slack is not compared exactly: 3.5 standard errors."""
_CHUNK = 20_000

Hashes = NDArray[np.uint64]


def repeats(keys: NDArray[Any]) -> Estimate | None:
    """Return the share of dialogues whose key an earlier dialogue has: 1 - distinct / n (Lee et al. 2022).

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


def word_hashes(facet: Facet) -> Hashes:
    """Return a hash of each word's text: the same in every data set, whatever the words' numbers are."""
    digests = (xxhash.xxh3_64_intdigest(word.encode("utf-8", "replace")) for word in facet.names)
    return np.fromiter(digests, np.uint64, len(facet.names))


def shingles(requests: Facet, rows: Rows, hashes: Hashes) -> tuple[Hashes, Rows]:
    """Return the word 3-grams of requests as hashes, and where each request's start; a shorter request is one."""
    counts = requests.starts[rows + 1] - requests.starts[rows]
    grams = np.maximum(counts - SHINGLE + 1, 1)
    starts = np.concatenate([[0], np.cumsum(grams)]).astype(np.int64)
    at = np.repeat(requests.starts[rows] - starts[:-1], grams) + np.arange(starts[-1], dtype=np.int64)
    limit = np.repeat(requests.starts[rows + 1], grams)
    found = np.zeros(len(at), np.uint64)
    for step in range(SHINGLE):
        inside = at + step < limit
        word = np.zeros(len(at), np.uint64)
        word[inside] = hashes[requests.codes[at[inside] + step]]
        found = mix(found) + word
    return mix(found), starts


def near_pairs(
    requests: Facet, *, threshold: float = THRESHOLD, seed: int = 42, before: int | None = None
) -> list[tuple[int, int, float]]:
    """Return near duplicates as (earlier row, later row, Jaccard similarity of word 3-grams), later row ascending.

    MinHash (Broder 1997; rensa, 64 permutations) in 16 bands of 4 proposes pairs: two requests at the threshold of 0.7
    share a band with probability 0.99. Of the first requests of its 16 buckets, the one whose sketch agrees most is
    compared exactly, so a million take linear time whatever they hold; a request stands on the later side at most once.
    Pitfall: where thousands of requests are all about 0.7 alike, pairs just above the threshold are missed: the rate is
    then a lower bound.
    ``before``: only pairs of one of the first so many rows and one of the others, for two sets one after the other.
    """
    hashes = word_hashes(requests)
    sketches = _sketches(requests, hashes, seed)
    first, alike = _likeliest(sketches, before)
    later = np.flatnonzero(alike >= threshold - _SLACK)
    same = _similarities(requests, hashes, first[later], later)
    hit = same >= threshold
    found = zip(first[later][hit].tolist(), later[hit].tolist(), same[hit].tolist(), strict=True)
    return [(a, b, round(value, 4)) for a, b, value in found]


def _sketches(requests: Facet, hashes: Hashes, seed: int) -> NDArray[np.uint32]:
    """Return MinHash signatures, shape (n, PERMUTATIONS)."""
    from rensa import RMinHash

    n = len(requests.starts) - 1
    sketches = np.empty((n, PERMUTATIONS), np.uint32)
    for begin in range(0, n, _CHUNK):
        rows = np.arange(begin, min(n, begin + _CHUNK), dtype=np.int64)
        sets, starts = shingles(requests, rows, hashes)
        digests = RMinHash.digest_matrix_from_flat_token_hashes(sets, starts.astype(np.uint64), PERMUTATIONS, seed)
        sketches[begin : begin + len(rows)] = digests.to_rows()
    return sketches


def _bucket_pairs(band: NDArray[np.uint32]) -> tuple[Rows, Rows]:
    """Return (first row of the bucket, later row) of every row that shares its bucket with an earlier one."""
    key = np.zeros(len(band), np.uint64)
    for column in range(band.shape[1]):
        key = mix(key) + band[:, column]
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    opens = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]
    first = order[np.maximum.accumulate(np.where(opens, np.arange(len(order)), 0))]
    return first[~opens], order[~opens]


def _likeliest(sketches: NDArray[np.uint32], before: int | None) -> tuple[Rows, NDArray[np.float32]]:
    """Return, for each row, the earlier row of its buckets whose sketch agrees most, and the share that agrees."""
    n = len(sketches)
    best, alike = np.zeros(n, np.int64), np.zeros(n, np.float32)
    for band in range(BANDS):
        first, later = _bucket_pairs(sketches[:, band * _WIDTH : (band + 1) * _WIDTH])
        if before is not None:
            across = (first < before) & (later >= before)
            first, later = first[across], later[across]
        for at in range(0, len(first), _CHUNK):
            a, b = first[at : at + _CHUNK], later[at : at + _CHUNK]
            share = (sketches[a] == sketches[b]).mean(axis=1, dtype=np.float32)
            better = share > alike[b]
            best[b[better]], alike[b[better]] = a[better], share[better]
    return best, alike


def _similarities(requests: Facet, hashes: Hashes, first: Rows, later: Rows) -> NDArray[np.float64]:
    """Return the exact Jaccard similarity of the word 3-grams of pairs of rows.

    One sort does a batch: keys are (place of the pair, 48 bits of the 3-gram's hash, side); a 3-gram of both sides
    stands twice, side by side.
    """
    parts = [np.zeros(0)]
    for at in range(0, len(first), _CHUNK):
        a, b = first[at : at + _CHUNK], later[at : at + _CHUNK]
        keys = np.concatenate([_labelled(requests, hashes, a, 0), _labelled(requests, hashes, b, 1)])
        keys.sort()
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        place = (keys >> _PAIR_BITS).astype(np.int64)
        both = place[1:][keys[1:] >> np.uint64(1) == keys[:-1] >> np.uint64(1)]
        shared = np.bincount(both, minlength=len(a))
        parts.append(shared / (np.bincount(place, minlength=len(a)) - shared))
    return np.concatenate(parts)


_PAIR_BITS = np.uint64(64 - _CHUNK.bit_length())


def _labelled(requests: Facet, hashes: Hashes, rows: Rows, side: int) -> Hashes:
    """Return the 3-grams of rows, labelled with the row's place and the side."""
    sets, starts = shingles(requests, rows, hashes)
    place = np.repeat(np.arange(len(rows), dtype=np.uint64), np.diff(starts))
    low = (np.uint64(1) << _PAIR_BITS) - np.uint64(2)
    return (place << _PAIR_BITS) | (sets & low) | np.uint64(side)


def duplicates(columns: Columns) -> dict[str, Any]:
    """Return the duplicate rates of requests: exact (case and spaces apart), digit-masked, near (Jaccard >= 0.7)."""
    exact, masked = repeats(columns.exact), repeats(columns.masked)
    near = None
    if columns.n:
        pairs = near_pairs(columns.requests)
        touched = {row for a, b, _ in pairs for row in (a, b)}
        near = _with_interval(len(pairs) / columns.n, columns.n - len(touched), columns.n)
    return {
        "exact": exact.to_json() if exact else None,
        "masked": masked.to_json() if masked else None,
        "near": {**near.to_json(), "threshold": THRESHOLD} if near else None,
    }


def nearest_duplicates(columns: Columns, k: int = 10) -> list[dict[str, Any]]:
    """Return the ``k`` most similar pairs of requests, for reading side by side: ids, texts, similarity.

    Only pairs with a similarity of at least 0.5 are looked for; texts beyond the kept sample are None.
    """
    pairs = sorted(near_pairs(columns.requests, threshold=0.5), key=lambda pair: (-pair[2], pair[1]))[:k]
    return [
        {
            "similarity": same,
            "first_id": columns.ids[a],
            "second_id": columns.ids[b],
            "first": columns.texts.get(a),
            "second": columns.texts.get(b),
        }
        for a, b, same in pairs
    ]
