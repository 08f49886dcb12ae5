"""Request keys, and an index of them that stays small however long a run is.

A dict entry costs some 150 bytes; a run of 600,000 calls would hold 90 MB of them. The index keeps recent keys in a
dict and the rest in sorted numpy arrays: 20 bytes a key. It answers with candidates; the journal's row decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import xxhash

from genesis.lm.engine import Request

_RECENT = 4_000


def request_key(identity: str, request: Request) -> str:
    """Return 32 hex digits of all an answer depends on; ``n`` and ``first`` number the samples under it."""
    settings = msgspec.json.encode(
        (1, identity, request.temperature, request.max_tokens, request.seed, request.schema, request.messages)
    )
    return xxhash.xxh3_128_hexdigest(settings)


class KeyIndex:
    """(key, first sample) -> where its row may stand, as (shard number, offset)."""

    def __init__(self) -> None:
        self._recent: dict[int, list[tuple[int, int]]] = {}
        self._count = 0
        self._sorted: list[tuple[Any, Any, Any]] = []

    def add(self, key: bytes, first: int, shard: int, offset: int) -> None:
        """Remember where a row stands."""
        self._recent.setdefault(_digest(key, first), []).append((shard, offset))
        self._count += 1
        if self._count >= _RECENT:
            self._settle()

    def find(self, key: bytes, first: int) -> Iterator[tuple[int, int]]:
        """Yield where the row may stand; almost always one place or none."""
        digest = _digest(key, first)
        yield from self._recent.get(digest, ())
        for digests, shards, offsets in self._sorted:
            row = int(digests.searchsorted(digests.dtype.type(digest)))
            while row < len(digests) and int(digests[row]) == digest:
                yield int(shards[row]), int(offsets[row])
                row += 1

    def _settle(self) -> None:
        """Move the recent keys into a sorted block; merge blocks of like size, so that there are few."""
        import numpy as np

        rows = [(digest, *place) for digest, places in self._recent.items() for place in places]
        block = _sorted_block(
            np.array([row[0] for row in rows], np.uint64),
            np.array([row[1] for row in rows], np.uint32),
            np.array([row[2] for row in rows], np.uint64),
        )
        while self._sorted and len(self._sorted[-1][0]) <= 2 * len(block[0]):
            last = self._sorted.pop()
            block = _sorted_block(*(np.concatenate(pair) for pair in zip(last, block, strict=True)))
        self._sorted.append(block)
        self._recent.clear()
        self._count = 0


def _sorted_block(digests: Any, shards: Any, offsets: Any) -> tuple[Any, Any, Any]:
    order = digests.argsort(kind="stable")
    return digests[order], shards[order], offsets[order]


def _digest(key: bytes, first: int) -> int:
    return xxhash.xxh3_64_intdigest(key, seed=first)
