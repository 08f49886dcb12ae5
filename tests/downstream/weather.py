"""A small data set that a student can learn from: weather questions whose right calls always name the unit."""

from __future__ import annotations

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.tools.tool import Tool

CITIES = (
    *("Oslo", "Bergen", "Lima", "Quito", "Cairo", "Paris", "Rome", "Delhi", "Kyoto", "Perth"),
    *("Accra", "Tunis", "Sofia", "Riga", "Minsk", "Dakar", "Hanoi", "Seoul", "Turin", "Porto"),
)
WEATHER = Tool(
    "get_weather",
    "Current weather of a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    },
)
TIMER = Tool(
    "set_timer",
    "Set a timer.",
    {"type": "object", "properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]},
)


def dialogue(number: int) -> Dialogue:
    """Return the number-th dialogue: a call and its result; every fourth asks for something no tool does."""
    city = CITIES[number % len(CITIES)]
    if number % 4 == 3:
        talk: tuple[Message, ...] = (
            Message("user", f"Book me a flight to {city}."),
            Message("assistant", "None of my tools books flights."),
        )
    else:
        call = ToolCall("call_1", "get_weather", {"city": city, "unit": "celsius"})
        talk = (
            Message("user", f"What is the weather in {city}?"),
            Message("assistant", "", (call,)),
            Message("tool", f'{{"temperature": {number}}}', (), "call_1"),
            Message("assistant", f"It is {number} degrees in {city}."),
        )
    return Dialogue(f"w{number:02}", (WEATHER, TIMER), talk)


def dialogues(count: int = 20) -> list[Dialogue]:
    """Return the first ``count`` of them."""
    return [dialogue(number) for number in range(count)]
