"""Function Agent: writes the calls; fills what was revealed and coerces nothing."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Call, Line, Stated


class Function(dspy.Signature):
    """You write the tool calls that the conversation now needs.

    Use only the tools on offer, by their exact names. Fill every required parameter, and an optional one only if the
    user gave its value. Take values from what the user said, from earlier results or from the system text; never
    invent one and never add a default the user did not ask for. Types follow the schema exactly: a number is no text,
    a date has the form the description names. Wishes that are ready together and do not depend on each other give
    several calls, in the user's order; a call that needs the result of another waits. Do not repeat a call that has
    a result already.
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
