"""Self-BLEU in linear time: each request against all the others, by counting, not by comparing pairs.

What a request's BLEU needs of all the others is, for each of its n-grams, the highest count in any *other* request:
the highest count of all, unless the request holds it alone, and then the second highest. Both come from one sorted
list of (n-gram, request), so n requests cost n, not n squared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genesis.metrics.columns import Facet, Rows, spans

ORDER = 4
_SLICE = 1 << 22


def self_bleu(requests: Facet, rows: Rows) -> float:
    """Return the mean sentence BLEU-4 of each request against all others as references, in [0, 1] (Zhu et al. 2018).

    Sentence BLEU is sacrebleu's: clipped precisions, exponential smoothing, effective order, the closest reference
    length. NaN for fewer than two requests. Pitfalls: it rises with n (more references) and with length, and a few
    copies hardly move it; low means diverse. Exact: an n-gram's key is its word numbers where they fit beside the
    request's number in 64 bits, else a hash of the bits left over (44 for a million requests: about one n-gram in a
    million then meets another).
    """
    scores = sentence_bleu(requests, rows)
    return float(scores.mean()) if len(rows) > 1 else float("nan")


def sentence_bleu(requests: Facet, rows: Rows) -> NDArray[np.float64]:
    """Return each request's BLEU-4 against all the others."""
    n = len(rows)
    lengths = (requests.starts[rows + 1] - requests.starts[rows]).astype(np.int64)
    codes = requests.codes[spans(requests.starts, rows)]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    log_sum, smooth = np.zeros(n), np.ones(n)
    orders, any_match = np.zeros(n), np.zeros(n, bool)
    for order in range(1, ORDER + 1):
        total = np.maximum(lengths - order + 1, 0)
        correct = _clipped(codes, starts, order)
        counted = total > 0
        missed = counted & (correct == 0)
        smooth[missed] *= 2
        precision = np.where(correct > 0, correct, 1 / smooth) / np.maximum(total, 1)
        log_sum[counted] += np.log(precision[counted])
        orders += counted
        any_match |= correct > 0
    penalty = np.exp(np.minimum(0, 1 - _closest_lengths(lengths) / np.maximum(lengths, 1)))
    return np.where(any_match, penalty * np.exp(log_sum / np.maximum(orders, 1)), 0.0)


def _clipped(codes: NDArray[np.int32], starts: Rows, order: int) -> NDArray[np.float64]:
    """Return, for each request, its n-grams that others hold too, each counted at most as often as another does."""
    n = len(starts) - 1
    packed, row_bits = _packed(codes, starts, order)
    packed.sort()
    matched = np.zeros(n)
    begin = 0
    while begin < len(packed):
        end = min(begin + _SLICE, len(packed))
        if end < len(packed):
            last = packed[end - 1] >> row_bits
            end = int(np.searchsorted(packed, (last + np.uint64(1)) << row_bits)) or len(packed)
        matched += _matches(packed[begin:end], row_bits, n)
        begin = end
    return matched


def _matches(packed: NDArray[np.uint64], row_bits: np.uint64, n: int) -> NDArray[np.float64]:
    """Return the clipped matches by request for whole groups of sorted (n-gram, request) keys."""
    opens = np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]]))
    counts = np.diff(np.append(opens, len(packed))).astype(np.int32)
    runs = packed[opens]
    grams = runs >> row_bits
    first = np.concatenate([[True], grams[1:] != grams[:-1]])
    shared = ~(first & np.concatenate([first[1:], [True]]))
    runs, counts, grams = runs[shared], counts[shared], grams[shared]
    if not len(runs):
        return np.zeros(n)
    groups = np.flatnonzero(np.concatenate([[True], grams[1:] != grams[:-1]]))
    sizes = np.diff(np.append(groups, len(runs)))
    highest = np.maximum.reduceat(counts, groups)
    top = np.repeat(highest, sizes)
    holders = np.repeat(np.add.reduceat((counts == top).astype(np.int32), groups), sizes)
    second = np.repeat(np.maximum.reduceat(np.where(counts < top, counts, 0), groups), sizes)
    others = np.where((counts == top) & (holders == 1), second, top)
    rows = (runs & ((np.uint64(1) << row_bits) - np.uint64(1))).astype(np.int64)
    return np.bincount(rows, weights=np.minimum(counts, others), minlength=n).astype(np.float64)


def _packed(codes: NDArray[np.int32], starts: Rows, order: int) -> tuple[NDArray[np.uint64], np.uint64]:
    """Return every n-gram and its request in one 64-bit key, n-gram first, and the bits of the request's number."""
    n = len(starts) - 1
    row_bits = np.uint64(max(1, (n - 1).bit_length()))
    word_bits = max(1, int(codes.max(initial=0)).bit_length())
    exact = word_bits * order + int(row_bits) <= 64
    lengths = np.diff(starts)
    grams = np.maximum(lengths - order + 1, 0)
    packed = np.empty(int(grams.sum()), np.uint64)
    filled = 0
    for begin in range(0, n, 50_000):
        part = np.arange(begin, min(n, begin + 50_000), dtype=np.int64)
        count = grams[part]
        ends = np.cumsum(count)
        at = np.repeat(starts[part] - (ends - count), count) + np.arange(int(ends[-1]), dtype=np.int64)
        key = gram_keys(codes, at, order, None if not exact else word_bits)
        if not exact:
            key >>= row_bits
        packed[filled : filled + len(at)] = (key << row_bits) | np.repeat(part.astype(np.uint64), count)
        filled += len(at)
    return packed, row_bits


def gram_keys(codes: NDArray[np.int32], at: Rows, n: int, bits: int | None) -> NDArray[np.uint64]:
    """Return a 64-bit key of the n-gram at each position: word numbers of ``bits`` each, or (None) mixed."""
    key = codes[at].astype(np.uint64)
    for step in range(1, n):
        word = codes[at + step].astype(np.uint64)
        key = mix(key) + word if bits is None else (key << np.uint64(bits)) | word
    return mix(key) if bits is None else key


def mix(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64-bit keys, mixed one to one (the finaliser of splitmix64)."""
    keys = keys + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def _closest_lengths(lengths: Rows) -> NDArray[np.float64]:
    """Return, for each request, the length among the others that is closest to its own; the shorter on a tie."""
    kinds, inverse, counts = np.unique(lengths, return_inverse=True, return_counts=True)
    below = np.concatenate([[-np.inf], kinds[:-1]])
    above = np.concatenate([kinds[1:], [np.inf]])
    nearest = np.where(kinds - below <= above - kinds, below, above)
    closest: NDArray[np.float64] = np.where(counts > 1, kinds, nearest)[inverse]
    return closest
