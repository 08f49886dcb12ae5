"""One tool: a name, what it does, and a plain JSON Schema of its parameters.

>>> tool = Tool("get_weather", "Current weather of a city.",
...             {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
>>> tool.required
('city',)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as every room of the workbench sees it."""

    name: str
    """Legal for OpenAI: ``^[a-zA-Z0-9_-]{1,64}$``."""
    description: str
    parameters: dict[str, Any]
    """Plain JSON Schema of an object, always: dialect types are mapped when the tool is read."""
    domain: str = "other"
    source: str = ""
    """Where it was read from, for instance ``bfcl:simple_python``."""
    original_name: str = ""
    """The name in its source, where ours differs; empty otherwise."""

    @property
    def properties(self) -> dict[str, Any]:
        """The parameters' schemas by name."""
        properties: dict[str, Any] = self.parameters.get("properties", {})
        return properties

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the required parameters, in the schema's order."""
        return tuple(self.parameters.get("required", ()))

    @property
    def optional(self) -> tuple[str, ...]:
        """Names of the optional parameters, in the schema's order."""
        required = set(self.required)
        return tuple(name for name in self.properties if name not in required)

    def to_function(self) -> dict[str, Any]:
        """Return ``{"name", "description", "parameters"}``: what agents and models are shown."""
        return {"name": self.name, "description": self.description, "parameters": self.parameters}

    def to_openai(self) -> dict[str, Any]:
        """Return OpenAI's and TRL's form, ``{"type": "function", "function": {...}}``."""
        return {"type": "function", "function": self.to_function()}
