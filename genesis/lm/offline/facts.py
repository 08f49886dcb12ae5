"""Results that are known: a few elements, substances and works by heart, of ``data/facts.txt``.

>>> creator("Frankenstein")
'Mary Shelley'
"""

from __future__ import annotations

import math
import re
from random import Random
from typing import Any

from genesis.lm.offline.vocabulary import entries, pairs
from genesis.text import stable_hash

_ZERO = 273.15


def creator(title: str) -> str:
    """Return who made a work; empty for a work that the table does not have."""
    return pairs("facts", "creator").get(title, "")


def known(about: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of a tool whose answer is known by heart; None where it is not.

    >>> known("Converts RGB values to hexadecimal color code.", {"r": 36, "g": 9, "b": 31})
    {'hex': '#24091f'}
    """
    if re.search(r"(?i)rgb.*hex", about) and (code := _hex(arguments)):
        return {"hex": code}
    if "highest score" in about:
        grades = next((value for value in arguments.values() if isinstance(value, dict) and value), None)
        return {"subject": max(grades, key=lambda key: grades[key]), "score": max(grades.values())} if grades else None
    named = next((value for value in arguments.values() if isinstance(value, str)), "")
    if re.search(r"(?i)molecular weight|molar mass", about) and (mass := weight(named)):
        kilo = "kilo" in str(arguments.get("to_unit"))
        return {"compound": named, "molecular_weight": round(mass / 1000, 6) if kilo else round(mass, 3)}
    if re.search(r"(?i)propert(y|ies) of .*element", about):
        return _element(named)
    if re.search(r"(?i)boiling point", about):
        return _points(named, about, arguments)
    if re.search(r"(?i)Myers-Briggs", about):
        return _type(arguments)
    if "docket" in arguments and re.search(r"(?i)case details", about):
        return _case(arguments)
    if "religion" in about and (row := pairs("facts", "religion").get(named)):
        followers, origin = row.split(", ")
        return {"religion": named, "followers_millions": int(followers), "origin": origin}
    if "instrument" in about and (family := pairs("facts", "instrument").get(named)):
        return {"instrument": named, "family": family} if re.search(r"(?i)details", about) else None
    return None


def made_by(content: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Name the author or the artist of a known work; leave them out where the work is not known."""
    titles = [value for value in (*arguments.values(), *content.values()) if isinstance(value, str)]
    maker = next((name for title in titles if (name := creator(title))), "")
    kept = {}
    for key, value in content.items():
        if key in arguments or key not in ("author", "artist"):
            kept[key] = value
        elif maker or "title" not in {**content, **arguments}:
            kept[key] = maker or value
    return kept


def paper(arguments: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return a paper on the topic asked for, by the author and of the year asked for."""
    topic, author = str(arguments.get("topic") or "the subject"), arguments.get("author")
    return {
        "title": rng.choice(("Advances in {t}", "A review of {t}", "New methods in {t}")).replace("{t}", topic),
        "authors": [author] if author else rng.sample(entries("values", "person"), 2),
        "year": arguments.get("year") or rng.randint(2012, 2024),
        "citations": rng.randint(4, 860),
    }


def weight(formula: str) -> float:
    """Return the molar mass of a plain formula in g/mol; 0.0 where an element is not in the table.

    >>> round(weight("H2O"), 3)
    18.015
    """
    masses = {row.split(", ")[0]: float(row.split(", ")[2]) for row in pairs("facts", "element").values()}
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    if "".join(symbol + count for symbol, count in parts) != formula or any(part[0] not in masses for part in parts):
        return 0.0
    return sum(masses[symbol] * int(count or 1) for symbol, count in parts)


def _case(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what a court keeps on a case: the same docket is always the same case."""
    rng = Random(stable_hash("case", str(arguments["docket"])))
    return {
        "docket": arguments["docket"],
        "title": rng.choice(entries("values", "case_name")),
        "status": rng.choice(("open", "settled", "closed", "appealed")),
        "filed": f"{rng.randint(2009, 2023)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
    }


def _hex(arguments: dict[str, Any]) -> str:
    parts = [value for value in arguments.values() if isinstance(value, int) and 0 <= value <= 255]
    return "#" + "".join(f"{part:02x}" for part in parts) if len(parts) == 3 else ""


def _element(name: str) -> dict[str, Any] | None:
    row = pairs("facts", "element").get(name.lower())
    if not row:
        return None
    symbol, number, mass, melting, boiling = row.split(", ")
    return {
        "element": name,
        "symbol": symbol,
        "atomic_number": int(number),
        "atomic_mass": float(mass),
        "melting_point_c": float(melting),
        "boiling_point_c": float(boiling),
    }


def _points(name: str, about: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    row = pairs("facts", "substance").get(name.lower()) or pairs("facts", "element").get(name.lower())
    if not row:
        return None
    melting, boiling = (float(part) for part in row.split(", ")[-2:])
    pressure = arguments.get("pressure")
    if isinstance(pressure, (int, float)) and 0 < pressure <= 50:
        # Clausius-Clapeyron with Trouton's rule: heat of vaporization is 88 J/(mol K) times the boiling point.
        boiling = round((boiling + _ZERO) / (1 - 8.314 / 88 * math.log(pressure)) - _ZERO, 1)
    found = {"substance": name, "boiling_point_c": boiling}
    return {**found, "melting_point_c": melting} if "melting" in about else found


def _type(arguments: dict[str, Any]) -> dict[str, Any] | None:
    pairs_of = ("introver|extrover", "sensing|intuition", "thinking|feeling", "judging|perceiving")
    letters = ""
    for pattern in pairs_of:
        value = next((str(value) for name, value in arguments.items() if re.search(pattern, name)), "")
        letters += "N" if value == "intuition" else value[:1].upper()
    return {"type": letters} if len(letters) == 4 else None
