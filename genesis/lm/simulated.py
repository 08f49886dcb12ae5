"""The offline engine: the simulated LM behind the same interface as a real one.

It answers from the rendered prompt text alone; tokens are estimated from characters.
"""

from __future__ import annotations

from genesis.lm.engine import Answer, Completion, Request, estimate_tokens, prompt_estimate
from genesis.params import OfflineParams

NAME = "offline (simulated) LM"


class OfflineEngine:
    """The simulated LM with its error rates."""

    name = NAME
    free = True
    simulated = True

    def __init__(self, errors: OfflineParams):
        import msgspec

        from genesis.lm.offline import reply

        self._reply = reply
        self._errors: dict[str, float] = msgspec.to_builtins(errors)
        self.identity = "offline:" + msgspec.json.encode(self._errors, order="sorted").decode()

    async def complete(self, request: Request) -> Answer:
        """Answer at once. Raises LMConfigError for a signature it does not know."""
        completions = tuple(
            Completion(self._reply(request.messages, seed=request.seed, sample=sample, errors=self._errors))
            for sample in range(request.first, request.first + request.n)
        )
        written = sum(estimate_tokens(completion.text) for completion in completions)
        return Answer(completions, prompt_estimate(request.messages), written, estimated=True)

    async def check(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """Nothing to release."""
