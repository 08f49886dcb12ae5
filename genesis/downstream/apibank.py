"""API-Bank, levels 1 to 3: one gold call an item, all values text.

Two rules. ``accuracy`` is the rule of the prepared data's own evaluation (ToolRL): an item is right if *any* predicted
call has the gold's name and exactly its parameters, and a call without ``name`` or ``parameters`` passes for bare
parameters of the right tool. ``strict``: exactly one call, with its name. Overall is over all 597 items together.

Text is read as that evaluation reads it: the last ``<tool_call>`` block (or all of the text), one JSON object a line,
lines that are none passed over. ``strict`` allows no such line inside the block.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis.benchmarks import apibank as data
from genesis.benchmarks.item import Item
from genesis.downstream.predictions import Prediction, UndecodableError, native_calls
from genesis.downstream.scoring import Scored, accuracy, pooled

NAME = "apibank"


def items(folder: str | Path) -> list[Item]:
    """Return the items of all levels. Raises BenchmarkError."""
    return [item for level in data.LEVELS for item in data.items(folder, level)]


def score(predictions: Mapping[str, Prediction], found: Sequence[Item]) -> list[Scored]:
    """Return the verdict on every prediction, in the benchmark's order."""
    return [verdict(item, predictions[item.id]) for item in found if item.id in predictions]


def verdict(item: Item, prediction: Prediction) -> Scored:
    """Return the verdict on one prediction by both rules."""
    name, parameters = item.gold[0]["name"], item.gold[0]["parameters"]
    try:
        calls, clean = _decode(prediction)
    except UndecodableError as error:
        return Scored(item.id, item.category, False, f"undecodable: {error}", strict=False)
    right = False
    for call in calls:
        if call is None or isinstance(call, (bool, int, float)):
            break  # the official loop fails on what is no container, and leaves the item wrong
        bare = not isinstance(call, dict) or "name" not in call or "parameters" not in call
        if (name, call) == (name, parameters) if bare else (call["name"], call["parameters"]) == (name, parameters):
            right = True
            break
    exact = [
        isinstance(call, dict) and (call.get("name"), call.get("parameters")) == (name, parameters) for call in calls
    ]
    strict = clean and exact == [True]
    return Scored(item.id, item.category, right, "" if right else _reason(calls, name, parameters), strict=strict)


def _decode(prediction: Prediction) -> tuple[list[Any], bool]:
    """Return the predicted calls as ``{"name", "parameters"}``, and whether nothing had to be passed over."""
    if prediction.calls is not None:
        decoded = native_calls(prediction)
        return [{"name": name, "parameters": value} for call in decoded for name, value in call.items()], True
    inside = (prediction.text or "").split("<tool_call>")[-1].split("</tool_call>")[0].strip()
    calls: list[Any] = []
    clean = True
    for line in inside.split("\n"):
        if not line.strip():
            continue
        try:
            call = json.loads(line)
            calls.append(json.loads(call) if isinstance(call, str) else call)
        except (ValueError, RecursionError):
            clean = False
    return calls, clean


def _reason(calls: Sequence[Any], name: str, parameters: Mapping[str, Any]) -> str:
    if not calls:
        return "no call"
    named = [call for call in calls if isinstance(call, dict) and call.get("name") == name]
    if not named:
        return f"no call of {name}"
    given = named[0].get("parameters")
    if not isinstance(given, dict):
        return f"{name}: parameters are no object"
    missing, extra = sorted(set(parameters) - set(given)), sorted(set(given) - set(parameters))
    other = [key for key in parameters if key in given and given[key] != parameters[key]]
    return f"{name}: missing {missing}, unexpected {extra}, other values {other}"


def gold(found: Sequence[Item]) -> dict[str, Prediction]:
    """Return the benchmark's own gold as predictions."""
    return {
        item.id: Prediction(item.id, tuple((call["name"], call["parameters"]) for call in item.gold)) for item in found
    }


def summary(scored: Iterable[Scored]) -> dict[str, Any]:
    """Return ``{"benchmark", "categories", "aggregates"}`` with the strict figures beside the official ones."""
    found = list(scored)
    part: dict[str, Any] = {}
    strict: dict[str, Any] = {}
    for level in data.LEVELS:
        inside = [one for one in found if one.category == level]
        strict[level] = accuracy(one.strict for one in inside)
        part[level] = accuracy(one.correct for one in inside) | {"strict": strict[level]}
    aggregates = {"overall": pooled(list(part.values())), "overall_strict": pooled(list(strict.values()))}
    return {"benchmark": NAME, "categories": part, "aggregates": aggregates}
