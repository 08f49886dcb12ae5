"""A dialogue prepared once for all rules: its tools by name, its calls with their places, its texts."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from genesis.chat import Message, ToolCall
from genesis.checks.said import Said
from genesis.checks.schema import Compiled, argument_faults, compiled, not_json, valid
from genesis.dialogue import Dialogue
from genesis.tools.tool import Tool

(
    CALLS,
    SEVERAL,
    RESULTS,
    SYSTEM,
    SCENARIO,
    TURNS,
    DEFECTS,
    ODD,
    FAULTS,
    NORMAL,
    TWICE,
    UNKNOWN,
    OPEN,
    SPOKEN,
    UNASKED,
    WORDY,
    DEFAULTS,
) = (1 << bit for bit in range(17))
"""What a dialogue can have: calls, several calls, results, a system message, a scenario, several user turns, a tool
with a defect, a text that is empty, long or not plain ASCII on one line, arguments with faults, a size that the heavy
rules can take, a tool's name twice, a call of no offered tool, a call before the last message, an assistant message
that is not calls alone, no user message, a text long enough to repeat itself, a call of a tool with defaults."""
MOST_MESSAGES, MOST_CALLS, MOST_TEXT, MOST_TOOLS = 200, 200, 2_000_000, 512
LONG_TEXT = 10_000
REPEATING, REPEATING_USER = 40, 100
"""Characters above which rule 30 looks at an answer, and at any text."""


class Flag(str):
    """A reason that a rule cannot decide by itself: it flags the dialogue for the model checker, and fails nothing."""

    __slots__ = ()


class Spot(NamedTuple):
    """One call and where it stands."""

    at: int
    """Index of its message."""
    turn: int
    """User turn it follows, from 0; -1 before any."""
    call: ToolCall
    schema: Compiled | None
    """None where the tool is not on offer."""

    @property
    def where(self) -> str:
        """How reasons begin: ``message 3: get_weather``."""
        return f"message {self.at}: {self.call.name}"


class Fault(NamedTuple):
    """What an argument breaks."""

    rule: int
    reason: str


class Offer(NamedTuple):
    """The tools on offer, ready to be looked up; shared by all dialogues that offer the same tuple."""

    tools: dict[str, Tool]
    schemas: dict[str, Compiled]
    bits: int
    """DEFECTS and TWICE, where they apply."""


_offers: dict[int, tuple[tuple[Tool, ...], Offer]] = {}
_OFFERS_KEPT = 4_000
"""More than a benchmark's file has; each takes about 1 KB."""


def _offer(offered: tuple[Tool, ...]) -> Offer:
    """Return the offer of a tuple of tools; the same tuple is read once."""
    known = _offers.get(id(offered))
    if known is not None and known[0] is offered:
        return known[1]
    tools, schemas, bits = {}, {}, 0
    for tool in offered:
        schema = compiled(tool.parameters)
        tools[tool.name] = tool
        schemas[tool.name] = schema
        if schema.defects or not tool.description or tool.description.isspace():
            bits |= DEFECTS
    if len(tools) != len(offered):
        bits |= TWICE
    if len(_offers) >= _OFFERS_KEPT:
        _offers.clear()
    _offers[id(offered)] = (
        offered,
        offer := Offer(tools, schemas, bits),
    )  # the reference keeps the id from being reused
    return offer


def release(offered: tuple[Tool, ...]) -> None:
    """Forget the offer of a tuple of tools that no other dialogue has."""
    known = _offers.get(id(offered))
    if known is not None and known[0] is offered:
        del _offers[id(offered)]


