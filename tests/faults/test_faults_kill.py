"""Kill -9 at fifty random moments: the finished data set is that of an undisturbed run, and little is paid twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from genesis import record, steps
from genesis.lm.rows import scan_all, shards
from genesis.lm.testing import Server, offline_script
from genesis.params import Params, from_dict
from genesis.tools.pool import ToolPool, save_pool
from genesis.tools.tool import Tool

CONCURRENCY = 8
KILLS = 50
_PRELOAD = ["genesis.steps", "genesis.pipeline", "genesis.lm.caller", "genesis.lm.http", "genesis.lm.offline"]


def tools(count: int) -> ToolPool:
    from genesis.bench import bench_pool

    made: list[Tool] = list(bench_pool(count).tools)
    return ToolPool(tuple(made))


def params_for(url: str, folder: Path, **values: Any) -> Params:
    pool = folder / "pool.jsonl"
    if not pool.exists():
        save_pool(tools(16), pool)
    plain = {
        "experiment": "kill",
        "seed": 5,
        "lm": "openai/any",
        "api_base": url,
        "concurrency": CONCURRENCY,
        "dialogues_per_tool": 2,
        "n": 2,
        "pool": {"path": str(pool)},
        "mix": {"single/single/multiple": 2, "multi/single/multiple": 2, "single/multi/parallel_multiple": 1},
    }
    return from_dict({**plain, **values})


def work(params: Params, root: str) -> None:
    """What the killed process does: the step of a run that generates."""
    run = record.create(params, root)
    asyncio.run(steps.generate(run, params))


def process(params: Params, root: Path) -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    child = context.Process(target=work, args=(params, str(root)))
    child.start()
    return child


def files(root: Path) -> dict[str, bytes]:
    run = next((root / "kill").iterdir())
    return {name: (run / name).read_bytes() for name in ("dialogues.jsonl", "rejected.jsonl") if (run / name).exists()}


@pytest.mark.slow
def test_kill_at_fifty_random_moments_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with Server(offline_script(), latency=0.01, keep=0) as server:
        params = params_for(server.url, tmp_path)
        child = process(params, tmp_path / "calm")
        child.join(120)
        assert child.exitcode == 0
        undisturbed = server.calls
        expected = files(tmp_path / "calm")
        assert expected["dialogues.jsonl"].count(b"\n") >= 20

        rng = random.Random(7)
        moments = sorted(rng.randrange(int(undisturbed * 0.95)) for _ in range(KILLS))
        kills = torn = 0
        root = tmp_path / "stormy"
        for moment in moments:
            child = process(params, root)
            deadline = time.monotonic() + 60
            while server.calls - undisturbed < moment and child.is_alive() and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(rng.random() * 0.05)
            kills += child.is_alive()
            child.kill()
            child.join(10)
            torn += _torn(root)
        assert kills == KILLS
        child = process(params, root)
        child.join(120)
        assert child.exitcode == 0
        assert files(root) == expected
        repeated = server.calls - 2 * undisturbed
        assert 0 <= repeated <= KILLS * CONCURRENCY
        entries = [key for path in shards(next((root / "kill").iterdir()) / "journal") for key in _keys(path)]
        assert len(entries) == len(set(entries))
        print(f"{KILLS} kills, {undisturbed} calls undisturbed, {repeated} paid twice, {torn} torn journals")


def _torn(root: Path) -> int:
    """How many shards end in a torn line just now."""
    return sum(body is None for path in root.rglob("journal/*.jsonl") for _, _, body in scan_all(path))


def _keys(path: Path) -> list[bytes]:
    return [body[6:48] for _, _, body in scan_all(path) if body is not None and body.startswith(b'{"k"')]


def seconds_to_stop(server: Server, params: Params, root: Path) -> float:
    """Start a run, press Ctrl-C while its calls hang, and return the seconds until its process has ended."""
    child = process(params, root)
    while server.calls < 60 and child.is_alive():
        time.sleep(0.01)
    server.latency = 600.0  # calls hang now
    time.sleep(0.2)
    start = time.monotonic()
    os.kill(child.pid, signal.SIGINT)
    child.join(120)
    assert not child.is_alive()
    return time.monotonic() - start


@pytest.mark.benchmark
def test_ctrl_c_stops_within_two_seconds(tmp_path: Path) -> None:
    with Server(offline_script(), latency=0.02, keep=0) as server:
        assert seconds_to_stop(server, params_for(server.url, tmp_path), tmp_path / "run") < 2.0


@pytest.mark.slow
def test_ctrl_c_stops_while_calls_hang_and_resumes(tmp_path: Path) -> None:
    with Server(offline_script(), latency=0.02, keep=0) as server:
        params = params_for(server.url, tmp_path)
        seconds_to_stop(server, params, tmp_path / "run")
        calls = server.calls
        server.latency = 0.01
        child = process(params, tmp_path / "run")
        child.join(120)
        assert child.exitcode == 0
        whole = server.calls
        child = process(params, tmp_path / "calm")
        child.join(120)
        assert files(tmp_path / "run") == files(tmp_path / "calm")
        assert whole <= (server.calls - whole) + CONCURRENCY
        assert calls < whole


@pytest.mark.slow
def test_a_killed_offline_run_ends_the_same(tmp_path: Path) -> None:
    params = params_for("", tmp_path, lm="offline", api_base="")
    calm = process(params, tmp_path / "calm")
    calm.join(120)
    rng = random.Random(3)
    kills = 0
    for _ in range(12):
        child = process(params, tmp_path / "stormy")
        time.sleep(0.1 + rng.random() * 0.3)
        kills += child.is_alive()
        child.kill()
        child.join(10)
    child = process(params, tmp_path / "stormy")
    child.join(120)
    assert child.exitcode == 0
    assert kills >= 3
    assert files(tmp_path / "stormy") == files(tmp_path / "calm")
