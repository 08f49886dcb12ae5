"""Hand-made dialogues that every rule passes, to break one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.scenario import Scenario, Task
from genesis.tools.tool import Tool

WEATHER = Tool(
    "get_weather",
    "Current weather of a city.",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Name of the city."},
            "days": {"type": "integer", "minimum": 1, "maximum": 10, "description": "Days ahead."},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
        },
        "required": ["city"],
    },
)
TRAIN = Tool(
    "book_train",
    "Book a train from one station to another.",
    {
        "type": "object",
        "properties": {
            "origin": {"type": "string", "description": "Station of departure."},
            "destination": {"type": "string", "description": "Station of arrival."},
            "passenger": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                "required": ["name"],
            },
        },
        "required": ["origin", "destination"],
    },
)


def call(name: str, arguments: Any, number: int = 0) -> ToolCall:
    return ToolCall(f"call_{number}", name, arguments)


def user(text: str) -> Message:
    return Message("user", text)


def says(text: str, *calls: ToolCall) -> Message:
    return Message("assistant", text, calls)


def result(text: str, number: int = 0) -> Message:
    return Message("tool", text, (), f"call_{number}")


def weather(**arguments: Any) -> Dialogue:
    """One request for the weather, with these arguments in the call."""
    given = arguments or {"city": "Oslo", "days": 3}
    return Dialogue(
        "weather",
        (WEATHER, TRAIN),
        (
            user("What will the weather be like in Oslo over the next 3 days?"),
            says("", call("get_weather", given)),
            result('{"forecast":"rain","high":17}'),
            says("Expect rain in Oslo with highs of 17 degrees."),
        ),
    )


def train(origin: str = "Bergen", destination: str = "Oslo") -> Dialogue:
    """One booking; the user says from Bergen to Oslo."""
    return Dialogue(
        "train",
        (TRAIN,),
        (
            user("Please book me a train from Bergen to Oslo."),
            says("", call("book_train", {"origin": origin, "destination": destination})),
            result('{"seat":"14B"}'),
            says("Your seat is 14B."),
        ),
    )


def planned() -> Dialogue:
    """The weather with the scenario it was made for."""
    goal = (call("get_weather", {"city": "Oslo", "days": 3}),)
    task = Task("get_weather", 0, {"city": 0, "days": 0})
    scenario = Scenario("multiple", "single", "single", targets=("get_weather",), slots=(task,), goal=goal)
    return replace(weather(), scenario=scenario)


def missing() -> Dialogue:
    """A miss_param dialogue: the city is asked for and given."""
    task = Task("get_weather", 1, {"days": 0, "city": 1})
    scenario = Scenario("simple", "multi", "single", "miss_param", ("get_weather",), slots=(task,))
    messages = (
        user("What will the weather be like over the next 3 days?"),
        says("For which city do you need the forecast?"),
        user("For Oslo, please."),
        says("", call("get_weather", {"city": "Oslo", "days": 3})),
        result('{"forecast":"rain","high":17}'),
        says("Expect rain in Oslo with highs of 17 degrees."),
    )
    return Dialogue("missing", (WEATHER,), messages, scenario)


def irrelevant() -> Dialogue:
    """A request that no tool fits, refused."""
    scenario = Scenario("simple", "single", "single", "irrelevance", ("get_weather",))
    messages = (user("Can you translate this poem into French for me?"), says("I have no tool that translates texts."))
    return Dialogue("irrelevant", (WEATHER,), messages, scenario)


def with_message(dialogue: Dialogue, at: int, **changes: Any) -> Dialogue:
    messages = list(dialogue.messages)
    messages[at] = replace(messages[at], **changes)
    return replace(dialogue, messages=tuple(messages))


def without_message(dialogue: Dialogue, at: int) -> Dialogue:
    return replace(dialogue, messages=dialogue.messages[:at] + dialogue.messages[at + 1 :])


def inserted(dialogue: Dialogue, at: int, *messages: Message) -> Dialogue:
    return replace(dialogue, messages=(*dialogue.messages[:at], *messages, *dialogue.messages[at:]))


def with_schema(dialogue: Dialogue, parameters: Any, description: str = "Current weather of a city.") -> Dialogue:
    tool = Tool("get_weather", description, parameters)
    return replace(dialogue, tools=(tool, *dialogue.tools[1:]))
