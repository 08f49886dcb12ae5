"""Which earlier request a request nearly repeats: word 3-grams, compared exactly, found through a sketch.

    >>> repeats = Repeats()
    >>> repeats.open(planned[0], "Find me a quiet hotel in Oslo")
    >>> repeats.close(planned[0], accepted=True)
    >>> [one.id for one in repeats.near("Find me a quiet hotel in Oslo", before=7)]
    ['r01-find_hotel']

An open request (its dialogue goes on) is held as a set; an accepted one is packed: 4 bytes a 3-gram, and 8 bytes for
each hash of its sketch. One that is not accepted is forgotten.
"""

from __future__ import annotations

import asyncio
import heapq
from array import array
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import xxhash

from genesis.planner import Planned
from genesis.text import ngrams, words

NEAR = 0.7
"""Jaccard similarity of word 3-grams from which a request is a near-repeat."""
SKETCH = 12
_RECENT = 4_000
_LOW = 0xFFFFFFFF
_UNKNOWN, _OPEN, _ACCEPTED, _GONE = range(4)


class Repeats:
    """First messages by place in the plan, an index of the similar ones, and who waits for whom."""

    def __init__(self) -> None:
        self._state = bytearray()
        self._planned: list[Planned | None] = []
        self._open: dict[int, tuple[frozenset[int], frozenset[int]]] = {}
        """By place: the request's 3-grams, and its sketch."""
        self._packed = _Packed()
        self._frontier = 0
        self._behind: list[tuple[int, int, asyncio.Future[None]]] = []
        """Who waits for the frontier: a heap of (place, number, future)."""
        self._closing: dict[int, list[asyncio.Future[None]]] = {}
        self._waits = 0

    def near(self, text: str, before: int) -> list[Planned]:
        """Return the accepted dialogues earlier in the plan that ``text`` nearly repeats, in plan order."""
        wanted = grams(text)
        return [self._at(place) for place in sorted(self._packed.near(wanted, _sketch(wanted), before))]

    def _near(self, place: int) -> list[int]:
        """Return the places before an open one, open or accepted, whose request it nearly repeats."""
        wanted, sketch = self._open[place]
        found = [
            other
            for other, (own, hashes) in self._open.items()
            if other < place and not sketch.isdisjoint(hashes) and similarity(wanted, own) >= NEAR
        ]
        return sorted([*found, *self._packed.near(wanted, sketch, place)])

    def _at(self, place: int) -> Planned:
        planned = self._planned[place]
        assert planned is not None, place
        return planned

    def open(self, planned: Planned, text: str) -> None:
        """Note the first user message a dialogue goes on with; the first one told counts."""
        self._make_room(planned.index)
        if self._state[planned.index] != _UNKNOWN:
            return
        self._state[planned.index] = _OPEN
        self._planned[planned.index] = planned
        own = grams(text)
        self._open[planned.index] = own, _sketch(own)
        self._advance()

    def close(self, planned: Planned, accepted: bool) -> None:
        """Note how a dialogue ended; an accepted one must have been opened."""
        self._make_room(planned.index)
        own = self._open.pop(planned.index, None)
        if accepted and own is not None:
            self._packed.add(planned.index, *own)
            self._state[planned.index] = _ACCEPTED
        else:
            self._state[planned.index] = _GONE
            self._planned[planned.index] = None
        for waiting in self._closing.pop(planned.index, ()):
            _wake(waiting)
        self._advance()

    def _make_room(self, place: int) -> None:
        if place >= len(self._state):
            more = max(place + 1 - len(self._state), len(self._state) // 8)
            self._state.extend(bytes(more))
            self._planned.extend([None] * more)

    def _advance(self) -> None:
        while self._frontier < len(self._state) and self._state[self._frontier] != _UNKNOWN:
            self._frontier += 1
        while self._behind and self._behind[0][0] <= self._frontier:
            _wake(heapq.heappop(self._behind)[2])

    async def settle(self, index: int) -> str | None:
        """Return the id of the first accepted dialogue earlier in the plan that an open one nearly repeats.

        Waits until every dialogue before it has its first message or is closed, and the similar ones are closed.
        """
        while self._frontier < index:
            self._waits += 1
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._behind, (index, self._waits, waiting))
            await waiting
        for place in self._near(index):
            while self._state[place] == _OPEN:
                waiting = asyncio.get_running_loop().create_future()
                self._closing.setdefault(place, []).append(waiting)
                await waiting
            if self._state[place] == _ACCEPTED:
                return self._at(place).id
        return None


