"""Tool Agent: invents the results of calls, plausible and consistent within a dialogue."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Line, Result


class ToolReply(dspy.Signature):
    """You stand in for the tools of a training dialogue. Write one result for each call in `calls`.

    A result is a small JSON object that fits what the tool's description promises and the call's arguments: realistic
    values, units where they matter, at most eight fields, no comment, no file path. Stay
    consistent with earlier results in the conversation: the same thing has the same values. Each field that `give`
    names stands in the result under exactly that name, with a value its schema allows: a later call will need it.
    For a call whose id stands in `failing`, the result is an object with the single field `error`: a short, specific
    message such as a real service gives. No other result has a field `error`.

    Example: for the call {"id": "call_1", "name": "get_weather", "arguments": {"city": "Oslo"}}: [{"id": "call_1",
    "content": {"city": "Oslo", "temperature_c": 7, "conditions": "light rain"}}].
    """

    tools: list[dict[str, Any]] = dspy.InputField(desc="the tools that were called")
    conversation: list[Line] = dspy.InputField(desc="so far; ends with the assistant's calls")
    calls: list[dict[str, Any]] = dspy.InputField(desc="the calls to answer: id, name, arguments")
    failing: list[str] = dspy.InputField(desc="ids of the calls that must fail")
    give: dict[str, Any] = dspy.InputField(desc="fields the results must hold: name and JSON Schema")
    results: list[Result] = dspy.OutputField(desc="one for each call, same order, same ids")


class ToolAgent(Agent):
    """Invents the results of calls."""

    name = "tool"

    def __init__(self) -> None:
        super().__init__(ToolReply)
