"""The vocabulary: word lists in ``data/*.txt``, read once.

A file holds sections; a section's entries stand one a line or separated by `` | ``; ``# `` opens a comment line::

    [city]
    Oslo | Lisbon | Nairobi
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@cache
def sections(file: str) -> dict[str, tuple[str, ...]]:
    """Return every section of ``data/<file>.txt`` by name, entries in the order of the file."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (_DATA / f"{file}.txt").read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith("# ") or line == "#":
            continue
        if line.startswith("[") and line.endswith("]"):
            current = found.setdefault(line[1:-1], [])
        else:
            current.extend(entry.strip() for entry in line.split(" | "))
    return {name: tuple(entries) for name, entries in found.items()}


def entries(file: str, section: str) -> tuple[str, ...]:
    """Return one section's entries. Raises KeyError for a section that the file does not have."""
    return sections(file)[section]


@cache
def pairs(file: str, section: str) -> dict[str, str]:
    """Return a section whose entries are ``key ; value`` as a dict; a value may be empty."""
    split = (entry.partition(" ;") for entry in entries(file, section))
    return {key.strip(): value.strip() for key, _, value in split}


@lru_cache(maxsize=8192)
def matching(patterns: tuple[str, ...], about: str) -> tuple[int, ...]:
    """Return the places of the patterns that a description matches, in any case of letters."""
    return tuple(at for at, pattern in enumerate(patterns) if re.search(pattern, about, re.IGNORECASE))
