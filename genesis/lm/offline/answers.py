"""Answers that state what results say, with their numbers, dates and names unchanged."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import msgspec

from genesis.lm.offline.phrases import article, generic, phrase, subject
from genesis.lm.offline.slots import Slot, is_plural, slot_of
from genesis.lm.offline.state import Done, made
from genesis.lm.offline.values import listed
from genesis.lm.offline.vocabulary import entries, pairs
from genesis.text import split_name


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
        parts.append(_lead(rng) + _facts(good[0], tools, rng, alone=True))
    elif good:
        parts.append(rng.choice(entries("assistant", "several lead")))
        labels = _labels(good, tools)
        parts += [f"{label}: {_facts(call, tools, rng, alone=False)}" for call, label in zip(good, labels, strict=True)]
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


def _labels(calls: list[Done], tools: list[dict[str, Any]]) -> list[str]:
    """Name each call by what tells it from the others: ``For Oslo``, ``For a radius of 4``."""
    names = [name for name in calls[0].arguments if all(name in call.arguments for call in calls)]
    texts = [name for name in names if all(_namable(call.arguments[name]) for call in calls)]
    numbers = [name for name in names if all(_is_number(call.arguments[name]) for call in calls)]
    for chosen in [*([name] for name in texts), *([name] for name in numbers), texts, texts + numbers]:
        labels = [_label(call, chosen, tools) for call in calls]
        if chosen and len(set(labels)) == len(calls):
            return labels
    labels = [
        _label(call, [name for name in call.arguments if _namable(call.arguments[name])][:1], tools) for call in calls
    ]
    return labels if len(set(labels)) == len(calls) else [_ordinal(number) for number in range(len(calls))]


def _ordinal(number: int) -> str:
    """Name a call by its place, from 0: ``For the first``."""
    words = ("first", "second", "third", "fourth", "fifth", "sixth")
    return f"For the {words[number]}" if number < len(words) else f"For number {number + 1}"


def _namable(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 40


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _slot(call: Done, name: str, tools: list[dict[str, Any]]) -> Slot:
    tool: dict[str, Any] = next((tool for tool in tools if tool.get("name") == call.name), {})
    schema = ((tool.get("parameters") or {}).get("properties") or {}).get(name) or {}
    return slot_of(name, schema, str(tool.get("description") or ""))


def _label(call: Done, names: list[str], tools: list[dict[str, Any]]) -> str:
    parts = []
    for name in names:
        value, found = call.arguments[name], _slot(call, name, tools)
        if isinstance(value, str):
            parts.append(value)
        elif found.plural:
            parts.append(f"{shown(value)} {found.noun.removeprefix('number of ')}")
        else:
            parts.append(f"{article(found.noun)} {found.noun} of {shown(value)}")
    if not parts:
        about = next((str(tool.get("description") or "") for tool in tools if tool.get("name") == call.name), "")
        parts = [f"the {' '.join(subject(about, call.name)[1])}"]
    return f"For {listed(parts)}"


def _facts(call: Done, tools: list[dict[str, Any]], rng: Random, *, alone: bool) -> str:
    """Turn a result's fields into sentences; what merely repeats the arguments leads in, or is left out."""
    result = call.result or {}
    echoed = [name for name, value in result.items() if name in call.arguments and call.arguments[name] == value]
    subject = [str(result[name]) for name in echoed if _slot(call, name, tools).entity]
    facts = [(name, value) for name, value in result.items() if name not in echoed] or list(result.items())
    if not facts:
        return "it is done."
    if alone and not subject and len(facts) == 1 and _is_number(facts[0][1]):
        return _single(*facts[0], rng)
    lead = f"For {subject[0]}, " if subject and alone and rng.random() < 0.6 else ""
    text = f"{lead}{listed([clause(name, value) for name, value in facts])}."
    return text[0].upper() + text[1:] if alone else text


def _single(name: str, value: Any, rng: Random) -> str:
    noun, unit = _noun(name, value)
    text = rng.choice(entries("assistant", "single")).replace("{n}", noun).replace("{v}", f"{shown(value)}{unit}")
    return text.replace("{a}", article(noun)) if not is_plural(noun) else f"The {noun} are {shown(value)}{unit}."


def _noun(name: str, value: Any) -> tuple[str, str]:
    """Split a field's name into its noun and its unit: ``humidity_percent`` -> ``humidity``, `` percent``."""
    words = split_name(name)
    unit = ""
    if len(words) > 1 and words[-1] in pairs("answers", "unit") and _is_number(value):
        unit = f" {pairs('answers', 'unit')[words.pop()]}"
    return " ".join(pairs("answers", "name").get(word, word) for word in words), unit


def clause(name: str, value: Any) -> str:
    """Say one field: ``humidity_percent``, 61 -> ``the humidity is 61 percent``."""
    noun, unit = _noun(name, value)
    if isinstance(value, bool):
        clauses = pairs("answers", "yes or no").get(name, f"{noun}: yes / {noun}: no").split(" / ")
        return clauses[not value]
    if name == "summary":
        return str(value)
    if name == "status" and value in pairs("answers", "status"):
        return pairs("answers", "status")[value]
    if name in pairs("answers", "said"):
        return pairs("answers", "said")[name].replace("{v}", shown(value))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"the {noun} are {listed([_row(row) for row in value])}"
    verb = "are" if is_plural(noun) and unit.strip() != "percent" else "is"
    return f"the {noun} {verb} {shown(value)}{unit}"


def _row(row: dict[str, Any]) -> str:
    rest = [
        f"{' '.join(w for w in split_name(k) if w not in pairs('answers', 'unit'))} {shown(v)}{_unit_of(k)}"
        for k, v in row.items()
        if k != "name"
    ]
    return f"{shown(row['name'])} ({', '.join(rest)})" if "name" in row else ", ".join(rest)


def _unit_of(name: str) -> str:
    last = split_name(name)[-1]
    return f" {pairs('answers', 'unit')[last]}" if last in pairs("answers", "unit") else ""


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
