"""Memory Agent: guidance toward what earlier dialogues have not shown."""

from __future__ import annotations

from typing import Any

import dspy

from genesis.agents.base import Agent


class Guide(dspy.Signature):
    """You keep track of the dialogues made so far and steer the next one away from what has been seen.

    A semantic type is the topic and intent of a request, for instance `travel: compare options`.
    Pick for the next dialogue a `semantic_type` from `open_types` that suits the tool. Then write `guidance`: at most
    three short sentences that say which situation, which parameters or which way of asking is still missing, and what
    in `nearest_requests` must not be repeated. Write no request yourself.
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
