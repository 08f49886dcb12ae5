"""Results about places, times and units, worked out from ``data/atlas.txt``: distances, capitals, conversions.

>>> known("Get the time difference between two cities.", {"city_1": "Lisbon", "city_2": "Tokyo"}, Random(1))
{'difference_hours': 9}
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

from genesis.lm.offline.vocabulary import matching, pairs

Found = dict[str, Any] | None
EARTH_KM = 6371.0
_MILE = 1.609344


@lru_cache(maxsize=256)
def row(table: str, name: str) -> tuple[str, ...]:
    """Return the columns that ``data/atlas.txt`` has on a name; empty where it has none.

    >>> row("place", "Lima")
    ('-12.05', '-77.04', '-5')
    """
    line = pairs("atlas", table).get(name, "")
    return tuple(part.strip() for part in line.split(",")) if line else ()


def texts(arguments: dict[str, Any]) -> list[str]:
    """Return the texts among the arguments, in order."""
    return [value for value in arguments.values() if isinstance(value, str)]


def places(arguments: dict[str, Any]) -> list[tuple[float, float, float]]:
    """Return (latitude, longitude, hours from UTC) of every argument that names a city of the table."""
    found = [row("place", text.split(",")[0]) for text in texts(arguments)]
    return [(float(one[0]), float(one[1]), float(one[2])) for one in found if one]


def great_circle(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the distance of two points on the globe in km, by the haversine formula; arguments in degrees."""
    p, q = math.radians(lat1), math.radians(lat2)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, h)))


