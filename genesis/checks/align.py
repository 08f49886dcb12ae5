"""Whether two slots of a call look swapped: each value is aligned with the words around it in the text.

>>> schema = {"origin": {"description": "City of departure"}, "destination": {"description": "City of arrival"}}
>>> round(misfit(schema, "destination", "oslo", "origin", "rome", " fly from oslo to rome "), 2) > MARGIN
True

For two values of one type that both stand in the text, the words before and after each are compared with both
parameters' names and descriptions, with prepositions and pairs of opposite words (from/to, start/end, min/max) and,
weakly, with the order of the parameters in the schema, which people mostly follow. A positive misfit means that the
values fit better the other way round. A rule can only flag this.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from genesis.checks.lexicon import words_of
from genesis.checks.said import flat, stem
from genesis.text import split_name

MARGIN = 0.5
"""Misfits above it are flagged; `audit.alignment_curve` shows what each margin costs and catches."""
_ORDER = 0.3
_BEFORE, _AFTER = 5, 3
_REACH = 60
"""Characters looked at on each side."""
_SCHEMAS_KEPT = 20_000
_Around: TypeAlias = "tuple[list[str], list[str], int]"
"""Stems before a value and after it, the nearest first, and the side they speak for."""
_Cues: TypeAlias = "tuple[dict[str, float], int, frozenset[str]]"
"""What speaks for a parameter, as `_cues` gives it."""
_WEIGHTS = [1 / (1 + distance) for distance in range(_BEFORE)]
_WEIGHTS_AFTER = [0.6 * weight for weight in _WEIGHTS]
_EMPTY = words_of("the a an of for and or in on at is be with by that this it as value name number string parameter")
_BEGINNING = words_of(
    "from origin source start starting begin beginning departure depart departing initial first min minimum"
    " lower lowest low sender since between over above least earliest check-in checkin pickup base numerator"
    " mine old current x width one"
)
_ENDING = words_of(
    "to destination target end ending finish arrival arrive arriving final second max maximum upper highest"
    " high recipient receiver until till through and under below most latest checkout dropoff exponent"
    " denominator new y height two"
)
_SIDE: dict[str, int] = {**dict.fromkeys(_BEGINNING, -1), **dict.fromkeys(_ENDING, 1)}
"""Words that stand for one or the other of two opposite slots."""


Place: TypeAlias = "tuple[str, str, bool, int]"
"""Parameter, its value as `grounding.placed` gives it, whether it is text, and where it stands."""


def swapped(
    properties: Mapping[str, Any], placed: Sequence[Place], text: str, *, margin: float = MARGIN
) -> Iterator[tuple[str, str, float]]:
    """Yield (parameter, parameter, misfit) of every pair whose values look swapped; ``text`` as grounding's flat."""
    around: dict[str, _Around] = {}
    cues = _cues_of(properties)
    for (one, a, text_a, at_a), (other, b, text_b, at_b) in itertools.combinations(placed, 2):
        if text_a is not text_b or len(a) < 4 or len(b) < 4 or a[1:-1] in b or b[1:-1] in a:
            continue
        near_a = around.get(one)
        if near_a is None:
            near_a = around[one] = _around(text, at_a, at_a + len(a))
        near_b = around.get(other)
        if near_b is None:
            near_b = around[other] = _around(text, at_b, at_b + len(b))
        if margin >= _ORDER and not _crosses(cues[one], near_a, cues[other], near_b):
            continue
        doubt = _misfit(properties, one, around[one], other, around[other], ahead=at_a < at_b)
        if doubt > margin:
            yield one, other, doubt


def _crosses(first: _Cues, a: _Around, second: _Cues, b: _Around) -> bool:
    """Whether anything but the order of the values can speak for a swap; cheap, and nearly always false."""
    if (first[1] or second[1]) and (a[2] or b[2]):
        return True
    return not (
        second[2].isdisjoint(a[0])
        and second[2].isdisjoint(a[1])
        and first[2].isdisjoint(b[0])
        and first[2].isdisjoint(b[1])
    )


def misfit(properties: Mapping[str, Any], one: str, a: str, other: str, b: str, text: str) -> float:
    """Return by how much value ``a`` fits ``other`` and ``b`` fits ``one`` better than the way they stand."""
    at_a, at_b = text.find(f" {a} "), text.find(f" {b} ")
    around_a, around_b = _around(text, at_a, at_a + len(a) + 2), _around(text, at_b, at_b + len(b) + 2)
    return _misfit(properties, one, around_a, other, around_b, ahead=at_a < at_b)


def _misfit(properties: Mapping[str, Any], one: str, a: _Around, other: str, b: _Around, *, ahead: bool) -> float:
    first, second = (_cues(name, _about(properties, name)) for name in (one, other))
    names = list(properties)
    natural = (names.index(one) < names.index(other)) == ahead
    crossed = _fit(second, a) + _fit(first, b) - (_ORDER if natural else -_ORDER)
    return crossed - _fit(first, a) - _fit(second, b)


def _about(properties: Mapping[str, Any], name: str) -> str:
    schema = properties.get(name)
    return str(schema.get("description", "")) if isinstance(schema, dict) else ""


@lru_cache(maxsize=20_000)
def _cues(name: str, about: str) -> _Cues:
    """Return stem -> weight of a parameter's words, the side (-1, 0, 1) its words are on, and the stems alone."""
    cues: dict[str, float] = {}
    for word in flat(about).split():
        if word not in _EMPTY:
            cues[stem(word)] = 0.4
    side = 0
    for word in [*flat(about).split(), *split_name(name)]:
        side = _SIDE.get(word, side)
    for word in split_name(name):
        cues[stem(word)] = 1.0
    return cues, side, frozenset(cues)


_by_schema: dict[int, tuple[Mapping[str, Any], dict[str, _Cues]]] = {}


def _cues_of(properties: Mapping[str, Any]) -> dict[str, _Cues]:
    """Return the cues of every parameter; the same object is read once."""
    known = _by_schema.get(id(properties))
    if known is not None and known[0] is properties:
        return known[1]
    found = {name: _cues(name, _about(properties, name)) for name in properties}
    if len(_by_schema) >= _SCHEMAS_KEPT:
        _by_schema.clear()
    _by_schema[id(properties)] = (properties, found)  # the reference keeps the id from being given again
    return found


def _around(text: str, start: int, end: int) -> _Around:
    """Return the stems around a value, the nearest first, and the side the nearest words are on."""
    before = text[max(0, start - _REACH) : start].split()[: -_BEFORE - 1 : -1]
    later = text[end : end + _REACH].split(None, _AFTER)[:_AFTER]
    side = 0
    for word in before[:3]:
        if word in _SIDE:
            side = _SIDE[word]
            break
    return [*map(stem, before)], [*map(stem, later)], side


def _fit(cues: _Cues, around: _Around) -> float:
    weights, side, _ = cues
    before, later, said_side = around
    score = 0.8 * side * said_side
    for words, by_distance in ((before, _WEIGHTS), (later, _WEIGHTS_AFTER)):
        for word, weight in zip(words, by_distance, strict=False):
            if word in weights:
                score += weights[word] * weight
    return score
