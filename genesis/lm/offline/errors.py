"""Planted defects: what the offline (simulated) LM does wrong on demand, per kind and with a given probability."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from genesis.lm.offline import checking
from genesis.lm.offline.requests import user_turn
from genesis.lm.offline.slots import slot_of
from genesis.lm.offline.values import draw
from genesis.text import stable_hash

Fields = dict[str, Any]


def plant(agent: str, fields: Fields, inputs: Fields, errors: Mapping[str, float], rng: Random) -> Fields:
    """Return ``fields`` with defects planted; every kind is drawn once a reply, whether it applies or not."""
    for kind, change in _OF_AGENT.get(agent, ()):
        if rng.random() < errors.get(kind, 0.0):
            fields = change(fields, inputs, rng) or fields
    return fields


def spoil(text: str, errors: Mapping[str, float], rng: Random) -> str:
    """Return ``text``, or with probability ``unparsable`` something no adapter parses."""
    if rng.random() >= errors.get("unparsable", 0.0):
        return text
    return rng.choice(("Sure! Here is what you asked for.", "I think the best way to do this is as follows:", ""))


def _pick(fields: Fields, inputs: Fields, rng: Random) -> tuple[Fields, Fields, list[Fields]] | None:
    calls = [{**call, "arguments": dict(call["arguments"])} for call in fields["calls"]]
    if not calls:
        return None
    call = rng.choice(calls)
    tool: Fields = next((tool for tool in inputs["tools"] if tool.get("name") == call["name"]), {})
    return call, tool, calls


def _wrong_value(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    if not (picked := _pick(fields, inputs, rng)):
        return None
    call, tool, calls = picked
    properties = (tool.get("parameters") or {}).get("properties") or {}
    names = [n for n in call["arguments"] if n in properties]
    if not names:
        return None
    name = rng.choice(names)
    for _ in range(8):
        value = draw(name, properties[name], str(tool.get("description") or ""), rng).json
        if value != call["arguments"][name]:
            call["arguments"][name] = value
            break
    return {**fields, "calls": calls}


def _wrong_type(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    picked = _pick(fields, inputs, rng)
    if not picked or not picked[0]["arguments"]:
        return None
    call, _, calls = picked
    name = rng.choice(list(call["arguments"]))
    value = call["arguments"][name]
    call["arguments"][name] = [value] if isinstance(value, str) else str(value)
    return {**fields, "calls": calls}


def _missing(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    picked = _pick(fields, inputs, rng)
    if not picked:
        return None
    call, tool, calls = picked
    required = [n for n in (tool.get("parameters") or {}).get("required") or () if n in call["arguments"]]
    if not required:
        return None
    del call["arguments"][rng.choice(required)]
    return {**fields, "calls": calls}


def _unknown(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    if not (picked := _pick(fields, inputs, rng)):
        return None
    picked[0]["name"] += rng.choice(("_v2", "_tool", "_api"))
    return {**fields, "calls": picked[2]}


def _needless(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    if fields["act"] != "call":
        return None
    for note in inputs["stated"]:
        tool: Fields = next((tool for tool in inputs["tools"] if tool.get("name") == note.get("tool")), {})
        if tool and note.get("values"):
            name = rng.choice(list(note["values"]))
            schema = ((tool.get("parameters") or {}).get("properties") or {}).get(name) or {}
            return {
                **fields,
                "act": "ask",
                "message": f"Could you tell me the {slot_of(name, schema, str(tool.get('description'))).noun}?",
            }
    return None


def _contradiction(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    last = inputs["conversation"][-1] if inputs["conversation"] else {}
    if fields["act"] != "answer" or last.get("role") != "tool":
        return None
    numbers = list(re.finditer(r"\d+(?:\.\d+)?", fields["message"]))
    if not numbers:
        return None
    hit = rng.choice(numbers)
    other = str(int(float(hit.group())) + rng.randint(3, 40))
    return {**fields, "message": fields["message"][: hit.start()] + other + fields["message"][hit.end() :]}


def _extra(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    if not (picked := _pick(fields, inputs, rng)):
        return None
    call, tool, calls = picked
    properties = (tool.get("parameters") or {}).get("properties") or {}
    names = [name for name in properties if name not in call["arguments"]]
    if not names:
        return None
    name = rng.choice(names)
    call["arguments"][name] = draw(name, properties[name], str(tool.get("description") or ""), rng).json
    return {**fields, "calls": calls}


def _duplicate(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    picked = _pick(fields, inputs, rng)
    return {**fields, "calls": [*picked[2], picked[0]]} if picked else None


def _wrong_tool(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    picked = _pick(fields, inputs, rng)
    others = [tool["name"] for tool in inputs["tools"] if not picked or tool.get("name") != picked[0]["name"]]
    if not picked or not others:
        return None
    picked[0]["name"] = rng.choice(others)
    return {**fields, "calls": picked[2]}


def _repeat(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    """Say the same opening each time: nothing of it depends on persona, guidance or seed."""
    if inputs["conversation"]:
        return None
    plain = {**inputs, "persona": "plain", "guidance": "", "semantic_type": ""}
    return user_turn(plain, Random(stable_hash("repeat", *(wish.get("tool") for wish in inputs["wishes"]))))


Change = Callable[[Fields, Fields, Random], Fields | None]
_OF_AGENT: dict[str, tuple[tuple[str, Change], ...]] = {
    "function": (
        ("wrong_value", _wrong_value),
        ("wrong_type", _wrong_type),
        ("missing_param", _missing),
        ("unknown_tool", _unknown),
        ("wrong_tool", _wrong_tool),
        ("extra_param", _extra),
        ("duplicate_call", _duplicate),
    ),
    "user": (("repeat", _repeat),),
    "assistant": (("needless_ask", _needless), ("contradiction", _contradiction)),
    "checker": (("checker_miss", checking.miss), ("checker_alarm", checking.alarm)),
}
KINDS = frozenset(kind for changes in _OF_AGENT.values() for kind, _ in changes)
"""Every kind that is planted into fields; ``unparsable`` spoils the whole reply."""
