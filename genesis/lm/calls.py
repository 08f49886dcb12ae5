"""One model, ready to be called: engine, gate, retries, budget.

A call that fails for good closes the lane where no further call can work: everyone who waits is told at once, and
nothing more is sent.
"""

from __future__ import annotations

import asyncio
import logging
import random

from genesis.errors import BudgetError, FatalLMError, LMError, RejectedLMError, RetryableLMError
from genesis.lm.budget import Budget, Reservation
from genesis.lm.engine import Answer, Engine, Request, prompt_estimate
from genesis.lm.limits import Bucket, Gate
from genesis.lm.usage import Usage
from genesis.text import stable_hash

log = logging.getLogger("genesis.lm")

BACKOFF_BASE = 0.5
BACKOFF_CAP = 30.0
HOPELESS = 8
"""So many first calls rejected, and none accepted: the model's name or endpoint is wrong."""

GONE = 16
"""So many calls in a row that use up their retries: the endpoint is gone."""


class Lane:
    """Everything one model's calls share."""

    def __init__(
        self,
        engine: Engine,
        budget: Budget,
        *,
        concurrency: int,
        retries: int,
        rpm: float = 0,
        tpm: float = 0,
        context: int | None = None,
        backoff: float | None = None,
    ):
        self.engine = engine
        self.budget = budget
        self.gate = Gate(concurrency)
        self.retries = retries
        self.context = context
        """Tokens of the model's window, where known."""
        self.requests = Bucket(rpm)
        self.tokens = Bucket(tpm)
        self.backoff = BACKOFF_BASE if backoff is None else backoff
        self.closed: LMError | None = None
        self.notices: list[str] = []
        self._accepted = 0
        self._rejected = 0
        self._lost = 0

    @property
    def one_by_one(self) -> bool:
        """Whether samples must be asked for one a request, all at once."""
        return "n" in getattr(self.engine, "left_out", ())

    async def send(self, request: Request, usage: Usage) -> Answer:
        """Return the answer to a request, after retries. Raises LMError's subclasses other than retryable ones
        only when the retries are used up."""
        if self.engine.free:
            return await self._free(request, usage)
        attempt = 0
        while True:
            try:
                return await self._attempt(request, usage)
            except RetryableLMError as error:
                attempt += 1
                if attempt > (min(1, self.retries) if error.once else self.retries):
                    self._give_up(error)
                    raise RetryableLMError(f"{error} (after {attempt} attempts)") from error
                pause = self._pause(error, request, attempt)
            usage.retries += 1
            usage.waited += pause
            await asyncio.sleep(pause)

    async def _free(self, request: Request, usage: Usage) -> Answer:
        """Ask an engine that costs nothing: no gate, no retries, but the budget counts."""
        await asyncio.sleep(0)  # let Ctrl-C and other dialogues in
        self._refuse_if_closed()
        try:
            held = await self.budget.reserve(
                self.engine.name, prompt_estimate(request.messages), request.n * request.max_tokens
            )
        except BudgetError as error:
            self.closed = self.closed or error
            raise
        usage.attempts += 1
        try:
            answer = await self.engine.complete(request)
        except BaseException:
            self.budget.release(held)
            raise
        self.budget.settle(held, self.engine.name, answer.prompt_tokens, answer.completion_tokens)
        return answer

    def _give_up(self, error: RetryableLMError) -> None:
        """Close the lane where call after call has used up its retries and none has come through."""
        self._lost += 1
        if self._lost >= GONE and self.closed is None:
            self.closed = FatalLMError(f"{self._lost} calls in a row used up their retries; the last: {error}")

    def _pause(self, error: RetryableLMError, request: Request, attempt: int) -> float:
        """Seconds before the next attempt: what the server asked for, else exponential; jittered by the request."""
        jitter = random.Random(stable_hash(request.seed, request.first, attempt)).random()
        if error.retry_after is not None:
            return error.retry_after + jitter * self.backoff
        return float(min(BACKOFF_CAP, self.backoff * 2 ** (attempt - 1))) * (0.5 + jitter / 2)

    async def _attempt(self, request: Request, usage: Usage) -> Answer:
        entered = await self.gate.enter()
        held: Reservation | None = None
        prompt = prompt_estimate(request.messages)
        asked = prompt + request.n * request.max_tokens
        try:
            self._refuse_if_closed()
            wait = max(self.requests.take(1), self.tokens.take(asked))
            if wait:
                await asyncio.sleep(wait)
                self._refuse_if_closed()
            held = await self.budget.reserve(self.engine.name, prompt, request.n * request.max_tokens)
            usage.attempts += 1
            answer = await self.engine.complete(request)
        except LMError as error:
            self._note_failure(error, entered, usage)
            raise
        except asyncio.CancelledError:
            if held is not None:
                usage.possibly_billed += 1
            raise
        else:
            self.gate.speed_up()
            self._accepted += 1
            self._lost = 0
            self.tokens.give_back(asked - answer.prompt_tokens - answer.completion_tokens)
            self.budget.settle(held, self.engine.name, answer.prompt_tokens, answer.completion_tokens)
            held = None
            for notice in answer.notices:
                self.note(notice)
            return answer
        finally:
            if held is not None:
                self.budget.release(held)
            self.gate.leave()

    def _refuse_if_closed(self) -> None:
        if self.closed is not None:
            raise type(self.closed)(str(self.closed))

    def _note_failure(self, error: LMError, entered: float, usage: Usage) -> None:
        if isinstance(error, RetryableLMError):
            usage.possibly_billed += error.possibly_billed
            if error.retry_after is not None or error.late or not error.possibly_billed:
                self.gate.slow_down(entered, error.retry_after or 0.0)
        elif isinstance(error, (FatalLMError, BudgetError)):
            self.closed = self.closed or error
        elif isinstance(error, RejectedLMError):
            usage.rejected += 1
            self._rejected += 1
            if self._rejected >= HOPELESS and not self._accepted and self.closed is None:
                self.closed = FatalLMError(f"the first {self._rejected} requests were all rejected; the last: {error}")

    def note(self, notice: str) -> None:
        """Tell the user something once."""
        if notice not in self.notices:
            self.notices.append(notice)
            log.warning(notice)
