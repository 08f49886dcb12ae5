"""What has been said, ready to look values up in.

>>> flat("Book the Blue-Door, please!")
' book the blue door please '
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from genesis.checks.days import days_of
from genesis.checks.quantities import numbers_of

_STEMS_KEPT = 200_000
_NOT_WORD = re.compile(r"[^\w]+")
_FLAT = bytes(ord(chr(code).lower()) if chr(code).isalnum() and code < 128 else 32 for code in range(256))
"""ASCII letters in lower case and digits; anything else becomes a space."""


class Said:
    """What has been said before a call, indexed at first need."""

    __slots__ = ("_alnum", "_days", "_initials", "_numbers", "_stems", "_tokens", "flat", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.flat = flat(text)
        """Lower-case words between single spaces, with a space at both ends."""
        self._numbers: set[float] | None = None
        self._tokens: set[str] | None = None
        self._stems: set[str] | None = None
        self._alnum: str | None = None
        self._initials: str | None = None
        self._days: list[tuple[int, int, int]] | None = None

    @property
    def numbers(self) -> set[float]:
        """Every number said, in figures or words, scaled and clock forms too."""
        if self._numbers is None:
            self._numbers = numbers_of(self.text)
        return self._numbers

    @property
    def days(self) -> list[tuple[int, int, int]]:
        """The dates written out, as `days_of` gives them."""
        if self._days is None:
            self._days = days_of(self.text)
        return self._days

    @property
    def tokens(self) -> set[str]:
        """The distinct words."""
        if self._tokens is None:
            self._tokens = set(self.flat.split())
        return self._tokens

    @property
    def stems(self) -> set[str]:
        """The distinct words, cut to five letters."""
        if self._stems is None:
            self._stems = set(stems_of(self.tokens))
        return self._stems

    @property
    def initials(self) -> str:
        """The first letters of the words, in order."""
        if self._initials is None:
            self._initials = "".join([word[0] for word in self.flat.split()])
        return self._initials

    def has_stem(self, of: str) -> bool:
        """Whether a word was said that has this stem."""
        return f" {of}" in self.flat and of in self.stems

    @property
    def alnum(self) -> str:
        """The letters and digits alone."""
        if self._alnum is None:
            self._alnum = self.flat.replace(" ", "")
        return self._alnum


def flat(text: str) -> str:
    """Return lower-case words between single spaces, a space at both ends: ``" book a table "``."""
    if text.isalnum():
        return f" {text.lower()} "
    if text.isascii():
        return f" {' '.join(text.encode().translate(_FLAT).decode().split())} "
    return f" {' '.join(_NOT_WORD.sub(' ', text).lower().replace('_', ' ').split())} "


class _Stems(dict[str, str]):
    """Word -> stem, filled as words come: looking one up costs no call."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _STEMS_KEPT:
            self.clear()
        cut = word
        for end in ("ing", "ies", "es", "ed", "s", "ly", "y", "e"):
            if len(word) - len(end) >= 3 and word.endswith(end):
                cut = word[: -len(end)]
                break
        self[word] = cut = cut[:5]
        return cut


_STEMS = _Stems()


def stem(word: str) -> str:
    """Cut a word so that its forms meet: ``running`` and ``runs`` -> ``run``."""
    return _STEMS[word]


def stems_of(words: Iterable[str]) -> list[str]:
    """Return the stem of each word."""
    return [*map(_STEMS.__getitem__, words)]
