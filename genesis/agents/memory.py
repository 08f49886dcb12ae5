"""Memory Agent: guidance toward what earlier dialogues have not shown."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent


class Guide(dspy.Signature):
    """You keep track of the dialogues of a training set and steer the next one away from what has been seen.

    A semantic type is topic and intent of a request, for instance `travel: compare options`.
    Pick the next dialogue's `semantic_type` from `open_types`, copied exactly: the one that suits the tool best.
    Then write `guidance`: at most three short sentences, 60 words in all, that say which situation, which person or
    which way of asking is still missing, name the `rare_parameters` that would be worth using, and say what in
    `nearest_requests` must not be repeated (its place, its reason, its wording). Give no value and write no request
    yourself.

    Example: semantic_type `travel: compare options`, guidance "Someone who weighs two dates before deciding. So far all
    asked for a weekend in Oslo as a question; use a statement and another place."
    """

    tool: dict[str, Any] = dspy.InputField(desc="the tool the next dialogue is about: name, description, parameters")
    covered: list[str] = dspy.InputField(desc="semantic types this tool's dialogues already show, with counts")
    open_types: list[str] = dspy.InputField(desc="semantic types hardly shown so far")
    rare_parameters: list[str] = dspy.InputField(desc="parameters of the tool hardly used so far")
    nearest_requests: list[str] = dspy.InputField(desc="the most similar earlier requests")
    semantic_type: str = dspy.OutputField(desc="one of open_types")
    guidance: str = dspy.OutputField(desc="at most three short sentences")


class MemoryAgent(Agent):
    """Gives guidance for the next dialogue."""

    name = "memory"

    def __init__(self) -> None:
        super().__init__(Guide)
