"""The stop button of a notebook: the cell ends soon, in one sentence, and running it again goes on from there."""

from __future__ import annotations

import asyncio
import json
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doubles import make_pool
from jupyter_client.manager import KernelManager
from needs import ROOT

from genesis import record, steps
from genesis.lm.testing import Server, offline_script
from genesis.tools.pool import save_pool

LIMIT = 15.0
"""Seconds until the cell has ended: two are the promise of an idle machine, tests share theirs."""


class Kernel:
    """A real kernel and what its cells show."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder), extra_arguments=["--log-level=50"])
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(120)

    def run(self, code: str, stop_when: Callable[[], bool] = lambda: False) -> list[dict[str, Any]]:
        """Run a cell, interrupt it once ``stop_when`` holds, and return what it showed; ``took`` seconds to stop."""
        sent, until, stopped = self.client.execute(code), time.monotonic() + 180, 0.0
        shown: list[dict[str, Any]] = []
        while time.monotonic() < until:
            if not stopped and stop_when():
                stopped = time.monotonic()
                self.manager.interrupt_kernel()
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") == sent:
                if message["content"].get("execution_state") == "idle":
                    return [*shown, {"took": time.monotonic() - stopped}] if stopped else shown
                shown.append(message["content"])
        raise AssertionError(f"the cell does not end: {shown}")

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("GENESIS_OUT", str(tmp_path / "experiments"))
    started = Kernel(tmp_path)
    yield started
    started.close()


@pytest.mark.slow
def test_the_stop_button_keeps_what_is_paid_for_and_the_cell_goes_on(kernel: Kernel, tmp_path: Path) -> None:
    save_pool(make_pool(8), tmp_path / "pool.jsonl")
    cells = json.loads((ROOT / "notebooks" / "20_generate.ipynb").read_text())["cells"]
    declared, imports, begin, generate, *_ = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    with Server(offline_script(), latency=0.05, keep=0) as server:
        declared += f"\nlm, api_base, n, concurrency = 'openai/any', {server.url!r}, 2, 4"
        begin = begin.replace("seed=seed,", f"seed=seed, pool={{'path': {str(tmp_path / 'pool.jsonl')!r}}},")
        for code in (declared, imports, begin):
            assert not [one for one in kernel.run(code) if "ename" in one]

        def some_are_made() -> bool:
            if server.calls >= 60:
                server.latency = 60.0  # calls hang now
            return server.calls >= 60

        *_, error, ended = [one for one in kernel.run(generate, some_are_made) if {"ename", "took"} & one.keys()]
        assert ended["took"] < LIMIT
        run = only_run(tmp_path)
        paid = run.read_json("run.json")["calls"]
        assert 40 <= paid <= server.calls
        assert error["traceback"] == [
            f"stopped: no new calls, files closed. {paid} calls are paid for and kept. "
            "Run this cell again: it goes on from here."
        ]
        assert run.status == "interrupted"

        server.latency, asked = 0.0, server.calls
        assert not [one for one in kernel.run(generate) if "ename" in one]
        rest = server.calls - asked
        calm = record.create(run.params, tmp_path / "calm")
        asked = server.calls
        asyncio.run(steps.generate(calm, run.params))
        assert paid + rest == server.calls - asked  # nothing that was answered is asked again
    assert (run.path / "dialogues.jsonl").read_bytes() == (calm.path / "dialogues.jsonl").read_bytes()


def only_run(folder: Path) -> record.Run:
    (file,) = (folder / "experiments" / "by_hand").glob("*/run.json")
    return record.Run(file.parent)
