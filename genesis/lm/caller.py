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
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from genesis.errors import LMConfigError, ReplyError
from genesis.lm.budget import Budget
from genesis.lm.calls import Lane
from genesis.lm.engine import Answer, Completion, Engine, Request
from genesis.lm.journal import Entry, Header, Journal, Sample, totals
from genesis.lm.keys import request_key
from genesis.lm.names import api_base_of, lm_names, make_engine
from genesis.lm.parse import parse
from genesis.lm.render import Plan, plan_for, render
from genesis.lm.replay import ReplayEngine
from genesis.lm.schema import reply_schema
from genesis.lm.usage import Usage
from genesis.params import Params
from genesis.text import stable_hash

log = logging.getLogger("genesis.lm")

Outcome = Literal["good", "empty", "refused", "cut", "unparsable"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
RESAMPLES = 2
"""Fresh samples asked for at most in place of one that does not parse."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One sample, as an agent sees it."""

    outcome: Outcome
    fields: dict[str, Any] = field(default_factory=dict)
    """The signature's output fields; empty unless the outcome is good."""
    text: str = ""
    reason: str = ""
    """Why the outcome is not good."""
    reasoning: str = ""
    prompt_tokens: int = 0
    """Tokens of the request, counted at its first sample; 0 at the others."""
    completion_tokens: int = 0
    resamples: int = 0
    """Fresh samples it took."""

    @property
    def good(self) -> bool:
        """Whether the fields can be used."""
        return self.outcome == "good"


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
        self._flights: dict[str, asyncio.Future[None]] = {}
        if journal is not None:
            self._count_journal(journal)

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
        messages = render(plan, signature, predictor.demos, inputs)
        config = predictor.config
        request = Request(
            messages,
            float(config.get("temperature", self.temperature)),
            int(config.get("max_tokens", self.max_tokens)),
            seed & 0x7FFFFFFF,
            n=n,
            schema=reply_schema(signature) if self.adapter == "json" else None,
        )
        replies = await self._samples(agent, plan, signature, request, 0)
        for number, reply in enumerate(replies):
            if reply.outcome == "unparsable":
                replies[number] = await self._resample(agent, plan, signature, request, number, reply)
        return replies

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
            replies += _read_entry(entry, plan, signature)
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
        entry, replies = _judge(answer, key, first, agent, fresh, plan, signature)
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

    def _count_journal(self, journal: Journal) -> None:
        """Start the counts, and the budget, from what the run has used before."""
        for agent, row in totals(journal.entries()).items():
            self.usage[agent] = Usage(**row)
            lane = self.lane(agent)
            lane.budget.spend(lane.engine.name, row["calls"], row["prompt_tokens"], row["completion_tokens"])

    async def close(self) -> None:
        """Flush the journal and close the engines."""
        try:
            if self.journal is not None:
                await self.journal.close()
        finally:
            for engine in {id(lane.engine): lane.engine for lane in self.lanes.values()}.values():
                await engine.close()


def _judge(
    answer: Answer, key: str, first: int, agent: str, fresh: int, plan: Plan, signature: Any
) -> tuple[Entry, list[Reply]]:
    """Return the journal entry of an answer, and its replies: each sample with its outcome."""
    samples, replies = [], []
    for completion in answer.completions:
        outcome, fields, reason = _outcome(completion, plan, signature)
        samples.append(Sample(outcome, completion.text, reason, completion.reasoning))
        replies.append((outcome, fields, completion.text, reason, completion.reasoning))
    entry = Entry(key, first, agent, samples, answer.prompt_tokens, answer.completion_tokens, answer.estimated, fresh)
    return entry, [Reply(*parts, *tokens) for parts, tokens in zip(replies, _split(entry), strict=True)]


def _split(entry: Entry) -> list[tuple[int, int]]:
    """Return (prompt, completion) tokens by sample; the completion's are split by length, to the last token."""
    sizes = [len(sample.t) + len(sample.g) + 1 for sample in entry.s]
    whole, done, shares = sum(sizes), 0, []
    for number, size in enumerate(sizes):
        upto = entry.c * (sum(sizes[:number]) + size) // whole
        shares.append((entry.p if number == 0 else 0, upto - done))
        done = upto
    return shares


def _outcome(completion: Completion, plan: Plan, signature: Any) -> tuple[Outcome, dict[str, Any], str]:
    if completion.fault:
        return "unparsable", {}, completion.fault
    if completion.refusal or completion.finish == "filter":
        return "refused", {}, completion.refusal[:200] or "stopped by the content filter"
    if completion.finish == "length":
        return "cut", {}, "the reply reached max_tokens"
    if not completion.text.strip():
        return "empty", {}, "the reply is empty"
    try:
        return "good", parse(plan, signature, completion.text), ""
    except ReplyError as error:
        return "unparsable", {}, str(error)


def _read_entry(entry: Entry, plan: Plan, signature: Any) -> list[Reply]:
    """Return the replies of a recorded entry with their recorded outcomes."""
    replies = []
    for sample, tokens in zip(entry.s, _split(entry), strict=True):
        outcome, reason, fields = sample.o, sample.r, {}
        if outcome == "good":
            try:
                fields = parse(plan, signature, sample.t)
            except ReplyError as error:  # recorded by other code
                outcome, reason = "unparsable", str(error)
        replies.append(Reply(outcome, fields, sample.t, reason, sample.g, *tokens))  # type: ignore[arg-type]
    return replies


@asynccontextmanager
async def open_caller(
    params: Params,
    journal_path: Path | None = None,
    *,
    shard: str = "0",
    check: bool = True,
    root: Path | None = None,
) -> AsyncIterator[Caller]:
    """Open the models that ``params`` name, check that they can be reached, and the journal.

    Raises LMConfigError or FatalLMError before anything is spent, RecordError for a journal that cannot be written.
    """
    budget = Budget(params.budget, params.prices)
    lanes: dict[str, Lane] = {}
    engines: dict[tuple[str, str, str], Lane] = {}
    journal = None
    try:
        for agent, name in lm_names(params).items():
            base = api_base_of(params, agent)
            place = (name, base, agent if name.startswith("replay:") else "")
            if place not in engines:
                engine = make_engine(
                    name,
                    api_base=base,
                    api_key_env=params.api_key_env,
                    timeout=params.timeout,
                    max_open=params.concurrency,
                    offline=params.offline,
                    agent=agent,
                    root=root,
                )
                if not engine.free:
                    budget.require_price(engine.name)
                engines[place] = Lane(engine, budget, concurrency=params.concurrency, retries=params.retries)
            lanes[agent] = engines[place]
        if check:
            await asyncio.gather(*(lane.engine.check() for lane in engines.values()))
        if journal_path is not None:
            journal = Journal(journal_path, shard=shard, header=header_for(lanes))
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


def header_for(lanes: dict[str, Lane]) -> Header:
    """Return the journal header of a caller's models."""
    if "default" not in lanes:
        raise LMConfigError("no default LM")
    return Header(
        1,
        {agent: lane.engine.identity for agent, lane in lanes.items()},
        {agent: lane.engine.name for agent, lane in lanes.items()},
        [agent for agent, lane in lanes.items() if lane.engine.simulated],
    )
