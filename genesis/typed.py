"""Frozen dataclasses built strictly from plain data: nothing is coerced, and an error says what was expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from genesis.errors import ParamsError

SECRET = "a NAME in capitals, not the key"
"""Description of values that an error never shows: somebody may have put the key itself there."""


def build(kind: type, data: Any, where: str, prefix: str = "", root: type | None = None) -> Any:
    """Build a frozen dataclass from plain data; fields that are dataclasses are groups of names and values.

    ``root``: the outermost kind, whose names a hint may propose. Raises ParamsError naming where, key, value, what was
    expected and the nearest known key.
    """
    root = root or kind
    if not isinstance(data, Mapping):
        raise ParamsError(f"{where}: '{prefix.rstrip('.')}' is {_shown(data)}; expected a group of names and values")
    hints = get_type_hints(kind, include_extras=True)
    known = [item.name for item in fields(kind)]
    values = {}
    for key, value in data.items():
        if key not in known:
            raise ParamsError(f"{where}: unknown parameter '{prefix}{key}'{_nearest_key(str(key), prefix, root)}")
        if is_dataclass(hints[key]):
            values[key] = build(hints[key], value, where, f"{prefix}{key}.", root)
            continue
        try:
            values[key] = msgspec.convert(value, hints[key], strict=True)
        except msgspec.ValidationError as error:
            expected = type_words(hints[key]) + _hint(value, hints[key])
            if _secret(hints[key]):
                raise ParamsError(
                    f"{where}: '{prefix}{key}' is no such name (not shown); expected {expected}"
                ) from None
            raise ParamsError(f"{where}: '{prefix}{key}' is {_shown(value)}; expected {expected}") from error
    return kind(**values)


def describe(kind: type, prefix: str = "") -> list[tuple[str, str, Any, str]]:
    """Return (name, type, default, help) of every field, groups dotted."""
    hints = get_type_hints(kind, include_extras=True)
    rows: list[tuple[str, str, Any, str]] = []
    for item in fields(kind):
        default = item.default if item.default_factory is MISSING else item.default_factory()
        if is_dataclass(hints[item.name]):
            rows += describe(hints[item.name], f"{prefix}{item.name}.")
        else:
            rows.append((prefix + item.name, type_words(hints[item.name]), default, item.metadata["help"]))
    return rows


def type_words(hint: Any) -> str:
    """Return what a type hint expects, in words: ``a whole number >= 1``."""
    if get_origin(hint) is Annotated:
        base, meta = get_args(hint)[0], get_args(hint)[1]
        limits = [
            f"{sign} {value}" for sign, value in ((">=", meta.ge), (">", meta.gt), ("<=", meta.le)) if value is not None
        ]
        extra = " ".join([*limits, *([f"({meta.description})"] if meta.description else [])])
        return f"{type_words(base)} {extra}".strip()
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is list:
        return f"a list of {type_words(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return f"a mapping of text to {type_words(get_args(hint)[1])}"
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): "null"}
    if hint in names:
        return names[hint]
    if is_dataclass(hint):
        return "a group"
    return " or ".join(type_words(part) for part in get_args(hint))


def _secret(hint: Any) -> bool:
    return get_origin(hint) is Annotated and get_args(hint)[1].description == SECRET


def _nearest_key(key: str, prefix: str, root: type) -> str:
    rows = [name for name, *_ in describe(root)]
    names = sorted({*rows, *(name.partition(".")[0] for name in rows)})
    close = difflib.get_close_matches(prefix + key, names, n=1, cutoff=0.5)
    if not close and not prefix:
        close = [name for name in names if name.rpartition(".")[2] == key][:1]
    inside = [name for name in names if name.startswith(prefix)] if prefix else []
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known here: {', '.join(inside)}" if inside else "; `genesis run --help-params` lists all"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _hint(value: Any, hint: Any) -> str:
    if isinstance(value, str) and "number" in type_words(hint) and re.fullmatch(r"[-+]?[\d.]+", value):
        return "; write it without quotes"
    if isinstance(value, (int, float)) and "text" in type_words(hint):
        return "; put it in quotes"
    return ""
