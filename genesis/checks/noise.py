"""Spoil a known share of a data set's arguments: what an instrument must be able to see.

>>> spoiled = noisy(dialogues, 0.1, seed=0)                                             # doctest: +SKIP
>>> sum(a != b for a, b in zip(values(dialogues), values(spoiled)))  / len(values)      # doctest: +SKIP
0.1

`mutate` plants one defect in a dialogue to see which rule catches it; here each argument is spoiled by chance, so that
what a student learns can be drawn over the share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from genesis.chat import Message, ToolCall
from genesis.checks.mutate import donors
from genesis.checks.quantities import numbers_of
from genesis.dialogue import Dialogue
from genesis.text import stable_hash
from genesis.tools.tool import Tool


def noisy(dialogues: Iterable[Dialogue], share: float, seed: int) -> list[Dialogue]:
    """Return the dialogues with each argument spoiled with probability ``share``: another value of its kind.

    An enum or a boolean takes another option; a number another number of the request or, as often, one near by; a text
    another stretch of the request or, as often, another dialogue's value (extraction errors and inventions). Objects
    are left alone. The same ``seed`` spoils a subset at a lower share.
    """
    listed = list(dialogues)
    texts = donors(listed)["string"] or ["something else"]
    return [_spoil(dialogue, share, seed, texts) for dialogue in listed]


def _spoil(dialogue: Dialogue, share: float, seed: int, texts: Sequence[Any]) -> Dialogue:
    tools = {tool.name: tool for tool in dialogue.tools}
    said: list[str] = []
    messages: list[Message] = []
    for number, message in enumerate(dialogue.messages):
        if message.role == "user":
            said.append(message.content)
        if message.tool_calls:
            request = "\n".join(said)
            calls = tuple(
                _spoil_call(call, tools.get(call.name), request, share, (seed, dialogue.id, number, place), texts)
                for place, call in enumerate(message.tool_calls)
            )
            message = replace(message, tool_calls=calls)
        messages.append(message)
    return replace(dialogue, messages=tuple(messages))


def _spoil_call(
    call: ToolCall, tool: Tool | None, request: str, share: float, key: tuple[object, ...], texts: Sequence[Any]
) -> ToolCall:
    given = dict(call.arguments)
    for name, value in call.arguments.items():
        rng = Random(stable_hash(*key, name))
        if rng.random() < share:
            schema = tool.properties.get(name, {}) if tool else {}
            given[name] = other_value(value, schema if isinstance(schema, dict) else {}, request, rng, texts)
    return replace(call, arguments=given)


def other_value(value: Any, schema: dict[str, Any], request: str, rng: Random, texts: Sequence[Any]) -> Any:
    """Return another value of the same kind than ``value``; the value itself where there is none."""
    if isinstance(value, bool):
        return not value
    options = [option for option in schema.get("enum") or () if option != value]
    if options:
        return rng.choice(options)
    if isinstance(value, (int, float)):
        others = sorted(number for number in numbers_of(request) if number != value and number >= 0)
        if others and rng.random() < 0.5:
            other = rng.choice(others)
            return int(other) if isinstance(value, int) and float(other).is_integer() else other
        return value + rng.randint(1, 9)
    if isinstance(value, str):
        return _other_text(value, request, rng, texts)
    if isinstance(value, list) and value:
        inner = schema.get("items") if isinstance(schema.get("items"), dict) else {}
        return [other_value(part, inner or {}, request, rng, texts) for part in value]
    return value


def _other_text(value: str, request: str, rng: Random, texts: Sequence[Any]) -> str:
    heard = request.split()
    if heard and rng.random() < 0.5:
        length = rng.randint(1, 3)
        start = rng.randrange(max(1, len(heard) - length + 1))
        stretch = " ".join(heard[start : start + length]).strip(".,;:!?'\"")
        if stretch and stretch.lower() != value.lower():
            return stretch
    found: str = rng.choice([text for text in (rng.choice(texts) for _ in range(4)) if text != value] or [value + "s"])
    return found
