"""What all agents share: a predictor, and one way to ask it.

agent = Agent(Judge)
replies = await agent.ask(caller, {"tools": [...], "candidates": [...]}, seed=7)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dspy

if TYPE_CHECKING:
    from genesis.lm.caller import Caller, Reply


class Agent(dspy.Module):
    """One agent: its predictor (signature, instructions, examples) under a name that parameters and usage know."""

    name = ""

    def __init__(self, signature: type[dspy.Signature]) -> None:
        super().__init__()
        self.predict = dspy.Predict(signature)

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """Answer on the LM that DSPy is configured with: for optimisers and for trying an agent by hand."""
        return self.predict(**inputs)

    async def ask(self, caller: Caller, inputs: dict[str, Any], *, seed: int, n: int = 1) -> list[Reply]:
        """Answer through the run's caller: ``n`` samples, bad ones as typed outcomes."""
        return await caller.ask(self.name, self.predict, inputs, seed=seed, n=n)
