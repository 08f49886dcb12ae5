"""A text for a regular expression, for the plain patterns that schemas hold."""

from __future__ import annotations

import re
from random import Random
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_DIGITS, _LETTERS = "0123456789", "abcdefghijklmnopqrstuvwxyz"
_MOST = 64


def matching(pattern: str, rng: Random) -> str:
    """Return a text that ``pattern`` finds, ``AB-1234`` for ``^[A-Z]{2}-\\d{4}$``; empty where none is found."""
    try:
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return ""
    for _ in range(8):
        text = _write(tree, rng)
        if len(text) <= _MOST * 4 and re.search(pattern, text):
            return text
    return ""


def _write(tree: Any, rng: Random) -> str:
    return "".join(_part(operator, argument, rng) for operator, argument in tree)


def _part(operator: Any, argument: Any, rng: Random) -> str:
    if operator is constants.LITERAL:
        return chr(argument)
    if operator is constants.ANY:
        return rng.choice(_LETTERS)
    if operator is constants.IN:
        return rng.choice(_members(argument))
    if operator is constants.BRANCH:
        return _write(rng.choice(argument[1]), rng)
    if operator is constants.SUBPATTERN:
        return _write(argument[3], rng)
    if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT):
        least, most, inner = argument
        count = rng.randint(least, min(int(most), max(least, 6)))
        return "".join(_write(inner, rng) for _ in range(min(count, _MOST)))
    return ""


def _members(items: Any) -> str:
    found, negated = "", False
    for operator, argument in items:
        if operator is constants.NEGATE:
            negated = True
        elif operator is constants.LITERAL:
            found += chr(argument)
        elif operator is constants.RANGE:
            found += "".join(map(chr, range(argument[0], min(argument[1], argument[0] + 60) + 1)))
        elif operator is constants.CATEGORY:
            found += {"CATEGORY_DIGIT": _DIGITS, "CATEGORY_SPACE": " "}.get(str(argument), _LETTERS)
    if negated:
        return "".join(letter for letter in _LETTERS + _DIGITS if letter not in found) or "~"
    return found or "x"
