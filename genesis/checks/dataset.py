"""Rules 44 and 45: what is counted over a data set, and never fails a dialogue.

44: exact repeats, repeats up to digits, and near-repeats of the users' words. 45: dialogues beyond a cap per tool.

A dialogue leaves a few integers behind (``traces``), so that a million fit in memory; near-repeats share one of BANDS
keys, each made of ROWS minimum hashes of word triples: two texts of Jaccard similarity s share a key with probability
1 - (1 - s^ROWS)^BANDS: 1.00 at 0.9, 0.93 at 0.7, 0.68 at 0.5. ``metrics`` measures similarity itself, on fewer
dialogues.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from xxhash import xxh3_64_intdigest as _hash

from genesis.dialogue import Dialogue

EXACT, DIGITS, NEAR = "rule:44-exact-duplicates", "rule:44-duplicates-but-digits", "rule:44-near-duplicates"
CAP = "rule:45-cap-per-tool"
BANDS, ROWS = 4, 2
CAP_SHARE = 0.05
"""A tool may have this share of the dialogues, or CAP_LEAST of them, whichever is more."""
CAP_LEAST = 50
MAX_WORDS = 5_000
"""Words of a dialogue's user that the near keys look at."""
_encode = msgspec.json.Encoder(enc_hook=repr, order="sorted").encode
_PLACES = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_FACTORS = np.array([_hash(b"%d" % k) | 1 for k in range(BANDS * ROWS)], np.uint64)
"""Odd: multiplying permutes the 64-bit hashes, and the minimum after each permutation is a minimum hash."""
_END = (b"", b"")
"""Closes a dialogue's words, so that no triple of words reaches into the next."""


@dataclass(slots=True)
class Traces:
    """What a data set, or a piece of it, leaves for the counts."""

    keys: list[Any] = field(default_factory=list)
    """Arrays of shape (n, 2 + BANDS), uint64: exact, digits masked, near bands."""
    tools: Counter[str] = field(default_factory=Counter)
    """Dialogues by their first called tool."""


@dataclass(slots=True)
class Piece:
    """Dialogues of a piece before their keys are made, all at once."""

    words: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    exact: list[int] = field(default_factory=list)
    masked: list[int] = field(default_factory=list)
    tools: Counter[str] = field(default_factory=Counter)

    def add(self, dialogue: Dialogue) -> None:
        """Add one dialogue."""
        first = ""
        made: list[bytes] = []
        said = []
        for message in dialogue.messages:
            if message.role == "user":
                said.append(message.content)
            for call in message.tool_calls:
                first = first or call.name
                made += (call.name.encode(errors="replace"), _encode(call.arguments))
        data = "\n".join(said).lower().encode(errors="replace")
        self.exact.append(_hash(b"\0".join([data, *made])))
        self.masked.append(_hash(data.translate(None, b"0123456789")))
        self.starts.append(len(self.words))
        self.words += data.split()[:MAX_WORDS]
        self.words += _END
        if first:
            self.tools[first] += 1

    def traces(self) -> Traces:
        """Return the keys of all dialogues, in order."""
        if not self.starts:
            return Traces([], self.tools)
        hashes = np.fromiter(map(_hash, self.words), np.uint64, len(self.words))
        triples = hashes * _PLACES[0]
        triples[:-1] += hashes[1:] * _PLACES[1]
        triples[:-2] += hashes[2:]
        permuted = triples[:, None] * _FACTORS
        permuted[hashes == _hash(b"")] = np.iinfo(np.uint64).max
        least = np.minimum.reduceat(permuted, self.starts, axis=0)
        bands = least[:, :BANDS] * _PLACES[0] + least[:, BANDS:]
        keys = np.column_stack((np.array(self.exact, np.uint64), np.array(self.masked, np.uint64), bands))
        return Traces([keys], self.tools)


def join(traces: Traces, more: Traces) -> None:
    """Add a later piece's traces."""
    traces.keys += more.keys
    traces.tools.update(more.tools)


def counts(traces: Traces) -> dict[str, int]:
    """Return how many dialogues repeat an earlier one, by kind, and how many go beyond the cap per tool."""
    if not traces.keys:
        return {EXACT: 0, DIGITS: 0, NEAR: 0, CAP: 0}
    keys = np.concatenate(traces.keys)
    n = len(keys)
    near = np.zeros(n, bool)
    for band in range(2, 2 + BANDS):
        near |= _repeats(keys[:, band])
    cap = max(CAP_LEAST, int(CAP_SHARE * n))
    return {
        EXACT: int(_repeats(keys[:, 0]).sum()),
        DIGITS: int(_repeats(keys[:, 1]).sum()),
        NEAR: int(near.sum()),
        CAP: sum(count - cap for count in traces.tools.values() if count > cap),
    }


def _repeats(column: Any) -> Any:
    """Return which entries equal an earlier one."""
    repeated = np.ones(len(column), bool)
    repeated[np.unique(column, return_index=True)[1]] = False
    return repeated
