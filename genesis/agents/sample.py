"""Sample Agent: which related tools a dialogue uses, and which distractors stand beside them."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent


class Sample(dspy.Signature):
    """You compose the tool list of a function-calling training dialogue.

    Choose `targets`: exactly `target_count` tools that one person could plausibly need together in one conversation,
    so that their requests tell one story. `first_tool` is always the first of them; take the others from `candidates`.
    Choose `hard_distractors`: exactly `hard_count` other tools from `candidates` that are easily confused with the
    targets but do not do what they do. A tool that could do a target's job is no distractor: leave it out.
    Choose `easy_distractors`: exactly `easy_count` other tools from `candidates` that are clearly about something else.
    Use the names exactly as they are given, and no name twice in the three lists together.

    Example: for first_tool `find_flight`, target_count 2, hard_count 1, easy_count 1: targets ["find_flight",
    "book_hotel"], hard_distractors ["track_flight"], easy_distractors ["tune_guitar"].
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