def known(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    """Return the result of a tool about places, times or units; None where the tables cannot tell."""
    for at in matching(_PATTERNS, about):
        if (found := _ANSWERS[at][1](about, arguments, rng)) is not None:
            return found
    return None


# --- places -------------------------------------------------------------------------------------------------------


def _distance(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del rng
    ends = places(arguments)
    if len(ends) < 2:
        return None
    km = great_circle(*ends[0][:2], *ends[1][:2])
    if not re.search(r"(?i)geographic|straight|geodesic|coordinates", about):
        km *= 1.22  # roads are longer than the great circle
    unit = next((text for text in texts(arguments) if re.fullmatch(r"(?i)(km|miles?|feet|kilometers?)", text)), "km")
    if unit.lower().startswith("mile"):
        return {"distance_miles": round(km / _MILE, 1)}
    return {"distance_feet": round(km * 3280.84)} if unit.lower() == "feet" else {"distance_km": round(km, 1)}


def _route(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about
    ends = places(arguments)
    if len(ends) < 2:
        return None
    km = great_circle(*ends[0][:2], *ends[1][:2]) * 1.22
    minutes = round(km / rng.choice((78, 84, 91)) * 60)
    return {"distance_km": round(km, 1), "duration_minutes": minutes}


def _flight(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about
    ends = places(arguments)
    if len(ends) < 2:
        return None
    hours = great_circle(*ends[0][:2], *ends[1][:2]) / 820 + 0.6
    return {"duration_hours": round(hours, 1), "stops": rng.randint(0, 1)}


def _airport(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about, rng
    for text in texts(arguments):
        if line := pairs("homes", "airport").get(text.split(",")[0]):
            code, _, km = line.partition(", ")
            return {"airport": code, "distance_km": int(km)}
    return None


def _coordinates(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about, rng
    found = places(arguments)
    return {"latitude": found[0][0], "longitude": found[0][1]} if len(found) == 1 else None


def _country(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    facts = next((found for text in texts(arguments) if (found := row("country", text))), ())
    if not facts:
        return None
    capital, largest, people, area, output = facts
    if re.search(r"(?i)\bcapital city|\bcapital of", about):
        return {"capital": capital}
    if re.search(r"(?i)largest city", about):
        return {"largest_city": largest}
    if re.search(r"(?i)\bGDP\b|gross domestic", about):
        return {"gdp_billion_usd": round(float(output) * rng.uniform(0.62, 1.0), 1)}
    if re.search(r"(?i)population density", about):
        return {"people_per_km2": round(float(people) * 1000 / float(area), 1)}
    if re.search(r"(?i)population of", about) and not re.search(r"(?i)species|animal|turtle", about):
        return {"population": round(float(people) * 1_000_000)}
    return None


# --- times --------------------------------------------------------------------------------------------------------


def _offset(text: str) -> float | None:
    place, zone = row("place", text.split(",")[0]), row("zone", text)
    return float(place[2]) if place else float(zone[0]) if zone else None


def _offsets(arguments: dict[str, Any]) -> list[float]:
    return [offset for text in texts(arguments) if (offset := _offset(text)) is not None]


def _clock(minutes: float) -> str:
    return f"{int(minutes) // 60 % 24:02d}:{int(minutes) % 60:02d}"


def _now(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about
    offsets = _offsets(arguments)
    if not offsets:
        return None
    sign, hours = "-" if offsets[0] < 0 else "+", abs(offsets[0])
    local = rng.randrange(1440) + 60 * offsets[0]
    return {"local_time": _clock(local), "utc_offset": f"{sign}{int(hours):02d}:{int(hours % 1 * 60):02d}"}


def _other_time(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about, rng
    offsets = _offsets(arguments)
    stamp = next(
        (found for text in texts(arguments) if (found := re.fullmatch(r"(\d\d?):(\d\d)(?::\d\d)?", text))), None
    )
    if len(offsets) < 2 or not stamp:
        return None
    return {"local_time": _clock(60 * int(stamp[1]) + int(stamp[2]) + 60 * (offsets[1] - offsets[0]))}


def _difference(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about, rng
    offsets = _offsets(arguments)
    if len(offsets) < 2:
        return None
    hours = abs(offsets[1] - offsets[0])
    return {"difference_hours": int(hours) if hours == int(hours) else hours}


# --- units and money ----------------------------------------------------------------------------------------------


def _amount(arguments: dict[str, Any]) -> float | None:
    for name, value in arguments.items():
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and not re.search(r"precision|decimal", name)
        ):
            return value
    return None


def _converted(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del rng
    amount, words = _amount(arguments), texts(arguments)
    if amount is None:
        return None
    degrees = [word for word in words if word in ("Celsius", "Fahrenheit", "Kelvin")]
    degrees = degrees or re.findall(r"Celsius|Fahrenheit|Kelvin", about)
    if len(degrees) >= 2:
        return {"converted_value": _degrees(amount, degrees[0], degrees[1])}
    units = [found for word in words if (found := row("unit", word))]
    if len(units) >= 2:
        (sort, one), (other, two) = units[0], units[1]
        if sort == other or {sort, other} == {"mass", "volume"}:  # of water, where a kitchen turns cups into grams
            return {"converted_value": _short(amount * float(one) / float(two))}
        return {"error": f"cannot convert {sort} to {other}"}
    return None


def _degrees(amount: float, start: str, end: str) -> float:
    celsius = {"Celsius": amount, "Fahrenheit": (amount - 32) / 1.8, "Kelvin": amount - 273.15}[start]
    return round({"Celsius": celsius, "Fahrenheit": celsius * 1.8 + 32, "Kelvin": celsius + 273.15}[end], 2)


def _short(value: float) -> float:
    return round(value, 4) if abs(value) >= 0.01 else float(f"{value:.4g}")


def _exchanged(about: str, arguments: dict[str, Any], rng: Random) -> Found:
    del about, rng
    codes = [found for text in texts(arguments) if (found := row("currency", text))]
    if len(codes) < 2:
        return None
    rate = round(float(codes[1][0]) / float(codes[0][0]), 4)
    amount = _amount(arguments)
    return {"rate": rate} | ({} if amount is None else {"converted_amount": round(amount * rate, 2)})


_ANSWERS: tuple[tuple[str, Callable[[str, dict[str, Any], Random], Found]], ...] = (
    (r"time difference|difference in time", _difference),
    (r"convert.*\btime\b", _other_time),
    (r"current (local )?time|local time|time in a (specific|specified|particular|given)", _now),
    (r"flight duration|duration.*flight", _flight),
    (r"^(?!book\b|.*traffic).*(directions|\broutes?\b|travel (distance|time)|shortest path|will take)", _route),
    (r"(closest|nearest) airport", _airport),
    (r"distance", _distance),
    (r"coordinates of|geocod|latitude and longitude", _coordinates),
    (r"capital|largest city|population|\bGDP\b|gross domestic", _country),
    (r"currency|currencies|exchange rate", _exchanged),
    (r"convert|conversion", _converted),
)
_PATTERNS = tuple(pattern for pattern, _ in _ANSWERS)
