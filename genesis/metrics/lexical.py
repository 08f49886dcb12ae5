"""How varied the wording of requests is. User turns only, as is the convention for generated dialogues."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.metrics.columns import Columns, Facet, Rows
from genesis.metrics.statistics import at_fixed_n

WINDOW = 15


def distinct_n(requests: Facet, rows: Rows, *, n: int = 3, window: int = WINDOW) -> float:
    """Return distinct n-grams / all n-grams over the first ``window`` words of some requests (Li et al. 2016).

    Without the window, and a fixed number of requests, distinct-n falls with length and with n and measures them;
    with both it orders corpora rightly (experiments/metric_validity). NaN where no request has n words.
    """
    grams = np.concatenate(_windows(requests, rows, n, window))
    return len(np.unique(grams)) / len(grams) if len(grams) else float("nan")


def _windows(requests: Facet, rows: Rows, n: int, window: int) -> list[NDArray[np.uint64]]:
    """Return the keys of the n-grams in the windows, position by position."""
    starts, ends = requests.starts[rows], requests.starts[rows + 1]
    ends = np.minimum(ends, starts + window)
    keys = []
    for offset in range(window - n + 1):
        at = starts[starts + offset + n <= ends] + offset
        keys.append(gram_keys(requests.codes, at, n))
    return keys


def gram_keys(codes: NDArray[np.int32], at: NDArray[np.int64], n: int) -> NDArray[np.uint64]:
    """Return a 64-bit key of the n-gram that starts at each position; exact while n * bits(word numbers) <= 64.

    Beyond that it is a mixing hash: two of a million different n-grams meet with probability below 1e-7.
    """
    bits = max(1, int(codes.max(initial=0)).bit_length())
    key = codes[at].astype(np.uint64)
    for step in range(1, n):
        word = codes[at + step].astype(np.uint64)
        key = (key << np.uint64(bits)) | word if bits * n <= 64 else mix(key) + word
    return key


def mix(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64-bit keys, mixed one to one (the finaliser of splitmix64)."""
    keys = (keys + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(1)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def lexical(columns: Columns, *, size: int | None = None) -> dict[str, Any]:
    """Return the lexical measures at a fixed number of dialogues, with intervals."""

    def distinct_3(rows: Rows) -> float:
        return distinct_n(columns.requests, rows)

    found = at_fixed_n(distinct_3, columns.n, size=size, most=1.0)
    return {"distinct_3": {**found.to_json(), "window": WINDOW} if found else None}
