"""Numbers, as people say them.

>>> sorted(numbers_of("Two rooms for $1,200 at 15% off, at 3 pm"))
[0.15, 2, 3.0, 15.0, 1200.0]
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from genesis.checks.lexicon import NUMBER_WORDS

MAX_DIGITS = 30
"""A longer run of digits is a code, not a number."""
_NOT_WORD = re.compile(r"[^\w]+")
_FIGURE = re.compile(
    r"([\d.](?:(?<=\d)\d*(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?|(?<=\.)\d+))"
    r"(?:\s{0,3}(?=[%pktlmba])"
    r"(%|percent|k\b|thousand|lakh|m\b|mn\b|million|bn?\b|billion|trillion|am\b|pm\b|a\.m|p\.m))?"
)
"""Digits, and what scales them; it begins with a set of characters, which the engine looks for fastest."""
_SPACED = bytes(code if (chr(code).isalnum() and code < 128) or code == 95 else 32 for code in range(256))
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
    lower = text.lower()
    found = set(_figures(lower))
    plain = lower.encode().translate(_SPACED).decode() if lower.isascii() else _NOT_WORD.sub(" ", lower)
    words = plain.split()
    if not _COMPOUND.isdisjoint(words):
        found.update(_spelled(words))
    else:
        found.update(NUMBER_WORDS[word] for word in _NUMBER_NAMES.intersection(words))
    return found


def _figures(text: str) -> Iterator[float]:
    signs: Iterable[str] = itertools.repeat("")
    if "-" in text:
        signs = [text[match.start() - 1 : match.start()] for match in _FIGURE.finditer(text)]
    for (digits, unit), sign in zip(_FIGURE.findall(text), signs, strict=False):
        if len(digits) > MAX_DIGITS:
            continue
        value = float(digits.replace(",", "") if "," in digits else digits)
        yield value
        if sign == "-":
            yield -value
        if not unit:
            continue
        if unit[0] == "p" and unit != "percent":
            yield value % 12 + 12
        elif unit[0] == "a":
            yield value % 12
        else:
            yield round(value * _SCALES[unit], 9)


def _spelled(words: list[str]) -> Iterator[float]:
    total: float | None = None
    for word, number in zip(words, map(NUMBER_WORDS.get, words), strict=True):
        if number is None:
            if total is not None and word != "and":
                total = None
            continue
        yield number
        if number in (100, 1000, 1_000_000) and total:
            total *= number
        else:
            total = number if total is None else total + number
        yield total
