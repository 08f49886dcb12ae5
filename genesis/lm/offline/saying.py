"""Values in words: how each is tied to a request, or said in a sentence of its own.

A value stands between two marks while a message is put together, so that no persona touches it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from genesis.lm.offline.phrases import article
from genesis.lm.offline.slots import Slot
from genesis.lm.offline.values import Value, listed
from genesis.lm.offline.vocabulary import entries

OPEN, CLOSE = "\x02", "\x03"
_QUOTE = frozenset(
    [
        "book",
        "movie",
        "song",
        "sentence",
        "phrase",
        "note_text",
        "album",
        "painting",
        "subject_line",
        "tv_show",
        "composition",
        "sculpture",
        "email_subject",
        "task_title",
    ]
)
_BEFORE = {"dollars": "$", "euros": "€"}
_AFTER = {"percent": "%", "°C": "°C", "°F": "°F"}


@dataclass(frozen=True, slots=True)
class Tie:
    """Words that tie a value to the request before it, and where they stand among others."""

    rank: int
    words: str


def word(slot: Slot, value: Value) -> str:
    """Return a value's words, marked, with its unit: ``12 m/s``, ``$4,000``, ``"Dune"``."""
    said = value.said
    if slot.unit in _BEFORE and slot.number and isinstance(value.json, (int, float)):
        said = f"{value.json:,.0f}" if value.json == int(value.json) else f"{value.json:,.2f}"
    if slot.kind in _QUOTE and isinstance(value.json, str):
        said = f'"{said}"'
    marked = f"{OPEN}{said}{CLOSE}"
    if not slot.unit or not slot.number or isinstance(value.json, str) or slot.unit in slot.noun.split():
        return marked
    if slot.unit in _BEFORE:
        return _BEFORE[slot.unit] + marked if not said.startswith("-") else f"{marked} {slot.unit}"
    if slot.unit in _AFTER:
        return marked + _AFTER[slot.unit]
    return f"{marked} {_singular(slot.unit) if value.json == 1 else slot.unit}"


def _singular(unit: str) -> str:
    return unit[:-1] if unit.endswith("s") and len(unit) > 3 and unit != "celsius" else unit


def bare(said: str) -> str:
    """Return a text without marks."""
    return said.replace(OPEN, "").replace(CLOSE, "")


@lru_cache(maxsize=1)
def _ties() -> tuple[tuple[int, re.Pattern[str], str], ...]:
    rows = []
    for line in entries("idioms", "attach"):
        rank, pattern, words = line.split(" ; ", 2)
        rows.append((int(rank), re.compile(pattern), words))
    return tuple(rows)


@lru_cache(maxsize=8192)
def _tie(kind: str, noun: str) -> tuple[int, str]:
    for rank, pattern, words in _ties():
        if pattern.search(f"{kind}:{noun}"):
            return rank, words
    return 0, ""


def tie(slot: Slot, value: Value) -> Tie | None:
    """Return the words that tie a value to the request (``in Oslo``); None where it wants words of its own."""
    said = word(slot, value)
    if slot.type == "boolean" or slot.type == "object" or slot.type == "numbers":
        return None
    if slot.number:
        if slot.span:
            return Tie(60, f"for {said}" + ("" if slot.unit else f" {_count(slot.noun.split()[-1], value)}"))
        if slot.is_year:
            return Tie(57, f"in {said}")
        return None
    rank, words = _tie(slot.kind, slot.noun)
    if not words:
        return None
    text = words.replace("{v}", said)
    return Tie(rank, re.sub(r"\b(the|over) (\x02)the ", r"\1 \2", text))


def _count(noun: str, value: Value) -> str:
    return noun[:-1] if value.json == 1 and noun.endswith("s") else noun


def short(slot: Slot, value: Value, *, bare_noun: bool = False) -> str:
    """Return a value with its noun: ``a base of 10``, ``4 guests``, ``Ethiopian as the cuisine``."""
    said = word(slot, value)
    if slot.number and slot.plural:
        noun = slot.noun.removeprefix("number of ").removeprefix("total number of ")
        return f"{said} {_count(noun, value)}"
    if slot.number:
        return f"{slot.noun} {said}" if bare_noun else f"{article(slot.noun)} {slot.noun} of {said}"
    if slot.type == "boolean":
        return flag(slot, value)
    if slot.kind == "":
        return f"{said} as the {slot.noun}"
    return f"{said} as the {slot.noun}" if not bare_noun else f"{slot.noun} {said}"


def flag(slot: Slot, value: Value) -> str:
    """Return what a yes or no asks for: ``please include precipitation data``, ``no need for precipitation data``."""
    noun = re.sub(r"^(include|show|return|get|is|with|want|has|use|display|exclude|add|enable) ", "", slot.noun)
    if slot.phrase:
        return f"please {slot.phrase}" if value.json else f"no need to {slot.phrase}"
    if slot.statement:
        return slot.statement if value.json else _negated(slot.statement)
    if re.fullmatch(r"\w+(?:made|able|ive|ed|ic|al)", noun):
        return f"it should {'' if value.json else 'not '}be {noun}"
    return f"{noun}: {'yes' if value.json else 'no'}" if slot.code else f"{'with' if value.json else 'without'} {noun}"


_NEGATIONS = (
    (r"\b(is|are|was|were|should|can|will|must)\b", r"\1 not"),
    (r"\bhas been\b", "has not been"),
    (r"\bhas\b", "does not have"),
    (r"\b(include|contain|need|require|allow|support|use|play|exist)s\b", r"does not \1"),
)


def _negated(statement: str) -> str:
    for pattern, words in _NEGATIONS:
        text = re.sub(pattern, words, statement, count=1)
        if text != statement:
            return text
    return f"it is not so that {statement}"


@lru_cache(maxsize=1)
def _sentences() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    rows = []
    for line in entries("idioms", "say"):
        pattern, words = line.split(" ; ", 1)
        rows.append((re.compile(pattern), tuple(words.split(" / "))))
    return tuple(rows)


@lru_cache(maxsize=8192)
def _templates(kind: str, noun: str, plural: bool) -> tuple[str, ...]:
    for pattern, templates in _sentences():
        if pattern.search(f"{kind}:{noun}"):
            return templates
    return entries("idioms", "many" if plural else "any")


def sentence(slot: Slot, value: Value, rng: Random) -> str:
    """Say a value in a sentence of its own: ``The base is 10.``, ``We eat vegan.``"""
    said = word(slot, value)
    if slot.type == "boolean":
        return capital(flag(slot, value)) + "."
    if slot.number and slot.plural:
        template = rng.choice(entries("idioms", "limit" if slot.limit else "count"))
        noun = _count(slot.noun.removeprefix("number of ").removeprefix("total number of "), value)
        return capital(template.replace("{v}", said).replace("{n}", noun))
    template = rng.choice(_templates(slot.kind if slot.type == "string" else "", slot.noun, slot.many))
    text = template.replace("{v}", said).replace("{n}", slot.noun).replace("{N}", capital(slot.noun))
    return capital(text) if text.endswith((".", "!", "?", ":")) or bare(text).endswith('"') else capital(text) + "."


def compact(pairs: list[tuple[Slot, Value]]) -> str:
    """Say several values as a list: ``base 10, height 5 and unit cm``."""
    return listed([short(slot, value, bare_noun=True) for slot, value in pairs])


def capital(text: str) -> str:
    """Return the text with its first letter in upper case, unless it opens with a value."""
    return text[:1].upper() + text[1:]
