"""Places that belong together: a museum in its own city, and the two ends of a drive on one land.

>>> land("Oslo") == land("Naples"), land("Accra") == land("Tokyo")
(True, False)
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from genesis.lm.offline.atlas import row
from genesis.lm.offline.values import Value, draw
from genesis.lm.offline.vocabulary import pairs

_ROAD = re.compile(r"(?i)\bdriv|directions|\broutes?\b|\broad\b|traffic|\bfuel\b|\btrips?\b|\btrain\b|\bbus\b")
_SPOTS = frozenset({"museum", "building", "landmark"})
_CITIES = frozenset({"city", "us_city"})


def land(city: str) -> str:
    """Return which land mass a city of the atlas stands on; empty for any other text."""
    place = row("place", city.split(",")[0])
    if not place:
        return ""
    latitude, longitude = float(place[0]), float(place[1])
    if longitude < -30:
        return "North America" if latitude > 13 else "South America"
    if longitude > 170 or (longitude > 110 and latitude < -10):
        return f"Oceania, {'east' if longitude > 170 else 'west'}"
    if longitude > 128 and latitude > 30:
        return "Japan" if longitude > 129 else "Korea"
    if longitude < 52 and latitude < 33:
        return "Africa"
    return "Europe" if longitude < 45 else "Asia"


def settled(
    values: dict[str, Value], kinds: dict[str, str], say: dict[str, Any], about: str, rng: Random
) -> dict[str, Value]:
    """Return the values with places that go together; ``kinds`` gives the kind of value of each name.

    A value that its schema fixes by an enum stays as it is.
    """
    values = dict(values)
    cities = [name for name in values if kinds[name] in _CITIES and not say[name].get("enum")]
    for name in values:
        home = pairs("homes", "city_of").get(str(values[name].json)) if kinds[name] in _SPOTS else None
        if home and len(cities) == 1:
            values[cities[0]] = Value(home, home)
    if len(cities) == 2 and _ROAD.search(about):
        start, end = cities
        for _ in range(60):
            if land(str(values[start].json)) == land(str(values[end].json)) and values[start] != values[end]:
                break
            values |= {name: draw(name, say[name], about, rng) for name in cities}
    return values
