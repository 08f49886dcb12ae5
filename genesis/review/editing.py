"""What a reviewer may edit in a dialogue, and what the schema and the rules say while they type.

fields = fields_of(dialogue)                      # one a call's arguments, one an assistant's text
found = look(dialogue, {fields[0].key: '{"city": "Bergen"}'})
found.faults, found.edits                         # {} and what to save
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from genesis.checks import rules
from genesis.checks.schema import argument_faults, compiled
from genesis.dialogue import Dialogue
from genesis.review.decisions import edited

MAX_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Field:
    """One text that can be edited."""

    message: int
    call: int | None
    """Place of the call in its message; None: the message's own text."""
    label: str
    text: str

    @property
    def key(self) -> str:
        """Unique in its dialogue."""
        return f"{self.message}.{'text' if self.call is None else self.call}"


@dataclass(frozen=True, slots=True)
class Looked:
    """What is wrong with the texts as they stand, and what would be saved."""

    faults: dict[str, str] = field(default_factory=dict)
    """Field key -> what is wrong with it."""
    edits: tuple[dict[str, Any], ...] = ()
    """What differs from the dialogue."""
    broken: tuple[str, ...] = ()
    """Rules that the edited dialogue as a whole breaks."""

    @property
    def savable(self) -> bool:
        """Whether this can be saved as a fix."""
        return bool(self.edits) and not self.faults and not self.broken


def fields_of(dialogue: Dialogue) -> list[Field]:
    """Return what can be edited, in the order of the dialogue."""
    found = []
    for at, message in enumerate(dialogue.messages):
        for place, call in enumerate(message.tool_calls):
            text = msgspec.json.format(msgspec.json.encode(call.arguments), indent=2).decode()
            found.append(Field(at, place, f"message {at}: arguments of {call.name}", text))
        if message.role == "assistant" and message.content:
            found.append(Field(at, None, f"message {at}: what the assistant says", message.content))
    return found


def look(dialogue: Dialogue, texts: Mapping[str, str], *, off: Collection[str] = frozenset()) -> Looked:
    """Hold edited texts (by field key) against the tools' schemas and, once each text is sound, against all rules."""
    faults: dict[str, str] = {}
    edits: list[dict[str, Any]] = []
    for one in fields_of(dialogue):
        text = texts.get(one.key, one.text)
        if one.call is None:
            if not text.strip():
                faults[one.key] = "the text is empty"
            elif text != one.text:
                edits.append({"message": one.message, "content": text})
            continue
        arguments, fault = _arguments(dialogue, one, text)
        if fault:
            faults[one.key] = fault
        elif arguments != dialogue.messages[one.message].tool_calls[one.call].arguments:
            edits.append({"message": one.message, "call": one.call, "arguments": arguments})
    broken: tuple[str, ...] = ()
    if edits and not faults:
        verdicts = rules.check(edited(dialogue, edits), off=off)
        broken = tuple(f"{v.check}: {'; '.join(v.reasons)}" for v in verdicts if v.outcome == "fail")
    return Looked(faults, tuple(edits), broken)


def _arguments(dialogue: Dialogue, one: Field, text: str) -> tuple[dict[str, Any], str]:
    """Return the arguments a text holds, or what is wrong with it."""
    if len(text) > MAX_CHARS:
        return {}, f"{len(text)} characters; at most {MAX_CHARS}"
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return {}, f"no JSON: {error}"
    if not isinstance(arguments, dict):
        return {}, "expected an object: { ... }"
    assert one.call is not None
    name = dialogue.messages[one.message].tool_calls[one.call].name
    tool = next((tool for tool in dialogue.tools if tool.name == name), None)
    if tool is None:
        return arguments, f"{name} is not on offer"
    return arguments, "; ".join(reason for _, reason in argument_faults(compiled(tool.parameters), arguments))
