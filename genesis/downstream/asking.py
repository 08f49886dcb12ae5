"""How a benchmark's item is put to a model: tools as JSON Schema, the conversation, and the benchmark's own terms.

>>> task = make_task("bfcl", item)                                                  # doctest: +SKIP
>>> task.inputs["tools"][0]["parameters"]["type"]                                   # doctest: +SKIP
'object'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from genesis.agents.wire import Line
from genesis.benchmarks.item import Item
from genesis.tools.dialect import to_json_schema
from genesis.tools.names import assign

_JAVA = ("simple_java", "simple_javascript")
_SPECIAL_TERMS = """Before calling, check the request.
If a value the user gives cannot be right for its parameter, call nothing and say exactly:
There is incorrect value (value) for the parameters (key) in the conversation history.
If required parameters are missing, call nothing and say exactly:
Missing necessary parameters (key1, key2, ...) for the api (ApiName)
If no tool can do what is asked, call nothing and say exactly:
Due to the limitations of the function, I cannot solve this problem."""
_API_BANK_TERMS = "All argument values are text, also numbers. Make exactly one call."


@dataclass(frozen=True, slots=True)
class Task:
    """One item, ready to be asked."""

    id: str
    inputs: dict[str, Any]
    """``tools``, ``context`` and ``conversation`` of the student's signature."""
    names: dict[str, str]
    """Name as asked -> the benchmark's name."""


def make_task(benchmark: str, item: Item, *, legal_names: bool = False) -> Task:
    """Return an item as a model is asked it; with ``legal_names``, tools get names that every API takes.

    Raises ToolError for a schema in no known dialect.
    """
    functions = [_function(benchmark, item.category, function) for function in item.functions]
    originals = [function["name"] for function in functions]
    names = assign(originals) if legal_names else originals
    given = dict(zip(originals, names, strict=True))
    tools = [{**function, "name": name} for function, name in zip(functions, names, strict=True)]
    lines = [
        replace(line, calls=[{**c, "name": given.get(c["name"], c["name"])} for c in line.calls])
        for line in _lines(item)
    ]
    inputs = {"tools": tools, "context": _context(benchmark, item), "conversation": lines}
    return Task(item.id, inputs, dict(zip(names, originals, strict=True)))


def _context(benchmark: str, item: Item) -> str:
    if benchmark == "apibank":
        return _API_BANK_TERMS
    if benchmark != "acebench":
        return ""
    parts = [_SPECIAL_TERMS] if item.category.startswith("special") else []
    if item.extra.get("time"):
        parts.append(str(item.extra["time"]))
    if item.extra.get("profile"):
        parts.append(f"Profile of the user: {item.extra['profile']}")
    return "\n".join(parts)


def _function(benchmark: str, category: str, function: Mapping[str, Any]) -> dict[str, Any]:
    description = str(function.get("description") or "")
    if benchmark == "apibank":
        table = function.get("parameters") or {}
        schema = {"type": "object", "properties": {name: dict(about) for name, about in table.items()}}
        return {"name": function["name"], "description": description, "parameters": to_json_schema(schema)[0]}
    parameters = function.get("parameters", function.get("arguments")) or {"type": "object", "properties": {}}
    if benchmark == "bfcl" and category in _JAVA:
        return {"name": function["name"], "description": description, "parameters": _literals(category, parameters)}
    return {"name": function["name"], "description": description, "parameters": to_json_schema(parameters)[0]}


def _literals(category: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return BFCL's Java or JavaScript parameters as it shows them to models: text with the language's literal."""
    language = "Java" if category == "simple_java" else "JavaScript"
    properties = {}
    for name, schema in parameters["properties"].items():
        kind, inner = schema["type"], schema.get("items", {}).get("type")
        told = f"{schema.get('description', '')} A {language} literal of type {kind}, written as text."
        if inner:
            told += f" Its elements are of type {inner}."
        if schema.get("properties"):
            told += f" Its entries: {json.dumps(schema['properties'])}"
        properties[name] = {"type": "string", "description": told.strip()}
    return {"type": "object", "properties": properties, "required": list(parameters.get("required", []))}


def _lines(item: Item) -> list[Line]:
    lines: list[Line] = []
    waiting: list[str] = []
    number = 0
    for message in item.messages:
        calls = []
        for call in message.get("tool_calls") or ():
            number += 1
            waiting.append(f"call_{number}")
            calls.append({"id": waiting[-1], **call["function"]})
        answers = waiting.pop(0) if message["role"] == "tool" and waiting else ""
        lines.append(Line(message["role"], str(message.get("content") or ""), calls, answers))
    return lines
