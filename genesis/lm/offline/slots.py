"""How a parameter is spoken of: its noun, its unit, and the words that tie a value to a request.

>>> slot("initial_velocity", "integer", "The initial velocity in m/s.", "").noun
'initial velocity'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from genesis.lm.offline.values import kind_of
from genesis.text import split_name

Tie = Literal["in", "on", "at", "for", "from", "to", "by", "with", "flag", "limit", "span", "unit", "own"]

_PLACES = frozenset(
    [
        "city",
        "us_city",
        "city_state",
        "city_country",
        "country",
        "european_country",
        "state",
        "state_code",
        "county",
        "region",
        "continent",
        "nearby_place",
        "zip_code",
        "habitat",
        "ecosystem",
        "earthquake_zone",
    ]
)
_NAMES = frozenset(
    [
        "person",
        "athlete",
        "footballer",
        "basketball_player",
        "baseball_player",
        "tennis_player",
        "american_football_player",
        "chess_player",
        "football_club",
        "basketball_team",
        "nfl_team",
        "baseball_team",
        "hockey_team",
        "cricket_team",
        "company",
        "ticker",
        "scientist",
        "artist",
        "musician",
        "sculptor",
        "composer",
        "historical_figure",
        "president",
        "pope",
        "museum",
        "hotel",
        "restaurant",
        "video_game",
        "board_game",
        "book",
        "movie",
        "song",
        "album",
        "painting",
        "sculpture",
        "building",
        "landmark",
        "disease",
        "case_name",
        "law_act",
        "species",
        "plant",
        "player_tag",
        "username",
        "event",
        "historical_event",
        "us_event",
        "battle",
        "war",
        "treaty",
        "gene",
        "protein",
        "dish",
        "food",
        "product",
        "element",
        "stock_index",
        "airline",
        "bank",
        "festival",
        "instrument",
        "crop",
    ]
)
_UNITS = re.compile(
    r"(?i)\b(?:in|\(in|measured in|expressed in|unit:|given in|units of)\s+(?:the unit of )?"
    r"(m/s\^2|m/s²|m/s|km/h|mph|meters per second(?: squared)?|kg/m\^3|kg/m³|kilograms?|kg|grams?|pounds|lbs?|"
    r"kilometers|kilometres|km|meters|metres|miles|feet|inches|cm|centimeters|millimeters|nanometers|seconds|minutes|"
    r"hours|days|weeks|months|years|degrees celsius|celsius|fahrenheit|kelvin|degrees|radians|volts|amperes|amps|ohms|"
    r"henries|farads|coulombs|joules|watts|hertz|hz|pascals|liters|milliliters|square feet|square meters|square miles|"
    r"cubic meters|dollars|us dollars|usd|euros|bpm|tons|tonnes|gallons|calories|percent(?:age)?|moles)\b"
)
_SHORT = {
    "meters per second": "m/s", "meters per second squared": "m/s²", "m/s^2": "m/s²", "kg/m^3": "kg/m³", "kilogram": "kg",
    "kilograms": "kg", "celsius": "°C", "degrees celsius": "°C", "fahrenheit": "°F", "percentage": "percent", "usd": "dollars",
    "us dollars": "dollars", "amperes": "amps", "metres": "meters", "kilometres": "km", "hz": "Hz", "hertz": "Hz",
    "kelvin": "K", "gram": "grams", "lb": "pounds", "lbs": "pounds", "moles": "mol",
}  # fmt: skip
_SUFFIXES = {
    "kg": "kg",
    "km": "km",
    "cm": "cm",
    "m": "meters",
    "celsius": "°C",
    "mins": "minutes",
    "minutes": "minutes",
    "hours": "hours",
    "seconds": "seconds",
    "miles": "miles",
    "lbs": "pounds",
}
_LEAD = re.compile(
    r"(?i)^(?:optional(?: parameter)?[.:,]?\s*|\(?optional\)?[.:]?\s*|required[.:]\s*)*(?:this (?:is|parameter is) )?"
    r"(?:the|a|an|your|list of|array of|name of the|specific|specified|desired|preferred|exact)\s+"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """How one parameter is spoken of."""

    name: str
    type: str
    kind: str
    noun: str
    """Without article: ``base``, ``number of nights``."""
    unit: str
    tie: Tie
    phrase: str = ""
    """Flags: what happens when true, in the base form: ``include precipitation data``."""


def slot_of(name: str, schema: dict[str, Any], about: str) -> Slot:
    """Return how ``name`` is spoken of, from its schema and the tool's description."""
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    if (
        kind == "array"
        and isinstance(schema.get("items"), dict)
        and schema["items"].get("type") in ("integer", "number")
    ):
        kind = "numbers"
    return slot(name, str(kind), str(schema.get("description") or ""), about)


@lru_cache(maxsize=16384)
def slot(name: str, type_: str, description: str, about: str) -> Slot:
    """Return how a parameter is spoken of."""
    words = split_name(name)
    unit = _unit(words, description) if type_ in ("integer", "number", "numbers") else ""
    kind = kind_of(name, description, about) if type_ in ("string", "array") else ""
    if type_ == "boolean":
        return Slot(name, type_, "", _noun(words, description), "", "flag", _flag(words, description))
    noun = _noun(words, description)
    return Slot(name, type_, kind, noun, unit, _tie(words, type_, kind, noun, description))


