"""Whether an argument's value can be read off the conversation: support in [0, 1], cheapest evidence first.

>>> said = Said("Book the Blue Door in Oslo for 4 on 3 May")
>>> support("oslo", said), support(4, said), support("2024-05-03", said), support("Bergen", said)
(1.0, 1.0, 0.8, 0.0)

In order: the whole value between word boundaries; numbers by value ("1,200", "two", "20 %", "3 pm"); letters and digits
alone ("3x**2" for "3x^2"); dates by their day and month; abbreviations; shared words; and dateparser for a date that
all this missed. Weights are thresholds' steps, not probabilities; `audit.grounding_curve` shows what each threshold
costs and catches. Pitfall: enum members and small integers are grounded by accident (8 % and 3 %).
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import re
from functools import lru_cache
from typing import Any

from genesis.checks.days import date_of, phrases, understood
from genesis.checks.lexicon import ABBREVIATIONS, MONTHS, NUMBER_WORDS, RELATIVE_DAYS, words_of
from genesis.checks.said import Said, flat, stem, stems_of
from genesis.text import split_name

THRESHOLD = 0.33
"""A value with less support than this is flagged."""
MAX_PARTS = 100
"""Members of a list, an object or a text's words that are looked at."""
_TRUTH = frozenset({"true", "false", "yes", "no", "dontcare", "none", "null", "any", "all", "default"})
_UNITS = tuple(
    (factor, frozenset(words.split()))
    for factor, words in (
        (60, "hour hours hr hrs minute minutes min mins"),
        (3600, "hour hours hr hrs"),
        (24, "day days"),
        (7, "week weeks"),
        (12, "year years dozen annual annually"),
        (365, "year years"),
        (
            1000,
            "km kilometer kilometers kilometre kilometres kg kilogram kilograms kilos kw kwh second seconds liters",
        ),
        (0.001, "m meter meters metres g gram grams ml milliliters mm ms milliseconds w watts"),
        (1e6, "mb megabyte megabytes mw"),
        (100, "cm centimeters centimetres dollars cents meter meters"),
    )
)
"""Factors between what is said and what the schema may count in, and the words that speak of them."""
_MONTH_WORDS = {number: frozenset(word for word, of in MONTHS.items() if of == number) for number in range(1, 13)}
_NONE: frozenset[str] = frozenset()
_WORDS_OF = {
    value: frozenset(word for word, of in NUMBER_WORDS.items() if of == value) for value in set(NUMBER_WORDS.values())
}
"""A number -> the words that say it by themselves."""
_DIGIT = re.compile(r"\d")
_EMPTY = words_of(
    "whether include included should with that this which true false default flag boolean indicates"
    " indicating optional parameter specify specifies value used using will must they them when only also user"
)
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap]\.?m\.?)?$", re.I)


def placed(value: Any, text: str) -> tuple[str, int]:
    """Return a value as a flat text has it, and where it stands in it; -1: nowhere, or not a text or number."""
    kind = type(value)
    if kind is str:
        words = flat(value)
    elif kind is int or kind is float:
        words = _figure(value)
    else:
        return "", -1
    return words, text.find(words)


def support(value: Any, said: Said, schema: Any = None, *, required: bool = True, name: str = "") -> float:
    """Return how far a value is supported by what was said, in [0, 1]; lists and objects by their weakest part.

    ``schema`` is the parameter's: where nothing supports a member of its enum, the other members are looked for.
    """
    kind = type(value)
    if kind is str:
        found = _text_support(value, said)
    elif kind is bool:
        return _bool_support(schema, said, required, name)
    elif kind is int or kind is float:
        found = _number_support(value, said)
    elif value is None:
        return 1.0
    else:
        return _parts_support(value, said, schema, required, name)
    if found >= THRESHOLD or not isinstance(schema, dict):
        return found
    return max(found, _implied(value, schema, said, required, name))


def _parts_support(value: Any, said: Said, schema: Any, required: bool, name: str) -> float:
    inner = schema if isinstance(schema, dict) else {}
    if isinstance(value, dict):
        parts = inner.get("properties") or {}
        needed = inner.get("required") or ()
        scores = [
            support(part, said, parts.get(key), required=required and key in needed, name=key)
            for key, part in itertools.islice(value.items(), MAX_PARTS)
        ]
    else:
        scores = [support(part, said, inner.get("items"), required=required, name=name) for part in value[:MAX_PARTS]]
    return min(scores, default=1.0)


def _bool_support(schema: Any, said: Said, required: bool, name: str) -> float:
    """A flag is decided by meaning; only an optional one that nothing in the text speaks of has no support."""
    if required:
        return 1.0
    about = schema.get("description", "") if isinstance(schema, dict) else ""
    return 0.2 if _cues(name, str(about)).isdisjoint(said.stems) else 0.6


@lru_cache(maxsize=20_000)
def _cues(name: str, about: str) -> frozenset[str]:
    """Return the stems of a parameter's name and description that say what it is about."""
    words = flat(f"{' '.join(split_name(name))} {about}").split()
    return frozenset(stems_of(word for word in words if len(word) > 3 and word not in _EMPTY))


def _implied(value: Any, schema: dict[str, Any], said: Said, required: bool, name: str) -> float:
    """Return the support of a value that a person need not say: a choice the schema offers, a translation."""
    about = str(schema.get("description", ""))
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _bool_support(schema, said, required, name)
    options = schema.get("enum")
    if isinstance(options, list) and value in options:
        others = [option for option in options if option != value and isinstance(option, str)]
        if any(flat(option) in said.flat for option in others if len(option) > 1):
            return 0.0
        return 0.5 if required else 0.3
    if isinstance(value, str):
        if not said.text.isascii() and value.isascii():  # a name in another script
            return 0.5
        if required and len(value) > 1 and flat(value) in flat(about) and not _others_said(value, about, said):
            return 0.5
    elif required and f" {value} " in flat(about):
        return 0.5
    return 0.0


