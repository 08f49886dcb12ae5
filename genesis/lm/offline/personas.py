"""How a person writes: terse, chatty, non-native, expert, with typos, in mixed units, or plainly."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from genesis.lm.offline.vocabulary import entries

VOICES = ("terse", "chatty", "non-native", "expert", "typos", "mixed units")
_MARKED = re.compile("(\x02[^\x03]*\x03)")


def voice_of(persona: str) -> str:
    """Return the voice that a persona's description names, by its first words; ``plain`` where it names none.

    >>> voice_of("terse: as few words as possible")
    'terse'
    """
    head = persona.lower().partition(":")[0].replace("_", " ")
    return next((voice for voice in VOICES if voice in head or voice.replace("-", " ") in head), "plain")


def speak(text: str, voice: str, *, first: bool, rng: Random) -> str:
    """Return ``text`` in a voice, with the marks around values removed."""
    if voice == "terse":
        text = _terse(text, rng)
    elif voice == "chatty":
        text = _chatty(text, first, rng)
    elif voice == "non-native":
        text = _outside(text, lambda part: _non_native(part, rng))
    elif voice == "expert" and first and rng.random() < 0.4:
        text = f"{text} {rng.choice(entries('talk', 'expert lead'))}"
    elif voice == "mixed units" and first and rng.random() < 0.6:
        text = f"{text} {rng.choice(entries('talk', 'units aside'))}"
    elif voice == "typos":
        text = _outside(text, lambda part: _typos(part, rng))
    return re.sub(" +", " ", text.replace("\x02", "").replace("\x03", "")).strip()


def _outside(text: str, change: Callable[[str], str]) -> str:
    return "".join(part if part.startswith("\x02") else change(part) for part in _MARKED.split(text))


_WRAPPING = re.compile(
    r"(?:(?:Hi|Hey|Hello|Thanks|Great, thank you|Perfect|Good to know|Nice|Super|Alright|That helps|OK, next one)[,.!:]? )?"
    r"(?:(?:[Cc]ould|[Cc]an|[Ww]ould) you (?:please |quickly |also |mind helping me |help me )?"
    r"|[Aa]ny chance you could |[Dd]o you think you could |[Gg]o ahead and |[Ww]ould it be possible to "
    r"|I(?:'d| would) (?:also )?(?:like|love)(?: you)? to |I (?:also )?(?:need|want|have)(?: you)? to |I'm (?:trying|looking) to "
    r"|I was (?:going to|hoping you could) |[Ww]hat I need is to |[Mm]y task is to |[Hh]ow do I |[Ii]s there a way to "
    r"|I could use some help to |[Pp]lease (?:help me )?|[Cc]an you tell me |I need to know |[Dd]o you know |I'd like to (?:know|see) "
    r"|[Cc]ould you (?:tell|show) me |I'm looking for |[Pp]lease give me |[Ll]et's |[Ll]et me know |[Tt]ell me |[Tt]hen |[Nn]ow )"
)


def _terse(text: str, rng: Random) -> str:
    for _ in range(2):
        text = _WRAPPING.sub("", text)
    text = re.sub(r"(?:, please| please|[Pp]lease | for me| as well)", "", text)
    text = re.sub(r"\b(?:The|Use the) (?=[a-z])", "", text)
    text = re.sub(r"\b(?:should be|is) (?=\x02)", rng.choice(("= ", ": ", "")), text).replace(" : ", ": ")
    text = text.replace("?", "").replace(" = ", " = ")
    text = re.sub(r"(?<=[.!] )([a-z])", lambda m: m[1].upper(), text)
    text = text.rstrip(".")
    return text.lower() if rng.random() < 0.0 else text[:1].upper() + text[1:] if rng.random() < 0.5 else text


def _chatty(text: str, first: bool, rng: Random) -> str:
    opener = rng.choice(entries("talk", "chatty opener" if first else "chatty later"))
    closer = rng.choice(entries("talk", "chatty closer")) if rng.random() < (0.7 if first else 0.3) else ""
    return f"{opener if first or rng.random() < 0.6 else ''} {text} {closer}".strip()


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