class View:
    """What the rules look at; everything costly is computed at its first use."""

    __slots__ = (
        "_canonical",
        "_faults",
        "_said",
        "calls",
        "dialogue",
        "has",
        "messages",
        "partial",
        "results",
        "scenario",
        "schemas",
        "tools",
        "users",
    )

    def __init__(self, dialogue: Dialogue, *, partial: bool = False) -> None:
        self.dialogue = dialogue
        self.messages: tuple[Message, ...] = dialogue.messages
        self.scenario = dialogue.scenario
        self.partial = partial
        """Whether the dialogue goes on: rules about its end and its totals do not apply."""
        offer = _offer(dialogue.tools)
        self.tools: dict[str, Tool] = offer.tools
        self.schemas: dict[str, Compiled] = offer.schemas
        self.calls: list[Spot] = []
        self.users: list[int] = []
        """Indices of the user messages."""
        self.results: dict[str, int] = {}
        """Id of a call -> index of the tool message that answers it."""
        self._faults: list[Fault] | None = None
        self._canonical: list[bytes] | None = None
        self._said: dict[int, Said] = {}
        has = self._read() | offer.bits
        if self.calls:
            has |= CALLS
            if len(self.calls) > 1:
                has |= SEVERAL
            if self.faults:
                has |= FAULTS
        if self.scenario is not None:
            has |= SCENARIO
        if len(self.users) > 1:
            has |= TURNS
        elif not self.users:
            has |= UNASKED
        if len(self.calls) > MOST_CALLS:
            has &= ~NORMAL
        self.has: int = has
        """What the dialogue has, as bits: rules that need something else are not asked."""

    def _read(self) -> int:
        """Collect calls, users and results; return the bits that the messages alone decide."""
        turn = -1
        total = 0
        last = len(self.messages) - 1
        bits = SYSTEM if self.messages and self.messages[0].role == "system" else 0
        for at, message in enumerate(self.messages):
            content = message.content
            role = message.role
            length = len(content)
            total += length
            if not length:
                if role != "assistant":
                    bits |= ODD
            elif length > LONG_TEXT or not content.isprintable() or not content.isascii() or content.isspace():
                bits |= ODD
            if length > REPEATING and (length > REPEATING_USER or role == "assistant"):
                bits |= WORDY
            if role == "user":
                turn += 1
                self.users.append(at)
            elif role == "tool":
                bits |= RESULTS
                if message.tool_call_id is not None:
                    self.results.setdefault(message.tool_call_id, at)
            elif length or not message.tool_calls:
                bits |= SPOKEN
            if message.tool_calls:
                bits |= self._calls(at, turn, message, OPEN if at < last else 0)
        if last >= MOST_MESSAGES or total > MOST_TEXT or len(self.tools) > MOST_TOOLS:
            return bits | ODD
        return bits | NORMAL

    def _calls(self, at: int, turn: int, message: Message, bits: int) -> int:
        """Collect a message's calls; return ``bits`` and what they add."""
        for call in message.tool_calls:
            schema = self.schemas.get(call.name)
            if schema is None:
                bits |= UNKNOWN
            elif schema.defaults:
                bits |= DEFAULTS
            for value in call.arguments.values():
                if type(value) is str and (len(value) > LONG_TEXT or not value.isprintable()):
                    bits |= ODD
            self.calls.append(Spot(at, turn, call, schema))
        return bits

    @property
    def faults(self) -> list[Fault]:
        """What the arguments of all calls break (rules 5 and 7 to 10), validated once."""
        if self._faults is None:
            found: list[Fault] = []
            for spot in self.calls:
                if not spot.call.name:
                    found.append(Fault(5, f"message {spot.at}: a call without a name"))
                elif spot.schema is not None and not valid(spot.schema, spot.call.arguments):
                    faults = argument_faults(spot.schema, spot.call.arguments)
                    found += [Fault(rule, f"{spot.where}: {reason}") for rule, reason in faults]
            if found and any(
                fault.rule == 5 for fault in found
            ):  # what is no JSON is kept from rules that walk into it
                self.calls = [spot if not_json(spot.call.arguments) is None else _emptied(spot) for spot in self.calls]
            self._faults = found
        return self._faults

    @property
    def canonical(self) -> list[bytes]:
        """The calls as sorted JSON, in order: equal bytes are identical calls."""
        if self._canonical is None:
            self._canonical = [canonical(spot.call) for spot in self.calls]
        return self._canonical

    def said(self, at: int) -> Said:
        """What was said before message ``at``, by anyone, results included; calls' arguments are not said."""
        found = self._said.get(at)
        if found is None:
            found = self._said[at] = Said("\n".join(message.content for message in self.messages[:at]))
        return found

    def result_of(self, spot: Spot) -> Message | None:
        """Return the tool message that answers a call."""
        at = self.results.get(spot.call.id)
        return None if at is None else self.messages[at]


def _emptied(spot: Spot) -> Spot:
    return spot._replace(call=ToolCall(spot.call.id, spot.call.name, {}), schema=None)


def canonical(call: ToolCall) -> bytes:
    """Return a call as JSON with sorted keys, without its id."""
    return msgspec.json.encode((call.name, call.arguments), order="sorted", enc_hook=repr)


def error_of(content: str) -> str | None:
    """Return the error a tool result reports, or None.

    An object with a non-empty ``error`` (or ``Error``, ``exception``), a status of error, failed or failure, or text
    that begins with "Error" or holds a Python traceback.
    """
    text = content.lstrip()
    if text.startswith("{"):
        try:
            parsed: Any = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return None
        if not isinstance(parsed, dict):
            return None
        for key in ("error", "Error", "errors", "exception"):
            if parsed.get(key):
                return str(parsed[key])
        if str(parsed.get("status", "")).lower() in ("error", "failed", "failure"):
            return str(parsed.get("message") or parsed["status"])
        return None
    if text[:6].lower() in ("error:", "error ") or "Traceback (most recent call last)" in text:
        return text[:200]
    return None
