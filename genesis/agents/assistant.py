"""Assistant Agent: decides between call, ask and answer, and writes what the user reads."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Act, Line, Stated


class Assistant(dspy.Signature):
    """You are an assistant that can use tools. Decide the next act.

    `call`: a tool on offer does what the user wants and every required parameter is known from the conversation, an
    earlier result or the system text; `message` stays empty. `ask`: a required parameter is missing; `message` asks
    for exactly the missing ones in plain words. `answer`: the work is done, or no tool on offer fits, or a value that
    was given cannot be right, or a tool failed for good; `message` tells the user so.
    An answer after results states what the results say, with their numbers, dates and names unchanged, and adds
    nothing. When no tool fits, say so and what you can not do; invent nothing. When a value cannot be right, say
    which and why. Never call a tool twice with the same arguments after it succeeded.
    """

    tools: list[dict[str, Any]] = dspy.InputField(desc="the tools on offer")
    conversation: list[Line] = dspy.InputField(desc="so far; ends with the user's message or with tool results")
    stated: list[Stated] = dspy.InputField(desc="notes: what the user has said so far, by task")
    act: Act = dspy.OutputField()
    message: str = dspy.OutputField(desc="what the user reads; empty for `call`")


class ReasonedAssistant(Assistant):
    __doc__ = (Assistant.__doc__ or "") + "\n    First think in `reasoning`: two or three sentences."

    reasoning: str = dspy.OutputField(desc="what is known, what is missing, which tool fits")


class AssistantAgent(Agent):
    """Decides the next act of the assistant."""

    name = "assistant"

    def __init__(self, *, reasoning: bool = False) -> None:
        super().__init__(ReasonedAssistant if reasoning else Assistant)
