"""A pool of a given size, as evenly spread over domains as what there is allows; the same each time.

>>> quotas({"music": 3, "weather": 10, "law": 10}, 12)
{'law': 5, 'music': 3, 'weather': 4}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from genesis.text import stable_hash

T = TypeVar("T")


def quotas(available: Mapping[str, int], size: int, taken: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return how many to take of each domain so that the largest share is as small as it can be (water filling).

    ``taken`` counts what the pool already holds. Ties go in alphabetical order. The quotas add up to ``size`` unless
    there are not so many in all.
    """
    level = {domain: (taken or {}).get(domain, 0) for domain in available}
    give = dict.fromkeys(sorted(available), 0)
    for _ in range(min(size, sum(available.values()))):
        open_ones = [domain for domain in give if give[domain] < available[domain]]
        lowest = min(open_ones, key=lambda domain: (level[domain] + give[domain], domain))
        give[lowest] += 1
    return give


def draw(groups: Mapping[str, Sequence[tuple[str, T]]], size: int, seed: int, taken: Mapping[str, int]) -> list[T]:
    """Return ``size`` of the grouped (key, thing) pairs, balanced over the groups; the seed picks within a group."""
    give = quotas({domain: len(members) for domain, members in groups.items()}, size, taken)
    drawn: list[T] = []
    for domain in sorted(groups):
        ordered = sorted(groups[domain], key=lambda member: (stable_hash(seed, member[0]), member[0]))
        drawn += [thing for _, thing in ordered[: give[domain]]]
    return drawn
