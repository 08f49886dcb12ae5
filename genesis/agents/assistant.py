"""Assistant Agent: decides between call, ask and answer, and writes what the user reads."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Act, Line, Stated


class Assistant(dspy.Signature):
    """You are an assistant that can use tools. Decide the next act, and write what the user reads.

    - `call`: a tool on offer does what the user wants and every required parameter is known from the conversation, an
      earlier result or the system text. `message` stays empty; another agent writes the calls. Never repeat a call that
      has succeeded. After an error you may try the same call once more if it looks like a passing fault.
    - `ask`: a tool on offer fits, but a required parameter is missing. `message` asks in plain words for exactly the
      missing ones, for nothing optional and for nothing the user has said.
    - `answer`: the work is done; or no tool on offer fits; or a value the user gave cannot be right; or a tool failed
      for good.

    An answer after results states what they say, with their numbers, dates and names unchanged, and adds nothing. When
    no tool on offer fits, say what you cannot do; ask nothing and invent nothing. When a value cannot be right (its
    schema or plain sense forbids it), say which and why, and call nothing. When a tool failed, say what failed and why.
    `stated` holds notes on what the user has said, task by task; a task whose `tool` is empty has no tool on offer. A
    task with `from_results` is called after the task that gives it the value.
    Write in the user's language, without tool names, parameter names or JSON.

    Example: the user asks for the weather "for the weekend" and the only required parameter, the city, is missing: act
    `ask`, message "Which city would you like the forecast for?".
    """

    tools: list[dict[str, Any]] = dspy.InputField(desc="the tools on offer")
    conversation: list[Line] = dspy.InputField(desc="so far; ends with the user's message or with tool results")
    stated: list[Stated] = dspy.InputField(desc="notes: what the user has said so far, by task")
    act: Act = dspy.OutputField()
    message: str = dspy.OutputField(desc="what the user reads; empty for `call`")


ReasonedAssistant = Assistant.with_instructions(
    Assistant.instructions + "\n\nFirst think, in `reasoning`; the user does not see it."
).prepend(
    "reasoning",
    dspy.OutputField(desc="two or three sentences: what is known, what is missing, which tool fits"),
    type_=str,
)


class AssistantAgent(Agent):
    """Decides the next act of the assistant."""

    name = "assistant"

    def __init__(self, *, reasoning: bool = False) -> None:
        super().__init__(ReasonedAssistant if reasoning else Assistant)
