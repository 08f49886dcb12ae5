"""The student's answer to a benchmark's request: the tool with most words in common, its parameters from the text.

A weak student on purpose and by nature: it proves that predicting and scoring work, and says nothing of any model.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from genesis.text import split_name, words

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")
_QUOTED = re.compile(r"'([^']{1,80})'|\"([^\"]{1,80})\"")
_CAPITALS = re.compile(r"(?<=[a-z,] )[A-Z]\w+(?: [A-Z]\w+)*")
_STOP = frozenset(words("a an and are can do for from get give i in is it me my of on or please the this to what with"))
_ENOUGH = 2


def student_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Call the best fitting tool where enough words fit, with the values that the user's words give in order."""
    said = "\n".join(line["content"] for line in inputs["conversation"] if line["role"] == "user")
    asked = set(words(said)) - _STOP
    scored = [(len(asked & _vocabulary(tool)), -index) for index, tool in enumerate(inputs["tools"])]
    best = max(scored, default=(0, 0))
    if best[0] < _ENOUGH:
        return {
            "calls": [],
            "message": "None of the tools on offer does that.",
            "reasoning": "Too few words in common.",
        }
    tool = inputs["tools"][-best[1]]
    call = {"name": tool["name"], "arguments": _arguments(tool, said)}
    return {"calls": [call], "message": "", "reasoning": f"{tool['name']} has most words in common with the request."}


def _vocabulary(tool: dict[str, Any]) -> set[str]:
    found = split_name(tool["name"]) + words(str(tool.get("description") or ""))
    return {*found, *(word for name in _properties(tool) for word in split_name(name))} - _STOP


def _properties(tool: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (tool.get("parameters") or {}).get("properties") or {}
    return found


def _arguments(tool: dict[str, Any], said: str) -> dict[str, Any]:
    numbers = _NUMBER.findall(said)
    texts = [one or other for one, other in _QUOTED.findall(said)] + _CAPITALS.findall(said)
    required = (tool.get("parameters") or {}).get("required") or []
    arguments: dict[str, Any] = {}
    for name, schema in _properties(tool).items():
        value = _value(schema if isinstance(schema, dict) else {}, numbers, texts, said)
        if value is not None and (name in required or schema.get("enum")):
            arguments[name] = value
    return arguments


def _value(schema: dict[str, Any], numbers: list[str], texts: list[str], said: str) -> Any:
    for member in schema.get("enum") or ():
        if str(member).lower() in said.lower():
            return member
    kind = schema.get("type")
    if kind == "integer":
        whole = next((number for number in numbers if "." not in number), None)
        if whole is not None:
            numbers.remove(whole)
            return int(whole)
    elif kind == "number" and numbers:
        return float(numbers.pop(0))
    elif kind == "boolean":
        return True
    elif kind == "string" and texts:
        return texts.pop(0)
    elif kind == "array":
        return [
            value
            for value in (_value(schema.get("items") or {}, numbers, texts, "") for _ in range(3))
            if value is not None
        ]
    return None
