"""How varied the wording of requests is. User turns only, as is the convention for generated dialogues."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.metrics.bleu import gram_keys, self_bleu
from genesis.metrics.columns import Columns, Facet, Rows, spans
from genesis.metrics.statistics import at_fixed_n, mean, over_blocks
from genesis.text import stable_hash

WINDOW = 15
FORMULA = 0.1
MATTR_WINDOW = 50
PAIRS = 2000
BYTES = (1_000_000, 200_000, 50_000, 10_000)


def distinct_n(requests: Facet, rows: Rows, *, n: int = 3, window: int = WINDOW) -> float:
    """Return distinct n-grams / all n-grams over the first ``window`` words of some requests (Li et al. 2016).

    Without the window, and a fixed number of requests, distinct-n falls with length and with n and measures them;
    with both, distinct-3 survives a change of either (experiments/metric_validity). Pitfall: a greeting or another
    formula at the beginning fills the window; :func:`distinct_trimmed` does without it. NaN where no request has n
    words.
    """
    return _distinct(requests.codes, requests.starts[rows], requests.starts[rows + 1], n, window)


def distinct_trimmed(requests: Facet, rows: Rows, *, n: int = 3, window: int = WINDOW) -> float:
    """Return :func:`distinct_n` after the formulas at both ends of each request are cut off.

    A formula is a run of words whose n-grams stand in more than a tenth (``FORMULA``) of the requests: greetings,
    thanks, "I wonder if you could". Formulas inside a request stay, and so does a request that is nothing else. It
    keeps its order under all changes of experiments/metric_validity, padding included. Distinct n-grams / all n-grams
    of what is left: this workbench's, after Li et al. 2016. Pitfall: what is a formula depends on the other requests
    measured, so a set that says one thing in one way has nothing left but what differs; read it beside
    :func:`distinct_n`.
    """
    codes = requests.codes[spans(requests.starts, rows)]
    starts = np.concatenate([[0], np.cumsum(requests.starts[rows + 1] - requests.starts[rows])]).astype(np.int64)
    begins, ends = trimmed(codes, starts, n)
    return _distinct(codes, begins, ends, n, window)


def trimmed(codes: NDArray[np.int32], starts: Rows, n: int = 3) -> tuple[Rows, Rows]:
    """Return where each request begins and ends without the formulas at its edges."""
    rows = len(starts) - 1
    owner = np.repeat(np.arange(rows), np.diff(starts))
    at = np.arange(max(0, len(codes) - n + 1))
    at = at[owner[at] == owner[at + n - 1]]
    kinds, gram = np.unique(gram_keys(codes, at, n, _bits(codes, n)), return_inverse=True)
    held = np.unique(gram.astype(np.int64) * rows + owner[at]) // max(1, rows)
    formula = np.bincount(held, minlength=len(kinds))[gram] > max(2.0, FORMULA * rows)
    loose = np.ones(len(codes), bool)
    for step in range(n):
        loose[at[formula] + step] = False
    kept = np.flatnonzero(loose)
    first, last = np.searchsorted(kept, starts[:-1]), np.searchsorted(kept, starts[1:])
    some = last > first
    begins, ends = starts[:-1].copy(), starts[1:].copy()
    begins[some], ends[some] = kept[first[some]], kept[last[some] - 1] + 1
    return begins, ends


def _distinct(codes: NDArray[np.int32], begins: Rows, ends: Rows, n: int, window: int) -> float:
    """Return distinct n-grams / all n-grams over the first ``window`` words of each span."""
    ends = np.minimum(ends, begins + window)
    bits = _bits(codes, n)
    longest = int((ends - begins).max(initial=0))
    keys = [
        gram_keys(codes, begins[begins + offset + n <= ends] + offset, n, bits) for offset in range(longest - n + 1)
    ]
    grams: NDArray[np.uint64] = np.concatenate([np.zeros(0, np.uint64), *keys])
    return len(np.unique(grams)) / len(grams) if len(grams) else float("nan")


def _bits(codes: NDArray[np.int32], n: int) -> int | None:
    """Return the bits of a word's number, None where n of them do not fit into 64."""
    bits = max(1, int(codes.max(initial=0)).bit_length())
    return bits if bits * n <= 64 else None


