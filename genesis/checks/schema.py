"""Compiled validators, one a tool schema, and what an argument breaks, told by rule.

>>> faults = list(argument_faults(compiled({"type": "object", "properties": {"n": {"type": "integer"}}}), {"n": "3"}))
>>> faults
[(9, "argument 'n' is '3' (string); the schema wants integer")]

Nothing is coerced: ``"3"`` is no integer and ``True`` is not 1; 1.0 is an integer, as JSON Schema has it. Nothing is
ever fetched: a remote ``$ref`` makes the schema unusable, which rule 1 reports. Patterns run on a linear-time engine,
or with a bounded number of steps where they look around.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import msgspec

from genesis.errors import ToolError
from genesis.tools.dialect import to_json_schema

MAX_DEPTH = 100
"""Nesting beyond this is refused before any recursive code sees it, in schemas and in arguments."""
MAX_SCHEMA_BYTES = 1_000_000
_CACHE_SIZE = 20_000
_PLAIN = frozenset((str, int, bool, type(None)))
"""Types whose every value can stand in JSON."""
_RULE_OF = {"required": 7, "additionalProperties": 8, "unevaluatedProperties": 8, "type": 9}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A tool's parameters, ready to check arguments with."""

    validator: Any
    """None where the schema cannot be compiled; ``defects`` says why."""
    names: frozenset[str]
    """The declared parameters."""
    required: frozenset[str]
    properties: dict[str, Any]
    defaults: dict[str, Any]
    """The defaults of optional parameters that have one."""
    defects: tuple[tuple[int, str], ...]
    """(rule number, reason) of what is wrong with the schema itself: rules 1 to 3."""


_by_identity: dict[int, tuple[Any, Compiled]] = {}
_by_text: dict[bytes, Compiled] = {}


def compiled(parameters: Any) -> Compiled:
    """Return the compiled form of a parameters schema; the same object or the same JSON is compiled once."""
    known = _by_identity.get(id(parameters))
    if known is not None and known[0] is parameters:
        return known[1]
    try:
        text = msgspec.json.encode(parameters)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        return _unusable(1, f"the schema is no JSON: {error}")
    result = _by_text.get(text)
    if result is None:
        if len(_by_text) >= _CACHE_SIZE:
            _by_text.clear()
        result = _by_text[text] = _compile(parameters, text)
    if len(_by_identity) >= _CACHE_SIZE:
        _by_identity.clear()
    _by_identity[id(parameters)] = (parameters, result)  # the reference keeps the id from being given again
    return result


def _unusable(rule: int, reason: str) -> Compiled:
    return Compiled(None, frozenset(), frozenset(), {}, {}, ((rule, reason),))


def _compile(parameters: Any, text: bytes) -> Compiled:
    if not isinstance(parameters, dict):
        return _unusable(1, f"parameters are {type(parameters).__name__}; expected a JSON Schema of an object")
    if len(text) > MAX_SCHEMA_BYTES:
        return _unusable(1, f"the schema has {len(text)} bytes; at most {MAX_SCHEMA_BYTES}")
    if too_deep(parameters):
        return _unusable(1, f"the schema is nested deeper than {MAX_DEPTH} levels")
    defects: list[tuple[int, str]] = []
    schema = parameters
    validator, problem = _validator(_closed(parameters))
    if problem:
        schema, validator, found = _repaired(parameters, problem)
        defects.append(found)
    properties = schema.get("properties")
    required = schema.get("required")
    properties = properties if isinstance(properties, dict) else {}
    names = frozenset(properties)
    required = (
        frozenset(name for name in required if isinstance(name, str)) if isinstance(required, list) else frozenset()
    )
    kind = schema.get("type", "object")
    if kind != "object" and validator is not None:
        defects.append((2, f"parameters have type {kind!r}; expected 'object'"))
    if required - names and validator is not None:
        defects.append((2, f"required {_quoted(required - names)} has no property; properties are {_listed(names)}"))
    defaults = {
        name: part["default"]
        for name, part in properties.items()
        if name not in required and isinstance(part, dict) and "default" in part
    }
    return Compiled(validator, names, required, properties, defaults, tuple(defects))


def _validator(schema: dict[str, Any]) -> tuple[Any, str]:
    """Return a validator, or None and why there is none."""
    problem = ""
    for options in (
        jsonschema_rs.RegexOptions(size_limit=1 << 20),
        jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000),
    ):
        try:
            return jsonschema_rs.validator_for(schema, validate_formats=True, offline=True, pattern_options=options), ""
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
            problem = _first_line(error)
    return None, problem


def _repaired(parameters: dict[str, Any], problem: str) -> tuple[dict[str, Any], Any, tuple[int, str]]:
    """Map a dialect's schema so that the arguments can still be checked; the schema's own defect is reported."""
    try:
        schema, _ = to_json_schema(parameters)
    except (ToolError, RecursionError) as error:
        rule = 3 if "unknown type" in str(error) else 1
        return parameters, None, (rule, f"not JSON Schema: {error}")
    validator, again = _validator(_closed(schema))
    if validator is None:
        return parameters, None, (1, f"not JSON Schema: {again}")
    return schema, validator, (1, f"not JSON Schema as it stands ({problem}); read as another dialect's")


