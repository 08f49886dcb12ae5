"""How a person writes: terse, chatty, non-native, expert, with typos, in mixed units, or plainly."""

from __future__ import annotations

import re
from random import Random

from genesis.lm.offline.vocabulary import entries

_MARKED = re.compile("(\x02[^\x03]*\x03)")


def speak(text: str, persona: str, *, first: bool, rng: Random) -> str:
    """Return ``text`` in the persona's voice, with the marks around values removed."""
    voice = persona.lower()
    if "typo" in voice:
        text = _outside(text, lambda part: _typos(part, rng))
    elif "terse" in voice:
        text = _terse(text)
    elif "chatty" in voice:
        text = _chatty(text, first, rng)
    elif "non-native" in voice or "nonnative" in voice or "non_native" in voice:
        text = _outside(text, lambda part: _non_native(part, rng))
    return re.sub(" +", " ", text.replace("\x02", "").replace("\x03", "")).strip()


def _outside(text: str, change) -> str:  # type: ignore[no-untyped-def]
    return "".join(part if part.startswith("\x02") else change(part) for part in _MARKED.split(text))


def _terse(text: str) -> str:
    text = re.sub(r"(?i)\b(could|can|would) you (please |help me )?", "", text)
    text = re.sub(r"(?i)\bi(?:'d like| would like| need| want)(?: you)? to ", "", text)
    return text.replace("please ", "").replace(", please", "")


def _chatty(text: str, first: bool, rng: Random) -> str:
    opener = rng.choice(entries("talk", "chatty opener")) if first else ""
    closer = rng.choice(entries("talk", "chatty closer")) if rng.random() < 0.6 else ""
    return f"{opener} {text} {closer}".strip()


def _typos(text: str, rng: Random) -> str:
    def slip(match: re.Match[str]) -> str:
        word = match.group()
        if rng.random() > 0.12:
            return word
        at = rng.randrange(1, len(word) - 2)
        kind = rng.randrange(3)
        if kind == 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        return word[:at] + word[at] + word[at:]

    return re.sub(r"[A-Za-z]{5,}", slip, text)


def _non_native(text: str, rng: Random) -> str:
    text = re.sub(r"\b(the|a|an) (?=[a-z])", lambda m: "" if rng.random() < 0.4 else m.group(), text)
    return text.replace("Could you", "Can you please").replace("I'd like to", "I want to")
