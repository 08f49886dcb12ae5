"""Whether two slots of a call look swapped: each value is aligned with the words around it in the text.

>>> schema = {"origin": {"description": "City of departure"}, "destination": {"description": "City of arrival"}}
>>> places = [("destination", " oslo ", True, 9), ("origin", " rome ", True, 17)]
>>> [(one, other) for one, other, misfit in swapped(schema, places, " fly from oslo to rome ")]
[('destination', 'origin')]

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
from genesis.checks.said import flat, stem, stems_of
from genesis.text import split_name

MARGIN = 0.5
"""Misfits above it are flagged; `audit.alignment_curve` shows what each margin costs and catches."""
_ORDER = 0.3
_SIDED = 0.8
_BEFORE, _AFTER = 5, 3
_REACH = 60
"""Characters looked at on each side."""
_SCHEMAS_KEPT = 20_000
_Around: TypeAlias = "tuple[list[str], list[str], int]"
"""Stems before a value and after it, the nearest first, and the side they speak for."""
_Cues: TypeAlias = "tuple[dict[str, float], int]"
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
    long = [place for place in placed if len(place[1]) > 3]
    if len(long) < 2:
        return
    around: dict[str, _Around] = {}
    cues = _cues_of(properties)
    for (one, a, text_a, at_a), (other, b, text_b, at_b) in itertools.combinations(long, 2):
        if text_a is not text_b or a[1:-1] in b or b[1:-1] in a:
            continue
        near_a = around.get(one)
        if near_a is None:
            near_a = around[one] = _around(text, at_a, at_a + len(a))
        near_b = around.get(other)
        if near_b is None:
            near_b = around[other] = _around(text, at_b, at_b + len(b))
        first, second = cues[one], cues[other]
        crossed = _fit(second, near_a) + _fit(first, near_b)
        if crossed + _ORDER - _SIDED * (first[1] * near_a[2] + second[1] * near_b[2]) < margin:
            continue  # what speaks for the values as they stand can only lower it
        crossed -= _ORDER if _declared_first(properties, one, other) == (at_a < at_b) else -_ORDER
        doubt = crossed - _fit(first, near_a) - _fit(second, near_b)
        if doubt > margin:
            yield one, other, doubt


def _declared_first(properties: Mapping[str, Any], one: str, other: str) -> bool:
    """Whether the schema declares ``one`` before ``other``."""
    return next(name for name in properties if name in (one, other)) == one


def _about(properties: Mapping[str, Any], name: str) -> str:
    schema = properties.get(name)
    return str(schema.get("description", "")) if isinstance(schema, dict) else ""


@lru_cache(maxsize=20_000)
def _cues(name: str, about: str) -> _Cues:
    """Return stem -> weight of a parameter's words, and the side (-1, 0, 1) its words are on."""
    cues: dict[str, float] = {}
    for word in flat(about).split():
        if word not in _EMPTY:
            cues[stem(word)] = 0.4
    side = 0
    for word in [*flat(about).split(), *split_name(name)]:
        side = _SIDE.get(word, side)
    for word in split_name(name):
        cues[stem(word)] = 1.0
    return cues, side


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
    before = text[max(0, start - _REACH) : start].rsplit(None, _BEFORE)[: -_BEFORE - 1 : -1]
    later = text[end : end + _REACH].split(None, _AFTER)[:_AFTER]
    side = 0
    for word in before[:3]:
        if word in _SIDE:
            side = _SIDE[word]
            break
    return stems_of(before), stems_of(later), side


def _fit(cues: _Cues, around: _Around) -> float:
    weights, side = cues
    before, later, said_side = around
    score = _SIDED * side * said_side
    if not weights.keys().isdisjoint(before):
        for word, weight in zip(before, _WEIGHTS, strict=False):
            if word in weights:
                score += weights[word] * weight
    if not weights.keys().isdisjoint(later):
        for word, weight in zip(later, _WEIGHTS_AFTER, strict=False):
            if word in weights:
                score += weights[word] * weight
    return score
