"""Which walk of life a tool belongs to, from its description."""

from __future__ import annotations

import re
from functools import lru_cache

from genesis.lm.offline.vocabulary import sections


@lru_cache(maxsize=1)
def _rules() -> list[tuple[str, re.Pattern[str]]]:
    rules = []
    for line in sections("domains")["domain"]:
        name, pattern = line.split(" ; ", 1)
        rules.append((name, re.compile(pattern, re.IGNORECASE)))
    return rules


@lru_cache(maxsize=4096)
def domain_of(about: str) -> str:
    """Return the domain of a description: the one whose words occur most, ``general`` where none does."""
    best, most = "general", 0
    for name, pattern in _rules():
        count = len(set(match.lower() for match in pattern.findall(about)))
        if count > most:
            best, most = name, count
    return best
