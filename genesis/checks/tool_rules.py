"""Rules 1 to 4: what is wrong with the tools on offer."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.checks.view import View


def _defects(view: View, rule: int) -> Iterator[str]:
    for name, schema in view.schemas.items():
        for number, reason in schema.defects:
            if number == rule:
                yield f"tool {name}: {reason}"


def valid_json_schema(view: View) -> Iterator[str]:
    """Parameters are valid JSON Schema that nothing has to be fetched for (ToolACE)."""
    return _defects(view, 1)


def tool_fields(view: View) -> Iterator[str]:
    """A tool has a name, a description, an object of parameters, and a property for all that is required (ToolACE)."""
    for tool in view.dialogue.tools:
        if not tool.name.strip():
            yield "a tool has an empty name"
        if not tool.description.strip():
            yield f"tool {tool.name}: the description is empty"
    yield from _defects(view, 2)


def known_types(view: View) -> Iterator[str]:
    """Type names are known, after mapping the dialects of Python, Java and JavaScript (BFCL)."""
    return _defects(view, 3)


def unique_names(view: View) -> Iterator[str]:
    """No two tools on offer share a name (Hammer)."""
    if len(view.tools) == len(view.dialogue.tools):
        return
    seen: set[str] = set()
    for tool in view.dialogue.tools:
        if tool.name in seen:
            yield f"tool {tool.name}: the name stands twice on the offered list"
        seen.add(tool.name)
