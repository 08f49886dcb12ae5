"""Prompts as DSPy's adapters write them, and replies as they parse them: how the offline tests speak to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import dspy

from genesis.agents.wire import Wish
from genesis.lm.offline import reply

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "Retrieve the weather forecast for a specific city and date.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "The city, e.g. Paris"},
            "date": {"type": "string", "description": "The date, format YYYY-MM-DD"},
            "wind": {"type": "boolean", "description": "Whether to include wind data."},
        },
        "required": ["city", "date"],
    },
}
AREA: dict[str, Any] = {
    "name": "triangle_area",
    "description": "Calculate the area of a triangle given its base and height.",
    "parameters": {
        "type": "object",
        "properties": {
            "base": {"type": "integer", "description": "The base of the triangle."},
            "height": {"type": "integer", "description": "The height of the triangle."},
        },
        "required": ["base", "height"],
    },
}
RENT: dict[str, Any] = {
    "name": "book_hotel",
    "description": "Book a hotel room in a given city.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "City of the hotel."},
            "room_type": {"type": "string", "enum": ["single", "double", "suite"], "description": "Type of room."},
            "nights": {"type": "integer", "description": "Number of nights.", "minimum": 1},
        },
        "required": ["city", "nights"],
    },
}
PERSONAS = ("plain", "terse", "chatty", "non-native", "expert", "typos", "mixed units")
ADAPTERS = {"chat": dspy.ChatAdapter(), "json": dspy.JSONAdapter()}


@cache
def adapter(style: str) -> Any:
    """Return the adapter of a style; formatting with it costs what it costs DSPy's users."""
    return ADAPTERS[style]


def ask(
    signature: type[dspy.Signature],
    inputs: dict[str, Any],
    *,
    style: str = "chat",
    seed: int = 0,
    sample: int = 0,
    errors: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Render, reply, parse: the parsed output fields."""
    used = adapter(style)
    messages = used.format(signature, [], inputs)
    parsed: dict[str, Any] = used.parse(signature, reply(messages, seed=seed, sample=sample, errors=errors or {}))
    return parsed


def wish(tool: dict[str, Any], *names: str, task: int = 1, **more: Any) -> Wish:
    """A wish that says ``names`` now; every parameter where none is named and ``say_now`` is not given."""
    properties = tool["parameters"]["properties"]
    say = more.pop("say_now", {name: properties[name] for name in names or properties})
    return Wish(task, tool["name"], tool["description"], say, **more)


def user_inputs(wishes: list[Wish], **more: Any) -> dict[str, Any]:
    """The User Agent's inputs."""
    blank = {"persona": "plain: everyday words", "conversation": [], "guidance": "", "semantic_type": ""}
    return {**blank, "wishes": wishes, **more}
