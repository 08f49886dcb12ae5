"""Tool Agent: invents the results of calls, plausible and consistent within a dialogue."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Line, Result


class ToolReply(dspy.Signature):
    """You stand in for the tools. Write one result for each call.

    A result is a small JSON object that fits what the tool's description promises and the call's arguments: realistic
    values, at most eight fields, no comment. Stay consistent with earlier results in the conversation. For a call whose
    id stands in `failing`, the result is an object with the single field `error`: a short, specific message such as a
    real service gives. Each field that `give` names stands in every other result under exactly that name, with a value
    that its schema allows: a later call will need it.
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
