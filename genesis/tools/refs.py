"""Local references of a schema, resolved in place; nothing is ever fetched.

>>> resolve({"$defs": {"id": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/id"}}})
{'properties': {'a': {'type': 'string'}}}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from genesis.errors import ToolError

_MAX_DEPTH = 64
_MAX_OBJECTS = 50_000
"""Objects in one definition after its references are replaced: a few lines of ``$ref`` can unfold to billions."""


def resolve(schema: Any, root: Any = None) -> Any:
    """Return the schema with each local reference replaced by a copy of its target.

    ``root`` is the document that pointers lead into (the schema itself by default). Raises ToolError on a remote
    reference, a cycle, a pointer to nothing, and when references unfold without measure.
    """
    whole = schema if root is None else root
    plain = _resolve(schema, whole, (), iter(range(_MAX_OBJECTS)), 0)
    if root is None and isinstance(plain, dict):
        plain = {key: value for key, value in plain.items() if key not in ("$defs", "definitions")}
    return plain


def target(root: Any, reference: Any) -> Any:
    """Return what a local JSON pointer leads to. Raises ToolError."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise ToolError(f"reference {reference!r:.100} is remote, and nothing is fetched")
    current = root
    for part in reference[1:].split("/")[1:] if reference != "#" else ():
        part = unquote(part).replace("~1", "/").replace("~0", "~")
        try:
            current = current[int(part)] if isinstance(current, list) else current[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise ToolError(f"reference {reference!r:.100} leads to nothing") from None
    return current


def _resolve(value: Any, root: Any, open_ones: tuple[str, ...], budget: Iterator[int], depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise ToolError(f"references unfold deeper than {_MAX_DEPTH} levels")
    if isinstance(value, list):
        return [_resolve(part, root, open_ones, budget, depth + 1) for part in value]
    if not isinstance(value, dict):
        return value
    if next(budget, None) is None:
        raise ToolError(f"references unfold to more than {_MAX_OBJECTS} objects")
    if isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in open_ones:
            raise ToolError(f"reference {reference!r:.100} is a cycle")
        found = _resolve(target(root, reference), root, (*open_ones, reference), budget, depth + 1)
        beside = {
            key: _resolve(part, root, open_ones, budget, depth + 1) for key, part in value.items() if key != "$ref"
        }
        return {**found, **beside} if isinstance(found, dict) else found
    return {
        key: part
        if key in ("$defs", "definitions") and not open_ones and depth == 0
        else _resolve(part, root, open_ones, budget, depth + 1)
        for key, part in value.items()
    }
