"""Tools whose names say that they do different things, however alike they are described.

>>> opposed("AddReminder", "ModifyReminder"), opposed("gallon_to_liter", "liter_to_gallon")
(True, True)
>>> opposed("circle.calculate_area", "area_circle.calculate")
False

Words of a description are alike where tools are siblings; what tells them apart is often one word of the name.
"""

from __future__ import annotations

from genesis.text import split_name

_GROUPS = """
    get fetch retrieve find search lookup look list show query check read view display
    create add insert register new make post book reserve append
    update modify edit change set adjust
    delete remove cancel clear drop unregister
    start enable open activate lock begin subscribe
    stop disable close deactivate unlock end unsubscribe
    send share upload
    receive download
    buy purchase deposit
    sell withdraw
    encode encrypt compress
    decode decrypt decompress
    increase
    decrease
    minimum min lowest smallest
    maximum max highest largest
"""
_ACTS = {word: number for number, line in enumerate(_GROUPS.split("\n")) for word in line.split()}
_DIRECTIONS = frozenset({"to", "from", "into", "by", "2"})


def opposed(one: str, other: str) -> bool:
    """Whether two names say different acts: verbs of different kinds, or the same words the other way round."""
    first, second = split_name(one), split_name(other)
    if _DIRECTIONS & set(first) and first != second and sorted(first) == sorted(second):
        return True
    acts, others = ({_ACTS[word] for word in name if word in _ACTS} for name in (first, second))
    return bool(acts and others and not acts & others)
