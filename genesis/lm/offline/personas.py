"""How a person writes: terse, chatty, non-native, expert, with typos, in mixed units, or plainly."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from genesis.lm.offline.vocabulary import entries

VOICES = ("terse", "chatty", "non-native", "expert", "typos", "mixed units")
_MARKED = re.compile("(\x02[^\x03]*\x03)")


_GREETING = re.compile(r"(?<=[.!?] )(?:Hi|Hello|Hey), (\w)")
"""A greeting in the middle of a message: what stands before it has greeted already, or needs none."""


def voice_of(persona: str) -> str:
    """Return the voice that a persona's description names, by its first words; ``plain`` where it names none.

    >>> voice_of("terse: as few words as possible")
    'terse'
    """
    head = persona.lower().partition(":")[0].replace("_", " ")
    return next((voice for voice in VOICES if voice in head or voice.replace("-", " ") in head), "plain")


def speak(text: str, voice: str, stage: str, rng: Random) -> str:
    """Return ``text`` in a voice, with the marks around values removed.

    ``stage``: ``opener`` (the first message), ``asked`` (the assistant asked), ``instead`` (it could not) or ``later``.
    """
    first = stage == "opener"
    if voice == "terse":
        text = _terse(text, rng)
    elif voice == "chatty":
        text = _chatty(text, stage, rng)
    elif voice == "non-native":
        text = _outside(text, lambda part: _non_native(part, rng))
    elif voice == "expert" and first and rng.random() < 0.4:
        text = f"{text} {rng.choice(entries('talk', 'expert lead'))}"
    elif voice == "mixed units" and first and rng.random() < 0.6:
        text = f"{text} {rng.choice(entries('talk', 'units aside'))}"
    elif voice == "typos":
        text = _outside(text, lambda part: _typos(part, rng))
    text = re.sub(" +", " ", text.replace("\x02", "").replace("\x03", "")).strip()
    return _GREETING.sub(lambda found: found[1].upper(), text)


def _outside(text: str, change: Callable[[str], str]) -> str:
    return "".join(part if part.startswith("\x02") else change(part) for part in _MARKED.split(text))


def _terse(text: str, rng: Random) -> str:
    text = re.sub(r"(?:, please| please|[Pp]lease )", "", text)
    text = text.rstrip(".") if rng.random() < 0.7 else text
    return text if rng.random() < 0.6 or text.startswith("\x02") else text[:1].upper() + text[1:]


def _chatty(text: str, stage: str, rng: Random) -> str:
    opener = rng.choice(entries("talk", f"chatty {stage}"))
    closer = rng.choice(entries("talk", "chatty closer")) if rng.random() < (0.6 if stage == "opener" else 0.25) else ""
    return f"{opener} {text} {closer}".removeprefix("- ").strip()


def _typos(text: str, rng: Random) -> str:
    def slip(match: re.Match[str]) -> str:
        found = match.group()
        if rng.random() > 0.14:
            return found
        at = rng.randrange(1, len(found) - 2)
        kind = rng.randrange(3)
        if kind == 0:
            return found[:at] + found[at + 1] + found[at] + found[at + 2 :]
        return found[:at] + found[at + 1 :] if kind == 1 else found[:at] + found[at] + found[at:]

    text = re.sub(r"\b[a-z]{5,}\b", slip, text)
    return text.replace("I'm", "im").replace("don't", "dont") if rng.random() < 0.5 else text


_LEARNER = (
    ("Could you ", "Can you please "),
    ("Would you ", "Please can you "),
    ("I'd like to ", "I want to "),
    ("I'd like you to ", "I want that you "),
    ("I'm trying to ", "I try to "),
    ("I'm looking for", "I search"),
    ("What is ", "What is "),
    ("It should be", "It must to be"),
    ("It's ", "It is "),
    ("I need to know", "I need know"),
    ("I'm ", "I am "),
    ("I've ", "I have "),
    ("I'd ", "I would "),
    ("Let me know", "Say me"),
    ("Tell me", "Say me"),
)


def _non_native(text: str, rng: Random) -> str:
    for native, learner in _LEARNER:
        if rng.random() < 0.7:
            text = text.replace(native, learner)
    text = re.sub(r"\b(?:the|a|an) (?=[a-z])", lambda m: "" if rng.random() < 0.35 else m.group(), text)
    return re.sub(r"\b(information|advice)\b", lambda m: m[1] + "s" if rng.random() < 0.5 else m[1], text)
