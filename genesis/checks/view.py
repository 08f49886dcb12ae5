"""A dialogue prepared once for all rules: its tools by name, its calls with their places, its texts."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from genesis.chat import Message, ToolCall
from genesis.checks.grounding import Said
from genesis.checks.schema import Compiled, argument_faults, compiled
from genesis.dialogue import Dialogue
from genesis.tools.tool import Tool


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


class View:
    """What the rules look at; everything costly is computed at its first use."""

    __slots__ = (
        "_canonical",
        "_faults",
        "_said",
        "answered",
        "calls",
        "dialogue",
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
        self.tools: dict[str, Tool] = {tool.name: tool for tool in dialogue.tools}
        self.schemas: dict[str, Compiled] = {name: compiled(tool.parameters) for name, tool in self.tools.items()}
        self.calls: list[Spot] = []
        self.users: list[int] = []
        """Indices of the user messages."""
        self.answered = False
        """Whether there is any tool message."""
        self.results: dict[str, int] = {}
        """Id of a call -> index of the tool message that answers it."""
        self._faults: list[Fault] | None = None
        self._canonical: list[bytes] | None = None
        self._said: dict[int, Said] = {}
        turn = -1
        for at, message in enumerate(dialogue.messages):
            if message.role == "user":
                turn += 1
                self.users.append(at)
            elif message.role == "tool":
                self.answered = True
                if message.tool_call_id is not None:
                    self.results.setdefault(message.tool_call_id, at)
            for call in message.tool_calls:
                self.calls.append(Spot(at, turn, call, self.schemas.get(call.name)))

    @property
    def faults(self) -> list[Fault]:
        """What the arguments of all calls break (rules 5 and 7 to 10), validated once."""
        if self._faults is None:
            self._faults = [
                Fault(rule, f"{spot.where}: {reason}")
                for spot in self.calls
                if spot.schema is not None
                for rule, reason in argument_faults(spot.schema, spot.call.arguments)
            ]
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
