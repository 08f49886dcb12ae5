"""Answers that state what results say, with their numbers, dates and names unchanged."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import msgspec

from genesis.lm.offline.phrases import generic, phrase
from genesis.lm.offline.state import Done, made
from genesis.lm.offline.values import listed
from genesis.lm.offline.vocabulary import entries
from genesis.text import split_name

_UNITS = {
    "km": "km", "kmh": "km/h", "cm": "cm", "mm": "mm", "m": "m", "kg": "kg", "g": "g", "hz": "Hz", "kwh": "kWh", "percent": "percent",
    "minutes": "minutes", "hours": "hours", "seconds": "seconds", "days": "days", "usd": "US dollars", "musd": "million US dollars",
    "bpm": "bpm", "ms": "ms", "millions": "million", "liters": "liters",
}  # fmt: skip
_NAMES = {
    "aqi": "air quality index",
    "gcd": "greatest common divisor",
    "lcm": "least common multiple",
    "bmi": "BMI",
    "cagr": "CAGR",
    "roe": "return on equity",
    "roi": "ROI",
    "id": "ID",
}


def fresh_results(conversation: list[dict[str, Any]]) -> list[Done]:
    """Return the calls answered since the user spoke last; of attempts at one call only the last."""
    last = max((index for index, line in enumerate(conversation) if line.get("role") == "user"), default=-1)
    calls = {str(call.get("id")) for line in conversation[last + 1 :] for call in line.get("calls") or []}
    kept: dict[tuple[str, bytes], Done] = {}
    for call in made(conversation):
        if call.id in calls and call.result is not None:
            key = (call.name, msgspec.json.encode(call.arguments, order="sorted"))
            kept.pop(key, None)
            kept[key] = call
    return list(kept.values())


def report(done: list[Done], tools: list[dict[str, Any]], rng: Random) -> str:
    """State what the results say; failures are told as such."""
    good, failed = [call for call in done if not call.failed], [call for call in done if call.failed]
    parts = []
    if len(good) == 1:
        parts.append(_lead(rng) + _facts(good[0], rng, alone=True))
    elif good:
        apart = _what_differs(good)
        parts.append(rng.choice(entries("assistant", "several lead")))
        parts += [
            f"{_label(call, apart, number, tools)}: {_facts(call, rng, alone=False)}"
            for number, call in enumerate(good, 1)
        ]
    for call in failed:
        about = next((str(t.get("description") or "") for t in tools if t.get("name") == call.name), "")
        text = rng.choice(entries("assistant", "failure")).replace(
            "{why}", str((call.result or {})["error"]).rstrip(".")
        )
        parts.append(text.replace("{do}", _deed(about, call.name)))
    return " ".join(parts)


def _deed(about: str, name: str) -> str:
    text = generic(phrase(about, name).text)
    return re.sub(r"\b(my|near me)\b", lambda m: {"my": "your", "near me": "near you"}[m[1]], text)


def _lead(rng: Random) -> str:
    lead = rng.choice(entries("assistant", "answer lead"))
    return "" if lead == "-" else f"{lead} "


def _what_differs(calls: list[Done]) -> set[str]:
    """Return the names of arguments by which calls of one tool differ."""
    names = {name for call in calls for name in call.arguments}
    return {name for name in names if len({msgspec.json.encode(call.arguments.get(name)) for call in calls}) > 1}


def _label(call: Done, apart: set[str], number: int, tools: list[dict[str, Any]]) -> str:
    values = [
        shown(call.arguments[name])
        for name in call.arguments
        if name in apart and not isinstance(call.arguments[name], (bool, dict))
    ]
    texts = [value for value in values if re.search(r"[A-Za-z]", value) and len(value) <= 40]
    chosen = texts[:1] or [listed(values[:3])]
    return f"For {chosen[0]}" if chosen[0] else f"Number {number}"


def _facts(call: Done, rng: Random, *, alone: bool) -> str:
    """Turn a result's fields into sentences; what merely repeats the arguments leads in, or is left out."""
    result = call.result or {}
    subject = [value for name, value in result.items() if call.arguments.get(name) == value and isinstance(value, str)]
    facts = [(name, value) for name, value in result.items() if call.arguments.get(name) != value] or list(
        result.items()
    )
    if not facts:
        return "it is done."
    clauses = [clause(name, value) for name, value in facts]
    lead = f"For {shown(subject[0])}, " if subject and alone and rng.random() < 0.7 else ""
    text = f"{lead}{listed(clauses)}."
    return text[0].upper() + text[1:] if alone else text


def clause(name: str, value: Any) -> str:
    """Say one field: ``humidity_percent``, 61 -> ``the humidity is 61 percent``."""
    words = split_name(name)
    unit = ""
    if len(words) > 1 and words[-1] in _UNITS and isinstance(value, (int, float)) and not isinstance(value, bool):
        unit = f" {_UNITS[words.pop()]}"
    noun = " ".join(_NAMES.get(word, word) for word in words)
    if name == "status":
        return f"the status is {shown(value)}"
    if isinstance(value, bool):
        return f"{noun}: {'yes' if value else 'no'}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"the {noun} are {listed([_row(row) for row in value])}"
    plural = isinstance(value, list) and len(value) > 1 and noun.endswith("s")
    return f"the {noun} {'are' if plural else 'is'} {shown(value)}{unit}"


def _row(row: dict[str, Any]) -> str:
    rest = [
        f"{' '.join(w for w in split_name(k) if w not in _UNITS)} {shown(v)}{_unit_of(k)}"
        for k, v in row.items()
        if k != "name"
    ]
    return f"{shown(row['name'])} ({', '.join(rest)})" if "name" in row else ", ".join(rest)


def _unit_of(name: str) -> str:
    last = split_name(name)[-1]
    return f" {_UNITS[last]}" if last in _UNITS else ""


def shown(value: Any) -> str:
    """Write a result's value in a sentence, digits unchanged."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return listed([shown(item) for item in value]) or "empty"
    if isinstance(value, dict):
        return ", ".join(f"{' '.join(split_name(k))} {shown(v)}" for k, v in value.items())
    return msgspec.json.encode(value).decode()
