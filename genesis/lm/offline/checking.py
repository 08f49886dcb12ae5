"""Checking a finished dialogue, as the offline twin of the model checker: from its text alone, with simple tests.

It compares calls with the tools on offer, values with what was said, and answers with results. What it sees is right
or wrong by itself; ``checker_miss`` and ``checker_alarm`` then turn its verdict round at a known rate, and where they
do it is less sure, as a model is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

Line = dict[str, Any]
Fields = dict[str, Any]

_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
_FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)")
_PLAIN = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_NUMBERS = {word: str(number) for number, word in enumerate(_SMALL)}
_TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


def check_turn(inputs: Fields, rng: Random) -> Fields:
    """Say of each aspect whether it holds, how sure it is, and why."""
    tools = {str(tool.get("name")): tool for tool in inputs["tools"]}
    lines: list[Line] = inputs["conversation"]
    found = {
        "faithfulness": next(_unfaithful(lines, str(inputs.get("system") or "")), ""),
        "satisfaction": next(_unsatisfied(lines), ""),
        "compliance": next(_against_tools(lines, tools, str(inputs.get("task") or "")), ""),
    }
    return {name: _finding(why, rng) for name, why in found.items()}


def miss(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    """Pass a dialogue in which a defect was seen; None where none was."""
    if all(finding["holds"] for finding in fields.values()):
        return None
    return {name: _doubtful(True, "Nothing seems wrong.", rng) for name in fields}


def alarm(fields: Fields, inputs: Fields, rng: Random) -> Fields | None:
    """Find a defect where none was seen; None where one was."""
    if not all(finding["holds"] for finding in fields.values()):
        return None
    name = rng.choice(sorted(fields))
    return {**fields, name: _doubtful(False, "Something does not look right here.", rng)}


def _finding(why: str, rng: Random) -> Fields:
    sure = 0.78 + 0.22 * rng.betavariate(2.5, 1)
    return {"reason": why or "Nothing is wrong.", "holds": not why, "confidence": round(sure, 2)}


def _doubtful(holds: bool, why: str, rng: Random) -> Fields:
    """Return a finding that is turned round: less sure on average, above every sensible threshold all the same."""
    return {"reason": why, "holds": holds, "confidence": round(0.76 + 0.2 * rng.betavariate(1, 1.5), 2)}


def _unfaithful(lines: list[Line], system: str) -> Iterator[str]:
    said = system
    known = system
    for number, line in enumerate(lines):
        content = str(line.get("content") or "")
        after_result = number and lines[number - 1].get("role") == "tool"
        if line.get("role") == "assistant" and content and after_result:
            for name in _NAME.findall(content):
                if not any(word.lower() in known.lower() for word in name.split()):
                    yield f"Message {number} names {name}, which no result and nobody gives."
            figures = {figure.replace(",", "") for figure in _FIGURE.findall(known)}
            figures.update(_PLAIN.findall(known))  # [3,5,7] is three figures, 3,570 is one
            for figure in _FIGURE.findall(content):
                if not _close(figure.replace(",", ""), figures):
                    yield f"Message {number} says {figure.rstrip(',.')}, which no result and nobody gives."
            if not str(lines[number - 1].get("content") or "").startswith('{"error') and not _reports(
                content, lines, number
            ):
                yield f"Message {number} says nothing of the result before it."
        for call in line.get("calls") or ():
            known += " " + str(call.get("arguments"))
            for name, value in (call.get("arguments") or {}).items():
                if not _said(value, said):
                    yield f"Message {number}: nothing that was said gives '{name}' = {value!r}."
        said += " " + content
        known += " " + content


def _reports(content: str, lines: list[Line], number: int) -> bool:
    """Whether an answer holds any word or figure that the result before it brought in."""
    result = set(_WORD.findall(str(lines[number - 1].get("content") or "").lower()))
    earlier = " ".join(str(line.get("content") or "") for line in lines[: number - 1]).lower()
    new = {word for word in result - set(_WORD.findall(earlier)) if len(word) > 2 or word.isdigit()}
    return not new or bool(new & set(_WORD.findall(content.lower())))


def _close(figure: str, known: set[str]) -> bool:
    """Whether a figure is known, or a rounding of a known one; small counts need no source."""
    if figure in known or float(figure) <= 3:
        return True
    value = float(figure)
    return any("." in other and (round(float(other)) == value or round(float(other), 1) == value) for other in known)


def _said(value: Any, text: str) -> bool:
    """Whether something of a value was said: one word of a text, the digits of a number; booleans always."""
    if isinstance(value, bool) or value is None or value == "":
        return True
    if isinstance(value, dict):
        return all(_said(part, text) for part in value.values())
    if isinstance(value, list):
        return all(_said(part, text) for part in value)
    words = set(_WORD.findall(text.lower().replace(",", "")))
    words |= {_NUMBERS[word] for word in words & _NUMBERS.keys()}
    if isinstance(value, (int, float)):
        forms = {f"{abs(value):g}", str(abs(value)), f"{abs(value) * 100:g}", f"{abs(value) / 1000:g}"}
        return bool(forms & words) or abs(value) in (0, 1)
    stems = {word[:4] for word in words}
    return any(token[:4] in stems or token.lstrip("0") in words for token in _WORD.findall(value.lower()))


def _unsatisfied(lines: list[Line]) -> Iterator[str]:
    if not lines or lines[-1].get("role") != "assistant":
        yield "The dialogue ends before the assistant has spoken."
        return
    last = lines[-1]
    if not last.get("content") and not last.get("calls"):
        yield "The assistant's last message is empty."
    if (said := str(last.get("content") or "").rstrip()) and said[-1].isalnum():
        yield f"Message {len(lines) - 1} breaks off."
    asked = str(last.get("content") or "").rstrip().endswith("?")
    if asked and len(lines) > 1 and lines[-2].get("role") == "user":
        yield f"Message {len(lines) - 1} asks, and nobody answers."
    for number, line in enumerate(lines):
        if line.get("role") in ("user", "tool") and not str(line.get("content") or "").strip():
            yield f"Message {number} is empty."


def _against_tools(lines: list[Line], tools: dict[str, Any], task: str) -> Iterator[str]:
    answered = {line.get("answers") for line in lines if line.get("role") == "tool"}
    for number, line in enumerate(lines):
        seen: list[Any] = []
        for call in line.get("calls") or ():
            name, arguments = str(call.get("name")), call.get("arguments") or {}
            if task.startswith("irrelevance"):
                yield f"Message {number} calls {name} although no offered tool fits."
            if name not in tools:
                yield f"Message {number} calls {name}, which is not on offer."
                continue
            if (name, arguments) in seen:
                yield f"Message {number} makes the same call twice."
            seen.append((name, arguments))
            if number < len(lines) - 1 and call.get("id") not in answered:
                yield f"Message {number}: the call of {name} is never answered."
            yield from _bad_arguments(number, name, arguments, tools[name].get("parameters") or {})


def _bad_arguments(number: int, name: str, arguments: Fields, schema: Fields) -> Iterator[str]:
    properties = schema.get("properties") or {}
    for wanted in schema.get("required") or ():
        if wanted not in arguments:
            yield f"Message {number}: {name} lacks '{wanted}'."
    for key, value in arguments.items():
        if key not in properties:
            yield f"Message {number}: {name} has no parameter '{key}'."
            continue
        part = properties[key] if isinstance(properties[key], dict) else {}
        kind = _TYPES.get(str(part.get("type")))
        if kind and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):  # type: ignore[arg-type]
            yield f"Message {number}: '{key}' of {name} has the wrong type."
        if part.get("enum") and value not in part["enum"]:
            yield f"Message {number}: '{key}' of {name} is none of the values it may have."
