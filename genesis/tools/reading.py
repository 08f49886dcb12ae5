"""From a raw definition in any dialect to a tool that can be trusted, or the reasons why not.

>>> candidate, findings = examine(Found({"name": "add", "description": "Adds two numbers.",
...     "parameters": {"type": "dict", "properties": {"a": {"type": "float", "description": "One."}}}}, "mine"))
>>> candidate.definition.parameters["properties"]["a"]["type"], findings
('number', [])
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from genesis.errors import ToolError
from genesis.tools import lint, refs
from genesis.tools.decisions import key
from genesis.tools.dialect import Note, to_json_schema
from genesis.tools.found import Action, Finding, Found
from genesis.tools.lint import CONTROL, Definition
from genesis.tools.typenames import read_type

_PARAMETERS = ("parameters", "arguments", "inputSchema", "input_schema", "parameters_schema")
_ACTIONS: dict[str, Action] = {"reject": "rejected", "flag": "flagged", "note": "noted"}
SCHEMA_WORDS = frozenset(
    {"type", "properties", "required", "items", "enum", "anyOf", "oneOf", "allOf", "$ref", "$defs"}
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that passed, with what decides between it and its duplicates."""

    definition: Definition
    source: str
    place: str
    key: str
    """Identifies the definition for people's decisions."""
    defects: int
    """Findings on it: of two duplicates the one with fewer stays."""
    doubtful: bool
    rank: int = 0
    """Position of its source among those asked for."""
    known: dict[str, Any] | None = None
    """What a pool knew of it already, see :attr:`Found.known`."""

    @property
    def original(self) -> str:
        """Its name where it came from first."""
        return str((self.known or {}).get("original_name") or self.definition.name)


def examine(found: Found, rank: int = 0) -> tuple[Candidate | None, list[Finding]]:
    """Map and lint one definition; None where it is rejected. Every change and every defect is a finding."""
    name = _name_of(found.raw)
    mark = ""

    def finding(step: str, action: Action, place: str, reason: str) -> Finding:
        return Finding(step, action, name, found.source, place or found.place, reason, mark)

    if reason := found.broken or lint.oversize(found.raw):
        return None, [finding("lint", "rejected", "", reason)]
    try:
        definition, notes = read(found.raw)
    except ToolError as error:
        return None, [finding("lint", "rejected", "", str(error))]
    original = (found.known or {}).get("original_name")
    mark = key(definition._replace(name=original) if original else definition)
    findings = [finding("lint", "repaired", place, text) for place, text in (*found.notes, *notes)]
    defects = list(lint.lint(definition))
    findings += [finding("lint", _ACTIONS[defect.severity], defect.place, defect.text) for defect in defects]
    if any(defect.severity == "reject" for defect in defects):
        return None, [one for one in findings if one.action == "rejected"]
    doubtful = any(defect.severity == "flag" for defect in defects)
    source = str((found.known or {}).get("source") or found.source)
    return Candidate(definition, source, found.place, mark, len(findings), doubtful, rank, found.known), findings


def read(raw: Any) -> tuple[Definition, list[Note]]:
    """Read one definition in any dialect: OpenAI, MCP, BFCL, ACEBench, flat tables. Raises ToolError."""
    body = raw.get("function") if isinstance(raw, dict) and isinstance(raw.get("function"), dict) else raw
    if not isinstance(body, dict):
        raise ToolError(f"expected an object with name, description and parameters, got {type(raw).__name__}")
    name, description = body.get("name"), body.get("description")
    if not isinstance(name, str) or not name.strip():
        raise ToolError(f"name is {name!r:.60}; expected text")
    if not isinstance(description, (str, type(None))):
        raise ToolError(f"description is {type(description).__name__}; expected text")
    notes: list[Note] = []
    schema = _printable(refs.resolve(_parameters(body, notes)), notes)
    parameters, changes = to_json_schema(schema)
    if parameters.get("type") is None and "properties" not in parameters and not parameters.keys() & SCHEMA_WORDS:
        parameters = {"type": "object", **parameters}
    if parameters.get("type") == "object":
        parameters.setdefault("properties", {})
        parameters.setdefault("required", [])
    clean = {"name": name.strip(), "description": (description or "").strip()}
    for field, value in clean.items():
        if CONTROL.search(value):
            clean[field] = CONTROL.sub("", value)
            notes.append(Note("", f"the {field} held characters that are not printable; removed"))
    return Definition(clean["name"], clean["description"], parameters), notes + changes


def _parameters(body: dict[str, Any], notes: list[Note]) -> Any:
    """Return the parameters' schema, whatever it is called, made an object schema where it is a flat table."""
    spelled = [field for field in _PARAMETERS if body.get(field) is not None]
    if not spelled:
        notes.append(Note("", "no parameters are given; it takes none"))
        return {"type": "object", "properties": {}}
    schema = body[spelled[0]]
    if isinstance(schema, list) and all(isinstance(part, dict) and "name" in part for part in schema):
        schema = {part["name"]: {key: value for key, value in part.items() if key != "name"} for part in schema}
    if not isinstance(schema, dict):
        raise ToolError(f"{spelled[0]} is {type(schema).__name__}; expected a schema (an object)")
    if not schema:
        return {"type": "object", "properties": {}}
    if _is_flat(schema):
        schema = _table(schema, notes)
    outer = body.get("required")
    if isinstance(outer, list) and "required" not in schema:
        schema = {**schema, "required": outer}
    return schema


def _is_flat(schema: dict[str, Any]) -> bool:
    """Whether this is ``{parameter: {"type", "description"}}`` and no schema itself."""
    if schema.get("type") in ("dict", "object", "Dict") or "properties" in schema:
        return False
    if "$ref" in schema or any(isinstance(schema.get(word), list) for word in ("anyOf", "oneOf", "allOf")):
        return False
    return all(isinstance(part, dict) for part in schema.values())


def _table(schema: dict[str, Any], notes: list[Note]) -> dict[str, Any]:
    """Turn a flat table into an object schema: what has no default and is not called optional is required."""
    required = []
    for name, part in schema.items():
        says_optional = part.get("optional") is True or part.get("required") is False
        says_optional = says_optional or bool(re.search(r"\boptional\b", str(part.get("type")), re.IGNORECASE))
        if "default" not in part and not says_optional:
            required.append(name)
        read_type(part.get("type", "any"), f"/properties/{name}")
    notes.append(Note("", f"a table of parameters without 'required'; read as required: {', '.join(required)!r:.120}"))
    return {"type": "object", "properties": schema, "required": required}


def _printable(schema: Any, notes: list[Note]) -> Any:
    """Remove from the texts of a schema what no terminal should be sent: control, direction and lone surrogates."""
    if not CONTROL.search(_texts(schema)):
        return schema
    notes.append(Note("", "texts in the parameters held characters that are not printable; removed"))

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return CONTROL.sub("", value)
        if isinstance(value, list):
            return [clean(part) for part in value]
        return {key: clean(part) for key, part in value.items()} if isinstance(value, dict) else value

    return clean(schema)


def _texts(value: Any) -> str:
    """Return all texts inside a value in one, keys left out."""
    texts, stack = [], [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, list):
            stack += part
        elif isinstance(part, dict):
            stack += part.values()
    return " ".join(texts)


def _name_of(raw: Any) -> str:
    body = raw.get("function", raw) if isinstance(raw, dict) else raw
    name = body.get("name") if isinstance(body, dict) else None
    return CONTROL.sub("", name[:128]) if isinstance(name, str) else "(no name)"
