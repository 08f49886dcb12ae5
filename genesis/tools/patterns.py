r"""Which regular expressions can hang a backtracking engine, told from their structure; none is ever run here.

>>> danger("^(a+)+$")
'repeats a repetition of the same characters: matching can take exponential time'
>>> danger(r"^\d{4}-\d{2}-\d{2}$")
''
"""

from __future__ import annotations

import re
import warnings
from typing import Any

MAX_LENGTH = 1_000
MAX_REPEAT = 1_000
_MANY = 16
"""A repetition that may go on beyond this many times counts as unbounded."""
_parser: Any = re._parser  # type: ignore[attr-defined]  # the standard library's own, which tells the structure
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
_CLASSES = {
    "CATEGORY_DIGIT": set("0123456789"),
    "CATEGORY_SPACE": set(" \t\n\r\f\v"),
    "CATEGORY_WORD": set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
}
_ALPHABET = frozenset(map(chr, range(256)))


def danger(pattern: str) -> str:
    """Return why a pattern is dangerous or unusable, or an empty text.

    Dangerous are a repeated group that may begin, inside its own repetition, with what it can end with (exponential),
    repeated alternatives that begin alike (exponential), and three overlapping repetitions in a row (cubic or worse).
    """
    if len(pattern) > MAX_LENGTH:
        return f"is {len(pattern)} characters long; at most {MAX_LENGTH}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(_portable(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression that can be checked: {error}"
    try:
        return _walk(tree)
    except RecursionError:
        return "is nested too deeply to be checked"


def _portable(pattern: str) -> str:
    r"""Rewrite what ECMA-262 spells otherwise: ``\p{L}`` (any letter), ``\/``, ``\d`` inside, named groups."""
    pattern = re.sub(r"\\[pP]\{[^}]*\}", r"\\w", pattern)
    return pattern.replace(r"\/", "/").replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")


def _walk(tree: Any) -> str:
    run: list[frozenset[str]] = []  # unbounded repetitions that follow one another without a separator
    for operation, argument in tree:
        name = str(operation)
        if name in _REPEATS:
            low, high, body = argument
            high = int(high)
            if low > MAX_REPEAT or (high != int(_parser.MAXREPEAT) and high > 100 * MAX_REPEAT):
                return f"repeats {low} to {high} times"
            if high > _MANY:
                if reason := _exponential(body):
                    return reason
                here = _first(body) | _last(body)
                run = [*run, here] if not run or run[-1] & here else [here]
                if len(run) >= 3 and frozenset.intersection(*run):
                    return "has three repetitions of the same characters in a row: matching can take cubic time"
            if reason := _walk(body):
                return reason
            continue
        for part in _parts(name, argument):
            if reason := _walk(part):
                return reason
        if name not in ("AT", "ASSERT", "ASSERT_NOT") and not (run and _alphabet([(operation, argument)]) & run[-1]):
            run = []
    return ""


def _parts(name: str, argument: Any) -> list[Any]:
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    if name == "ATOMIC_GROUP":
        return [argument]
    return []


def _exponential(body: Any) -> str:
    """Whether the body of a repetition can match one text in several ways when repeated."""
    for operation, argument in _flat(body):
        if str(operation) == "BRANCH":
            firsts = [_first(part) for part in argument[1]]
            if any(a & b for index, a in enumerate(firsts) for b in firsts[:index]):
                if not _determined(argument[1]):
                    return "repeats alternatives that begin alike: matching can take exponential time"
    inner = [(operation, argument) for operation, argument in _flat(body) if str(operation) in _REPEATS]
    unbounded = [part for part in inner if int(part[1][1]) > _MANY]
    if unbounded and _boundaries_blur(body):
        return "repeats a repetition of the same characters: matching can take exponential time"
    return ""


def _determined(branches: list[Any]) -> bool:
    """Whether alternatives are of one fixed width each and differ, so that no text is read in two ways at one length."""
    return (
        all(part.getwidth()[0] == part.getwidth()[1] and not _flat_repeats(part) for part in branches)
        and (len({part.getwidth()[0] for part in branches}) == len(branches) or len(branches) <= 1) is False
        and len({repr(list(part)) for part in branches}) == len(branches)
    )


