"""What a Dask worker does: it makes a batch of one shard's dialogues, with the shard's own journal file.

A worker keeps pool, plan and memory of the run it works for, and reads what has been accepted since from a file that
:mod:`genesis.shards` writes. It decides nothing that depends on other dialogues of the same rounds. A batch that
nobody waits for any more (its client is gone, it was cancelled) stops calling within a second.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from genesis.agents.crew import crew_of
from genesis.candidate import Stage
from genesis.checks import rules
from genesis.converse import converse
from genesis.errors import GenesisError, LockedError
from genesis.lm.caller import open_caller
from genesis.memory import Memory, Told
from genesis.params import BudgetParams, Params
from genesis.planner import Planned, plan
from genesis.record import Run
from genesis.tasks import together
from genesis.tools.pool import load_pool

LOCK_PATIENCE = 2.0
"""Seconds before a batch whose journal file is still held by a lost worker is given back to Dask to be repeated."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One task: which dialogues of the plan, and what has been accepted up to now."""

    folder: str
    shard: int
    shards: int
    concurrency: int
    """LM calls in flight."""
    places: list[int]
    seen: str
    """File in the run's folder that holds what has been accepted; another session of the run has another."""
    upto: int
    """Bytes of what has been accepted to have read."""
    limits: dict[str, float]
    """The shard's part of the budget, on all it has used."""


class One(msgspec.Struct):
    """One dialogue made."""

    index: int
    row: msgspec.Raw
    reasons: list[str] = []
    fault: tuple[str, str] | None = None


class Lot(msgspec.Struct):
    """What a batch brought."""

    made: list[One]
    usage: dict[str, dict[str, int | float]]
    """By agent, over all the shard's journal file."""
    notices: list[str] = []
    stop: tuple[str, str] | None = None
    """The error that stops the run: its kind and message."""


def lot_file(shard: int, count: int) -> str:
    """Return the name of a shard's journal file."""
    return f"shard-{shard:03d}-of-{count:03d}.jsonl"


class _Guide(Memory):
    """A memory that is only read: what is opened here is settled by the process that reads the plan."""

    def open(self, planned: Planned, request: str) -> None:
        """Leave it to :mod:`genesis.shards`."""


@dataclass
class _Held:
    """What a worker's thread keeps of a run."""

    run: Run
    params: Params
    pool: Any
    planned: list[Planned]
    memory: _Guide | None
    seen: str
    read: int = 0

    def catch_up(self, upto: int) -> None:
        """Take in what has been accepted meanwhile."""
        if self.memory is None or upto <= self.read:
            return
        with (self.run.path / self.seen).open("rb") as stream:
            stream.seek(self.read)
            for line in stream.read(upto - self.read).splitlines():
                index, label, request, parameters = msgspec.json.decode(line)
                self.memory.accept(self.planned[index], Told(label, request, frozenset(parameters)))
        self.read = upto


@dataclass
class _Kept(threading.local):
    held: dict[str, _Held] = field(default_factory=dict)


_kept = _Kept()


def _held(batch: Batch) -> _Held:
    """Return what this thread keeps of the batch's run."""
    key = f"{batch.folder}/{batch.seen}"
    held = _kept.held.get(key)
    if held is None:
        run = Run(Path(batch.folder))
        params, pool = run.params, load_pool(run.path / "pool.jsonl")
        memory = _Guide(pool.tools) if params.memory else None
        held = _Held(run, params, pool, plan(pool.tools, params), memory, batch.seen)
        _kept.held.clear()
        _kept.held[key] = held
    held.catch_up(batch.upto)
    return held


def make_batch(encoded: bytes) -> bytes:
    """Make a batch (Dask calls this); what stops the run is part of the result. Raises LockedError."""
    batch = msgspec.json.decode(encoded, type=Batch)
    wanted = _wanted()
    try:
        return msgspec.json.encode(asyncio.run(_make(batch, _held(batch), wanted)))
    except LockedError:
        time.sleep(LOCK_PATIENCE)
        raise


def _wanted() -> Callable[[], bool]:
    """Return what tells whether Dask still wants the task this thread runs."""
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:  # called without a worker, by hand
        return lambda: True
    key = worker.get_current_task()

    def asked() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state in ("executing", "long-running")

    return asked


async def _make(batch: Batch, held: _Held, wanted: Callable[[], bool]) -> Lot:
    params = replace(
        held.params,
        concurrency=batch.concurrency,
        rpm={name: max(1, rate // batch.shards) for name, rate in held.params.rpm.items()},
        tpm={name: max(1, rate // batch.shards) for name, rate in held.params.tpm.items()},
        budget=_budget(batch.limits),
    )
    own = lot_file(batch.shard, batch.shards)
    lot = Lot([], {})
    async with open_caller(
        params,
        held.run.journal_path,
        shard=own.removesuffix(".jsonl"),
        beside=f"shard-*-of-{batch.shards:03d}.jsonl",
        check=False,
    ) as caller:
        off = frozenset(params.rules_off)
        stage = Stage(
            caller=caller,
            crew=crew_of(held.run, held.params),
            tools=held.pool.by_name,
            related=held.pool.related,
            params=held.params,
            memory=held.memory,
            findings=lambda dialogue: rules.candidate_findings(dialogue, off=off),
        )
        work = asyncio.ensure_future(_all(batch, held, stage, lot))
        while not work.done():
            await asyncio.wait([work], timeout=0.5)
            if not wanted():
                work.cancel()
                await asyncio.wait([work])
        if not work.cancelled() and (error := work.exception()) is not None:
            if not isinstance(error, GenesisError) or isinstance(error, LockedError):
                raise error
            lot.stop = (type(error).__name__, str(error))
        lot.usage = msgspec.to_builtins(caller.usage)
        lot.notices = caller.notices
    return lot


def _budget(limits: dict[str, float]) -> BudgetParams:
    calls, tokens = limits.get("calls"), limits.get("tokens")
    return BudgetParams(
        calls=None if calls is None else int(calls),
        tokens=None if tokens is None else int(tokens),
        usd=limits.get("usd"),
    )


async def _all(batch: Batch, held: _Held, stage: Stage, lot: Lot) -> None:
    """Make the batch's dialogues, ``concurrency`` at once; the first error stops the rest and is raised."""
    left = iter(batch.places)

    async def worker() -> None:
        for index in left:
            made = await converse(held.planned[index], stage)
            fault = (type(made.fault).__name__, str(made.fault)) if made.fault else None
            row = msgspec.Raw(msgspec.json.encode(made.dialogue.to_row()))
            lot.made.append(One(index, row, list(made.reasons), fault))

    async with together() as group:
        for _ in range(min(batch.concurrency, len(batch.places))):
            group.create_task(worker())