def _unit(words: list[str], description: str) -> str:
    if found := _UNITS.search(description):
        unit = found.group(1).lower()
        return _SHORT.get(unit, unit)
    return _SUFFIXES.get(words[-1], "") if len(words) > 1 else ""


_EXPAND = {
    "num": "number of", "n": "number of", "qty": "quantity", "temp": "temperature", "max": "maximum", "min": "minimum", "avg": "average",
    "std": "standard deviation", "dev": "", "amt": "amount", "desc": "description", "lat": "latitude", "lon": "longitude",
    "lng": "longitude", "long": "longitude", "loc": "location", "freq": "frequency", "dir": "folder", "db": "database", "dob": "date of birth",
    "msg": "message", "img": "image", "src": "source", "dest": "destination", "dst": "destination", "pos": "position", "val": "value",
    "vel": "velocity", "addr": "address", "info": "information", "params": "parameters", "param": "parameter", "args": "arguments",
    "arg": "argument", "func": "function", "fn": "function", "str": "text", "idx": "index", "cfg": "settings", "config": "settings",
    "argv": "arguments", "kg": "", "km": "", "cm": "", "celsius": "", "sqft": "square footage", "opt": "option",
}  # fmt: skip


def _noun(words: list[str], description: str) -> str:
    """Prefer the name's words; where they are too short to mean anything, the head of the description."""
    name = [part for part in (_EXPAND.get(word, word) for word in words) if part]
    if len(name) == 2 and name[0] in ("number of", "num"):
        name[1] = name[1] if name[1].endswith("s") else name[1] + "s"
    text = " ".join(name)
    text = re.sub(r"^(?:is|get|the) ", "", text)
    text = re.sub(r"(?<=[a-z])(\d+)$", r" \1", text)
    text = re.sub(r"^(\w+(?: \w+)?) ([12ab])$", lambda m: f"{'first' if m[2] in '1a' else 'second'} {m[1]}", text)
    if len(text) > 2 and not re.fullmatch(r"(number of|\w{1,2}|\w{1,3}\d)", text):
        return text
    head = _head(description)
    return head if head and len(head) <= 60 else (text or "value")


def _head(description: str) -> str:
    head = re.split(
        r"(?<=\w)[.;:(]|,| - | which | that | for which | where | when | e\.g", description.strip(), maxsplit=1
    )[0]
    head = _LEAD.sub("", head).strip(" .")
    if re.match(r"(?i)(whether|if|true|false|used|specifies|indicates)\b", head):
        return ""
    return head[:1].lower() + head[1:] if head[1:2].islower() or head[1:2] == " " else head


_TIES: tuple[tuple[str, Tie], ...] = (
    (r"^(start|starting|origin|departure|from|pickup|source|point a|begin)\b", "from"),
    (r"^(end|ending|destination|arrival|to|dropoff|point b|target|finish)\b", "to"),
)


def _tie(words: list[str], type_: str, kind: str, noun: str, description: str) -> Tie:
    text = " ".join(words)
    if kind in _PLACES or kind in ("airport",):
        for pattern, tie in _TIES:
            if re.search(pattern, text):
                return tie
        return "in"
    if kind in ("date", "datetime", "weekday", "birth_date") and not re.search(
        r"start|end|begin|from|to|return|check|birth|current|until|since", text
    ):
        return "on"
    if kind == "month":
        return "in"
    if kind == "time" and not re.search(r"start|end|begin|from|to|return", text):
        return "at"
    if kind.endswith("_unit") or (kind == "temperature_unit"):
        return "unit"
    if kind in ("language", "currency_code"):
        for pattern, tie in _TIES:
            if re.search(pattern, text):
                return tie
    if kind in _NAMES and type_ == "string":
        return "for"
    if type_ in ("integer", "number"):
        if re.fullmatch(r"(season |sport )?year", text) or re.search(r"^year\b(?!s)", text):
            return "in"
        if re.fullmatch(
            r"(days|nights|weeks|hours|months|years|duration|time|num days|number of days|forecast days|days ahead|time period|period)",
            text,
        ) and (text in ("days", "nights", "weeks", "hours", "months", "years") or _UNITS.search(description)):
            return "span"
        if re.search(r"^(limit|top|top n|max results|num results|number of results|count|results)$", text):
            return "limit"
    return "own"


_FLAG_PATTERNS = (
    r"(?i)(?:whether|if)(?: or not)?(?: the \w+(?: \w+)? should)? (?:to|it should|we should|you want to|user wants to|should) ([a-z].*?)(?: or not)?(?:[.,;(]|$)",
    r"(?i)^(?:flag|option|boolean(?: flag)?|set to true|true|optional parameter|boolean value) to (?:indicate whether to )?([a-z].*?)(?:[.,;(]|$)",
    r"(?i)^((?:include|return|show|display|exclude|get|fetch|calculate|apply|use|sort|filter|provide|round|ignore|print|retrieve|allow|consider) .*?)(?: if (?:true|set)| if set to true|[.,;(]|$)",
)


def _flag(words: list[str], description: str) -> str:
    for pattern in _FLAG_PATTERNS:
        if found := re.search(pattern, description):
            phrase = re.sub(r" (?:if true|if set to true)$", "", found.group(1)).strip()
            return re.sub(r"^(?:be |have )?included", "include it", phrase)
    return ""
