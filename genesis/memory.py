"""What has been generated, and what is missing.

A *semantic type* is topic and intent, ``travel: compare options``: the topic is the tool's domain, the intent one of
:data:`INTENTS`, so the label set is canonical and coverage can be counted. What steers the next dialogue of a tool in
round k is a function of that tool's accepted dialogues in plan order and of a frozen summary of all rounds before k-1:
neighbouring rounds may overlap and no arrival order, shard or crash changes the result. It is cut to a fixed size, so
a tool's 200th dialogue costs no more guidance than its 5th.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import xxhash

from genesis.dialogue import Dialogue
from genesis.planner import Planned
from genesis.text import ngrams, stable_hash, words
from genesis.tools.tool import Tool

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
NEAR = 0.7
"""Jaccard similarity of word 3-grams from which a request is a near-repeat."""
_SKETCH = 12
_SMALL = frozenset(["a", "an", "the", "up", "on", "do", "something", "someone", "else"])


@dataclass(frozen=True, slots=True)
class Brief:
    """What the Memory Agent is told before a dialogue; every list is bounded."""

    covered: list[str]
    open_types: list[str]
    rare_parameters: list[str]
    nearest_requests: list[str]


@dataclass(slots=True)
class _Seen:
    """A tool's accepted dialogues, by place in the plan."""

    types: dict[int, str] = field(default_factory=dict)
    requests: dict[int, str] = field(default_factory=dict)
    parameters: dict[int, frozenset[str]] = field(default_factory=dict)


class Memory:
    """Coverage and earlier requests of one run; all of it can be rebuilt from the run's rows."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._domains = {tool.name: tool.domain for tool in tools}
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._round_types: dict[int, Counter[str]] = defaultdict(Counter)
        self._frozen: dict[int, Counter[str]] = {}
        self._requests = _Requests()

    def labels(self, tool: str) -> list[str]:
        """Return the canonical semantic types of a tool's dialogues."""
        return [f"{self._domains[tool]}: {intent}" for intent in INTENTS]

    def brief(self, planned: Planned, tool: Tool, parameters: Iterable[str]) -> Brief:
        """Return what steers this dialogue, whose requests will use ``parameters`` of its first tool."""
        seen = self._seen[tool.name]
        places = sorted(place for place in seen.types if place < planned.index)
        types = Counter(seen.types[place] for place in places)
        everywhere = self._summary(planned.round)
        order = sorted(
            self.labels(tool.name),
            key=lambda label: (types[label], everywhere[label], stable_hash(planned.scenario.seed, label)),
        )
        use = Counter(name for place in places for name in seen.parameters[place])
        rare = sorted(tool.optional, key=lambda name: use[name])[:RARE] if places else []
        wanted = frozenset(parameters)
        near = sorted(places, key=lambda place: (-_overlap(wanted, seen.parameters[place]), -place))[:NEAREST]
        return Brief(
            covered=[f"{label} ({count})" for label, count in types.most_common(COVERED)],
            open_types=order[:OPEN],
            rare_parameters=rare,
            nearest_requests=[_cut(seen.requests[place]) for place in near],
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
        for other in self._requests.near(request, planned.index):
            same = other.planned.tool == planned.tool or other.planned.round <= planned.round - 2
            if same and other.accepted:
                return other.planned.id
        return None

    def open(self, planned: Planned, request: str) -> None:
        """Note the first user message a dialogue goes on with."""
        self._requests.open(planned, request)

    async def settle(self, planned: Planned) -> str | None:
        """Return the id of an earlier dialogue of the plan that this one nearly repeats, if that was accepted.

        Waits until every dialogue earlier in the plan has its first message, and the similar ones are closed.
        """
        return await self._requests.settle(planned.index)

    def close(self, planned: Planned, dialogue: Dialogue | None) -> None:
        """Note how a dialogue ended: accepted, or (None) not."""
        if dialogue is not None:
            seen = self._seen[planned.tool]
            label = str(dialogue.provenance.get("semantic_type", ""))
            request = next((message.content for message in dialogue.messages if message.role == "user"), "")
            if label:
                seen.types[planned.index] = label
                self._round_types[planned.round][label] += 1
                seen.requests[planned.index] = request
                slots = dialogue.scenario.slots if dialogue.scenario else ()
                seen.parameters[planned.index] = frozenset(
                    name for task in slots if task.tool == planned.tool for name in task.reveal
                )
            self._requests.open(planned, request)
        self._requests.close(planned, dialogue is not None)

    def _summary(self, number: int) -> Counter[str]:
        """Return the counts of all types in rounds before ``number - 1``; frozen, for those rounds are done."""
        if number not in self._frozen:
            before = self._summary(number - 1) if number > 1 else Counter[str]()
            self._frozen[number] = before + self._round_types[number - 2]
        return self._frozen[number]


@dataclass(slots=True)
class _Request:
    planned: Planned
    grams: frozenset[int]
    accepted: bool | None = None


class _Requests:
    """First messages by place in the plan, an index of the similar ones, and who waits for whom."""

    def __init__(self) -> None:
        self._of: dict[int, _Request] = {}
        self._closed_unopened: set[int] = set()
        self._postings: dict[int, list[int]] = defaultdict(list)
        self._frontier = 0
        self._changed = asyncio.Event()

    def near(self, text: str, before: int) -> list[_Request]:
        """Return the requests earlier in the plan that ``text`` nearly repeats, in plan order."""
        return self._near(_grams(text), before)

    def _near(self, grams: frozenset[int], before: int) -> list[_Request]:
        places = {place for gram in _sketch(grams) for place in self._postings.get(gram, ()) if place < before}
        return [
            self._of[place]
            for place in sorted(places)
            if self._of[place].accepted is not False and _overlap(grams, self._of[place].grams) >= NEAR
        ]

    def open(self, planned: Planned, text: str) -> None:
        if planned.index in self._of:
            return
        grams = _grams(text)
        self._of[planned.index] = _Request(planned, grams)
        for gram in _sketch(grams):
            self._postings[gram].append(planned.index)
        self._advance()

    def close(self, planned: Planned, accepted: bool) -> None:
        if planned.index in self._of:
            self._of[planned.index].accepted = accepted
            if not accepted:
                self._of[planned.index].grams = frozenset()
        else:
            self._closed_unopened.add(planned.index)
        self._advance()

    def _advance(self) -> None:
        while self._frontier in self._of or self._frontier in self._closed_unopened:
            self._closed_unopened.discard(self._frontier)
            self._frontier += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def settle(self, index: int) -> str | None:
        while self._frontier < index:
            await self._changed.wait()
        for other in self._near(self._of[index].grams, index):
            while other.accepted is None:
                await self._changed.wait()
            if other.accepted:
                return other.planned.id
        return None


def _grams(text: str) -> frozenset[int]:
    """Return the hashes of the word 3-grams of a text (of its words where it has fewer than three)."""
    tokens = words(text)
    parts: Iterable[Sequence[str]] = ngrams(tokens, 3) if len(tokens) >= 3 else [tokens]
    return frozenset(xxhash.xxh3_64_intdigest(" ".join(part).encode()) for part in parts)


def _sketch(grams: frozenset[int]) -> list[int]:
    """Return the smallest hashes: two texts that overlap by NEAR share at least one but in 1 of a million."""
    return sorted(grams)[:_SKETCH]


def _overlap(
    one: frozenset[object] | frozenset[int] | frozenset[str], other: frozenset[object] | frozenset[int] | frozenset[str]
) -> float:
    """Return the Jaccard similarity of two sets; 0 for two empty ones."""
    together = len(one | other)
    return len(one & other) / together if together else 0.0


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
