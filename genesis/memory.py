"""What has been generated, and what is missing.

A *semantic type* is topic and intent, ``travel: compare options``: the topic is the tool's domain, the intent one of
:data:`INTENTS`, so the label set is canonical and coverage can be counted. What steers the next dialogue of a tool in
round k is a function of that tool's accepted dialogues in plan order and of a frozen summary of all rounds before k-1:
neighbouring rounds may overlap and no arrival order, shard or crash changes the result. It is cut to a fixed size, so
a tool's 200th dialogue costs no more guidance than its 5th.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from genesis.dialogue import Dialogue
from genesis.planner import Planned
from genesis.repeats import Repeats, similarity
from genesis.text import stable_hash, words
from genesis.tools.tool import Tool

Held = TypeVar("Held", str, frozenset[str])

INTENTS = (
    "plan ahead",
    "compare options",
    "look something up",
    "check a status",
    "solve a problem",
    "help someone else",
    "do a work task",
    "study or research",
    "make a decision",
    "verify a fact",
    "handle something urgent",
    "run an errand",
    "prepare an event",
    "follow up on plans",
    "save money",
    "satisfy curiosity",
)
COVERED = 4
OPEN = 5
RARE = 3
NEAREST = 3
REQUEST_LENGTH = 140
"""Bounds of what the Memory Agent is shown: entries, and characters of one earlier request."""
_SMALL = frozenset(["a", "an", "the", "up", "on", "do", "something", "someone", "else"])


@dataclass(frozen=True, slots=True)
class Brief:
    """What the Memory Agent is told before a dialogue; every list is bounded."""

    covered: list[str]
    open_types: list[str]
    rare_parameters: list[str]
    nearest_requests: list[str]


@dataclass(frozen=True, slots=True)
class Told:
    """What is kept of an accepted dialogue."""

    semantic_type: str
    request: str
    """The first user message."""
    parameters: frozenset[str]
    """Those of its first target that it speaks of."""


def told(planned: Planned, dialogue: Dialogue) -> Told:
    """Return what is kept of an accepted dialogue."""
    slots = dialogue.scenario.slots if dialogue.scenario else ()
    return Told(
        str(dialogue.provenance.get("semantic_type", "")),
        next((message.content for message in dialogue.messages if message.role == "user"), ""),
        frozenset(name for task in slots if task.tool == planned.tool for name in task.reveal),
    )


@dataclass(slots=True)
class _Seen:
    """A tool's accepted dialogues, in columns; requests as one piece of text, cut as they are shown."""

    places: array[int] = field(default_factory=lambda: array("L"))
    types: list[str] = field(default_factory=list)
    parameters: list[frozenset[str]] = field(default_factory=list)
    ends: array[int] = field(default_factory=lambda: array("L"))
    text: bytearray = field(default_factory=bytearray)

    def add(self, place: int, label: str, parameters: frozenset[str], request: str) -> None:
        self.places.append(place)
        self.types.append(label)
        self.parameters.append(parameters)
        self.text += _cut(request).encode()
        self.ends.append(len(self.text))

    def request(self, row: int) -> str:
        return self.text[self.ends[row - 1] if row else 0 : self.ends[row]].decode()


