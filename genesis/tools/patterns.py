r"""Which regular expressions can hang a backtracking engine, told from their structure; none is ever run here.

>>> danger("^(a+)+$")
'can match one text in exponentially many ways: matching may never end'
>>> danger(r"^\d{4}-\d{2}-\d{2}$")
''

The pattern becomes its position automaton (Glushkov). Matching takes exponential time where some state can come back to
itself on one text in two ways (Weber and Seidl 1991): a transition inside a cycle that arises twice, or two different
paths around one state, found as a strongly connected part of the automaton's product with itself. Alternatives of one
character (``(a|b)*``) are folded into a set first, as the engines used here do. Polynomial cost is not looked for.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_LENGTH = 1_000
MAX_POSITIONS = 300
MAX_REPEAT = 10_000
_MANY = 16
"""A repetition that may go on beyond this many times is taken for endless."""
_MAX_EDGES = 400_000
_parser: Any = re._parser  # type: ignore[attr-defined]  # the standard library's own, which tells the structure
_LOOPS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_ALL: int = 2**257 - 1
"""A set of characters: one bit for each of Latin-1, one for all others together."""
_CATEGORIES: dict[str, int] = {
    "DIGIT": sum(1 << code for code in range(256) if chr(code).isdecimal()) | 1 << 256,
    "SPACE": sum(1 << code for code in range(256) if chr(code).isspace()) | 1 << 256,
    "WORD": sum(1 << code for code in range(256) if chr(code).isalnum() or chr(code) == "_") | 1 << 256,
}


class _UncheckableError(Exception):
    """The pattern holds something whose behaviour the automaton does not tell."""


@dataclass(slots=True)
class _Automaton:
    """Positions (each a set of characters) and how often each transition between them arises."""

    letters: list[int] = field(default_factory=list)
    follow: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a piece of a pattern can begin and end with, and whether it can be empty; a position may stand twice."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    empty: bool = True


def danger(pattern: str) -> str:
    """Return why a pattern is dangerous or cannot be used, or an empty text."""
    if len(pattern) > MAX_LENGTH:
        return f"is {len(pattern)} characters long; at most {MAX_LENGTH}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(_portable(pattern))
        automaton = _Automaton()
        _sequence(tree, automaton)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression that can be checked: {error}"
    except _UncheckableError as error:
        return str(error)
    return _ambiguous(automaton)


def _portable(pattern: str) -> str:
    r"""Rewrite what ECMA-262 takes and Python spells otherwise: ``\p{L}``, ``\/``, ``(?<name>``, ``[\w-.]``."""
    pattern = re.sub(r"\\[pP]\{[^}]*\}", r"\\w", pattern)
    pattern = re.sub(r"(\\[wdsWDS])-", r"\1\\-", pattern)
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    return pattern.replace(r"\/", "/").replace(r"\u{", r"\\u{")


def _sequence(tree: Any, automaton: _Automaton) -> _Part:
    part = _Part()
    for operation, argument in tree:
        part = _after(part, _single(str(operation), argument, automaton), automaton)
    return part


def _after(left: _Part, right: _Part, automaton: _Automaton) -> _Part:
    automaton.follow.update((a, b) for a in left.last for b in right.first)
    return _Part(
        left.first + (right.first if left.empty else ()),
        right.last + (left.last if right.empty else ()),
        left.empty and right.empty,
    )


def _single(name: str, argument: Any, automaton: _Automaton) -> _Part:
    if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "RANGE"):
        return _position(_set(name, argument), automaton)
    if name == "SUBPATTERN":
        return _sequence(argument[3], automaton)
    if name == "ATOMIC_GROUP":
        return _sequence(argument, automaton)
    if name == "BRANCH":
        parts = [_sequence(branch, automaton) for branch in argument[1]]
        first = tuple(position for part in parts for position in part.first)
        last = tuple(position for part in parts for position in part.last)
        return _Part(first, last, any(part.empty for part in parts))
    if name in _LOOPS:
        low, high, body = argument
        return _loop(low, high, body, automaton)
    if name in ("ASSERT", "ASSERT_NOT"):  # looks without reading: matched by itself, its cost adds up
        _sequence(argument[1], automaton)
        return _Part()
    if name == "AT":
        return _Part()
    raise _UncheckableError(f"uses {name.lower().replace('_', ' ')}, which cannot be checked")


def _loop(low: int, high: Any, body: Any, automaton: _Automaton) -> _Part:
    endless = high is _parser.MAXREPEAT or int(high) > _MANY
    if low > MAX_REPEAT or (high is not _parser.MAXREPEAT and int(high) > MAX_REPEAT):
        raise _UncheckableError(f"repeats up to {high} times; at most {MAX_REPEAT}")
    part = _Part()
    copies = max(1, min(low, _MANY)) if endless else int(high)
    for index in range(copies):
        copy = _sequence(body, automaton)
        if endless and index == copies - 1:
            automaton.follow.update((a, b) for a in copy.last for b in copy.first)
        if index >= low:
            copy = _Part(copy.first, copy.last, True)
        part = _after(part, copy, automaton)
    return part


def _position(letters: int, automaton: _Automaton) -> _Part:
    if len(automaton.letters) >= MAX_POSITIONS:
        raise _UncheckableError(f"unfolds to more than {MAX_POSITIONS} positions")
    automaton.letters.append(letters)
    here = (len(automaton.letters) - 1,)
    return _Part(here, here, False)


def _set(name: str, argument: Any) -> int:
    if name == "LITERAL":
        return 1 << min(int(argument), 256)
    if name == "NOT_LITERAL":
        return _ALL if argument > 255 else _ALL & ~(1 << int(argument))
    if name == "ANY":
        return _ALL & ~(1 << 10)
    if name == "RANGE":
        low, high = min(int(argument[0]), 256), min(int(argument[1]), 256)
        return ((1 << (high - low + 1)) - 1) << low
    if name == "CATEGORY":
        kind = str(argument).removeprefix("CATEGORY_")
        letters = _CATEGORIES[kind.replace("NOT_", "")]
        return (_ALL & ~letters) | 1 << 256 if kind.startswith("NOT_") else letters
    letters = 0
    for operation, part in argument:
        if str(operation) != "NEGATE":
            letters |= _set(str(operation), part)
    return (_ALL & ~letters) | 1 << 256 if str(argument[0][0]) == "NEGATE" else letters


def _ambiguous(automaton: _Automaton) -> str:
    steps: dict[int, list[int]] = {}
    for first, second in automaton.follow:
        steps.setdefault(first, []).append(second)
    reason = "can match one text in exponentially many ways: matching may never end"
    component = _components(sorted(steps), lambda node: iter(steps.get(node, ())))
    for (first, second), times in automaton.follow.items():
        if times > 1 and component[first] == component[second]:
            return reason
    edges = 0

    def pairs(node: tuple[int, int]) -> Iterator[tuple[int, int]]:
        nonlocal edges
        for one in steps.get(node[0], ()):
            for other in steps.get(node[1], ()):
                edges += 1
                if edges > _MAX_EDGES:
                    raise _UncheckableError("is too large to be checked")
                if automaton.letters[one] & automaton.letters[other] and component[one] == component[other]:
                    yield one, other

    looping = [(node, node) for node in sorted(steps)]
    try:
        double = _components(looping, pairs)
    except _UncheckableError as error:
        return str(error)
    diagonal = {double[node] for node in looping}
    if any(one != other and double[(one, other)] in diagonal for one, other in double):
        return reason
    return ""


def _components(starts: list[Any], steps: Any) -> dict[Any, int]:
    """Return the strongly connected component of every node that can be reached (Tarjan, without recursion)."""
    index: dict[Any, int] = {}
    low: dict[Any, int] = {}
    component: dict[Any, int] = {}
    open_ones: list[Any] = []
    for start in starts:
        if start in index:
            continue
        work = [(start, steps(start))]
        index[start] = low[start] = len(index)
        open_ones.append(start)
        while work:
            node, left = work[-1]
            for following in left:
                if following not in index:
                    index[following] = low[following] = len(index)
                    open_ones.append(following)
                    work.append((following, steps(following)))
                    break
                if following not in component:
                    low[node] = min(low[node], index[following])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    while True:
                        member = open_ones.pop()
                        component[member] = index[node]
                        if member == node:
                            break
    return component
