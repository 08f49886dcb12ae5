"""The JSON Schema of a signature's reply, for servers that can be held to one."""

from __future__ import annotations

import weakref
from typing import Any

from pydantic import TypeAdapter

_SCHEMAS: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()


def reply_schema(signature: Any) -> dict[str, Any]:
    """Return the schema of the JSON object that a JSON reply must be: all output fields, nothing else.

    Not the strict subset of some vendors: arguments of calls are open objects, which that subset forbids.
    """
    schema = _SCHEMAS.get(signature)
    if schema is None:
        definitions: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        for name, field in signature.output_fields.items():
            part = TypeAdapter(field.annotation).json_schema()
            definitions.update(part.pop("$defs", {}))
            properties[name] = part
        schema = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
        if definitions:
            schema["$defs"] = definitions
        _SCHEMAS[signature] = schema
    return schema
