"""Names that every endpoint takes, from names as sources give them; the original is kept beside.

>>> legal("math.hypot"), legal("get user/info"), legal("x" * 70)[-9:]
('math_hypot', 'get_user_info', '_eb347ad2')
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from genesis.text import stable_hash

LEGAL = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
"""OpenAI's rule for the name of a function."""
_MAX = 64
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]+")


def legal(name: str) -> str:
    """Return a legal name: illegal characters become ``_``, too long ones end in a hash of the original.

    A name without any legal character (another script) is ``tool_`` and its hash.
    """
    if LEGAL.match(name):
        return name
    plain = _ILLEGAL.sub("_", name).strip("_")
    if not plain:
        return f"tool_{_mark(name)}"
    return plain if len(plain) <= _MAX else f"{plain[: _MAX - 9]}_{_mark(name)}"


def assign(originals: Sequence[str]) -> list[str]:
    """Return distinct legal names for names in the order given, the same whatever else changes about the tools.

    Names that are legal as they stand are served first; a name taken gets ``_2``, ``_3``, ... in the order given, so
    the name of an earlier tool never depends on a later one of the same standing.

    >>> assign(["a.b", "a_b", "a_b", "a_b_2"])
    ['a_b_3', 'a_b', 'a_b_4', 'a_b_2']
    """
    taken: set[str] = set()
    given: dict[int, str] = {}
    for index, name in enumerate(originals):
        if LEGAL.match(name) and name not in taken:
            given[index] = name
            taken.add(name)
    for index, name in enumerate(originals):
        if index not in given:
            given[index] = _free(legal(name), taken)
            taken.add(given[index])
    return [given[index] for index in range(len(originals))]


def _free(name: str, taken: set[str]) -> str:
    number = 1
    candidate = name
    while candidate in taken:
        number += 1
        suffix = f"_{number}"
        candidate = name[: _MAX - len(suffix)] + suffix
    return candidate


def _mark(name: str) -> str:
    return f"{stable_hash(name):016x}"[-8:]
