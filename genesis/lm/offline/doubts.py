"""Values that a schema or plain sense forbids: inventing one, and recognising one."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from random import Random
from typing import Any

import jsonschema_rs
import msgspec

from genesis.lm.offline.slots import slot_of
from genesis.lm.offline.values import Value, spoken
from genesis.lm.offline.vocabulary import entries

_POSITIVE = re.compile(
    r"(?i)\b(radius|length|width|height|mass|weight|distance|number|nights|days|hours|years?|count|quantity|age|price|amount|volume|"
    r"people|guests|duration|area|base|side|servings|population|rooms?|bedrooms|investment|principal|budget|shares|limit|top|total|size)\b"
)


def bad_value(name: str, schema: dict[str, Any], about: str, rng: Random) -> Value:
    """Return a value that cannot be right but that somebody might say."""
    slot = slot_of(name, schema, about)
    if schema.get("enum"):
        return spoken(rng.choice(entries("doubts", "no member")))
    if slot.number:
        ceiling = schema.get("maximum")
        if ceiling is not None and rng.random() < 0.4:
            return spoken(int(ceiling) * 2 + 1)
        if _POSITIVE.search(slot.noun) and rng.random() < 0.5:
            return spoken(-rng.randint(2, 30))
        return spoken(rng.choice(entries("doubts", "no number")))
    if slot.type == "boolean":
        return spoken("maybe")
    if slot.type in ("array", "numbers"):
        return Value([], "none at all")
    if slot.kind in ("date", "birth_date", "datetime"):
        day = rng.choice(((2025, 2, 30), (2025, 13, 4), (2025, 4, 31), (2025, 6, 45)))
        text = f"{day[0]}-{day[1]:02d}-{day[2]:02d}"
        return Value(text, text)
    if slot.kind == "time":
        return spoken(rng.choice(("27:80", "25:15", "31:00")))
    if slot.kind == "url":
        return spoken(rng.choice(("example", "http//shop", "www")))
    if slot.kind == "email":
        return spoken(rng.choice(("maria.lopez at example", "t.becker@", "example.com")))
    return spoken(rng.choice(entries("doubts", "no place" if slot.entity else "no name")))


def doubt(name: str, schema: dict[str, Any], value: Any, about: str) -> str:
    """Return why a value cannot be right, in words for the user; empty: nothing speaks against it."""
    slot = slot_of(name, schema, about)
    if schema.get("enum") and value not in schema["enum"]:
        choices = ", ".join(str(member).replace("_", " ") for member in schema["enum"][:8])
        return f"the {slot.noun} has to be one of {choices}"
    if not valid(schema, value):
        return (
            f"{_shown(value)} is not a number I can use as the {slot.noun}"
            if slot.number
            else (f"{_shown(value)} does not work as the {slot.noun}")
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0 and _POSITIVE.search(slot.noun):
        return f"the {slot.noun} cannot be negative"
    if isinstance(value, list) and not value:
        return f"the {slot.noun} cannot be empty"
    if isinstance(value, str):
        return _text_doubt(slot.kind, slot.noun, value)
    return ""


@lru_cache(maxsize=4096)
def _validator(schema: bytes) -> Any:
    return jsonschema_rs.validator_for(msgspec.json.decode(schema), validate_formats=True)


def valid(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value validates; a schema that is none allows everything."""
    try:
        return bool(_validator(msgspec.json.encode(schema)).is_valid(value))
    except (ValueError, jsonschema_rs.ValidationError):
        return True


def _text_doubt(kind: str, noun: str, value: str) -> str:
    if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value):
        try:
            date(*map(int, found.groups()))
        except ValueError:
            return f"{value} is not a date that exists"
    if value in entries("doubts", "no place"):
        return f"{value} is not a real place"
    if value in entries("doubts", "no name"):
        return f"{value!r} is no usable {noun}"
    if kind == "url" and "." not in value:
        return f"{value} is not a complete web address"
    if kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return f"{value} is not a complete email address"
    if kind == "time" and re.fullmatch(r"(2[4-9]|[3-9]\d):\d\d.*|\d\d:[6-9]\d.*", value):
        return f"{value} is not a time of day"
    return ""


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
