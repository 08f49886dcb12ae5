"""Sample Agent: which related tools a dialogue uses, and which distractors stand beside them."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent


class Sample(dspy.Signature):
    """You compose the tool list of a function-calling training dialogue.

    Choose `targets`: exactly `target_count` tools that one person could plausibly need together in one conversation.
    `first_tool` is always the first of them; take the others from `candidates`.
    Choose `hard_distractors`: exactly `hard_count` other tools from `candidates` that are easily confused with the
    targets but do not do what they do. Choose `easy_distractors`: exactly `easy_count` other tools from `candidates`
    that are clearly about something else.
    Use the names exactly as they are given; name no tool twice.
    """

    first_tool: dict[str, Any] = dspy.InputField(desc="the tool the dialogue is about: name and description")
    candidates: list[dict[str, str]] = dspy.InputField(desc="other tools, most related first: name and description")
    target_count: int = dspy.InputField(desc="how many targets, first_tool included")
    hard_count: int = dspy.InputField()
    easy_count: int = dspy.InputField()
    targets: list[str] = dspy.OutputField(desc="names, first_tool first")
    hard_distractors: list[str] = dspy.OutputField(desc="names")
    easy_distractors: list[str] = dspy.OutputField(desc="names")


class SampleAgent(Agent):
    """Composes targets and distractors."""

    name = "sample"

    def __init__(self) -> None:
        super().__init__(Sample)