def _closed(schema: Any, depth: int = 0) -> Any:
    """Return the schema with undeclared properties refused wherever it declares some and says nothing else."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return schema
    closed = dict(schema)
    for key in ("properties", "$defs", "definitions"):
        if isinstance(schema.get(key), dict):
            closed[key] = {name: _closed(part, depth + 1) for name, part in schema[key].items()}
    if "items" in schema:
        closed["items"] = _closed(schema["items"], depth + 1)
    open_ended = {"additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref", "if"} & schema.keys()
    if not open_ended and (schema.get("properties") or (depth == 0 and isinstance(schema.get("type", "object"), str))):
        closed["additionalProperties"] = False
    return closed


def valid(tool: Compiled, arguments: dict[str, Any]) -> bool:
    """Whether :func:`argument_faults` has nothing to say."""
    return not_json(arguments) is None and (tool.validator is None or tool.validator.is_valid(arguments))


def argument_faults(tool: Compiled, arguments: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield (rule number, reason) for everything in the arguments that the schema forbids: rules 5 and 7 to 10."""
    if (problem := not_json(arguments)) is not None:
        yield 5, problem
        return
    if tool.validator is None or tool.validator.is_valid(arguments):
        return
    for error in tool.validator.iter_errors(arguments):
        yield _rule(error), _words(error, tool)


def not_json(value: Any, depth: int = 0) -> str | None:
    """Return why a value cannot stand in JSON (NaN, a key that is no text, another type, too deep), or None."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return None
    if kind is float:
        return None if value - value == 0 else f"the number {value} cannot stand in JSON"
    if depth > MAX_DEPTH:
        return f"arguments are nested deeper than {MAX_DEPTH} levels"
    if kind is dict:
        for key, part in value.items():
            if type(key) is not str:
                return f"the key {key!r} is no text"
            if type(part) not in _PLAIN and (problem := not_json(part, depth + 1)) is not None:
                return problem
        return None
    if kind is list:
        for part in value:
            if type(part) not in _PLAIN and (problem := not_json(part, depth + 1)) is not None:
                return problem
        return None
    return f"a value of type {kind.__name__} cannot stand in JSON"


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether nesting goes beyond ``limit``; walks with a stack, so that depth harms nobody."""
    stack = [(value, 0)]
    while stack:
        current, depth = stack.pop()
        if not isinstance(current, (dict, list)):
            continue
        if depth > limit:
            return True
        parts = current.values() if isinstance(current, dict) else current
        stack.extend((part, depth + 1) for part in parts)
    return False


def _rule(error: Any) -> int:
    """Return the number of the rule that an error breaks; inside anyOf and oneOf the type decides."""
    keyword = error.schema_path[-1] if error.schema_path else ""
    if keyword in ("anyOf", "oneOf"):
        return 9
    return _RULE_OF.get(keyword, 10)


def _words(error: Any, tool: Compiled) -> str:
    """Say what is wrong so that a person can put it right."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    kind = error.kind.name if hasattr(error.kind, "name") else ""
    rule = _rule(error)
    inside = f" of '{path}'" if path else ""
    if rule == 7:
        return f"required parameter '{error.kind.property}'{inside} is missing; required are {_listed(tool.required)}"
    if rule == 8 and kind == "additionalProperties":
        unexpected = _quoted(error.kind.unexpected)
        return f"undefined parameter {unexpected}{inside}; defined are {_listed(tool.names)}"
    if rule == 9 and kind == "type":
        types = getattr(error.kind, "types", "")
        wanted = " or ".join(types) if isinstance(types, (list, tuple)) else str(types)
        return f"argument '{path}' is {shown(error.instance)} ({json_type(error.instance)}); the schema wants {wanted}"
    return f"argument '{path}' is {shown(error.instance)}: {_first_line(error)[:200]}"


def json_type(value: Any) -> str:
    """Return the JSON type of a value, as JSON Schema names it."""
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def shown(value: Any, limit: int = 60) -> str:
    """Return a value as a reason shows it, cut to ``limit`` characters."""
    if isinstance(value, str) and len(value) > limit:
        return repr(value[:limit] + "...")
    text = repr(value) if not isinstance(value, (dict, list)) else msgspec.json.encode(value).decode(errors="replace")
    return text if len(text) <= limit else text[:limit] + "..."


def _first_line(error: Exception) -> str:
    message = getattr(error, "message", None) or str(error)
    return str(message).strip().splitlines()[0][:300]


def _quoted(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in sorted(map(str, names)))


def _listed(names: Any) -> str:
    listed = sorted(map(str, names))
    return f"[{', '.join(listed[:12])}{', ...' if len(listed) > 12 else ''}]"
