"""Why somebody asks: a sentence of a situation, steered by the topic, the intent and the guidance in the prompt."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from genesis.lm.offline.vocabulary import sections
from genesis.text import words

_WHO = ("who: family", "who: work", "who: study", "who: friends", "who: friends", "who: family")
_SPARE = {"w": "work", "s": "study", "e": "event", "p": "other"}


def situation(semantic_type: str, guidance: str, rng: Random) -> str:
    """Return a sentence such as ``My sister and I are planning a dinner with friends.``"""
    topic, _, intent = semantic_type.lower().partition(":")
    data = sections("situations")
    templates = data.get(f"intent: {intent.strip()}") or data["intent: "]
    sorts, _, template = rng.choice(templates).partition(" ")
    sort, thing = rng.choice(_things(topic.strip(), sorts))
    groups = [name for name in _WHO if name[5:] in set(words(guidance))]
    if sort == "w":
        groups = ["who: work"]
    people = data[groups[0] if groups else rng.choice(_WHO)]
    filled = {
        "{thing}": thing,
        "{Thing}": _capital(thing),
        "{who}": (who := rng.choice(people)),
        "{Who}": _capital(who),
        "{Boss}": _capital(rng.choice(data["who: work"][:2])),
        "{Teacher}": _capital(rng.choice(("my professor", "my tutor", "my supervisor", "my teacher"))),
    }
    for mark, text in filled.items():
        template = template.replace(mark, text)
    return template


@lru_cache(maxsize=1024)
def _things(topic: str, sorts: str) -> tuple[tuple[str, str], ...]:
    """Return (sort, thing) of a topic that suit a sentence; general ones where the topic has none."""
    data = sections("situations")
    found = [line.partition(" ") for line in data.get(f"thing: {topic}", ())]
    fitting = [(sort, thing) for sort, _, thing in found if sort in sorts]
    if not fitting:
        spare = [line.partition(" ") for sort in sorts for line in data[f"thing: {_SPARE[sort]}"]]
        fitting = [(sort, thing) for sort, _, thing in spare if sort in sorts]
    return tuple(fitting)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
