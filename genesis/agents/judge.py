"""Judge Agent: the best of N candidates of a turn."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent
from genesis.agents.wire import Choice, Line


class Judge(dspy.Signature):
    """You choose the best of several continuations of a function-calling training dialogue.

    Judge by two things. First, the practical significance of the user's request: would a real person ask this, with
    these values, in this situation, in these words? Second, the fit of the tools: the calls do exactly what was asked
    with the values that were said, and the answer reports the results faithfully. A flaw in the second outweighs any
    merit in the first. Ignore length and politeness; the order of the candidates says nothing.
    Give in `reason` one sentence on what decides it, then in `best` the winner's `number`.
    """

    tools: list[dict[str, Any]] = dspy.InputField(desc="the tools on offer")
    conversation: list[Line] = dspy.InputField(desc="what they all continue; empty: they open a dialogue")
    candidates: list[Choice] = dspy.InputField(desc="the continuations")
    reason: str = dspy.OutputField(desc="one sentence")
    best: int = dspy.OutputField(desc="number of the best candidate")


class JudgeAgent(Agent):
    """Chooses among candidates."""

    name = "judge"

    def __init__(self) -> None:
        super().__init__(Judge)
