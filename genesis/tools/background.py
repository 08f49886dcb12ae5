"""How common words are among tools: a fixed table, so that how alike two tools are depends on these two alone.

With weights measured on the tools at hand, a pool would change its mind about its own tools when half of them are taken
away, and a pool read back would not be the pool that was written. The table (``background.json``) counts in how many of
BFCL's non-live tools a token stands (after exact duplicates and versions are merged); tokens of fewer than three tools
are left out and weigh most. ``tests/tools/test_threshold.py`` measures it again and compares.
"""

from __future__ import annotations

import importlib.resources
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import xxhash

from genesis.text import FEATURES

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

LEAST = 3


def measure(texts: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Return the table for token lists: ``{"tools": n, "frequency": {token: tools that hold it}}``."""
    count = 0
    frequency: Counter[str] = Counter()
    for tokens in texts:
        count += 1
        frequency.update(set(tokens))
    return {"tools": count, "frequency": {token: n for token, n in sorted(frequency.items()) if n >= LEAST}}


@lru_cache(maxsize=1)
def idf() -> NDArray[float64]:
    """Return the weights by hashed feature, ln((1 + n) / (1 + df)) + 1, for :func:`genesis.text.hashed_tfidf`."""
    import numpy as np

    table = msgspec.json.decode((importlib.resources.files(__package__) / "background.json").read_bytes())
    frequency = np.zeros(FEATURES)
    for token, count in table["frequency"].items():
        frequency[xxhash.xxh3_64_intdigest(token.encode()) % FEATURES] += count
    weights: NDArray[float64] = np.log((1 + table["tools"]) / (1 + np.minimum(frequency, table["tools"]))) + 1
    return weights
