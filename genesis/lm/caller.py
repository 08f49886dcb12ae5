"""The Caller: how agents ask their models.

    >>> async with open_caller(params, run.journal_path) as caller:
    ...     replies = await caller.ask("user", dspy.Predict(User), {...}, seed=7, n=4)
    >>> [reply.outcome for reply in replies]
    ['good', 'good', 'unparsable', 'good']

``ask`` renders the prompt as DSPy does, looks into the journal, else goes through limits, retries and budget to the
engine, parses, journals with the outcome, and returns. A bad reply is a typed outcome; what stops the run is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from genesis.errors import LMConfigError
from genesis.lm.calls import Lane
from genesis.lm.engine import Engine, Request
from genesis.lm.journal import Journal
from genesis.lm.keys import request_key
from genesis.lm.lanes import header_for, open_lanes
from genesis.lm.outcomes import OUTCOMES, Reply, judge, read_entry
from genesis.lm.render import Messages, Plan, plan_for, render
from genesis.lm.replay import ReplayEngine
from genesis.lm.rows import Entry, Session, totals
from genesis.lm.schema import reply_schema
from genesis.lm.trim import fit
from genesis.lm.usage import Usage, since
from genesis.params import Params
from genesis.text import stable_hash

__all__ = ["OUTCOMES", "Caller", "Reply", "open_caller"]

RESAMPLES = 2
"""Fresh samples asked for at most in place of one that does not parse."""
_CONFIG = {"temperature", "max_tokens"}


class Caller:
    """Asks the agents' models; see the module."""

    def __init__(
        self,
        lanes: dict[str, Lane],
        *,
        adapter: Literal["chat", "json"] = "chat",
        temperature: float = 0.8,
        max_tokens: int = 2048,
        journal: Journal | None = None,
        resamples: int = RESAMPLES,
    ):
        self.lanes = lanes
        self.adapter: Literal["chat", "json"] = adapter
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.journal = journal
        self.resamples = resamples
        self.usage: dict[str, Usage] = {}
        self.watchers: list[Callable[[str, Request], None]] = []
        """Told of every request (agent, request) before it is looked up or sent."""
        self._flights: dict[str, asyncio.Future[None]] = {}
        self._before: dict[str, dict[str, float]] = {}
        if journal is not None:
            self.count(journal.bodies())

    def lane(self, agent: str) -> Lane:
        """Return the lane of an agent's model."""
        return self.lanes.get(agent) or self.lanes["default"]

    def lm_name(self, agent: str = "default") -> str:
        """Return what provenance calls an agent's model; a replayed one keeps its name."""
        return self.lane(agent).engine.name

    @property
    def simulated(self) -> bool:
        """Whether any agent's model is simulated: what is made with it must say so."""
        return any(lane.engine.simulated for lane in self.lanes.values())

    @property
    def notices(self) -> list[str]:
        """What the user should know about the models, once each."""
        return list(dict.fromkeys(notice for lane in self.lanes.values() for notice in lane.notices))

    async def ask(self, agent: str, predictor: Any, inputs: dict[str, Any], *, seed: int, n: int = 1) -> list[Reply]:
        """Return ``n`` samples of an agent's answer, in order; the same for the same arguments, whatever else runs.

        Raises FatalLMError, BudgetError, RejectedLMError, RetryableLMError (retries used up), ReplayMissError,
        RecordError (disk) and LMConfigError; never for what a model wrote.
        """
        signature = predictor.signature
        plan = plan_for(signature, self.adapter)
        config = predictor.config
        if unknown := config.keys() - _CONFIG:
            raise LMConfigError(f"{agent}: the predictor sets {sorted(unknown)}; it can set {sorted(_CONFIG)}")
        max_tokens = int(config.get("max_tokens", self.max_tokens))
        messages = self._draw(agent, plan, predictor, inputs, max_tokens)
        request = Request(
            messages,
            float(config.get("temperature", self.temperature)),
            max_tokens,
            seed & 0x7FFFFFFF,
            n=n,
            schema=reply_schema(signature) if self.adapter == "json" else None,
        )
        for watch in self.watchers:
            watch(agent, request)
        replies = await self._samples(agent, plan, signature, request, 0)
        for number, reply in enumerate(replies):
            if reply.outcome == "unparsable":
                replies[number] = await self._resample(agent, plan, signature, request, number, reply)
        return replies

    def _draw(self, agent: str, plan: Plan, predictor: Any, inputs: dict[str, Any], max_tokens: int) -> Messages:
        """Return the rendered prompt, trimmed where the model's window is known and too small for it."""
        lane = self.lane(agent)
        if lane.context is None:
            return render(plan, predictor.signature, predictor.demos, inputs)
        messages, cut = fit(
            lambda some: render(plan, predictor.signature, predictor.demos, some), inputs, lane.context - max_tokens
        )
        if cut:
            self._usage(agent).trimmed += 1
            lane.note(
                f"{agent}: prompts that do not fit the window of {lane.engine.name} ({lane.context} tokens) "
                "are trimmed: tools first, then the oldest talk"
            )
        return messages

    async def _resample(
        self, agent: str, plan: Plan, signature: Any, request: Request, number: int, bad: Reply
    ) -> Reply:
        """Return a fresh sample in place of an unparsable one, or the last bad one when the tries are used up."""
        prompt, completion = bad.prompt_tokens, bad.completion_tokens
        for fresh in range(1, self.resamples + 1):
            seed = stable_hash("resample", request.seed, number, fresh) & 0x7FFFFFFF
            again = Request(request.messages, request.temperature, request.max_tokens, seed, schema=request.schema)
            bad = (await self._samples(agent, plan, signature, again, fresh))[0]
            prompt, completion = prompt + bad.prompt_tokens, completion + bad.completion_tokens
            if bad.outcome != "unparsable":
                break
        return Reply(bad.outcome, bad.fields, bad.text, bad.reason, bad.reasoning, prompt, completion, fresh)

    async def _samples(self, agent: str, plan: Plan, signature: Any, request: Request, fresh: int) -> list[Reply]:
        """Return the samples of a request: recorded ones first, the rest from the engine, equal requests once."""
        engine = self.lane(agent).engine
        key = request_key(engine.identity, request)
        while (flight := self._flights.get(key)) is not None:
            await asyncio.wait([flight])
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            replies = await self._recorded(agent, engine, key, plan, signature, request)
            while len(replies) < request.n:
                replies += await self._fetch(agent, key, plan, signature, request, len(replies), fresh)
            return replies
        finally:
            del self._flights[key]
            flight.set_result(None)

    async def _recorded(
        self, agent: str, engine: Engine, key: str, plan: Plan, signature: Any, request: Request
    ) -> list[Reply]:
        replies: list[Reply] = []
        while len(replies) < request.n:
            entry = self.journal.get(key, len(replies)) if self.journal is not None else None
            if entry is not None:
                self._usage(agent).replayed += 1
            elif isinstance(engine, ReplayEngine) and (entry := engine.entry(key, len(replies))) is not None:
                self._count(agent, entry)
                if self.journal is not None:
                    await self.journal.put(entry, durable=False)
            if entry is None:
                break
            replies += read_entry(entry, plan, signature)
        return replies[: request.n]

    async def _fetch(
        self, agent: str, key: str, plan: Plan, signature: Any, request: Request, first: int, fresh: int
    ) -> list[Reply]:
        """Ask the engine for the samples from ``first`` on; journal them; return them."""
        lane, usage = self.lane(agent), self._usage(agent)
        wanted = request.n - first
        if wanted > 1 and lane.one_by_one:
            firsts = range(first, request.n)
            tasks = [
                asyncio.ensure_future(self._fetch_one(agent, key, plan, signature, request, number, 1, fresh))
                for number in firsts
            ]
            try:
                groups = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
            return [reply for group in groups for reply in group]
        usage.resamples += fresh > 0
        return await self._fetch_one(agent, key, plan, signature, request, first, wanted, fresh)

    async def _fetch_one(
        self, agent: str, key: str, plan: Plan, signature: Any, request: Request, first: int, n: int, fresh: int
    ) -> list[Reply]:
        lane, usage = self.lane(agent), self._usage(agent)
        part = Request(
            request.messages, request.temperature, request.max_tokens, request.seed, first, n, request.schema
        )
        answer = await lane.send(part, usage)
        entry, replies = judge(answer, key, first, agent, fresh, plan, signature)
        self._count(agent, entry)
        if self.journal is not None:
            await self.journal.put(entry, durable=not lane.engine.free)
        return replies

    def _usage(self, agent: str) -> Usage:
        usage = self.usage.get(agent)
        if usage is None:
            usage = self.usage[agent] = Usage()
        return usage

    def _count(self, agent: str, entry: Entry) -> None:
        usage = self._usage(agent)
        usage.calls += 1
        usage.completions += len(entry.s)
        usage.prompt_tokens += entry.p
        usage.completion_tokens += entry.c
        usage.estimated += entry.e
        for sample in entry.s:
            if sample.o != "good":
                setattr(usage, sample.o, getattr(usage, sample.o) + 1)

    def count(self, bodies: Iterator[bytes]) -> None:
        """Start the counts, and the budget, from the rows of a journal: what the run has used before."""
        self._before = totals(bodies)
        for agent, row in self._before.items():
            usage = self.usage[agent] = Usage(**row)  # type: ignore[arg-type]
            lane = self.lane(agent)
            lane.budget.spend(lane.engine.name, usage.calls, usage.prompt_tokens, usage.completion_tokens)

    async def close(self) -> None:
        """Flush the journal and close the engines."""
        try:
            if self.journal is not None:
                session = since(self.usage, self._before)
                await self.journal.close(Session(session) if session else None)
        finally:
            for engine in {id(lane.engine): lane.engine for lane in self.lanes.values()}.values():
                await engine.close()


@asynccontextmanager
async def open_caller(
    params: Params,
    journal_path: Path | None = None,
    *,
    shard: str = "0",
    beside: str = "",
    check: bool = True,
    root: Path | None = None,
) -> AsyncIterator[Caller]:
    """Open the models that ``params`` name, check that they can be reached, and the journal.

    ``shard`` names the journal file to write, ``beside`` those that other processes write meanwhile.
    Raises LMConfigError or FatalLMError before anything is spent, RecordError for a journal that cannot be written.
    """
    lanes = open_lanes(params, root=root)
    engines = {id(lane.engine): lane for lane in lanes.values()}
    journal = None
    try:
        if check:
            await asyncio.gather(*(lane.engine.check() for lane in engines.values()))
        if journal_path is not None:
            journal = Journal(journal_path, shard=shard, beside=beside, header=header_for(lanes))
    except BaseException:
        for lane in engines.values():
            await lane.engine.close()
        raise
    caller = Caller(
        lanes, adapter=params.adapter, temperature=params.temperature, max_tokens=params.max_tokens, journal=journal
    )
    try:
        yield caller
    finally:
        await caller.close()
