"""A data set as columns: arrays instead of objects, so that a million dialogues are measured in minutes.

>>> columns = from_dialogues(dialogues)
>>> columns.tools.names[columns.tools.codes[0]]
'get_weather'

Texts become word numbers, everything else that is counted becomes a :class:`Facet`: a list of names, and the numbers
of the names that each dialogue shows. A facet of one item a dialogue and one of many are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from genesis.chat import Message
from genesis.dialogue import Dialogue
from genesis.text import words

_DIGITS = re.compile(r"\d+")
SAMPLE = 20_000
"""Requests whose text is kept, at most: enough for pictures, examples and compression."""


@dataclass(frozen=True, slots=True)
class Facet:
    """What the dialogues show of one kind, for instance the tools they call."""

    names: list[str]
    codes: NDArray[np.int32]
    """All dialogues' items, one after another: numbers into ``names``."""
    starts: NDArray[np.int64]
    """Shape (n + 1,): dialogue i has ``codes[starts[i]:starts[i + 1]]``."""

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
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
    """Tool, parameter and value of every argument, hashed (names stay empty)."""
    acts: Facet
    """One item a dialogue: the assistant's acts in order, such as ``ask call answer``."""
    types: Facet
    """Semantic type, where the data has one (``provenance``): none or one item a dialogue."""
    domains: Facet
    """Domains of the called tools."""
    pairs: Facet
    """Unordered pairs of different tools called in one dialogue."""
    scenarios: Facet
    """The scenario's label, where the data has one."""
    exact: NDArray[np.uint64]
    """Hash of the request, case and spaces apart."""
    masked: NDArray[np.uint64]
    """The same with every number written 0."""
    turns: NDArray[np.int32]
    """User turns."""
    texts: dict[int, str] = field(default_factory=dict)
    """Row -> request, for a sample of at most SAMPLE rows, evenly spread."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each request."""
        return np.diff(self.requests.starts)


def spans(starts: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the flat positions of all items of ``rows``, in order.

    >>> spans(np.array([0, 2, 2, 5]), np.array([0, 2])).tolist()
    [0, 1, 2, 3, 4]
    """
    counts = starts[rows + 1] - starts[rows]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts[rows] - (ends - counts), counts) + np.arange(total, dtype=np.int64)


class _Growing:
    """A facet while it is read."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}
        self.codes: list[int] = []
        self.starts: list[int] = [0]

    def add(self, items: Iterable[Any]) -> None:
        known = self.known
        self.codes.extend([known.setdefault(item, len(known)) for item in items])
        self.starts.append(len(self.codes))

    def facet(self, *, named: bool = True) -> Facet:
        names = [name if isinstance(name, str) else " ".join(map(str, name)) for name in self.known] if named else []
        return Facet(names, np.asarray(self.codes, np.int32), np.asarray(self.starts, np.int64))


def from_dialogues(dialogues: Sequence[Dialogue], domains: dict[str, str] | None = None) -> Columns:
    """Return the columns of dialogues; ``domains`` gives a tool's domain by name where the rows do not carry it."""
    grown = {name: _Growing() for name in ("requests", "tools", "slots", "values", "acts", "types", "domains")}
    grown |= {"pairs": _Growing(), "scenarios": _Growing()}
    exact, masked, turns, texts = [], [], [], {}
    step = max(1, -(-len(dialogues) // SAMPLE))
    for row, dialogue in enumerate(dialogues):
        text = dialogue.user_text
        if row % step == 0:
            texts[row] = text
        plain = " ".join(text.lower().split())
        exact.append(xxhash.xxh3_64_intdigest(plain.encode()))
        masked.append(xxhash.xxh3_64_intdigest(_DIGITS.sub("0", plain).encode()))
        turns.append(sum(message.role == "user" for message in dialogue.messages))
        calls = [call for message in dialogue.messages for call in message.tool_calls]
        names = [call.name for call in calls]
        of_tool = (domains or {}) | {tool.name: tool.domain for tool in dialogue.tools if tool.domain != "other"}
        grown["requests"].add(words(text))
        grown["tools"].add(names)
        grown["slots"].add((call.name, *sorted(call.arguments)) for call in calls)
        grown["values"].add(_value(call.name, key, value) for call in calls for key, value in call.arguments.items())
        grown["acts"].add([acts(dialogue.messages)])
        kind = dialogue.provenance.get("semantic_type")
        grown["types"].add([kind] if isinstance(kind, str) and kind else [])
        grown["domains"].add(of_tool[name] for name in names if name in of_tool)
        different = sorted(set(names))
        grown["pairs"].add((a, b) for i, a in enumerate(different) for b in different[i + 1 :])
        grown["scenarios"].add([dialogue.scenario.label] if dialogue.scenario else [])
    facets = {name: growing.facet(named=name != "values") for name, growing in grown.items()}
    return Columns(
        n=len(dialogues),
        ids=[dialogue.id for dialogue in dialogues],
        exact=np.asarray(exact, np.uint64),
        masked=np.asarray(masked, np.uint64),
        turns=np.asarray(turns, np.int32),
        texts=texts,
        **facets,
    )


def _value(tool: str, parameter: str, value: Any) -> int:
    return xxhash.xxh3_64_intdigest(f"{tool}\x1f{parameter}\x1f".encode() + msgspec.json.encode(value, order="sorted"))


def acts(messages: Iterable[Message]) -> str:
    """Return what the assistant does, in order: ``call`` (has tool calls), ``ask`` (ends in a question), ``answer``.

    >>> acts([Message("user", "Weather?"), Message("assistant", "In which city?")])
    'ask'
    """
    found = []
    for message in messages:
        if message.role != "assistant":
            continue
        if message.tool_calls:
            found.append("call" if len(message.tool_calls) == 1 else "calls")
        else:
            found.append("ask" if message.content.rstrip().endswith("?") else "answer")
    return " ".join(found)
