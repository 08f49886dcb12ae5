"""Sensible numbers for a parameter: the ranges of ``data/numbers.txt``, inside what the schema allows."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Any

from genesis.lm.offline.vocabulary import entries
from genesis.text import split_name

DEFAULT_RANGE = (2.0, 40.0, 1.0)


@lru_cache(maxsize=1)
def _number_rules() -> list[tuple[re.Pattern[str], float, float, float]]:
    rules = []
    for line in entries("numbers", "number"):
        pattern, low, high, step = line.rsplit(" ; ", 3)
        rules.append((re.compile(pattern, re.IGNORECASE), float(low), float(high), float(step)))
    return rules


@lru_cache(maxsize=16384)
def range_of(name: str, description: str) -> tuple[float, float, float]:
    """Return (low, high, step) of sensible values of a number parameter."""
    words = " ".join(split_name(name))
    text = f"{words}: {description}"
    loose = None
    for pattern, low, high, step in _number_rules():
        found = pattern.search(text)
        if found and found.start() <= len(words):
            return low, high, step
        loose = loose or (found and (low, high, step))
    if loose:
        return loose
    if found := re.search(
        r"(?:from|between|range:?|ranging from)\s+\(?(-?\d+(?:\.\d+)?)\s*(?:to|and|-)\s*(-?\d+(?:\.\d+)?)", description
    ):
        return float(found[1]), float(found[2]), 1.0 if "." not in found[0] else 0.1
    return DEFAULT_RANGE


def draw_number(name: str, schema: dict[str, Any], kind: str, rng: Random) -> int | float:
    """Draw a number that validates under ``schema`` and suits the name and the description."""
    low, high, step = range_of(name, str(schema.get("description") or ""))
    if kind == "integer" and step < 1:
        step = 1
        low, high = (round(low), round(high)) if round(high) - round(low) >= 2 else (2, 9)
    step = schema.get("multipleOf", step)
    low, high = _inside(low, high, step, schema)
    if "multipleOf" in schema:
        low = -(-low // step) * step
    number: float = low + step * rng.randint(0, max(0, int((high - low) / step + 1e-9)))
    if kind == "integer":
        return int(number)
    number = round(number, 6)
    if number == int(number) and rng.random() < 0.5 and "multipleOf" not in schema and 4 <= high - low <= 5000:
        number = round(min(number + rng.choice((0.5, 0.2, 0.8, 0.25)), high), 4)
    return number


def _inside(low: float, high: float, step: float, schema: dict[str, Any]) -> tuple[float, float]:
    """Move a range into the schema's bounds, where it reaches beyond them."""
    nudge = 1 if schema.get("type") == "integer" else min(step, 0.01)
    floor = schema.get("minimum", schema["exclusiveMinimum"] + nudge if "exclusiveMinimum" in schema else None)
    ceiling = schema.get("maximum", schema["exclusiveMaximum"] - nudge if "exclusiveMaximum" in schema else None)
    if floor is not None and low < floor:
        low, high = floor, max(high, floor)
    if ceiling is not None and high > ceiling:
        low, high = min(low, ceiling), ceiling
    if floor is not None and low < floor:
        low = floor
    return low, high


def said_number(number: float) -> str:
    """Write a number as people do in a message: thousands separated from 10,000 on, no ``.0``."""
    if isinstance(number, float) and number == int(number) and abs(number) < 1e15:
        number = int(number)
    if isinstance(number, int) and abs(number) >= 100_000:
        return f"{number:,}"
    return repr(number) if isinstance(number, float) else str(number)
