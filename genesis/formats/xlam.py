"""xLAM: one request and its calls, flat parameter tables.

::

    {"id": 0, "query": "...", "answers": "[{\\"name\\": ..., \\"arguments\\": {...}}]",
     "tools": "[{\\"name\\": ..., \\"description\\": ...,
                 \\"parameters\\": {\\"city\\": {\\"type\\": \\"str, optional\\", ...}}}]"}

A parameter whose type says "optional" or that has a default is optional. The calls stay unanswered.
"""

from __future__ import annotations

import contextlib
from typing import Any

from genesis.chat import Message
from genesis.dialogue import Dialogue
from genesis.errors import RowError, ToolError
from genesis.formats.rows import CALL, SHAPE, TOOL, calls_of, decode, encode, read_tool, text_of
from genesis.tools.dialect import to_json_schema
from genesis.tools.tool import Tool


def read(row: dict[str, Any]) -> Dialogue:
    """Read a row of xLAM's form. Raises RowError."""
    listed = _listed(row, "tools", TOOL)
    calls = calls_of(_listed(row, "answers", CALL), 0)
    tools = tuple(map(_tool, listed))
    messages = (Message("user", text_of(row, "query")), Message("assistant", "", calls))
    return Dialogue(str(row.get("id", "")), tools, messages)


def _listed(row: dict[str, Any], key: str, check: str) -> list[Any]:
    value = row.get(key)
    if isinstance(value, str):
        value = decode(value, check)
    if not isinstance(value, list):
        raise RowError(check, f"{key}: expected a list, got {type(value).__name__}")
    return value


def _tool(row: Any) -> Tool:
    parameters = row.get("parameters") if isinstance(row, dict) else None
    if not isinstance(parameters, dict) or "properties" in parameters:
        return read_tool(row, dialect=True)
    properties: dict[str, Any] = {}
    required = []
    for name, part in parameters.items():
        if not isinstance(part, dict):
            raise RowError(
                TOOL, f"tool {row.get('name')}: parameter {name} is {type(part).__name__}; expected an object"
            )
        optional = "optional" in str(part.get("type", "")).lower() or "default" in part
        if not optional:
            required.append(name)
        properties[name] = {key: value for key, value in part.items() if value != "" or key != "default"}
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    with contextlib.suppress(ToolError, RecursionError):  # rules 1 and 3 say what is wrong with it
        schema, _ = to_json_schema(schema)
    return read_tool({**row, "parameters": schema})


def write(dialogue: Dialogue) -> dict[str, Any]:
    """Return xLAM's row: only a single request answered by calls fits. Raises RowError.

    The flat table keeps type, description and default of each parameter; a nested schema does not fit.
    """
    if [message.role for message in dialogue.messages] != ["user", "assistant"] or not dialogue.messages[1].tool_calls:
        raise RowError(SHAPE, "more than a request and its calls; the format holds only these")
    calls = [{"name": call.name, "arguments": call.arguments} for call in dialogue.messages[1].tool_calls]
    row = {
        "query": dialogue.messages[0].content,
        "answers": encode(calls),
        "tools": encode(list(map(_flat, dialogue.tools))),
    }
    return {"id": dialogue.id, **row}


_FLAT = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "List", "object": "Dict"}


def _flat(tool: Tool) -> dict[str, Any]:
    table = {}
    for name, part in tool.properties.items():
        if (
            not isinstance(part, dict)
            or part.keys() - {"type", "description", "default"}
            or part.get("type") not in _FLAT
        ):
            raise RowError(SHAPE, f"tool {tool.name}: parameter {name} has more than type, description and default")
        kind = _FLAT[part["type"]] + ("" if name in tool.required else ", optional")
        if name in tool.required and "default" in part:
            raise RowError(
                SHAPE, f"tool {tool.name}: the required {name} has a default, which the format reads as optional"
            )
        table[name] = {**part, "type": kind}
    return {"name": tool.name, "description": tool.description, "parameters": table}
