'''Tools from Python functions: signature, type hints and docstring. Importing a module runs it.

>>> def book(city: str, nights: int = 1) -> str:
...     """Book a room.
...
...     Args:
...         city: Where.
...     """
>>> describe(book)["parameters"]["properties"]
{'city': {'type': 'string', 'description': 'Where.'}, 'nights': {'type': 'integer', 'default': 1}}
'''

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import importlib
import inspect
import pathlib
import re
import sys
import types
import typing
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from genesis.errors import PoolError, ToolError
from genesis.tools.found import Found

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string"},
    dict: {"type": "object"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    set: {"type": "array", "uniqueItems": True},
    frozenset: {"type": "array", "uniqueItems": True},
    type(None): {"type": "null"},
    decimal.Decimal: {"type": "number"},
    complex: {"type": "string"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.time: {"type": "string", "format": "time"},
    datetime.timedelta: {"type": "number"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    pathlib.Path: {"type": "string"},
    pathlib.PurePath: {"type": "string"},
    Any: {},
    inspect.Parameter.empty: {},
    object: {},
}
_SEQUENCES = (list, set, frozenset, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Set)
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_MAX_DEPTH = 12


def module_tools(target: str) -> Iterator[Found]:
    """Yield the public functions of ``package.module``, or one as ``package.module:function``. Raises PoolError."""
    source = f"python:{target}"
    name, _, wanted = target.partition(":")
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name):
        raise PoolError(f"source {source!r}: expected package.module or package.module:function")
    module = _imported(source, name)
    functions = _public(module)
    if wanted:
        if not callable(getattr(module, wanted, None)):
            raise PoolError(
                f"source {source!r}: {name} has no function {wanted!r}; it has {', '.join(functions)[:200]}"
            )
        functions = {wanted: getattr(module, wanted)}
    for label, function in functions.items():
        try:
            yield Found(describe(function), f"python:{name}", label)
        except ToolError as error:
            yield Found({"name": label}, f"python:{name}", label, broken=str(error))


def _imported(source: str, name: str) -> types.ModuleType:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may do anything when imported, sys.exit included
        detail = " ".join(str(error).split())[:160]
        raise PoolError(f"source {source!r}: importing it failed: {type(error).__name__}: {detail}") from error
    finally:
        sys.path.remove("")


def _public(module: types.ModuleType) -> dict[str, Callable[..., Any]]:
    """Return what a module offers: ``__all__``, or the functions defined in it whose name has no leading ``_``."""
    listed = getattr(module, "__all__", None)
    names = [name for name in (listed or vars(module)) if isinstance(name, str)]
    found = {name: getattr(module, name, None) for name in names}
    return {
        name: thing
        for name, thing in found.items()
        if inspect.isroutine(thing)
        and (listed or (not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__))
    }


def describe(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the definition of a function: its name, docstring and the JSON Schema of its parameters.

    Raises ToolError where it has no signature or takes arguments that a call by name cannot give.
    """
    name = getattr(function, "__name__", "?")
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise ToolError(f"{name}: has no signature: {error}") from error
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # hints are code: a name that is not there, or anything else
        raise ToolError(f"{name}: its type hints cannot be read: {type(error).__name__}: {error}") from error
    summary, told = _docstring(inspect.getdoc(function) or "")
    properties: dict[str, Any] = {}
    required = []
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise ToolError(f"{name}: parameter {parameter.name!r} cannot be given by name")
        schema = schema_of(hints.get(parameter.name, parameter.empty))
        if told.get(parameter.name) and "description" not in schema:
            schema["description"] = told[parameter.name]
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        elif _is_json(parameter.default):
            schema["default"] = parameter.default
        elif isinstance(parameter.default, enum.Enum):
            schema["default"] = parameter.default.value
        properties[parameter.name] = schema
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": summary, "parameters": parameters}


def schema_of(hint: Any, depth: int = 0) -> dict[str, Any]:
    """Return the JSON Schema of a type hint: ``dict[str, list[int]]``, ``Literal``, ``Enum``, dataclass, TypedDict.

    Raises ToolError for a hint that JSON has no values for.
    """
    if depth > _MAX_DEPTH:
        raise ToolError(f"type hint is nested deeper than {_MAX_DEPTH} levels, or holds itself")
    try:
        if hint in _PLAIN:
            return dict(_PLAIN[hint])
    except TypeError:  # not hashable: an Annotated with a list in it
        pass
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        schema = schema_of(arguments[0], depth + 1)
        words = [extra for extra in arguments[1:] if isinstance(extra, str)]
        words += [extra.description for extra in arguments[1:] if isinstance(getattr(extra, "description", None), str)]
        return {**schema, **({"description": words[0]} if words else {})}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        parts = [schema_of(part, depth + 1) for part in arguments]
        if all(part.keys() == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}
    if origin is tuple:
        parts = [schema_of(part, depth + 1) for part in arguments if part is not ...]
        return {"type": "array", "items": parts[0] if len(parts) == 1 else {"anyOf": parts}}
    if (origin or hint) in _SEQUENCES:
        return {"type": "array", **({"items": schema_of(arguments[0], depth + 1)} if arguments else {})}
    if (origin or hint) in _MAPPINGS:
        return {"type": "object", **({"additionalProperties": schema_of(arguments[1], depth + 1)} if arguments else {})}
    return _schema_of_class(hint, depth)


def _schema_of_class(hint: Any, depth: int) -> dict[str, Any]:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    if callable(getattr(hint, "model_json_schema", None)):  # pydantic
        schema: dict[str, Any] = hint.model_json_schema()
        return schema
    if typing.is_typeddict(hint):
        hints = typing.get_type_hints(hint)
        properties = {name: schema_of(part, depth + 1) for name, part in hints.items()}
        return {"type": "object", "properties": properties, "required": sorted(hint.__required_keys__)}
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        fields = dataclasses.fields(hint)
        missing = dataclasses.MISSING
        return {
            "type": "object",
            "properties": {part.name: schema_of(hints[part.name], depth + 1) for part in fields},
            "required": [part.name for part in fields if part.default is missing and part.default_factory is missing],
        }
    raise ToolError(f"type hint {hint!r:.80} has no JSON Schema")


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool)) or value in ([], {})


_SECTION = re.compile(r"^(Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Examples?|Notes?|See Also):?\s*$")
_GOOGLE = re.compile(r"^\s*\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY = re.compile(r"^(\w+)\s*(?::.*)?$")
_SPHINX = re.compile(r"^:param\s+(?:[^:]*\s)?(\w+):\s*(.*)$")


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return the description and the parameters' descriptions of a docstring: Google, NumPy or Sphinx style."""
    about: list[str] = []
    told: dict[str, str] = {}
    section, current, indent = "", "", 0
    lines = text.splitlines()
    for number, line in enumerate(lines):
        stripped = line.strip()
        if found := _SPHINX.match(stripped):
            section, current, indent = "sphinx", found[1], 0
            told[current] = found[2]
        elif stripped.startswith((":return", ":rtype", ":raises", ":type")):
            section, current = "other", ""
        elif _SECTION.match(line):
            section, current, indent = ("args" if line[0] in "AP" else "other"), "", 0
        elif not section:
            about.append(stripped)
        elif section == "args" and stripped and not set(stripped) <= {"-"}:
            here = len(line) - len(line.lstrip())
            numpy = here == 0 and _NUMPY.match(line)
            google = here > 0 and (not current or here <= indent) and _GOOGLE.match(line)
            if numpy and number + 1 < len(lines) and lines[number + 1].startswith(" "):
                current, indent = numpy[1], here
                told[current] = ""
            elif google:
                current, indent = google[1], here
                told[current] = google[2]
            elif current:
                told[current] = f"{told[current]} {stripped}".strip()
        elif section == "sphinx" and stripped and current:
            told[current] += f" {stripped}"
    return " ".join(part for part in about if part).strip(), told
