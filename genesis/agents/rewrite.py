"""Rewrite Agent: writes better instructions for another agent, from what came of the present ones."""

from __future__ import annotations

import dspy

from genesis.agents.base import Agent


class Rewrite(dspy.Signature):
    """You improve the instructions of one agent in a system that writes function-calling training dialogues.

    Read the present instructions, and what came of dialogues made with them: what was said, and why checks rejected it
    or how new its request was. Write better instructions: keep what works and all that the format depends on, say
    clearly what would have avoided each rejection, in general terms, not for these dialogues alone; ask for variety
    where requests repeat what there is. Write the complete instructions, nothing around them.
    """

    agent: str = dspy.InputField(desc="the agent's job")
    present: str = dspy.InputField(desc="its instructions now")
    dialogues: list[dict[str, str]] = dspy.InputField(desc="dialogues made with them, and what the checks said")
    improved: str = dspy.OutputField(desc="the complete new instructions")


class RewriteAgent(Agent):
    """Writes instructions for another agent."""

    name = "rewrite"

    def __init__(self) -> None:
        super().__init__(Rewrite)
