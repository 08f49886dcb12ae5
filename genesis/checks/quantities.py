"""Numbers, as people say them.

>>> sorted(numbers_of("Two rooms for $1,200 at 15% off, at 3 pm"))
[0.15, 2, 3.0, 15.0, 1200.0]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from genesis.checks.lexicon import NUMBER_WORDS

MAX_DIGITS = 30
"""A longer run of digits is a code, not a number."""
_DIGIT = re.compile(r"\d")
_NOT_WORD = re.compile(r"[^\w]+")
_RUN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?|\.\d+")
_UNIT = re.compile(r"\s{0,3}(%|percent|k\b|thousand|lakh|m\b|mn\b|million|bn?\b|billion|trillion|am\b|pm\b|a\.m|p\.m)")
_SCALES = {
    "%": 0.01,
    "percent": 0.01,
    "k": 1e3,
    "thousand": 1e3,
    "lakh": 1e5,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "trillion": 1e12,
}
_NUMBER_NAMES = frozenset(NUMBER_WORDS)
_COMPOUND = _NUMBER_NAMES - {
    "a",
    "an",
    "me",
    "myself",
    "single",
    "once",
    "week",
    "year",
    "hour",
    "fair",
    "both",
    "pair",
}
"""Words that may be part of a longer number."""


def numbers_of(text: str) -> set[float]:
    """Return every number in a text by value: figures, words, per cent, thousands, 12-hour clock."""
    found: set[float] = set()
    lower = text.lower()
    if _DIGIT.search(lower):
        found.update(_figures(lower))
    words = _NOT_WORD.sub(" ", lower).split()
    if not _COMPOUND.isdisjoint(words):
        found.update(_spelled(words))
    else:
        found.update(NUMBER_WORDS[word] for word in _NUMBER_NAMES.intersection(words))
    return found


def _figures(text: str) -> Iterator[float]:
    for match in _RUN.finditer(text):
        start, end = match.span()
        if end - start > MAX_DIGITS:
            continue
        value = float(match[0].replace(",", ""))
        yield value
        if start and text[start - 1] == "-":
            yield -value
        unit = _UNIT.match(text, end)
        if unit is None:
            continue
        word = unit[1]
        if word[0] == "p" and word != "percent":
            yield value % 12 + 12
        elif word[0] == "a":
            yield value % 12
        else:
            yield round(value * _SCALES[word], 9)


def _spelled(words: list[str]) -> Iterator[float]:
    total: float | None = None
    for word in words:
        number = NUMBER_WORDS.get(word)
        if number is None:
            if word != "and":
                total = None
            continue
        yield number
        if number in (100, 1000, 1_000_000) and total:
            total *= number
        else:
            total = number if total is None else total + number
        yield total
