"""What a tool does, as a person asks for it: its description turned into an imperative.

>>> phrase("Calculates the area of a triangle given its base and height.", "area").text
'calculate the area of a triangle'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from genesis.lm.offline.vocabulary import sections
from genesis.text import split_name


@dataclass(frozen=True, slots=True)
class Phrase:
    """A request's core: ``verb`` in the base form and the object after it."""

    verb: str
    object: str

    @property
    def text(self) -> str:
        """Verb and object."""
        return f"{self.verb} {self.object}".strip()


_PREFIXES = re.compile(
    r"(?i)^(?:this (?:function|tool|api|method|endpoint)|function|(?:a |an )?(?:function|tool|api|method))?\s*"
    r"(?:is (?:used |responsible )?(?:to|for)|(?:that )?(?:allows|enables|lets) (?:users?|you) to|will|"
    r"can be used to|that|to|for|asynchronously)?\s+"
)
_TAIL = re.compile(
    "(?i)"
    r"(?:,|(?<!\ba)(?<!\ban)(?<!\bthe)(?<!\bany)(?<!\bone)(?<!\btwo)(?<!\ball)(?<!\bsome)) (?:given|provided)\b.*$|"
    r",? (?:based on|using|according to|by (?:giving|providing|using|given)|depending on|considering|"
    r"from the (?:given|provided)|when (?:given|provided)|with (?:the )?(?:given|provided|specified|optional|options?)|"
    r"with (?:details|information) (?:such as|like)|"
    r"such as|including|as well as|in terms of|taking|by specifying|with respect to|"
    r"within the context|"
    r"by (?:its|their|his|adding)|for given|under (?:given|certain|specific)|from its|with the ability|following|"
    r"at which)\b.*$"
)
GENERIC = r"(?:specified|specific|given|particular|certain|provided|desired|chosen|selected|input)"


@lru_cache(maxsize=4096)
def phrase(description: str, name: str) -> Phrase:
    """Return the imperative core of a tool's description, ``name`` where the description gives none."""
    text = re.sub(r"\s*\([^)]*\)", "", description.strip().replace("\n", " "))
    text = re.split(r"(?<![A-Z]\.[A-Z])(?<!e\.g)(?<!vs)[.;:](?:\s+|$)", text)[0].strip()
    text = text.replace("`", "")
    head = re.match(r"(?i)(this|function|a |an |tool|api)\b", text)
    if head:
        text = _PREFIXES.sub("", text, count=1)
    text = _TAIL.sub("", text).strip(" ,.")
    first, _, rest = text.partition(" ")
    verb = base_verb(first)
    if not verb and first.lower().endswith("ly"):
        first, _, rest = rest.partition(" ")
        verb = base_verb(first)
    if not verb:
        return Phrase("get", _noun_phrase(text or " ".join(split_name(name))))
    for joined in ("and ", "or "):
        if rest.startswith(joined):
            second, _, after = rest[len(joined) :].partition(" ")
            if base_verb(second):
                return Phrase(f"{verb} {joined}{base_verb(second)}", after)
    rest = re.sub(r" and (\w+(?:es|s)) (?=the |a |an )", lambda m: f" and {base_verb(m[1]) or m[1]} ", rest)
    return Phrase(verb, rest)


def _noun_phrase(text: str) -> str:
    text = text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
    return text if re.match(r"(?i)(the|a|an|all|some|my|any)\b", text) else f"the {text}"


@lru_cache(maxsize=1)
def _verbs() -> frozenset[str]:
    return frozenset(sections("words")["verb"])


@lru_cache(maxsize=4096)
def base_verb(word: str) -> str:
    """Return the base form of a verb that the vocabulary knows (``retrieves`` -> ``retrieve``); else empty."""
    word = word.lower().strip(",")
    tries = [word]
    if word.endswith("ies"):
        tries.append(word[:-3] + "y")
    if word.endswith("es"):
        tries.append(word[:-2])
    if word.endswith("s"):
        tries.append(word[:-1])
    if word.endswith("ing"):
        tries += [word[:-3], word[:-3] + "e", word[:-4]]
    return next((form for form in tries if form in _verbs()), "")


def generic(text: str) -> str:
    """Drop the definition-speak that no user says: ``a specific city`` -> ``a city``."""
    text = re.sub(rf"(?i)\b(a|an) {GENERIC}(?: {GENERIC})? (\w+)", lambda m: f"{article(m[2])} {m[2]}", text)
    text = re.sub(rf"(?i)\b(the|its|their|one|two|any|some) {GENERIC} ", r"\1 ", text)
    text = re.sub(rf"(?i)\b{GENERIC} (?=\w+s?\b)", "", text)
    return re.sub(r"\s+", " ", text).strip()


def article(word: str) -> str:
    """Return ``a`` or ``an`` for the word that follows."""
    return "an" if re.match(r"(?i)(?!(?:uni|use|usu|eur|one|ut))[aeiou]|hour|honest|MRI|SVM|FM", word) else "a"


_CUT = (
    r"(?:of|for|in|from|between|about|on|by|with|to|using|at|as|and|or|that|produced|given|based|required|needed|if|"
    r"whether|across|against|under|over|after|during|along|involving|related|located|due|per|without|within|into|when)"
)
_SKIP = frozenset(
    [
        "the",
        "a",
        "an",
        "any",
        "some",
        "specific",
        "given",
        "certain",
        "all",
        "its",
        "my",
        "their",
        "list",
        "details",
        "information",
        "detailed",
        "new",
    ]
)


@lru_cache(maxsize=4096)
def subject(description: str, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the verb of a description and the words of what it gives: ``("calculate", ("monthly", "payment"))``."""
    core = phrase(description, name)
    head = re.split(rf"(?: {_CUT}\b|,)", f" {core.object}", maxsplit=1)[0]
    words = [word for word in re.findall(r"[a-z0-9]+", head.lower()) if word not in _SKIP]
    return core.verb, tuple(words[-3:] or split_name(name)[-2:] or ["result"])
