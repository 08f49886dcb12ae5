"""Why somebody asks: a sentence of a situation, steered by the topic, the intent and the guidance in the prompt."""

from __future__ import annotations

from random import Random

from genesis.lm.offline.vocabulary import sections
from genesis.text import words


def situation(semantic_type: str, guidance: str, rng: Random) -> str:
    """Return a sentence such as ``My sister and I are planning a dinner with friends.``"""
    topic, _, intent = semantic_type.partition(": ")
    data = sections("situations")
    templates = data.get(f"intent: {intent.strip().lower()}") or data["intent: "]
    things = data.get(f"thing: {topic.strip().lower()}") or data["thing: other"]
    said = set(words(guidance))
    groups = [name for name in data if name.startswith("who: ") and name[5:] in said]
    who = rng.choice(data[groups[0] if groups else rng.choice(_WHO)])
    text = rng.choice(templates).replace("{thing}", rng.choice(things)).replace("{who}", who)
    return text.replace("{Who}", who[:1].upper() + who[1:])


_WHO = ("who: family", "who: work", "who: study", "who: friends", "who: friends", "who: family")
