"""Text as tokens that keep their place, and what a token looks like whatever word it is.

>>> [token.text for token in tokenize("Two rooms in Portland, OR for $1,200")]
['Two', 'rooms', 'in', 'Portland', ',', 'OR', 'for', '$', '1,200']
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from genesis.checks.lexicon import NUMBER_WORDS, words_of

_TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]{1,2}\b)?|[^\w\s]|_")
_QUOTES = frozenset("\"'“”‘’`")
_NOT_NUMBERS = words_of("a an single once both pair me myself week fortnight year hour fair noon midnight")
SPOKEN = {word: value for word, value in NUMBER_WORDS.items() if word not in _NOT_NUMBERS}
"""Words that are read as numbers where a number is asked for."""
SHAPES = 9
"""Columns of :func:`shapes`."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or one punctuation mark of a text."""

    text: str
    start: int
    end: int


def tokenize(text: str, most: int = 256) -> list[Token]:
    """Return the first ``most`` tokens of a text."""
    found = []
    for match in _TOKEN.finditer(text):
        found.append(Token(match[0], match.start(), match.end()))
        if len(found) == most:
            break
    return found


def is_number(token: str) -> bool:
    """Whether a token is a number, in figures or as a word."""
    return token[0].isdigit() or token.lower() in SPOKEN


def shapes(tokens: Sequence[Token]) -> list[list[float]]:
    """Return what each token looks like, shape (len(tokens), SHAPES), all in [0, 1].

    Columns: figures; number word; capitalised; all capitals; punctuation; inside quotes; first of a sentence; place
    in the text; whether letters and figures touch the next token (part of a code or a date).
    """
    rows = []
    quoted = False
    fresh = True
    for index, token in enumerate(tokens):
        text = token.text
        mark = not text[0].isalnum()
        if mark and text in _QUOTES:
            quoted = not quoted
        follows = index + 1 < len(tokens) and tokens[index + 1].start == token.end
        rows.append(
            [
                float(text[0].isdigit()),
                float(text.lower() in SPOKEN),
                float(text[0].isupper()),
                float(len(text) > 1 and text.isupper()),
                float(mark),
                float(quoted),
                float(fresh),
                index / max(1, len(tokens)),
                float(follows),
            ]
        )
        fresh = text in ".?!" if mark else False
    return rows


@lru_cache(maxsize=100_000)
def pieces(word: str) -> tuple[str, ...]:
    """Return the sub-words a word is known by: itself, and its 3- and 4-character grams with their borders.

    Figures are known by their form only, so that no number is a word of its own.

    >>> pieces("rain")
    ('rain', '<ra', 'rai', 'ain', 'in>', '<rai', 'rain', 'ain>')
    >>> pieces("1,200")
    ('0,000',)
    """
    if word[:1].isdigit():
        return (re.sub(r"\d", "0", word),)
    marked = f"<{word}>"
    grams = [marked[at : at + n] for n in (3, 4) for at in range(len(marked) - n + 1)]
    return (word, *grams[:22])
