"""Dialects of JSON Schema, mapped to plain JSON Schema; every change leaves a note, nothing is lost silently.

>>> schema, notes = to_json_schema({"type": "dict", "properties": {"n": {"type": "float", "default": "1.5"}}})
>>> schema
{'type': 'object', 'properties': {'n': {'type': 'number', 'default': 1.5}}}
>>> notes
[Note(place='/properties/n/default', text="default '1.5' is text; read as 1.5")]

Type names of Python, Java and JavaScript (``dict``, ``ArrayList``, ``HashMap``, ``long``, ``any``, ``List[int]``,
``list(str)``, ``str, optional``) are the dialect itself and mapped without a note. An unknown type name is an error.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from genesis.errors import ToolError
from genesis.tools.typenames import KINDS, read_type

_HYPHEN = re.compile(r"(\[[^\]]*?\\[wdsWDS])-(?=[^\]])")
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")


class Note(NamedTuple):
    """One change made while mapping a schema, and where (JSON pointer into the parameters)."""

    place: str
    text: str


def to_json_schema(schema: Any, place: str = "") -> tuple[dict[str, Any], list[Note]]:
    """Return the plain JSON Schema of a dialect's schema, and the notes of what was changed. Raises ToolError."""
    notes: list[Note] = []
    return _map(schema, place, notes), notes


def fits(value: Any, kinds: Any) -> bool:
    """Whether a value is of a JSON Schema type (a name, a list of names, or None for any); bool is no number."""
    if not kinds:
        return True
    if isinstance(kinds, list):
        return any(fits(value, kind) for kind in kinds)
    if isinstance(value, bool):
        return bool(kinds == "boolean")
    if kinds == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, KINDS.get(kinds, ()))


def _map(schema: Any, place: str, notes: list[Note]) -> dict[str, Any]:
    if schema is True:
        return {}
    if schema is False:
        raise ToolError(f"{place or '/'}: the schema 'false' takes no value")
    if isinstance(schema, str):
        schema = {"type": schema}
    if not isinstance(schema, dict):
        raise ToolError(f"{place or '/'}: expected a schema (an object), got {type(schema).__name__}")
    plain = _typed(schema, place)
    for key, value in schema.items():
        if key in ("type", "optional") or (key == "required" and not isinstance(value, list)):
            continue
        plain[key] = _child(key, value, f"{place}/{key}", notes)
    _older_words(plain, place, notes)
    if "properties" in plain:
        _requirements(schema, plain, place, notes)
    _pattern(plain, place, notes)
    _enum(plain, place, notes)
    _default(plain, place, notes)
    return plain


def _pattern(plain: dict[str, Any], place: str, notes: list[Note]) -> None:
    r"""Escape the hyphen of ``[\w-.]``, which browsers forgive and JSON Schema's ECMA-262 does not."""
    pattern = plain.get("pattern")
    if isinstance(pattern, str) and (strict := _HYPHEN.sub(r"\1\\-", pattern)) != pattern:
        plain["pattern"] = strict
        notes.append(Note(f"{place}/pattern", f"pattern {pattern!r:.80} has a loose hyphen; escaped"))


def _child(key: str, value: Any, place: str, notes: list[Note]) -> Any:
    if key in _MAPS:
        if not isinstance(value, dict):
            raise ToolError(f"{place}: expected an object, got {type(value).__name__}")
        return {name: _map(part, f"{place}/{_escape(name)}", notes) for name, part in value.items()}
    if key in _LISTS:
        if not isinstance(value, list):
            raise ToolError(f"{place}: expected a list, got {type(value).__name__}")
        return [_map(part, f"{place}/{index}", notes) for index, part in enumerate(value)]
    if key in _SINGLE and not isinstance(value, bool):
        if key == "items" and isinstance(value, list):  # draft 4: one schema a position
            parts = [_map(part, f"{place}/{index}", notes) for index, part in enumerate(value)]
            notes.append(Note(place, f"one schema for each of {len(parts)} positions; items take any of them"))
            return {"anyOf": parts} if len(parts) > 1 else (parts or [{}])[0]
        return _map(value, place, notes)
    return value


def _escape(name: str) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _typed(schema: dict[str, Any], place: str) -> dict[str, Any]:
    """Return the plain ``type`` (and what the type's name says beside it) of a schema."""
    kind = schema.get("type")
    if kind is None:
        if "properties" in schema:
            return {"type": "object"}
        return {}
    if kind == []:
        raise ToolError(f"{place or '/'}: type is an empty list; expected a type's name")
    if isinstance(kind, list):
        parts = [read_type(part, place) for part in kind]
        if any(part.keys() != {"type"} for part in parts):
            return {"anyOf": parts} if all(parts) else {}
        names = sorted({part["type"] for part in parts}, key=list(KINDS).index)
        return {"type": names if len(names) > 1 else names[0]}
    return read_type(kind, place)