class Memory:
    """Coverage and earlier requests of one run; all of it can be rebuilt from the run's rows."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._domains = {tool.name: tool.domain for tool in tools}
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._round_types: dict[int, Counter[str]] = defaultdict(Counter)
        self._frozen: dict[int, Counter[str]] = {}
        self._repeats = Repeats()
        self._same: dict[object, object] = {}
        """Equal labels and parameter sets are held once."""

    def labels(self, tool: str) -> list[str]:
        """Return the canonical semantic types of a tool's dialogues."""
        return [f"{self._domains[tool]}: {intent}" for intent in INTENTS]

    def brief(self, planned: Planned, tool: Tool, parameters: Iterable[str]) -> Brief:
        """Return what steers this dialogue, whose requests will use ``parameters`` of its first tool."""
        seen = self._seen[tool.name]
        rows = sorted(
            (row for row in range(len(seen.places)) if seen.places[row] < planned.index), key=seen.places.__getitem__
        )
        types = Counter(seen.types[row] for row in rows)
        everywhere = self._summary(planned.round)
        order = sorted(
            self.labels(tool.name),
            key=lambda label: (types[label], everywhere[label], stable_hash(planned.scenario.seed, label)),
        )
        use = Counter(name for row in rows for name in seen.parameters[row])
        rare = sorted(tool.optional, key=lambda name: use[name])[:RARE] if rows else []
        wanted = frozenset(parameters)
        near = sorted(rows, key=lambda row: (-similarity(wanted, seen.parameters[row]), -seen.places[row]))[:NEAREST]
        return Brief(
            covered=[f"{label} ({count})" for label, count in types.most_common(COVERED)],
            open_types=order[:OPEN],
            rare_parameters=rare,
            nearest_requests=[seen.request(row) for row in near],
        )

    def canonical(self, text: str, brief: Brief, tool: str) -> str:
        """Map an LM's free text onto the tool's canonical types: the one whose words it has, else the most open."""
        labels = self.labels(tool)
        plain = text.strip().lower()
        for label in labels:
            if plain == label.lower() or plain == label.partition(": ")[2]:
                return label
        said = words(text)
        order = [*brief.open_types, *(label for label in labels if label not in brief.open_types)]
        return max(order, key=lambda label: _told(label.partition(": ")[2], said))

    def repeats(self, planned: Planned, request: str) -> str | None:
        """Return the id of an earlier accepted dialogue that ``request`` nearly repeats, among those that count.

        Those are the same tool's, and all of rounds before k-1: what cannot depend on arrival order.
        """
        for other in self._repeats.near(request, planned.index):
            if other.tool == planned.tool or other.round <= planned.round - 2:
                return other.id
        return None

    def open(self, planned: Planned, request: str) -> None:
        """Note the first user message a dialogue goes on with."""
        self._repeats.open(planned, request)

    async def settle(self, planned: Planned) -> str | None:
        """Return the id of an earlier dialogue of the plan that this one nearly repeats, if that was accepted.

        Waits until every dialogue earlier in the plan has its first message, and the similar ones are closed.
        """
        return await self._repeats.settle(planned.index)

    def close(self, planned: Planned, dialogue: Dialogue | None) -> None:
        """Note how a dialogue ended: accepted, or (None) not."""
        if dialogue is not None:
            self.accept(planned, told(planned, dialogue))
        else:
            self._repeats.close(planned, False)

    def accept(self, planned: Planned, one: Told) -> None:
        """Note an accepted dialogue by what is kept of it."""
        if one.semantic_type:
            label = self._once(one.semantic_type)
            self._seen[planned.tool].add(planned.index, label, self._once(one.parameters), one.request)
            self._round_types[planned.round][label] += 1
        self._repeats.open(planned, one.request)
        self._repeats.close(planned, True)

    def _once(self, value: Held) -> Held:
        return self._same.setdefault(value, value)  # type: ignore[return-value]

    def _summary(self, number: int) -> Counter[str]:
        """Return the counts of all types in rounds before ``number - 1``; frozen, for those rounds are done."""
        if number not in self._frozen:
            before = self._summary(number - 1) if number > 1 else Counter[str]()
            self._frozen[number] = before + self._round_types[number - 2]
        return self._frozen[number]


def _told(intent: str, said: Sequence[str]) -> float:
    """Return the share of an intent's own words that a text has, in whatever form: ``save`` is in ``saving``."""
    own = [word for word in words(intent) if word not in _SMALL]
    return sum(any(_akin(word, other) for other in said) for word in own) / len(own)


def _akin(one: str, other: str) -> bool:
    stem = max(3, min(len(one), len(other)) - 1)
    return len(other) > 2 and one[:stem] == other[:stem]


def _cut(text: str) -> str:
    """Return the text on one line, cut to REQUEST_LENGTH characters."""
    line = " ".join(text.split())
    return line if len(line) <= REQUEST_LENGTH else line[: REQUEST_LENGTH - 3].rstrip() + "..."