def mattr(requests: Facet, rows: Rows, *, window: int = MATTR_WINDOW) -> float:
    """Return the moving-average type-token ratio: distinct words / ``window``, over every window of words that
    follow one another (Covington and McFall 2010), the requests written one after the other.

    Linear: a word adds to the windows that begin after its previous occurrence. Pitfalls: it measures repetition
    *inside* fifty words, so neither copies nor a small vocabulary of requests show; filler lowers it.
    """
    codes = requests.codes[spans(requests.starts, rows)]
    total = len(codes)
    if total < window:
        return float(len(np.unique(codes)) / total) if total else float("nan")
    order = np.argsort(codes, kind="stable")
    same = codes[order[1:]] == codes[order[:-1]]
    previous = np.full(total, -1, np.int64)
    previous[order[1:][same]] = order[:-1][same]
    at = np.arange(total, dtype=np.int64)
    low = np.maximum(previous + 1, at - window + 1).clip(0)
    high = np.minimum(at, total - window)
    return float(np.maximum(high - low + 1, 0).sum() / (window * (total - window + 1)))


def rouge_l(requests: Facet, rows: Rows) -> float:
    """Return the mean ROUGE-L F1 of pairs of requests, each taken once: 2 LCS(a, b) / (|a| + |b|) (Lin 2004).

    The rows are paired in order, so that no request is in two pairs. Pitfalls: it rises with length and filler, and
    copies are met only when both fall into one pair.
    """
    from rapidfuzz.distance import LCSseq

    scores = []
    for a, b in zip(rows[0::2].tolist(), rows[1::2].tolist(), strict=False):
        left = requests.codes[requests.starts[a] : requests.starts[a + 1]].tolist()
        right = requests.codes[requests.starts[b] : requests.starts[b + 1]].tolist()
        if left or right:
            scores.append(2 * LCSseq.similarity(left, right) / (len(left) + len(right)))
    return float(np.mean(scores)) if scores else float("nan")


def compression_ratio(texts: list[str], size: int) -> float:
    """Return bytes / compressed bytes of the first ``size`` bytes of some texts, with zstd and a window over all of it.

    High is repetitive (Shaib et al. 2024). Pitfalls: it grows with size, hence a fixed one; longer requests and filler
    raise it; a copy shows only where its original lies in the same ``size`` bytes. NaN where there is not enough text.
    """
    import zstandard

    data = "\n".join(texts).encode("utf-8", "replace")[:size]
    if len(data) < size:
        return float("nan")
    settings = zstandard.ZstdCompressionParameters.from_level(
        9, window_log=max(10, min(27, size.bit_length())), enable_ldm=True
    )
    return size / len(zstandard.ZstdCompressor(compression_params=settings).compress(data))


def compression(columns: Columns, *, seed: int = 0) -> dict[str, Any] | None:
    """Return the compression ratio at the largest fixed number of bytes of which the kept texts give five blocks."""
    rows = sorted(columns.texts)
    texts = [columns.texts[rows[place]] for place in _order(len(rows), "compression", seed).tolist()]
    ends = np.cumsum([len(text.encode("utf-8", "replace")) + 1 for text in texts])
    size = next((size for size in BYTES if len(ends) and ends[-1] >= 5 * size), None)
    if size is None:
        return None
    values: list[float] = []
    begin = 0
    while len(values) < 10 and begin < len(texts):
        done = ends[begin - 1] if begin else 0
        end = int(np.searchsorted(ends, done + size)) + 1
        values.append(compression_ratio(texts[begin:end], size))
        begin = end
    found = over_blocks(values, len(texts), None).estimate(least=0.0)
    return {**found.to_json(), "bytes": size}


def lexical(columns: Columns, *, size: int | None = None) -> dict[str, Any]:
    """Return the lexical measures at a fixed number of dialogues, with intervals; self-BLEU of the whole set beside."""
    requests, n = columns.requests, columns.n

    def at_n(measure: Any, most: float = 1.0, **more: Any) -> dict[str, Any] | None:
        found = at_fixed_n(lambda rows: measure(requests, rows), n, size=size, most=most)
        return {**found.to_json(), **more} if found else None

    pairs = _order(n, "pairs")[: 2 * PAIRS].astype(np.int64)
    rouge = mean([rouge_l(requests, pair) for pair in pairs[: len(pairs) // 2 * 2].reshape(-1, 2)])
    whole = self_bleu(requests, np.arange(n, dtype=np.int64)) if n > 1 else float("nan")
    return {
        "distinct_3": at_n(distinct_n, window=WINDOW),
        "distinct_3_trimmed": at_n(distinct_trimmed, window=WINDOW),
        "self_bleu": at_n(self_bleu),
        "self_bleu_in_all": round(whole, 6) if n > 1 else None,
        "rouge_l": {**rouge.to_json(), "pairs": len(pairs) // 2} if rouge else None,
        "mattr": at_n(mattr, window=MATTR_WINDOW),
        "compression_ratio": compression(columns),
    }


def _order(n: int, *parts: object) -> NDArray[np.int64]:
    """Return the numbers 0..n-1 in a fixed random order."""
    return np.random.default_rng(stable_hash(*parts, n)).permutation(n)
