"""A data set as columns: arrays instead of objects, so that a million dialogues are measured in minutes.

>>> columns = from_dialogues(dialogues)
>>> columns.tools.names[columns.tools.codes[0]]
'get_weather'

Texts become word numbers, everything else that is counted becomes a :class:`Facet`: a list of names, and the numbers
of the names that each dialogue shows. A facet of one item a dialogue and one of many are read alike.
``genesis.metrics.reading`` makes the same columns from files, in parallel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.dialogue import Dialogue

Rows = NDArray[np.int64]
SAMPLE = 20_000
"""Requests whose text is kept, at most: enough for pictures, examples and compression."""
CHUNK = 20_000
PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Facet:
    """What the dialogues show of one kind, for instance the tools they call."""

    names: list[str]
    """Empty where the codes are hashes."""
    codes: NDArray[Any]
    """All dialogues' items, one after another: numbers into ``names`` (int32), or hashes (uint64)."""
    starts: Rows
    """Shape (n + 1,): dialogue i has ``codes[starts[i]:starts[i + 1]]``."""

    def of(self, rows: Rows) -> NDArray[Any]:
        """Return the items of some dialogues."""
        return self.codes[spans(self.starts, rows)]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that the measures read; n dialogues."""

    n: int
    ids: list[str]
    requests: Facet
    """Words of all user turns, in order."""
    tools: Facet
    """Names of called tools, one an item, in call order."""
    slots: Facet
    """Slot patterns of the calls: tool and the sorted names of its arguments."""
    values: Facet
    """Tool, parameter and value of every argument, hashed."""
    calls: Facet
    """Every call, name and arguments, hashed (:func:`genesis.metrics.extract.call_hash`)."""
    acts: Facet
    """One item a dialogue: the assistant's acts in order, such as ``ask call answer``."""
    types: Facet
    """Semantic type, where the data has one (``provenance``): none or one item a dialogue."""
    domains: Facet
    """Domains of the called tools, where they are known."""
    pairs: Facet
    """Unordered pairs of different tools called in one dialogue."""
    scenarios: Facet
    """The scenario's label, where the data has one."""
    owners: Facet
    """The tool a dialogue belongs to (its scenario's first target), where the data has one."""
    rounds: Facet
    """The round of generation, where the data has one."""
    failed: Facet
    """Checks that failed the dialogue; the recorded reason where none did and there is one."""
    flagged: Facet
    """Checks that flagged the dialogue."""
    agents: Facet
    """Agents that spent calls on the dialogue; parallel to ``spent_calls`` and ``spent_tokens``."""
    spent_calls: NDArray[np.int64]
    spent_tokens: NDArray[np.int64]
    exact: NDArray[np.uint64]
    """Hash of the request, case and spaces apart."""
    masked: NDArray[np.uint64]
    """The same with every number written 0."""
    turns: NDArray[np.int32]
    """User turns."""
    checks: NDArray[np.int32]
    """Verdicts; 0: nobody has checked the dialogue."""
    arguments: NDArray[np.int32]
    """Text and number values among the arguments."""
    grounded: NDArray[np.int32]
    """How many of them stand literally in what user, system or an earlier result said before the call."""
    texts: dict[int, str] = field(default_factory=dict)
    """Row -> request, for a sample of at most SAMPLE rows, evenly spread."""
    unreadable: int = 0
    """Rows of the file that are no dialogue."""
    problems: tuple[str, ...] = ()
    """What is wrong with the first of them."""

    @property
    def lengths(self) -> Rows:
        """Words of each request."""
        return np.diff(self.requests.starts)


def from_dialogues(dialogues: Iterable[Dialogue], domains: Mapping[str, str] | None = None) -> Columns:
    """Return the columns of dialogues; ``domains`` gives a tool's domain by name where the tools do not carry it."""
    from genesis.metrics.extract import Extract

    def parts() -> Iterator[Columns]:
        rest = iter(dialogues)
        while chunk := list(islice(rest, CHUNK)):
            extract = Extract(domains)
            for dialogue in chunk:
                extract.dialogue(dialogue)
            yield extract.columns()

    return concat(parts())


def spans(starts: Rows, rows: Rows) -> Rows:
    """Return the flat positions of all items of ``rows``, in order.

    >>> spans(np.array([0, 2, 2, 5]), np.array([0, 2])).tolist()
    [0, 1, 2, 3, 4]
    """
    counts = starts[rows + 1] - starts[rows]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts[rows] - (ends - counts), counts) + np.arange(total, dtype=np.int64)


def concat(parts: Iterable[Columns]) -> Columns:
    """Return one set of columns from several, in order; names are renumbered, the text sample is thinned evenly."""
    known: dict[str, dict[str, int]] = {}
    pieces: dict[str, list[Any]] = {item.name: [] for item in fields(Columns)}
    texts: dict[int, str] = {}
    stride, n, unreadable = 1, 0, 0
    problems: tuple[str, ...] = ()
    for part in parts:
        unreadable += part.unreadable
        problems = (problems + part.problems)[:PROBLEMS]
        for item in fields(Columns):
            value = getattr(part, item.name)
            if isinstance(value, Facet):
                value = (_renumbered(value, known.setdefault(item.name, {})), np.diff(value.starts).astype(np.int32))
            pieces[item.name].append(value)
        texts |= {n + row: text for row, text in part.texts.items() if (n + row) % stride == 0}
        n += part.n
        while len(texts) > SAMPLE:
            stride *= 2
            texts = {row: text for row, text in texts.items() if row % stride == 0}
    joined: dict[str, Any] = {"n": n, "texts": texts, "ids": [name for ids in pieces["ids"] for name in ids]}
    joined |= {"unreadable": unreadable, "problems": problems}
    for item in fields(Columns):
        if item.name not in joined:
            joined[item.name] = _joined(item.name, pieces.pop(item.name), known)
    return Columns(**joined)


def _renumbered(facet: Facet, known: dict[str, int]) -> NDArray[Any]:
    if facet.codes.dtype != np.int32:
        return facet.codes
    numbers = np.fromiter((known.setdefault(name, len(known)) for name in facet.names), np.int32, len(facet.names))
    codes: NDArray[Any] = numbers[facet.codes]
    return codes


def _joined(name: str, pieces: list[Any], known: dict[str, dict[str, int]]) -> Any:
    if name in ARRAYS:
        return np.concatenate([np.zeros(0, ARRAYS[name]), *pieces])
    hashed = name in HASHED
    codes = np.concatenate([np.zeros(0, np.uint64 if hashed else np.int32), *(codes for codes, _ in pieces)])
    counts = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in pieces)])
    return Facet([] if hashed else list(known.get(name, ())), codes, np.cumsum(counts))


HASHED = ("values", "calls")
ARRAYS: dict[str, Any] = {
    "spent_calls": np.int64,
    "spent_tokens": np.int64,
    "exact": np.uint64,
    "masked": np.uint64,
    "turns": np.int32,
    "checks": np.int32,
    "arguments": np.int32,
    "grounded": np.int32,
}
