"""Values in a request: where one stands, and what a stretch of text says as a value of a schema's type.

>>> tokens = tokenize("Loan of $12,000 at 4.5% in Portland, OR for five years")
>>> find(5, "number", tokens), find("Portland, OR", "text", tokens)
([(10, 10)], [(7, 9)])
>>> read("Loan of $12,000 at 4.5%", (tokens[5].start, tokens[6].end), "number")
0.045
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

from genesis.checks.days import date_of, days_of
from genesis.checks.quantities import numbers_of
from genesis.downstream.pointer.tokens import SPOKEN, Token, is_number

Span = tuple[int, int]
"""First and last token, both inside."""
LONGEST = 16
"""Most tokens of a value."""
LISTS = ("texts", "numbers")
_SCALE = re.compile(r"\s?(%|percent\b|k\b|thousand\b|million\b|billion\b|trillion\b|m\b|bn\b)", re.I)
_SCALES = {"%": 0.01, "percent": 0.01, "k": 1e3, "thousand": 1e3, "million": 1e6, "m": 1e6}
_SCALES |= {"billion": 1e9, "bn": 1e9, "trillion": 1e12}
_UNITS = frozenset(_SCALES)
_BETWEEN = re.compile(r"\s*(?:,\s*and\b|,\s*or\b|;|,|\band\b|\bor\b|&|\n)\s*")
_STRIP = " \t\n\"'“”‘’`.,;:!?()[]"
_STANDARD = re.compile(r"[ ,./\-_*^]")


def standard(text: str) -> str:
    """Return a text as BFCL's checker compares it: no case, spaces or ``,./-_*^``, one kind of quotes."""
    return _STANDARD.sub("", text).lower().replace("'", '"')


def find(value: Any, kind: str, tokens: Sequence[Token]) -> list[Span]:
    """Return every place where a value is said, as spans; empty where it is said nowhere or cannot be pointed at."""
    if kind == "number":
        return _find_number(value, tokens)
    if kind == "text":
        return _find_text(value, tokens) if isinstance(value, str) else []
    if kind not in LISTS or not isinstance(value, list) or not value:
        return []
    places = [find(part, "text" if kind == "texts" else "number", tokens) for part in value]
    if not all(places):
        return []
    start = min(found[0][0] for found in places)
    end = max(min(found, key=lambda span: (span[0] < start, span[0]))[1] for found in places)
    return [(start, end)] if 0 <= end - start < LONGEST else []


def _find_number(value: Any, tokens: Sequence[Token]) -> list[Span]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return []
    return [span for span in number_spans(tokens) if _says(value, tokens, span)]


def _says(value: float, tokens: Sequence[Token], span: Span) -> bool:
    text = " ".join(token.text for token in tokens[span[0] : span[1] + 1])
    found = number(text)
    return found is not None and (found == value or abs(value) in numbers_of(text))


def number_spans(tokens: Sequence[Token]) -> list[Span]:
    """Return the spans that can be read as one number: figures or number words, with a scale or % that follows."""
    found: list[Span] = []
    at = 0
    while at < len(tokens):
        if not is_number(tokens[at].text):
            at += 1
            continue
        end = at
        spoken = not tokens[at].text[0].isdigit()
        while spoken and end + 1 < len(tokens) and tokens[end + 1].text.lower() in SPOKEN:
            end += 1
        if end + 1 < len(tokens) and tokens[end + 1].text.lower() in _UNITS:
            end += 1
        found.append((at, end))
        at = end + 1
    return found


def _find_text(value: str, tokens: Sequence[Token]) -> list[Span]:
    wanted = standard(value)
    if not wanted:
        return []
    plain = [standard(token.text) for token in tokens]
    found = []
    for start, first in enumerate(plain):
        if not first or not wanted.startswith(first):
            continue
        text = ""
        for end in range(start, min(len(tokens), start + LONGEST)):
            text += plain[end]
            if text == wanted:
                found.append((start, end))
                break
            if not wanted.startswith(text):
                break
    return found or _find_day(value, tokens)


def _find_day(value: str, tokens: Sequence[Token]) -> list[Span]:
    day = date_of(value)
    if day is None or day.year == 2000:
        return []
    found: list[Span] = []
    for start, token in enumerate(tokens):
        if not (token.text[0].isdigit() or token.text[0].isupper()):
            continue
        for end in range(start, min(len(tokens), start + 6)):
            text = " ".join(part.text for part in tokens[start : end + 1])
            if token.text != "," and (day.year, day.month, day.day) in days_of(text):
                found.append((start, end))
                break
    return found[-1:]


def number(text: str) -> float | int | None:
    """Return the number a short text says: ``1,200`` -> 1200, ``five`` -> 5, ``4.5 %`` -> 0.045, ``2 million``."""
    lower = text.lower().strip(_STRIP.replace(".", ""))
    match = re.search(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+", lower)
    if match is None:
        said = [SPOKEN[word] for word in re.findall(r"[a-z]+", lower) if word in SPOKEN]
        if not said:
            return None
        largest = max(numbers_of(lower) or said)
        return int(largest) if float(largest).is_integer() else largest
    value = float(match[0].replace(",", ""))
    scale = _SCALE.match(lower, match.end())
    if scale:
        value = round(value * _SCALES[scale[1].lower()], 9)
    if match.start() and lower[match.start() - 1] == "-":
        value = -value
    return int(value) if value.is_integer() and ("." not in match[0] or scale) else value


def read(request: str, place: tuple[int, int], kind: str, *, whole: bool = False, day: bool = False) -> Any:
    """Return the value that ``request[start:end]`` says, converted to a kind; None where it says none.

    ``whole``: the schema wants integers; ``day``: it wants dates as YYYY-MM-DD, as its description or format says.
    """
    text = request[place[0] : place[1]]
    if kind == "number":
        minus = place[0] > 0 and request[place[0] - 1] == "-" and (place[0] == 1 or not request[place[0] - 2].isalnum())
        return _whole(number(f"-{text}" if minus else text), whole)
    if kind == "text":
        return _day(text.strip(_STRIP), day)
    parts = [part for part in _BETWEEN.split(text.strip(_STRIP)) if part and part.strip(_STRIP)]
    if kind == "texts":
        return [_day(part.strip(_STRIP), day) for part in parts] or None
    numbers = [value for part in parts for value in [_whole(number(part), whole)] if value is not None]
    return numbers or None


def _whole(value: float | int | None, whole: bool) -> float | int | None:
    if value is None or not whole:
        return value
    return int(value) if float(value).is_integer() else None


def _day(text: str, wanted: bool) -> str:
    if not wanted:
        return text
    days = [day for day in days_of(text) if day[0]]
    if not days:
        return text
    try:
        return datetime.date(*days[0]).isoformat()
    except ValueError:
        return text
