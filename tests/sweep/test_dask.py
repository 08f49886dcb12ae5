"""A sweep on a real Dask cluster, with a worker killed in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from needs import ROOT
from sweep_notebooks import write_notebook

from genesis import cli, record, steps
from genesis.errors import ParamsError
from genesis.lm.testing import Server, offline_script
from genesis.sweep import spec
from genesis.sweep.execute import Board, execute

IN_FLIGHT = 4


def sweep_of(server: Server) -> spec.Sweep:
    """Return two small points against the server."""
    pool = str(ROOT / "genesis" / "data" / "sample" / "pool.jsonl")
    fixed: dict[str, Any] = {
        "pool.path": pool,
        "counts": {"single/single/multiple": 12},
        "lm": "openai/any",
        "api_base": server.url,
        "concurrency": IN_FLIGHT,
        "memory": False,
        "notebooks": ["20_generate"],
    }
    return spec.build({"name": "lost", "set": fixed, "seeds": 2}, "lost.yaml")


@pytest.mark.slow
def test_a_killed_worker_s_point_goes_on_elsewhere_and_pays_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    monkeypatch.setenv("OPENAI_API_KEY", "loopback")
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0)
    with cluster, Server(offline_script(), latency=0.05) as server:
        sweep = sweep_of(server)
        killed: list[int] = []

        def kill_once(board: Board) -> None:
            """Kill the worker of the first point as soon as that has made a dialogue."""
            made = board.states[0].run.path / "dialogues.jsonl"
            if not killed and made.exists() and made.stat().st_size:
                from distributed import get_client

                client = get_client(cluster.scheduler_address)
                pids = client.run(os.getpid)
                busy = next(
                    where
                    for where, keys in client.processing().items()
                    if any(sweep.points[0].id in str(k) for k in keys)
                )
                killed.append(pids[busy])
                os.kill(pids[busy], signal.SIGKILL)

        board = execute(sweep, tmp_path / "out", scheduler=cluster.scheduler_address, watch=kill_once)
        assert killed
        assert [state.status for state in board.states] == ["done", "done"], [state.error for state in board.states]
        paid = server.calls

        undisturbed = []
        for point in sweep.points:
            run = record.create(point.params, tmp_path / "alone")
            asyncio.run(steps.generate(run, point.params))
            undisturbed.append(run)
        needed = server.calls - paid
    assert needed <= paid <= needed + IN_FLIGHT
    for state, alone in zip(board.states, undisturbed, strict=True):
        same = (state.run.path / "dialogues.jsonl").read_bytes() == (alone.path / "dialogues.jsonl").read_bytes()
        assert same, state.run.id
    assert not list((tmp_path / "out" / "lost").glob(".stop-*"))


@pytest.mark.slow
def test_local_workers_run_points_and_stop_with_the_sweep(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_notebook(place, "work", "run = ''  # r\nn = 0  # n", "assert n < 3")
    (place / "few.yaml").write_text("set: {notebooks: [work]}\ngrid: {n: [1, 3]}\n")
    assert cli.main(["sweep", "few.yaml", "--scheduler", "local:2"]) == 1
    out = capsys.readouterr().out
    assert "n=1" in out
    assert "failed: experiments/few/" in out
    assert "AssertionError" in out


def test_a_scheduler_that_is_not_there_is_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis import cluster

    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(ParamsError, match=r"nobody answers there within 1 s"), cluster.connect("tcp://127.0.0.1:9"):
        pass
