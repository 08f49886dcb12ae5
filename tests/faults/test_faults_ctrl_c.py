"""Ctrl-C of `genesis run`: the kernel and the Dask workers that it started end with it; it goes on from there."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from doubles import make_pool
from needs import ROOT

from genesis import record, steps
from genesis.lm.testing import Server, offline_script
from genesis.params import load
from genesis.tools.pool import save_pool

LIMIT = 15.0
"""Seconds until all have ended: two are the promise of an idle machine, tests share theirs."""


def start(tmp_path: Path, scheduler: str) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own, as a terminal does."""
    command = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command += "from genesis.cli import main; raise SystemExit(main())"
    words = ["run", str(tmp_path / "p.yaml"), "--out", str(tmp_path / "out")]
    words += ["--scheduler", scheduler] if scheduler else []
    with (tmp_path / "err").open("wb") as err:
        return subprocess.Popen(
            [sys.executable, "-c", command, *words],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=err,
            start_new_session=True,
        )


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["", "local:2"])
def test_ctrl_c_of_the_command_ends_kernel_and_workers_and_it_goes_on(tmp_path: Path, scheduler: str) -> None:
    save_pool(make_pool(8), tmp_path / "pool.jsonl")
    with Server(offline_script(), latency=0.01, keep=0) as server:
        values = {"lm": "openai/any", "api_base": server.url, "pool": {"path": str(tmp_path / "pool.jsonl")}}
        values |= {"notebooks": ["20_generate"], "dialogues_per_tool": 2, "n": 2, "concurrency": 8}
        (tmp_path / "p.yaml").write_text(yaml.safe_dump(values))
        child = start(tmp_path, scheduler)
        until = time.monotonic() + 180
        while server.calls < 30:
            assert child.poll() is None, (tmp_path / "err").read_text()
            assert time.monotonic() < until
            time.sleep(0.02)
        server.latency = 60.0  # calls hang now
        family = psutil.Process(child.pid).children(recursive=True)
        assert len(family) >= (4 if scheduler else 1)
        os.killpg(child.pid, signal.SIGINT)
        pressed = time.monotonic()
        child.wait(LIMIT)
        _, alive = psutil.wait_procs(family, timeout=max(0.0, LIMIT - (time.monotonic() - pressed)))
        assert not [left.cmdline() for left in alive if left.status() != psutil.STATUS_ZOMBIE]
        assert child.returncode == 130
        assert "the same command continues" in (tmp_path / "err").read_text()
        (folder,) = (tmp_path / "out").glob("*/*/run.json")
        run = record.Run(folder.parent)
        told = run.read_json("run.json")
        assert told["status"] == "interrupted"
        assert 0 < told["calls"] <= server.calls  # what was paid for when it was stopped
        assert told["tokens"]["prompt"] > 0
        if not scheduler:
            return
        server.latency, before = 0.0, server.calls
        assert start(tmp_path, scheduler).wait(180) == 0, (tmp_path / "err").read_text()
        paid, params = server.calls - before, load(tmp_path / "p.yaml")
        calm, before = record.create(params, tmp_path / "calm"), server.calls
        asyncio.run(steps.generate(calm, params))
        assert paid < server.calls - before  # what was answered before Ctrl-C is not asked again
    assert (run.path / "dialogues.jsonl").read_bytes() == (calm.path / "dialogues.jsonl").read_bytes()
