"""Results about people, events, works and things, known by heart: ``data/atlas.txt``.

>>> known("Retrieve the date of a specific historical event.", {"event": "Moon landing"})
{'date': '1969-07-20'}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from genesis.lm.offline.atlas import row, texts
from genesis.lm.offline.vocabulary import entries, matching

Found = dict[str, Any] | None


def known(about: str, arguments: dict[str, Any]) -> Found:
    """Return the result of a tool about a known event, person, discovery, work, thing or colour; else None."""
    for at in matching(_PATTERNS, about):
        if (found := _ANSWERS[at][1](about, arguments)) is not None:
            return found
    return None


def _row(table: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    return next(((text, *found) for text in texts(arguments) if (found := row(table, text))), ())


def president(year: int) -> Found:
    """Return the president of the United States at the end of a year and the term; None before 1789."""
    for entry in entries("atlas", "president"):
        name, _, years = entry.partition(" ;")
        first, last = (int(part) for part in years.split(","))
        if first <= year < last:
            return {"president": name.strip(), "term": f"{first}-{last}"}
    return None


def _president(about: str, arguments: dict[str, Any]) -> Found:
    del about
    year = arguments.get("year")
    if isinstance(year, int):
        return president(year)
    found = _row("history", arguments)
    return president(int(found[1][:4])) if found and not found[1].startswith("-") else None


def _date(text: str) -> str:
    return f"{text[1:5].lstrip('0')} BC" if text.startswith("-") else text


def _event(about: str, arguments: dict[str, Any]) -> Found:
    found = _row("history", arguments)
    if not found:
        return None
    _, date, place, outcome = found
    if re.search(r"(?i)\bdate\b", about) and not re.search(r"(?i)details|information", about):
        return {"date": _date(date)}
    return {"date": _date(date), "location": place, "outcome": outcome}


def _person(about: str, arguments: dict[str, Any]) -> Found:
    found = _row("person", arguments)
    if not found:
        return None
    _, born, died, field, known_for = found
    if re.search(r"(?i)birth ?date|born", about):
        return {"born": _date(born)}
    if re.search(r"(?i)discover|contribution|invent|theor", about):
        return {"field": field, "known_for": known_for}
    return {"born": _date(born), "died": _date(died), "known_for": known_for}


def _discovery(about: str, arguments: dict[str, Any]) -> Found:
    del about
    found = _row("found", arguments)
    return {"name": found[1], "year": int(found[2])} if found else None


def _work(about: str, arguments: dict[str, Any]) -> Found:
    found = _row("work", arguments)
    maker = "composer" if "compos" in about.lower() else "creator"
    return {maker: found[1], "year": int(found[2])} if found else None


def _particle(about: str, arguments: dict[str, Any]) -> Found:
    found = _row("particle", arguments)
    if not found:
        return None
    return {"charge_e": int(found[1])} if "charge" in about else {"mass_u": float(found[2])}


def _weight(about: str, arguments: dict[str, Any]) -> Found:
    del about
    found = _row("planet", arguments)
    mass = next((value for value in arguments.values() if isinstance(value, (int, float))), None)
    return {"weight_kg": round(mass * float(found[1]), 1)} if found and mass is not None else None


def _planets(about: str, arguments: dict[str, Any]) -> Found:
    del about
    found = [two for text in texts(arguments) if (two := row("planet", text))]
    return {"distance_million_km": round(abs(float(found[0][1]) - float(found[1][1])), 1)} if len(found) == 2 else None


def _building(about: str, arguments: dict[str, Any]) -> Found:
    del about
    found = _row("building", arguments)
    return {"height_m": int(found[1]), "completed": int(found[2])} if found else None


def _colour(about: str, arguments: dict[str, Any]) -> Found:
    del about
    found = _row("colour", arguments)
    if not found:
        return None
    parts = [int(part) for part in found[1:]]
    return {"rgb": parts, "hex": _hex(parts)}


def _opposite(about: str, arguments: dict[str, Any]) -> Found:
    found = _colour(about, arguments)
    return {"complementary": _hex([255 - part for part in found["rgb"]])} if found else None


def _hex(parts: list[int]) -> str:
    return "#" + "".join(f"{part:02X}" for part in parts)


def _belief(about: str, arguments: dict[str, Any]) -> Found:
    found = _row("belief", arguments)
    if not found:
        return None
    if "belief" in about:
        return {"core_beliefs": [part.strip() for part in found[2].split(";")]}
    return {"founder": found[1]}


def _scale(about: str, arguments: dict[str, Any]) -> Found:
    key = next((text.split()[0] for text in texts(arguments) if text and row("scale", text.split()[0])), "")
    if not key:
        return None
    notes = list(row("scale", key))
    if "triad" in about:
        return {"chords": [notes[0], notes[3], notes[4]]}
    if "key signature" in about:
        return {"key_signature": f"{key} major", "sharps_or_flats": [note for note in notes if len(note) > 1]}
    return {"notes": notes}


_ANSWERS: tuple[tuple[str, Callable[[str, dict[str, Any]], Found]], ...] = (
    (r"president", _president),
    (r"particle", _particle),
    (r"weight on different planets", _weight),
    (r"celestial bod", _planets),
    (r"complimentary|complementary", _opposite),
    (r"rgb values|hexadecimal code", _colour),
    (r"discover|invention|invented|scientific", _discovery),
    (r"scientist|birth|historical figure|leader|inventor", _person),
    (r"composer|sculptor|creator", _work),
    (r"event|battle|\bwar\b|treaty|histor", _event),
    (r"building|monument|structure|landmark", _building),
    (r"belief|origin and founder|origin of", _belief),
    (r"musical scale|music scale|scale in|key signature of|triads", _scale),
)
_PATTERNS = tuple(pattern for pattern, _ in _ANSWERS)