def _requirements(schema: dict[str, Any], plain: dict[str, Any], place: str, notes: list[Note]) -> None:
    """Collect what is required: the list, and flags on the properties themselves (draft 3 and flat dialects)."""
    required = list(plain.get("required") or ())
    for name, part in schema["properties"].items():
        if not isinstance(part, dict):
            continue
        flagged = part.get("required") is True or part.get("optional") is False
        if flagged and name not in required:
            required.append(name)
            notes.append(Note(f"{place}/properties/{_escape(name)}", "says itself that it is required; listed so"))
        if part.get("optional") is True and name in required:
            notes.append(Note(f"{place}/properties/{_escape(name)}", "is called optional but listed as required; kept"))
    unique = list(dict.fromkeys(name for name in required if isinstance(name, str)))
    if unique or "required" in plain:
        plain["required"] = unique


def _older_words(plain: dict[str, Any], place: str, notes: list[Note]) -> None:
    """Turn words of JSON Schema draft 4 and OpenAPI 3.0 into today's: exclusive bounds as flags, ``nullable``."""
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(plain.get(flag), bool):
            if plain.pop(flag) and bound in plain:
                plain[flag] = plain.pop(bound)
            notes.append(Note(f"{place}/{flag}", f"a flag beside {bound}; now a bound itself"))
    if plain.pop("nullable", False) is True and "type" in plain and not fits(None, plain["type"]):
        kinds = plain["type"] if isinstance(plain["type"], list) else [plain["type"]]
        plain["type"] = [*kinds, "null"]
        if isinstance(plain.get("enum"), list) and None not in plain["enum"]:
            plain["enum"] = [*plain["enum"], None]


def _enum(plain: dict[str, Any], place: str, notes: list[Note]) -> None:
    if "enum" not in plain:
        return
    where, members, kind = f"{place}/enum", plain["enum"], plain.get("type")
    if not isinstance(members, list) or not members:
        raise ToolError(f"{where}: expected a list with at least one value, got {members!r:.60}")
    if kind == "array" and not any(isinstance(member, list) for member in members):
        items = plain.setdefault("items", {})
        items.setdefault("enum", members)
        del plain["enum"]
        notes.append(Note(where, "lists the values of the items, and stands with the items now"))
        _enum(items, f"{place}/items", notes)
        return
    read = [coerced(member, kind) for member in members]
    distinct = [member for index, member in enumerate(read) if not _among(member, read[:index])]
    if distinct != members or any(type(a) is not type(b) for a, b in zip(distinct, members, strict=False)):
        notes.append(Note(where, f"values {members!r:.120} are read as {distinct!r:.120}"))
    plain["enum"] = distinct
    strange = [member for member in distinct if not fits(member, kind)]
    if strange:
        kinds = [kind] if isinstance(kind, str) else list(kind or ())
        kinds += [_kind_of(member) for member in strange]
        plain["type"] = sorted(set(kinds), key=list(KINDS).index)
        notes.append(Note(where, f"values {strange!r:.120} are not of type {kind}; the type takes them too"))


def _default(plain: dict[str, Any], place: str, notes: list[Note]) -> None:
    if "default" not in plain:
        return
    where, default = f"{place}/default", plain["default"]
    value = coerced(default, plain.get("type"))
    if value is None and not fits(None, plain.get("type")):
        del plain["default"]
        notes.append(Note(where, f"default null is not of type {plain['type']}; left out, as null means left out"))
        return
    if not fits(value, plain.get("type")):
        del plain["default"]
        notes.append(Note(where, f"default {default!r:.80} is not of type {plain['type']}; left out"))
        return
    if "enum" in plain and not _among(value, plain["enum"]):
        same = [member for member in plain["enum"] if str(member).lower() == str(value).lower()]
        if len(same) != 1:
            del plain["default"]
            notes.append(Note(where, f"default {default!r:.80} is none of the listed values; left out"))
            return
        value = same[0]
        notes.append(Note(where, f"default {default!r:.80} is spelled {value!r:.80}, as listed"))
    elif value is not default:
        notes.append(Note(where, f"default {default!r:.80} is text; read as {value!r:.80}"))
    plain["default"] = value


def coerced(value: Any, kind: Any) -> Any:
    """Read text as a number, boolean or list where the type asks for one and nothing is lost; else the value itself."""
    if not isinstance(value, str) or fits(value, kind):
        return value
    text = value.strip()
    kinds = kind if isinstance(kind, list) else [kind]
    if "boolean" in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if "integer" in kinds and re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if "number" in kinds and re.fullmatch(r"[+-]?\d{1,15}(\.\d{0,15})?([eE][+-]?\d{1,2})?", text):
        return float(text)
    if "array" in kinds and text in ("[]", "()"):
        return []
    if "object" in kinds and text == "{}":
        return {}
    return None if text.lower() in ("none", "null") and "string" not in kinds else value


def _among(value: Any, members: list[Any]) -> bool:
    return any(type(value) is type(member) and value == member for member in members)


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return next(kind for kind in ("string", "integer", "number", "array", "object", "null") if fits(value, kind))
