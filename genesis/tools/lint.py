"""What is wrong with a tool's definition, found before any money is spent on it.

Rules are small functions in :data:`RULES`; each yields :class:`Defect` with a severity: ``reject`` (cannot be used),
``flag`` (a person should look), ``note`` (worth knowing). Nothing here fetches, and nothing recurses without a bound:
:func:`oversize` walks with a stack and runs first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from genesis.tools import patterns
from genesis.tools.dialect import fits

MAX_DEPTH = 24
MAX_NODES = 4_000
MAX_BYTES = 200_000
MAX_PARAMETERS = 128
MAX_DESCRIPTION = 8_000

Severity = Literal["reject", "flag", "note"]


class Defect(NamedTuple):
    """One thing wrong, where (JSON pointer into the parameters) and how bad."""

    severity: Severity
    place: str
    text: str


class Definition(NamedTuple):
    """A definition with its parameters in plain JSON Schema, not yet trusted."""

    name: str
    description: str
    parameters: dict[str, Any]


_ORDERS = re.compile(
    r"ignore\s+(?:\w+\s+){0,3}(?:instruction|prompt|rule|message)|disregard\s+(?:\w+\s+){0,3}(?:instruction|prompt|rule)"
    r"|<\s*/?\s*(?:important|system|instructions?|secret)\s*>|\bsystem prompt\b|\[/?INST\]|<\|im_(?:start|end)\|>"
    r"|\b(?:do not|don't|never)\s+(?:tell|inform|mention|reveal|notify|show)\b.{0,40}\b(?:user|human|anyone|this)\b"
    r"|\byou (?:must|should|are required to|have to) (?:always |first |also |now )?"
    r"(?:call|use|invoke|read|send|ignore|respond|reply|answer|include|obey|follow)\b"
    r"|\b(?:before|after|instead of) (?:using|calling|invoking) (?:this|any|other|another) (?:tool|function)s?\b"
    r"|\byou are (?:now )?(?:an?|the) (?:\w+ )?(?:assistant|agent|model|ai)\b"
    r"|~/\.ssh|id_rsa|\.env\b.{0,30}\b(?:read|send|content)",
    re.IGNORECASE,
)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def oversize(raw: Any) -> str:
    """Return why a raw definition is too deep, too large or no JSON, or an empty text; never recurses."""
    stack = [(raw, 0)]
    nodes = 0
    while stack:
        value, depth = stack.pop()
        nodes += 1
        if depth > MAX_DEPTH * 2:  # a level of schema is two of JSON: the object and its "properties"
            return f"nested deeper than {MAX_DEPTH} levels"
        if nodes > MAX_NODES * 4:
            return f"holds more than {MAX_NODES * 4} values"
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                return "has a key that is no text"
            stack.extend((part, depth + 1) for part in value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend((part, depth + 1) for part in value)
        elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            return "holds NaN or Infinity, which JSON does not know"
        elif isinstance(value, str) and len(value) > MAX_BYTES:
            return f"holds a text of {len(value)} characters; at most {MAX_BYTES}"
        elif not isinstance(value, (str, int, float, bool, type(None))):
            return f"holds a {type(value).__name__}, which JSON does not know"
        elif isinstance(value, int) and abs(value) > 2**63 - 1:
            return "holds an integer of more than 64 bits"
    return ""


_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


def lint(definition: Definition) -> Iterator[Defect]:
    """Yield every defect of a definition, worst rules first; where it is no valid schema, that alone is told."""
    invalid = list(validity(definition))
    yield from invalid
    for rule in () if invalid else RULES:
        yield from rule(definition)


def size(definition: Definition) -> Iterator[Defect]:
    """Yield when the definition would crowd out a prompt."""
    length = len(msgspec.json.encode(definition.parameters))
    if length > MAX_BYTES:
        yield Defect("reject", "", f"parameters take {length} bytes; at most {MAX_BYTES}")
    count = len(definition.parameters.get("properties", {}))
    if count > MAX_PARAMETERS:
        yield Defect("reject", "/properties", f"{count} parameters; at most {MAX_PARAMETERS}")
    if len(definition.description) > MAX_DESCRIPTION:
        yield Defect(
            "reject", "", f"description of {len(definition.description)} characters; at most {MAX_DESCRIPTION}"
        )


def shape(definition: Definition) -> Iterator[Defect]:
    """Yield when the parameters are no object, or a name in them cannot be a key of a call."""
    parameters = definition.parameters
    if parameters.get("type") != "object":
        yield Defect("reject", "", f"parameters are of type {parameters.get('type')!r}; expected 'object'")
    for name in parameters.get("properties", {}):
        if not name.strip() or CONTROL.search(name) or len(name) > 128:
            yield Defect("reject", "/properties", f"parameter name {name[:40]!r} is empty, too long or not printable")


def references(definition: Definition) -> Iterator[Defect]:
    """Yield for every reference left after local ones were resolved."""
    for place, schema in subschemas(definition.parameters):
        for key in sorted(_REFERENCES):
            if key in schema:
                target = str(schema[key])
                kind = "a cycle" if target.startswith("#") else "remote, and nothing is fetched"
                yield Defect("reject", place, f"reference {target[:80]!r} is {kind}")


def required(definition: Definition) -> Iterator[Defect]:
    """Yield for required names without a property."""
    for place, schema in subschemas(definition.parameters):
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in properties and schema.get("additionalProperties", True) is not True:
                yield Defect("reject", place, f"required parameter {name!r} has no property")
            elif name not in properties and "properties" in schema:
                yield Defect("reject", place, f"required parameter {name!r} has no property: {sorted(properties)[:6]}")


def validity(definition: Definition) -> Iterator[Defect]:
    """Yield when the parameters are no valid JSON Schema (draft 2020-12)."""
    import jsonschema_rs

    try:
        error = next(iter(_meta_validator(jsonschema_rs).iter_errors(definition.parameters)), None)
    except ValueError as problem:
        yield Defect("reject", "", f"no valid JSON Schema: {problem!s:.120}")
        return
    if error is not None:
        place = "/" + "/".join(map(str, error.instance_path))
        yield Defect("reject", place, f"no valid JSON Schema: {error.message[:120]}")
        return
    if any(schema.keys() & _REFERENCES for _, schema in subschemas(definition.parameters)):
        return  # told by another rule; a compiler might go and fetch it
    try:
        jsonschema_rs.validator_for(definition.parameters, validate_formats=True)
    except (ValueError, jsonschema_rs.ValidationError) as problem:
        yield Defect("reject", "", f"cannot be compiled into a validator: {' '.join(str(problem).split())[:120]}")


_VALIDATORS: dict[str, Any] = {}


def _meta_validator(jsonschema_rs: Any) -> Any:
    if "meta" not in _VALIDATORS:
        dialect = {"$ref": "https://json-schema.org/draft/2020-12/schema"}  # bundled with the library
        _VALIDATORS["meta"] = jsonschema_rs.validator_for(dialect)
    return _VALIDATORS["meta"]


def dangerous_patterns(definition: Definition) -> Iterator[Defect]:
    """Yield for patterns that can hang an engine."""
    for place, schema in subschemas(definition.parameters):
        for pattern in [schema.get("pattern"), *schema.get("patternProperties", {})]:
            if isinstance(pattern, str) and (reason := patterns.danger(pattern)):
                yield Defect("reject", f"{place}/pattern", f"pattern {pattern[:60]!r} {reason}")


def samplable(definition: Definition) -> Iterator[Defect]:
    """Yield for parameters that no value fits: crossed bounds, nothing among the listed values."""
    for place, schema in subschemas(definition.parameters):
        for low, high in (
            ("minimum", "maximum"),
            ("minLength", "maxLength"),
            ("minItems", "maxItems"),
            ("minProperties", "maxProperties"),
        ):
            if _number(schema.get(low)) > _number(schema.get(high), float("inf")):
                yield Defect("reject", place, f"{low} {schema[low]} is above {high} {schema[high]}: no value fits")
        values = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else None
        if isinstance(values, list) and not any(fits(value, schema.get("type")) for value in values):
            yield Defect("reject", place, f"none of the listed values {values!r:.80} is of type {schema.get('type')}")
        if schema.get("not") == {} or schema.get("not") is True:
            yield Defect("reject", place, "takes no value at all ('not' everything)")
        if place and schema.get("type") == "null":
            yield Defect("flag", place, "takes only null: nobody can give it a value")


def _number(value: Any, missing: float = float("-inf")) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else missing


def orders(definition: Definition) -> Iterator[Defect]:
    """Yield for descriptions that give orders to a model: data to us, a danger to whoever prompts with them."""
    texts = [("", definition.description)]
    for place, schema in subschemas(definition.parameters):
        texts += [
            (f"{place}/{key}", schema[key]) for key in ("description", "title") if isinstance(schema.get(key), str)
        ]
    for place, text in texts:
        if match := _ORDERS.search(text):
            yield Defect("flag", place, f"the description gives orders to a model: {match[0][:60]!r}")


def descriptions(definition: Definition) -> Iterator[Defect]:
    """Yield for what has no description."""
    if not definition.description.strip():
        yield Defect("flag", "", "the tool has no description")
    elif len(definition.description.split()) < 3:
        yield Defect("flag", "", f"the description says next to nothing: {definition.description!r}")
    for name, schema in definition.parameters.get("properties", {}).items():
        if not str(schema.get("description", "")).strip() and "enum" not in schema and "properties" not in schema:
            yield Defect("note", f"/properties/{name}", "the parameter has no description")


def open_ended(definition: Definition) -> Iterator[Defect]:
    """Yield for parameters whose values the schema hardly describes."""
    needed = set(definition.parameters.get("required", ()))
    for place, schema in subschemas(definition.parameters):
        if schema.get("type") == "array" and "items" not in schema and "prefixItems" not in schema:
            yield Defect("note", place, "an array without items: any list is valid")
    for name, schema in definition.parameters.get("properties", {}).items():
        shapeless = not ({"type", "enum", "const", "anyOf", "oneOf", "allOf"} & set(schema))
        if shapeless and name in needed:
            yield Defect("note", f"/properties/{name}", "required, and of any type")
        if schema.get("type") == "object" and "properties" not in schema and "additionalProperties" not in schema:
            yield Defect("note", f"/properties/{name}", "an object whose keys are not described")


# after `validity`, which all of them rely on
RULES: tuple[Callable[[Definition], Iterator[Defect]], ...] = (
    size,
    shape,
    references,
    required,
    samplable,
    dangerous_patterns,
    orders,
    descriptions,
    open_ended,
)

_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema inside a schema with its JSON pointer, itself first; walks with a stack."""
    stack: list[tuple[str, Any]] = [("", schema)]
    while stack:
        place, current = stack.pop()
        if not isinstance(current, dict):
            continue
        yield place, current
        for key in _MAPS:
            parts = current.get(key)
            if isinstance(parts, dict):
                stack.extend((f"{place}/{key}/{name}", part) for name, part in reversed(parts.items()))
        for key in _LISTS:
            parts = current.get(key)
            if isinstance(parts, list):
                stack.extend((f"{place}/{key}/{index}", part) for index, part in enumerate(parts))
        stack.extend((f"{place}/{key}", current[key]) for key in _SINGLE if key in current)
