"""One budget over many shards: each batch gets a part of what is left, and gives back what it did not use.

A shard's limit is what it has used so far and its part. The parts never add up to more than the rest, so the budget is
exceeded by no more than on one machine: by calls in flight of a process that was killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from genesis.params import BudgetParams

UNITS = ("calls", "tokens", "usd")
Used = Callable[[str | None], dict[str, float]]


class Leases:
    """The parts of a budget that batches hold; ``used(name)`` tells what a shard, or (None) all have used."""

    def __init__(self, budget: BudgetParams, shards: int, used: Used) -> None:
        self._limits = {unit: limit for unit in UNITS if (limit := getattr(budget, unit)) is not None}
        self._shards = shards
        self._used = used
        self._held: dict[str, dict[str, float]] = {}
        self._alone: set[str] = set()
        """Shards whose last part was too small: they get all that is left, once no other holds any."""
        self._whole = ""
        self._freed = asyncio.Event()

    async def take(self, name: str) -> dict[str, float]:
        """Return the limits of a shard's next batch, on all it has used: calls, tokens, usd; empty for no budget."""
        if not self._limits:
            return {}
        while self._held and (name in self._alone or self._whole):
            self._freed.clear()
            await self._freed.wait()
        rest = {unit: limit - self._used(None)[unit] - self._reserved(unit) for unit, limit in self._limits.items()}
        if name in self._alone:
            self._whole = name
            part = rest
        else:
            part = {unit: left / self._shards for unit, left in rest.items()}
        part = {unit: float(int(size)) if unit != "usd" else size for unit, size in part.items()}
        self._held[name] = part
        own = self._used(name)
        return {unit: own[unit] + max(0.0, size) for unit, size in part.items()}

    def _reserved(self, unit: str) -> float:
        return sum(part[unit] for part in self._held.values())

    def give_back(self, name: str) -> None:
        """End a shard's part."""
        self._held.pop(name, None)
        self._freed.set()

    def may_try_again(self, name: str) -> bool:
        """Whether a shard whose part was used up can have more: not where it had all that was left."""
        if self._whole == name:
            return False
        self._alone.add(name)
        return True

    def settle(self, name: str) -> None:
        """Note that a shard's part was enough: it takes its turn with the others again."""
        self._alone.discard(name)
        if self._whole == name:
            self._whole = ""
