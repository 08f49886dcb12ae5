"""Generation on a Dask cluster: the same data set as on one machine, byte for byte.

    with cluster.connect("local:4") as client:
        shards = Shards(run, params, client)
        counts = await pipeline.generate(pool, params, run, caller=None, maker=shards)

A shard is the tools whose hash has one remainder; its dialogues are made by Dask tasks, one at a time a shard, each a
batch of dialogues that may start. Everything that has to be decided in plan order (near-repeats, acceptance, rows)
stays with the process that reads the plan; what it has accepted goes to a file in ``shards/``, from which every
worker keeps its memory up to date. A shard's LM replies go to a journal file of its own, so a batch that Dask repeats
on another worker pays nothing twice, and a run continues with or without a cluster. The folder must be shared.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec

from genesis import errors
from genesis.batches import Batch, Lot, lot_file, make_batch
from genesis.cluster import PATIENCE
from genesis.converse import Made
from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.errors import BudgetError, LMError, StepError
from genesis.leases import Leases
from genesis.lm.lanes import open_lanes
from genesis.lm.rows import scan, shards, totals
from genesis.lm.usage import Usage, total
from genesis.memory import told
from genesis.params import Params
from genesis.planner import Planned
from genesis.record import Run
from genesis.text import stable_hash

RETRIES = 3
"""Times Dask repeats a batch that raised, for instance because a lost worker still holds the journal file."""
_Waiting = tuple[Planned, "asyncio.Future[Made]"]


@dataclass(slots=True)
class _Shard:
    number: int
    waiting: list[_Waiting] = field(default_factory=list)
    running: bool = False


class Shards:
    """What ``pipeline.generate`` makes dialogues with, on the workers of a Dask client."""

    def __init__(self, run: Run, params: Params, client: Any) -> None:
        self._run = run
        self._params = params
        self._client = client
        client.wait_for_workers(1, timeout=PATIENCE)
        self._threads = max(1, sum(client.nthreads().values()))
        self._count: int = max(1, min(2 * self._threads, params.concurrency))
        self._shards = [_Shard(number) for number in range(self._count)]
        self._each: int = max(1, params.concurrency // self._threads)
        self._unsaid: list[bytes] = []
        self._submitted = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes = open_lanes(params)
        self.notices: list[str] = []
        self._spent: dict[str, dict[str, dict[str, float]]] = {
            path.name: totals(body for _, body in scan(path)) for path in shards(run.journal_path)
        }
        self._leases = Leases(params.budget, self._count, self._used)
        self._seen = f"shards/seen-{uuid.uuid4().hex[:8]}.jsonl"
        run.file(self._seen).write_bytes(b"")

    @property
    def at_once(self) -> int:
        """Dialogues under way or waiting for a batch: enough that no shard runs dry."""
        return 2 * self._size * self._count

    @property
    def _size(self) -> int:
        return max(8, 2 * self._each)

    @property
    def usage(self) -> dict[str, Usage]:
        """What the run has used so far, by agent, over all journal files."""
        found: dict[str, Usage] = {}
        for rows in self._spent.values():
            for agent, row in rows.items():
                found[agent] = total({"before": found.get(agent, Usage()), "now": Usage(**row)})  # type: ignore[arg-type]
        return found

    def status(self) -> dict[str, Any]:
        """Return what ``lm.live.status`` returns, as of the batches that have come back."""
        used = total(self.usage)
        lanes = self._lanes.values()
        priced = all(lane.engine.free or lane.engine.name in lane.budget.prices for lane in lanes)
        usd = round(self._used()["usd"], 4) if priced else None
        flight = sum(shard.running for shard in self._shards) * self._each
        return {"calls": used.calls, "tokens": used.tokens, "retries": used.retries, "usd": usd, "in_flight": flight}

    def _used(self, name: str | None = None) -> dict[str, float]:
        """Return calls, tokens and usd of one journal file, or of all."""
        used = {"calls": 0.0, "tokens": 0.0, "usd": 0.0}
        for rows in [self._spent.get(name, {})] if name else self._spent.values():
            for agent, row in rows.items():
                lane = self._lanes.get(agent) or self._lanes["default"]
                used["calls"] += row["calls"]
                used["tokens"] += row["prompt_tokens"] + row["completion_tokens"]
                price = lane.budget.price(lane.engine.name, int(row["prompt_tokens"]), int(row["completion_tokens"]))
                used["usd"] += price or 0.0
        return used

    def note(self, planned: Planned, dialogue: Dialogue | None) -> None:
        """Take down an accepted dialogue for the workers' memories."""
        if dialogue is not None:
            one = told(planned, dialogue)
            row = (planned.index, one.semantic_type, one.request, sorted(one.parameters))
            self._unsaid.append(msgspec.json.encode(row) + b"\n")

    async def make(self, planned: Planned) -> Made:
        """Make one dialogue, in a batch with others of its shard. Raises what stops the run."""
        shard = self._shards[stable_hash("shard", planned.tool) % self._count]
        made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        shard.waiting.append((planned, made))
        if not shard.running:
            shard.running = True
            task = asyncio.ensure_future(self._work(shard))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await made

    async def close(self) -> None:
        """Stop what is under way, close the engines and remove what only the workers of this session read."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for engine in {id(lane.engine): lane.engine for lane in self._lanes.values()}.values():
            await engine.close()
        self._run.file(self._seen).unlink(missing_ok=True)

    async def check(self) -> None:
        """Raise LMConfigError or FatalLMError where no request can work."""
        engines = {id(lane.engine): lane.engine for lane in self._lanes.values()}
        await asyncio.gather(*(engine.check() for engine in engines.values()))

    async def _work(self, shard: _Shard) -> None:
        """Send a shard's waiting dialogues batch by batch until none is left."""
        batch: list[_Waiting] = []
        try:
            await asyncio.sleep(0)  # let all that may start come in
            while shard.waiting:
                shard.waiting.sort(key=lambda entry: entry[0].index)
                batch, shard.waiting = shard.waiting[: self._size], shard.waiting[self._size :]
                shard.waiting += await self._send(shard, batch)
        except Exception as error:  # everybody who waits is told what stopped the run
            for _, made in [*batch, *shard.waiting]:
                if not made.done():
                    made.set_exception(error)
        finally:
            shard.running = False

    async def _send(self, shard: _Shard, batch: list[_Waiting]) -> list[_Waiting]:
        """Have one batch made; returns what its part of the budget did not suffice for. Raises what stops the run."""
        name = lot_file(shard.number, self._count)
        limits = await self._leases.take(name)
        try:
            lot = await self._submit(shard, [planned.index for planned, _ in batch], limits)
        finally:
            self._leases.give_back(name)
        self._spent[name] = lot.usage
        self.notices = list(dict.fromkeys([*self.notices, *lot.notices]))
        by_index = {one.index: one for one in lot.made}
        left = []
        for planned, made in batch:
            one = by_index.get(planned.index)
            if one is None:
                left.append((planned, made))
            elif not made.done():
                fault = _error(*one.fault) if one.fault else None
                made.set_result(Made(dialogue_from_row(msgspec.json.decode(one.row)), tuple(one.reasons), fault))
        if not lot.stop:
            self._leases.settle(name)
        elif not (lot.stop[0] == BudgetError.__name__ and self._leases.may_try_again(name)):
            raise _error(*lot.stop)
        return left

    async def _submit(self, shard: _Shard, indices: list[int], limits: dict[str, float]) -> Lot:
        """Submit a batch and wait for it. Raises StepError where Dask gives it up."""
        seen = self._run.file(self._seen)
        with seen.open("ab") as stream:
            stream.writelines(self._unsaid)
            self._unsaid.clear()
            upto = stream.tell()
        self._submitted += 1
        batch = Batch(
            str(self._run.path.resolve()), shard.number, self._count, self._each, indices, self._seen, upto, limits
        )
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        key = f"genesis-{self._run.id}-{id(self):x}-{self._submitted}"
        future = self._client.submit(make_batch, msgspec.json.encode(batch), key=key, retries=RETRIES, pure=False)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(_finish, done))
        try:
            await done
            found = await asyncio.to_thread(future.result)
        except errors.GenesisError:
            raise
        except asyncio.CancelledError:
            self._client.cancel([future])
            raise
        except Exception as error:
            raise StepError(f"a batch of shard {shard.number} was given up by Dask: {error}; resume later") from error
        return msgspec.json.decode(found, type=Lot)


def _finish(done: asyncio.Future[Any]) -> None:
    if not done.done():
        done.set_result(None)


def _error(kind: str, message: str) -> Exception:
    """Return an error that a worker met, as it met it."""
    found = getattr(errors, kind, LMError)
    made: Exception = found(message)
    return made
