"""Generation on Dask workers: the same bytes as on one machine, lost workers, budgets. Real LocalClusters."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import pytest
from doubles import make_pool

from genesis import cluster, record, steps
from genesis.errors import BudgetError, LockedError
from genesis.leases import Leases
from genesis.lm.rows import shards, totals
from genesis.lm.testing import Server, offline_script
from genesis.params import BudgetParams, from_dict
from genesis.tools.pool import save_pool

FILES = ("dialogues.jsonl", "rejected.jsonl")
SMALL = {
    "experiment": "shards",
    "dialogues_per_tool": 3,
    "n": 2,
    "offline": {"repeat": 0.9},
}
"""Near-repeats are planted, so that what is decided in plan order matters."""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    file = tmp_path_factory.mktemp("pool") / "pool.jsonl"
    save_pool(make_pool(10), file)
    return {**SMALL, "pool": {"path": str(file)}}


def generated(folder, params, scheduler=""):
    run = record.create(params, folder)
    counts = asyncio.run(steps.generate(run, params, scheduler=scheduler))
    steps.check(run, params)
    steps.measure(run, params)
    return run, counts


def outcome(run):
    names = [*FILES, "verdicts.jsonl", "parts/metrics.json", "parts/checks.json"]
    return {name: (run.path / name).read_bytes() for name in names if (run.path / name).exists()}


@pytest.mark.slow
def test_the_set_is_the_same_on_workers_byte_for_byte(tmp_path, small):
    params = from_dict(small)
    alone, counts = generated(tmp_path / "alone", params)
    spread, others = generated(tmp_path / "spread", params, "local:2")
    assert counts == others
    assert counts["rejected"] > 0
    assert outcome(alone) == outcome(spread)
    assert len(shards(spread.journal_path)) == 4
    assert alone.read_json("run.json")["calls"] == spread.read_json("run.json")["calls"]
    assert not list((spread.path / "shards").iterdir())
    # Continuing here finds every reply that the workers got.
    (spread.path / "dialogues.jsonl").unlink()
    assert asyncio.run(steps.generate(spread, params)) == counts
    assert (spread.path / "dialogues.jsonl").read_bytes() == (alone.path / "dialogues.jsonl").read_bytes()
    assert alone.read_json("run.json")["calls"] == spread.read_json("run.json")["calls"]


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_pays_at_most_what_was_in_flight_twice(tmp_path, monkeypatch, small):
    connected = cluster.connect
    with Server(offline_script(), latency=0.02, keep=0) as server:
        params = from_dict({**small, "lm": "openai/test", "api_base": server.url, "concurrency": 8})
        alone, counts = generated(tmp_path / "alone", params)
        paid = server.calls

        def connect(scheduler):
            opened = connected(scheduler)

            class Watched:
                def __enter__(self):
                    client = opened.__enter__()
                    pids = list(client.run(os.getpid).values())

                    def kill():
                        while server.calls < paid + paid // 3:
                            time.sleep(0.01)
                        os.kill(pids[0], signal.SIGKILL)

                    threading.Thread(target=kill, daemon=True).start()
                    return client

                def __exit__(self, *error):
                    return opened.__exit__(*error)

            return Watched()

        monkeypatch.setattr(cluster, "connect", connect)
        spread, others = generated(tmp_path / "spread", params, "local:2")
        again = server.calls - paid
    assert counts == others
    assert outcome(alone) == outcome(spread)
    assert again <= paid + 2 * 8


@pytest.mark.slow
def test_a_budget_holds_over_all_shards_and_the_run_goes_on_from_there(tmp_path, small):
    whole, counts = generated(tmp_path / "whole", from_dict(small))
    needed = whole.read_json("run.json")["calls"]
    params = from_dict({**small, "budget": {"calls": needed // 2}})
    run = record.create(params, tmp_path / "part")
    with pytest.raises(BudgetError, match="budget"):
        asyncio.run(steps.generate(run, params, scheduler="local:2"))
    spent = sum(row["calls"] for path in shards(run.journal_path) for row in of_file(path).values())
    assert needed // 2 - 4 <= spent <= needed // 2
    assert 0 < sum(1 for _ in run.rows("dialogues")) < counts["accepted"]
    exact = from_dict({**small, "budget": {"calls": needed}})
    enough = record.create(exact, tmp_path / "enough")
    assert asyncio.run(steps.generate(enough, exact, scheduler="local:2")) == counts


def of_file(path):
    from genesis.lm.rows import scan

    return totals(body for _, body in scan(path))


async def test_parts_of_a_budget_never_add_up_to_more_than_the_rest():
    used = {"a": 0.0, "b": 0.0, "c": 0.0}

    def told(name):
        calls = used.get(name, 0.0) if name else sum(used.values())
        return {"calls": calls, "tokens": 0.0, "usd": 0.0}

    leases = Leases(BudgetParams(calls=10), 3, told)
    limits = {name: (await leases.take(name))["calls"] for name in used}
    assert sum(limits.values()) <= 10
    used["a"] = limits["a"]
    leases.give_back("a")
    assert leases.may_try_again("a")
    alone = asyncio.ensure_future(leases.take("a"))
    await asyncio.sleep(0)
    assert not alone.done()  # the others still hold theirs
    for name in ("b", "c"):
        leases.give_back(name)
    assert (await alone)["calls"] == 10  # all of the rest, on top of what it has used
    assert not leases.may_try_again("a")


@pytest.mark.slow
def test_a_journal_that_a_lost_worker_still_holds_is_given_back_to_dask(tmp_path, small):
    import msgspec

    from genesis.batches import Batch, lot_file, make_batch
    from genesis.lm.journal import Journal

    params = from_dict(small)
    run = record.create(params, tmp_path)
    steps.tool_pool(run, params)
    run.file("shards/seen.jsonl").write_bytes(b"")
    batch = Batch(str(run.path), 0, 2, 4, [0], "shards/seen.jsonl", 0, {})
    held = Journal(run.journal_path, shard=lot_file(0, 2).removesuffix(".jsonl"))
    try:
        with pytest.raises(LockedError):
            make_batch(msgspec.json.encode(batch))
    finally:
        asyncio.run(held.close())
    assert b'"index":0' in make_batch(msgspec.json.encode(batch))
