"""Putting values in the places where a description speaks of them.

``get the weather forecast for a specific city`` with city Oslo -> ``get the weather forecast for Oslo``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from genesis.lm.offline.phrases import GENERIC, generic
from genesis.lm.offline.saying import tie, word
from genesis.lm.offline.slots import Slot
from genesis.lm.offline.values import Value
from genesis.lm.offline.vocabulary import entries

Pairs = dict[str, tuple[Slot, Value]]

_PREPOSITION = r"(?:for|in|on|at|of|from|within|over|by|during|with|under|to|about|near|around|between|against)"
_STOP = rf"(?!{_PREPOSITION}\b|and\b|or\b|that\b|given\b|based\b|is\b|are\b|its\b|their\b|per\b|as\b)"


def place(text: str, pairs: Pairs) -> tuple[str, list[str]]:
    """Return the text with values in their places, and the names that found none, in order."""
    left = list(pairs)
    for step in (_from_to, _between, _one_number, _each):
        text = step(text, pairs, left)
    text = _without_lists(text, pairs, left)
    return _plain(text, bool(left)).replace("s\x03's", "s\x03'"), left


def _from_to(text: str, pairs: Pairs, left: list[str]) -> str:
    """Fill ``from one currency to another``."""
    found = re.search(
        r"(?i)\b(?:from|between) (?:one|an?|the)\b(?: [\w-]+){1,4} (?:to|and) (?:an?other|an?|the)\b"
        r"(?: (?!in\b|at\b|on\b|for\b|via\b|with\b|by\b|and\b)[\w-]+){0,3}",
        text,
    )
    ends = {words.words.split()[0]: name for name in left if (words := tie(*pairs[name]))}
    found = found or re.search(r"(?i)\bbetween (?:any )?two [\w-]+(?: [\w-]+)?", text)
    if found and len(ends.keys() & {"from", "to"}) == 1:
        return text[: found.start()].rstrip() + text[found.end() :]
    if not found or "from" not in ends or "to" not in ends:
        return text
    start, end = ends["from"], ends["to"]
    left.remove(start)
    left.remove(end)
    filled = f"from {word(*pairs[start])} to {word(*pairs[end])}"
    return text[: found.start()] + filled + text[found.end() :]


def _between(text: str, pairs: Pairs, left: list[str]) -> str:
    """Fill ``between two cities``, ``of two numbers``."""
    found = re.search(r"(?i)\b(between|of|for|in) (?:the |any )?(?:two|2)(?: [\w-]+){1,3}?s\b", text)
    if not found:
        return text
    by_kind: dict[tuple[str, str, bool], list[str]] = {}
    for name in left:
        slot = pairs[name][0]
        if slot.entity or slot.number or slot.type == "numbers":
            by_kind.setdefault((slot.kind, slot.type, slot.number), []).append(name)
    two = [names for names in by_kind.values() if len(names) == 2]
    if len(two) != 1 or (len(left) > 2 and pairs[two[0][0]][0].number):
        return text
    first, second = two[0]
    left.remove(first)
    left.remove(second)
    filled = f"{found[1]} {word(*pairs[first])} and {word(*pairs[second])}"
    return text[: found.start()] + filled + text[found.end() :]


_NUMBER_NOUNS = re.compile(
    r"^(number|value|amount|n|num|x|integer|input|sum|quantity|money|target)\b|(?: |^)(amount|value|number)$"
)


def _one_number(text: str, pairs: Pairs, left: list[str]) -> str:
    """Fill ``a number``, ``an amount of money`` with the one number that is meant."""
    names = [name for name in left if pairs[name][0].number and _NUMBER_NOUNS.search(pairs[name][0].noun)]
    if len(names) != 1:
        return text
    found = re.search(
        rf"(?i)\b(?:an?|the)(?: {GENERIC})* (?:number|value|amount|sum|integer|"
        rf"quantity)(?: of money)?\b(?! (?:of|and)\b)",
        text,
    )
    if not found or (found[0].lower().startswith("the") and not re.search(GENERIC, found[0])):
        return text
    left.remove(names[0])
    return text[: found.start()] + word(*pairs[names[0]]) + text[found.end() :]


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, tuple[str, ...]]:
    return {
        kind: tuple(words.split(" / ")) for kind, words in (line.split(" ; ") for line in entries("talk", "synonyms"))
    }


@lru_cache(maxsize=8192)
def _pattern(slot: Slot) -> re.Pattern[str] | None:
    """Return what finds the noun phrase a value stands for; None for values that never stand in a description."""
    if slot.type != "string" and not slot.is_year:
        return None
    nouns = {slot.noun, *_synonyms().get(slot.kind, ())} - {"name", "title", "id", "type"}
    if slot.kind not in _synonyms() and slot.kind not in ("month", "date", "time", "timezone", "music_key"):
        nouns = {noun for noun in nouns if len(noun) > 3} if slot.entity or slot.is_year else set()
        if not nouns:
            return None
    heads = "|".join(sorted((re.escape(noun) for noun in nouns), key=len, reverse=True))
    return re.compile(
        rf"(?i)\b(?:(?:an?|any|one|some)(?: {GENERIC})*(?: {_STOP}[\w'-]+){{0,2}}?|"
        rf"the(?: {GENERIC})+(?: {_STOP}[\w'-]+)?|{GENERIC})"
        rf" (?:{heads})(?: name)?\b(?! (?:and|or|name|of|s)\b)(?!,)"
    )


def _each(text: str, pairs: Pairs, left: list[str]) -> str:
    for name in list(left):
        pattern = _pattern(pairs[name][0])
        found = pattern.search(text) if pattern else None
        if found and "\x02" not in found[0]:
            left.remove(name)
            text = text[: found.start()] + word(*pairs[name]) + text[found.end() :]
    return text


_LIST = re.compile(
    rf"(?i) {_PREPOSITION}(?: an?| the| any| one)?(?: {GENERIC})*(?: [\w-]+){{1,3}}?(?:, (?:an? )?[\w -]+)*,? "
    rf"and (?:an? |the )?(?:{GENERIC} )*[\w -]+$"
)


def _without_lists(text: str, pairs: Pairs, left: list[str]) -> str:
    """Drop ``for a specific location and time frame`` at the end, where the values follow in words of their own."""
    found = _LIST.search(text)
    if not found or "\x02" in found[0] or len(text[: found.start()].split()) < 3:
        return text
    heads = {pairs[name][0].noun.split()[-1] for name in left}
    for name in left:
        heads |= {noun.split()[-1] for noun in _synonyms().get(pairs[name][0].kind, ())}
    words = set(re.findall(r"[a-z]+", found[0].lower()))
    specific = re.search(rf"(?i)\b{GENERIC}\b", found[0])
    return text[: found.start()] if specific or len(words & heads) >= 2 else text


_VAGUE = re.compile(
    rf"(?i) {_PREPOSITION}(?: an?| the| any| its)?(?: {GENERIC}(?: {GENERIC})*(?: (?:number|type|range|set|"
    rf"period|kind) of)?(?: {_STOP}[\w'-]+){{1,3}}?"
    rf"|(?: {GENERIC})* (?:duration|(?:time )?period(?: of time)?|time ?frame|number of (?:days|years|nights|"
    rf"hours|months|passengers|people|guests)|range|n years|next n years))(?=$|,| {_PREPOSITION}\b| and\b)"
)


_LEFT_OVER = re.compile(
    r"(?<!date)(?<!day) and (?:date|time|location|year|season|league|month|day)(?=$| (?:in|on|at|for|with|of|from) )"
)


def _plain(text: str, more: bool) -> str:
    """Drop what only a definition says; ``more``: values follow that make it definite."""
    if more:
        for _ in range(3):
            found = _VAGUE.search(text)
            if not found or "\x02" in found[0] or len((text[: found.start()] + text[found.end() :]).split()) < 3:
                break
            text = text[: found.start()] + text[found.end() :]
    text = (
        re.sub(r"(?i) (?:and (?=(?:for|in|at) )|for an? (?:\w+ )?number of days(?=$|,| ))", " ", text) if more else text
    )
    text = _LEFT_OVER.sub("", text) if more else text
    text = re.sub(r"(?i)\band and\b", "and", text).strip()
    text = re.sub(r"(?i)\b(?:their|a user's|the user's|user's)\b", "my", text)
    text = re.sub(r"(?i)\bnear you\b", "near me", text)
    text = re.sub(r"(?i)\byour\b", "my", text)
    return generic(text)
