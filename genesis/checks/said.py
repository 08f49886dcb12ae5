"""What has been said, ready to look values up in.

>>> flat("Book the Blue-Door, please!")
' book the blue door please '
"""

from __future__ import annotations

import re
from functools import lru_cache

from genesis.checks.days import days_of
from genesis.checks.quantities import numbers_of

_NOT_WORD = re.compile(r"[^\w]+")
_FLAT = bytes(ord(chr(code).lower()) if chr(code).isalnum() and code < 128 else 32 for code in range(256))
"""ASCII letters in lower case and digits; anything else becomes a space."""


class Said:
    """What has been said before a call, indexed at first need."""

    __slots__ = ("_alnum", "_days", "_numbers", "_stems", "_tokens", "flat", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.flat = flat(text)
        """Lower-case words between single spaces, with a space at both ends."""
        self._numbers: set[float] | None = None
        self._tokens: set[str] | None = None
        self._stems: set[str] | None = None
        self._alnum: str | None = None
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
            self._stems = {stem(token) for token in self.tokens}
        return self._stems

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


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Cut a word so that its forms meet: ``running`` and ``runs`` -> ``run``."""
    for end in ("ing", "ies", "es", "ed", "s", "ly", "y", "e"):
        if len(word) - len(end) >= 3 and word.endswith(end):
            word = word[: -len(end)]
            break
    return word[:5]
