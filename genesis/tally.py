"""What one dialogue costs: its LM calls by agent, its candidates, and the bounded repair of bad replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genesis.agents.base import Agent

if TYPE_CHECKING:
    from genesis.lm.caller import Caller, Reply

REPAIRS = 1
"""Fresh batches of candidates for a turn without survivors."""
KEPT_REASONS = 40
"""Dropped candidates a dialogue's provenance lists; the rest are counted."""


class Tally:
    """The LM calls of one dialogue, by agent, and its candidates."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.calls: Counter[str] = Counter()
        self.tokens: dict[str, dict[str, int]] = {}
        self.made = 0
        self.dropped: list[dict[str, Any]] = []
        self.drops = 0
        self.repairs = 0
        """Fresh samples for replies that do not parse, and fresh batches of candidates."""
        self.notes: list[str] = []
        self.fault: Exception | None = None

    async def ask(self, agent: Agent, inputs: dict[str, Any], seed: int, n: int = 1) -> list[Reply]:
        """Ask an agent; an error of this request alone ends the candidates that need it, not the run."""
        replies = await agent.ask(self.caller, inputs, seed=seed, n=n)
        self.calls[agent.name] += 1
        tokens = self.tokens.setdefault(agent.name, {"prompt": 0, "completion": 0})
        for reply in replies:
            tokens["prompt"] += reply.prompt_tokens
            tokens["completion"] += reply.completion_tokens
            self.repairs += reply.resamples
        return replies

    async def one(self, agent: Agent, inputs: dict[str, Any], seed: int) -> Reply:
        """Ask for one reply; the caller has taken fresh samples for one that does not parse."""
        return (await self.ask(agent, inputs, seed))[0]

    def drop(self, turn: int, candidate: int, reasons: Sequence[str]) -> None:
        """Note a candidate that lost before judging."""
        self.drops += 1
        if len(self.dropped) < KEPT_REASONS:
            self.dropped.append({"turn": turn, "candidate": candidate, "reasons": list(reasons)})
