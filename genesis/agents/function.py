"""Function Agent: writes the calls; fills what was revealed and coerces nothing."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Call, Line, Stated


class Function(dspy.Signature):
    """You write the tool calls that the conversation needs now.

    - Use only tools on offer, by their exact names.
    - Fill every required parameter, and an optional one only if the user gave its value. Take values from what the user
      said (`stated` holds notes, task by task), from earlier results or from the system text. Never invent a value and
      never add a default nobody asked for.
    - Types follow the schema exactly: a number is no text, a whole number has no fraction, a date has the form the
      description names, an option is spelt as the schema spells it.
    - Tasks that are ready together and do not need each other's results give several calls, one a task, in the
      user's order. A task with `from_results` waits until that result is there; take the value from it unchanged.
    - Leave out a call that has succeeded already.

    Example: "Weather in Oslo and in Rome, please" gives [{"name": "get_weather", "arguments": {"city": "Oslo"}},
    {"name": "get_weather", "arguments": {"city": "Rome"}}].
    """

    tools: list[dict[str, Any]] = dspy.InputField(desc="the tools on offer")
    conversation: list[Line] = dspy.InputField(desc="so far")
    stated: list[Stated] = dspy.InputField(desc="notes: what the user has said so far, by task")
    calls: list[Call] = dspy.OutputField(desc="the calls to make now")


class FunctionAgent(Agent):
    """Writes the calls that the conversation needs."""

    name = "function"

    def __init__(self) -> None:
        super().__init__(Function)