class _Packed:
    """The accepted requests: their 3-grams one after the other, and a sorted index of their sketches."""

    def __init__(self) -> None:
        self._grams = array("I")
        self._span = array("Q")
        """By place: where its 3-grams start (40 bits) and how many there are (24 bits)."""
        self._recent: dict[int, list[int]] = {}
        self._count = 0
        self._blocks: list[Any] = []
        """Sorted, uint64: a sketch hash (upper 32 bits) and a place (lower 32); the 3-grams decide."""

    def add(self, place: int, own: frozenset[int], sketch: Collection[int]) -> None:
        """Take in an accepted request's 3-grams."""
        if place >= len(self._span):
            self._span.extend([0] * (place + 1 - len(self._span)))
        self._span[place] = len(self._grams) << 24 | len(own)
        self._grams.extend(own)
        for gram in sketch:
            self._recent.setdefault(gram, []).append(place)
            self._count += 1
        if self._count >= _RECENT:
            self._settle()

    def near(self, wanted: frozenset[int], sketch: Collection[int], before: int) -> Iterator[int]:
        """Yield the places before ``before`` whose request is similar enough."""
        for place in self._places(sketch):
            if place < before:
                start, size = self._span[place] >> 24, self._span[place] & 0xFFFFFF
                common = len(wanted.intersection(self._grams[start : start + size]))
                if common / (len(wanted) + size - common) >= NEAR:
                    yield place

    def _places(self, sketch: Collection[int]) -> set[int]:
        """Return the places whose sketch shares a hash with this one."""
        found = {place for gram in sketch for place in self._recent.get(gram, ())}
        if self._blocks:
            import numpy as np

            wanted = np.sort(np.fromiter(sketch, np.uint64, len(sketch))) << np.uint64(32)
            for rows in self._blocks:
                starts, ends = rows.searchsorted(wanted), rows.searchsorted(wanted | np.uint64(_LOW), "right")
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                    if start < end:
                        found.update((rows[start:end] & np.uint64(_LOW)).tolist())
        return found

    def _settle(self) -> None:
        """Move the recent hashes into a sorted block; merge blocks of like size, so that there are few."""
        import numpy as np

        pairs = (gram << 32 | place for gram, places in self._recent.items() for place in places)
        rows = np.fromiter(pairs, np.uint64, self._count)
        while self._blocks and len(self._blocks[-1]) <= 2 * len(rows):
            rows = np.concatenate((self._blocks.pop(), rows))
        rows.sort()
        self._blocks.append(rows)
        self._recent.clear()
        self._count = 0


def grams(text: str) -> frozenset[int]:
    """Return the hashes, 32 bits each, of the word 3-grams of a text (of its words where it has fewer than three)."""
    tokens = words(text)
    parts: Iterator[Sequence[str]] | list[list[str]] = ngrams(tokens, 3) if len(tokens) >= 3 else [tokens]
    return frozenset(xxhash.xxh3_64_intdigest(" ".join(part).encode()) & _LOW for part in parts)


def similarity(one: AbstractSet[object], other: AbstractSet[object]) -> float:
    """Return the Jaccard similarity of two sets; 0 for two empty ones."""
    together = len(one | other)
    return len(one & other) / together if together else 0.0


def _sketch(own: frozenset[int]) -> frozenset[int]:
    """Return the smallest hashes: two texts that overlap by NEAR share at least one but in 1 of a million."""
    return frozenset(sorted(own)[:SKETCH])


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
