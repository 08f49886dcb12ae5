"""The budget: reserved before a call, settled after it.

    >>> budget = Budget(BudgetParams(calls=2), {})
    >>> held = await budget.reserve("m", 100, 50)
    >>> budget.settle(held, "m", 90, 20)

A reservation counts the most a call can use, so that the budget is never exceeded by more than what calls in flight
turn out to use beyond their own reservations. Where the rest is too small for one more, a call waits for those in
flight to settle; the budget is reached when nothing is in flight and the rest is still too small.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from genesis.errors import BudgetError, LMConfigError
from genesis.params import BudgetParams

Prices = dict[str, tuple[float, float]]
"""Model -> US dollars per million prompt and completion tokens."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may use."""

    tokens: int
    usd: float


class Budget:
    """What is spent and reserved, over all models of a run."""

    def __init__(self, limits: BudgetParams, prices: Prices):
        self.limits = limits
        self.prices = prices
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0
        self._held_calls = 0
        self._held_tokens = 0
        self._held_usd = 0.0
        self._waiting: list[asyncio.Future[None]] = []

    def require_price(self, model: str) -> None:
        """Raise LMConfigError where the budget is in money and the model's price is unknown."""
        if self.limits.usd is not None and self.price(model, 1, 1) is None:
            raise LMConfigError(
                f"budget.usd is set, but the price of '{model}' is unknown; "
                f"add prices: {{{model}: [prompt, completion]}} in US dollars per million tokens"
            )

    def price(self, model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Return the cost in US dollars, or None where the model's price is unknown."""
        rates = self.prices.get(model)
        if rates is None:
            return None
        return (prompt_tokens * rates[0] + completion_tokens * rates[1]) / 1e6

    async def reserve(self, model: str, prompt_tokens: int, completion_tokens: int) -> Reservation:
        """Hold back what a call may use at most. Raises BudgetError where that is more than will be left."""
        held = Reservation(
            prompt_tokens + completion_tokens, self.price(model, prompt_tokens, completion_tokens) or 0.0
        )
        while (short := self._shortage(held)) is not None:
            if not self._held_calls:
                raise BudgetError(short)
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        self._held_calls += 1
        self._held_tokens += held.tokens
        self._held_usd += held.usd
        return held

    def _shortage(self, held: Reservation) -> str | None:
        """Return in words which limit a reservation would break, or None."""
        for name, spent, reserved, add in (
            ("calls", self.calls, self._held_calls, 1),
            ("tokens", self.tokens, self._held_tokens, held.tokens),
            ("usd", self.usd, self._held_usd, held.usd),
        ):
            limit = getattr(self.limits, name)
            if limit is not None and spent + reserved + add > limit:
                return (
                    f"budget.{name} of {limit:g} is reached: {spent:g} spent, the next call may need {add:g}; "
                    "raise it and resume"
                )
        return None

    def release(self, held: Reservation) -> None:
        """Give a reservation back unused."""
        self._held_calls -= 1
        self._held_tokens -= held.tokens
        self._held_usd -= held.usd
        waiting, self._waiting = self._waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)

    def settle(self, held: Reservation, model: str, prompt_tokens: int, completion_tokens: int) -> None:
        """Replace a reservation by what the call used."""
        self.spend(model, 1, prompt_tokens, completion_tokens)
        self.release(held)

    def spend(self, model: str, calls: int, prompt_tokens: int, completion_tokens: int) -> None:
        """Count what was used, for instance by an earlier session of the run."""
        self.calls += calls
        self.tokens += prompt_tokens + completion_tokens
        self.usd += self.price(model, prompt_tokens, completion_tokens) or 0.0