def _others_said(value: str, about: str, said: Said) -> bool:
    """Whether the description quotes another option that the text holds."""
    return any(
        flat(option) in said.flat for option in re.findall(r"['\"`]([^'\"`]{2,40})['\"`]", about) if option != value
    )


def _number_support(value: float, said: Said) -> float:
    if _figure(value) in said.flat:
        return 1.0
    if not _WORDS_OF.get(value, _NONE).isdisjoint(said.tokens) and "_" not in said.text:
        return 1.0
    numbers = said.numbers
    if value in numbers or -value in numbers:
        return 1.0
    if any(abs(value - number) <= 1e-6 * abs(number) for number in numbers):
        return 1.0
    if value * 100 in numbers or round(value * 100, 6) in numbers:  # 0.05 for 5 per cent
        return 0.8
    if isinstance(value, int) and 1900 <= value <= 2100 and RELATIVE_DAYS & said.tokens:
        return 0.5
    for factor, units in _UNITS:
        if not units.isdisjoint(said.tokens) and any(
            abs(value - number * factor) <= 1e-6 * abs(value) for number in numbers if number
        ):
            return 0.6
    return 0.0


def _figure(value: float) -> str:
    """Return a number as a flat text has it: ``3.5`` -> ``" 3 5 "``."""
    if type(value) is int:
        return f" {abs(value)} "
    return f" {abs(value):g} ".replace(".", " ")


def _text_support(value: str, said: Said) -> float:
    words = flat(value)
    if words in said.flat:
        return 1.0
    core = words.replace(" ", "")
    if not core:
        return 1.0
    if not value.isascii() and value.strip().lower() in said.text.lower():  # scripts without spaces
        return 1.0
    plain = value.isalpha() and (value.islower() or value.istitle())
    if len(core) >= 3 and not plain and core in said.alnum:
        return 0.95
    if _DIGIT.search(value):
        moment = _moment_support(value.strip(), said)
        if moment is not None:
            return moment
        with contextlib.suppress(ValueError):
            return 0.95 if float(value.replace(",", "")) in said.numbers else 0.0
    tokens = words.split()
    if any(f" {other} " in said.flat for other in ABBREVIATIONS.get(words.strip(), ())):
        return 0.8
    if len(tokens) == 1 and _initials(tokens[0], said):
        return 0.7
    head = value.partition(",")[0]
    if len(head) < len(value) and flat(head) in said.flat:  # "Paris, France" for "Paris"
        return 0.6
    return _shared(tokens, said)


def _shared(tokens: list[str], said: Said) -> float:
    """Return the share of a value's words that were said in some form, weighted by their length."""
    heard = total = 0
    for token in tokens[:MAX_PARTS]:
        weight = min(len(token), 8)
        total += weight
        if (
            f" {token} " in said.flat
            or said.has_stem(stem(token))
            or any(f" {other} " in said.flat for other in ABBREVIATIONS.get(token, ()))
            or (len(token) >= 6 and token in said.alnum)
        ):
            heard += weight
    return 0.9 * heard / total if total else 0.0


def _initials(token: str, said: Said) -> bool:
    """Whether a short token is the initials of consecutive words: ``nyc`` for "New York City"."""
    if not 2 <= len(token) <= 5:
        return False
    return token in said.initials


def _moment_support(value: str, said: Said) -> float | None:
    """Return the support of a date or a time, or None where the value is neither."""
    if match := _CLOCK.match(value):
        hour, minute = int(match[1]), int(match[2])
        half = match[3]
        if half:
            hour = hour % 12 + (12 if half[0] in "pP" else 0)
        numbers = said.numbers
        heard = (
            hour in numbers
            or hour % 12 in numbers
            or (hour in (12, 0) and said.tokens & {"noon", "midnight", "midday"})
        )
        if heard and (minute == 0 or minute in numbers):
            return 0.9
        return 0.3 if RELATIVE_DAYS & said.tokens else 0.0
    day = date_of(value)
    if day is None:
        return None
    numbers = said.numbers
    named = not _MONTH_WORDS[day.month].isdisjoint(said.tokens)
    if day.day in numbers and (named or day.month in numbers):
        return 0.9 if day.year in numbers or day.year % 100 in numbers else 0.8
    near = _near_a_said_day(day, said)
    if near >= 0.5:
        return near
    if day.day == 1 and named:  # "in May"
        return 0.7
    if (day.day, day.month) in ((1, 1), (31, 12)) and day.year in numbers and not said.days:  # "in 2023"
        return 0.7
    if day.day >= 28 and named:  # "until the end of May"
        return 0.6
    return near or _parsed(day, said)


def _near_a_said_day(day: datetime.date, said: Said) -> float:
    """Return a date's support by the dates said: the same, or within a fortnight where words count days from it."""
    relative = bool(RELATIVE_DAYS & said.tokens)
    if not said.days:
        return 0.5 if relative else 0.0
    counted = relative or bool(said.tokens & {"day", "days", "night", "nights", "week", "weeks"})
    for year, month, number in said.days:
        distance = abs((day - datetime.date(year or day.year, month, number)).days)
        if distance == 0:
            return 0.9
        if counted and distance <= 14:
            return 0.5
    return 0.25 if relative else 0.0


def _parsed(day: datetime.date, said: Said) -> float:
    """Return the support dateparser finds; only for dates that everything cheaper missed."""
    for phrase in phrases(said.text):
        if understood(phrase) == (day.day, day.month):
            return 0.8
    return 0.0
