"""Names of types in any dialect, read as plain JSON Schema.

>>> read_type("List[int]"), read_type("HashMap"), read_type("str, optional")
({'type': 'array', 'items': {'type': 'integer'}}, {'type': 'object'}, {'type': 'string'})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from genesis.errors import ToolError

_NAMES = {
    "object": "dict object hashmap map hashtable record struct json mapping",
    "number": "float double number numeric decimal bigdecimal real complex",
    "integer": "integer int long short byte bigint biginteger int32 int64 uint uint32 uint64",
    "boolean": "boolean bool",
    "string": "string str char character text date datetime time uuid url uri email file path bytes enum",
    "array": "array arraylist list tuple set sequence iterable vector linkedlist hashset collection queue stack",
    "null": "null none void nonetype",
    "": "any unknown undefined variant",
}
TYPES: Mapping[str, str] = {word: plain for plain, spelled in _NAMES.items() for word in spelled.split()} | {"": ""}
"""Lower-case dialect name -> JSON Schema type; the empty type takes any value."""
_GENERIC = re.compile(r"^([A-Za-z_.]*)\s*[\[(<](.*)[\])>]$")
_OPTIONAL = re.compile(r",?\s*\(?\boptional\b\)?\s*$", re.IGNORECASE)
KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
    "array": (list,),
    "null": (type(None),),
}


def read_type(kind: Any, place: str = "") -> dict[str, Any]:
    """Read one type name of any dialect: ``List[int]`` -> array of integer. Raises ToolError for an unknown one.

    >>> read_type("Dict[str, float]")
    {'type': 'object', 'additionalProperties': {'type': 'number'}}
    """
    if not isinstance(kind, str):
        raise ToolError(f"{place or '/'}: type is {kind!r:.60}; expected a type's name")
    text = _OPTIONAL.sub("", kind.strip())
    if text.lower() in ("char", "character"):
        return {"type": "string", "maxLength": 1}
    if text.lower() in TYPES:
        return {"type": TYPES[text.lower()]} if TYPES[text.lower()] else {}
    if text.endswith("[]") and len(text) > 2:
        return {"type": "array", "items": read_type(text[:-2], place)}
    alternatives = _split(text.replace(" or ", "|"), "|")
    generic = _GENERIC.match(text)
    if len(alternatives) > 1:
        return _union([read_type(part, place) for part in alternatives])
    if generic and len(text) < 200:
        return _generic(generic[1].rsplit(".", 1)[-1].lower(), _split(generic[2], ","), place, kind)
    raise ToolError(
        f"{place or '/'}: unknown type {kind[:60]!r}; JSON Schema's, Python's, Java's and JavaScript's are known"
    )


def _generic(outer: str, inner: list[str], place: str, kind: str) -> dict[str, Any]:
    if outer in ("optional", "union"):
        parts = [read_type(part, place) for part in inner]
        return parts[0] if outer == "optional" else _union(parts)
    if outer == "literal":
        return {"enum": [part.strip().strip("'\"") for part in inner]}
    plain = TYPES.get(outer)
    if plain == "object":
        values = read_type(inner[-1], place) if inner else {}
        return {"type": "object"} | ({"additionalProperties": values} if values else {})
    if plain == "array":
        parts = [read_type(part, place) for part in inner if part.strip() not in ("", "...")]
        distinct = [part for index, part in enumerate(parts) if part not in parts[:index]]
        return {"type": "array"} | ({"items": _union(distinct)} if distinct else {})
    raise ToolError(f"{place or '/'}: unknown type {kind[:60]!r}")


def _union(parts: list[dict[str, Any]]) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0]
    if all(part.keys() == {"type"} and isinstance(part["type"], str) for part in parts):
        names = sorted({part["type"] for part in parts}, key=list(KINDS).index)
        return {"type": names if len(names) > 1 else names[0]}
    return {"anyOf": parts} if all(parts) else {}


def _split(text: str, mark: str) -> list[str]:
    """Split at ``mark`` outside of brackets."""
    parts, depth, last = [], 0, 0
    for index, char in enumerate(text):
        depth += (char in "[(<") - (char in "])>")
        if char == mark and depth == 0:
            parts.append(text[last:index])
            last = index + 1
    return [*parts, text[last:]]
