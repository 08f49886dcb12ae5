"""Request keys, and an index of them that stays small however long a run is.

A dict entry costs some 150 bytes; a run of 600,000 calls would hold 90 MB of them. The index keeps recent keys in a
dict and the rest in sorted numpy arrays: 8 bytes a key. It answers with candidates; the journal's row decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import xxhash

from genesis.lm.engine import Request

_RECENT = 4_000
_SPAN = 1 << 32


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
        self._blocks: dict[int, list[_Block]] = {}

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
        for shard, blocks in self._blocks.items():
            for block in blocks:
                row = int(block.rows.searchsorted(block.rows.dtype.type(digest << 32)))
                while row < len(block.rows) and (found := int(block.rows[row])) >> 32 == digest:
                    yield shard, block.base + (found & 0xFFFFFFFF)
                    row += 1

    def _settle(self) -> None:
        """Move the recent keys into sorted blocks, one a shard; merge those of like size, so that there are few."""
        import numpy as np

        rows: dict[int, list[tuple[int, int]]] = {}
        for digest, places in self._recent.items():
            for shard, offset in places:
                rows.setdefault(shard, []).append((digest, offset))
        for shard, pairs in rows.items():
            base = min(offset for _, offset in pairs)
            block = _Block(base, np.array([digest << 32 | offset - base for digest, offset in pairs], np.uint64))
            end = max(offset for _, offset in pairs)
            blocks = self._blocks.setdefault(shard, [])
            while blocks and len(blocks[-1].rows) <= 2 * len(block.rows) and end - blocks[-1].base < _SPAN:
                last = blocks.pop()
                moved = block.rows + np.uint64(block.base - last.base)
                block = _Block(last.base, np.concatenate((last.rows, moved)))
            block.rows.sort()
            blocks.append(block)
        self._recent.clear()
        self._count = 0


class _Block(NamedTuple):
    """Keys of one shard whose rows stand within 4 GB: 8 bytes a key."""

    base: int
    rows: Any
    """Digest (upper 32 bits) and offset from ``base`` (lower 32), sorted, uint64, shape (n,)."""


def _digest(key: bytes, first: int) -> int:
    return xxhash.xxh3_64_intdigest(key, seed=first) & 0xFFFFFFFF
