"""Values written as Java's and JavaScript's literals, as BFCL's official checker reads them back.

    >>> java(["a", "b"], "ArrayList", "String")
    'new ArrayList<String>(Arrays.asList("a", "b"))'
    >>> javascript({"limit": 5, "deep": True}, "dict")
    '{"limit": 5, "deep": true}'

BFCL asks a model for Java and JavaScript arguments as text; its gold holds plain values, which must be written like
this before the checker can accept them. Types are the schema's own words (``long``, ``HashMap``, ``Bigint``).
"""

from __future__ import annotations

import json
from typing import Any


def java(value: Any, kind: str, inner: str | None = None) -> str:
    """Return a Java literal of ``value`` for a parameter of type ``kind`` (with elements of type ``inner``)."""
    if isinstance(value, str):
        return value  # text stands bare, and so do names of variables
    if kind in ("Array", "ArrayList") and isinstance(value, list):
        if kind == "Array":  # the checker keeps quotes in arrays of String, so its gold is only met without them
            bare = ", ".join(e if isinstance(e, str) and inner else _java_element(e, inner) for e in value)
            return f"new {inner or 'Object'}[]{{{bare}}}"
        elements = ", ".join(_java_element(element, inner) for element in value)
        return (
            f"new ArrayList<{inner or ''}>(Arrays.asList({elements}))" if value else f"new ArrayList<{inner or ''}>()"
        )
    if kind == "HashMap" and isinstance(value, dict):
        puts = " ".join(f'put("{name}", {_java_element(element, None)});' for name, element in value.items())
        return f"new HashMap<String, Object>() {{{{ {puts} }}}}"
    return _java_scalar(value, kind)


def javascript(value: Any, kind: str, inner: str | None = None) -> str:
    """Return a JavaScript literal of ``value`` for a parameter of type ``kind`` (with elements of type ``inner``)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(e) if isinstance(e, str) else javascript(e, inner or "") for e in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(name)}: {_javascript_member(e)}" for name, e in value.items()) + "}"
    if kind == "Bigint":
        return f"{value}n"
    return _plain(value)


def _java_element(value: Any, kind: str | None) -> str:
    if isinstance(value, str):
        return f"'{value}'" if kind == "char" else _quoted(value)
    if isinstance(value, (list, dict)):
        return java(value, "ArrayList" if isinstance(value, list) else "HashMap")
    return _java_scalar(value, kind or "")


def _java_scalar(value: Any, kind: str) -> str:
    text = _plain(value)
    return text + {"long": "L", "float": "f"}.get(kind, "") if not isinstance(value, bool) else text


def _javascript_member(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else javascript(value, "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