def _flat_repeats(body: Any) -> bool:
    return any(str(operation) in _REPEATS for operation, _ in _flat(body))


def _boundaries_blur(body: Any) -> bool:
    """Whether the end of one round of a body can be taken for the beginning of the next, an unbounded part between."""
    parts = list(_flat(body, into_branches=False))
    required = [part for part in parts if _min_width(part) > 0]
    for part in parts:
        operation, argument = part
        if str(operation) in _REPEATS and int(argument[1]) > _MANY:
            letters = _alphabet(argument[2])
            others = [other for other in required if other is not part]
            if not any(_alphabet([other]).isdisjoint(letters) for other in others):
                return True
    return any(
        str(operation) == "BRANCH" and any(_boundaries_blur(branch) for branch in argument[1])
        for operation, argument in parts
    )


def _min_width(part: Any) -> int:
    operation, argument = part
    if str(operation) in _REPEATS:
        return int(argument[0]) and 1
    if str(operation) == "BRANCH":
        return min((min(1, sum(_min_width(inner) for inner in branch)) for branch in argument[1]), default=0)
    return 0 if str(operation) in ("AT", "ASSERT", "ASSERT_NOT") else 1


def _flat(body: Any, *, into_branches: bool = True) -> list[Any]:
    """Return the operations of a body with groups opened."""
    found = []
    for operation, argument in body:
        if str(operation) == "SUBPATTERN":
            found += _flat(argument[3], into_branches=into_branches)
        elif str(operation) == "ATOMIC_GROUP":
            found += _flat(argument, into_branches=into_branches)
        else:
            found.append((operation, argument))
            if into_branches and str(operation) == "BRANCH":
                for part in argument[1]:
                    found += _flat(part)
    return found


def _alphabet(body: Any) -> frozenset[str]:
    """Return the characters a body can hold; beyond Latin-1 they are not told apart."""
    letters: frozenset[str] = frozenset()
    for operation, argument in body:
        letters |= _letters(str(operation), argument, _alphabet)
    return letters


def _first(body: Any) -> frozenset[str]:
    """Return the characters a body can begin with."""
    letters: frozenset[str] = frozenset()
    for operation, argument in body:
        letters |= _letters(str(operation), argument, _first)
        if _min_width((operation, argument)) > 0:
            break
    return letters


def _last(body: Any) -> frozenset[str]:
    """Return the characters a body can end with."""
    letters: frozenset[str] = frozenset()
    for operation, argument in reversed(list(body)):
        letters |= _letters(str(operation), argument, _last)
        if _min_width((operation, argument)) > 0:
            break
    return letters


def _letters(name: str, argument: Any, inside: Any) -> frozenset[str]:
    if name == "LITERAL":
        return frozenset(chr(argument))
    if name == "NOT_LITERAL":
        return _ALPHABET - {chr(argument)}
    if name == "ANY":
        return _ALPHABET - {"\n"}
    if name == "IN":
        return _members(argument)
    if name in _REPEATS:
        return frozenset(inside(argument[2]))
    if name == "GROUPREF":
        return _ALPHABET
    return (
        frozenset().union(*(inside(part) for part in _parts(name, argument))) if name[:6] != "ASSERT" else frozenset()
    )


def _members(parts: Any) -> frozenset[str]:
    letters: set[str] = set()
    negated = False
    for operation, argument in parts:
        name = str(operation)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            letters.add(chr(argument))
        elif name == "RANGE":
            letters.update(map(chr, range(argument[0], min(argument[1], 0x2FFF) + 1)))
        elif name == "CATEGORY":
            kind = str(argument)
            base = _CLASSES.get(kind.replace("_NOT", ""), set(_ALPHABET))
            letters |= (_ALPHABET - base) if "_NOT_" in kind else base
    return _ALPHABET - letters if negated else frozenset(letters)
