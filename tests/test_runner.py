"""Real kernels: what is passed, what a failure says, and who dies with whom."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from genesis import record, runner
from genesis.errors import StepError
from genesis.params import Params

RUN = """
import sys
from genesis import record, runner
from genesis.params import Params
params = Params(notebooks=["slow"])
runner.execute_all(record.create(params, "out"), params, ["slow"])
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(place: Path, name: str, parameters: str, *cells: str) -> None:
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, place / "notebooks" / f"{name}.ipynb")


def test_a_notebook_gets_the_parameters_it_declares_and_a_failure_is_one_line(place: Path) -> None:
    write(
        place,
        "good",
        "run = ''  # r\nseed = 0  # s\nmix = {}  # m",
        "from pathlib import Path",
        "Path(run, 'got').write_text(f'{seed} {mix}')",
    )
    write(
        place, "bad", "run = ''  # r", "from genesis.errors import PoolError", "raise PoolError('pool: nothing\\nhere')"
    )
    params = Params(seed=7, mix={"irrelevance": 1.0})
    run = record.create(params, place / "out")
    with pytest.raises(StepError) as error:
        runner.execute_all(run, params, ["good", "bad"])
    assert str(error.value) == "bad, cell 4: pool: nothing here"
    assert (run.path / "got").read_text() == "7 {'irrelevance': 1.0}"
    assert run.read_json("run.json")["status"] == "failed"
    assert not run.complete
    saved = nbformat.read(run.path / "notebooks" / "bad.ipynb", as_version=4)
    assert "PoolError" in str(saved.cells)


def test_the_death_of_a_kernel_is_seen(place: Path) -> None:
    write(place, "dies", "run = ''  # r", "import os; os._exit(3)")
    run = record.create(Params(), place / "out")
    with pytest.raises(StepError, match="the kernel died"):
        runner.execute_all(run, Params(), ["dies"])
    assert run.read_json("run.json")["status"] == "failed"
    assert not run.complete


@pytest.mark.slow
def test_a_kernel_ends_soon_after_its_runner_was_killed(place: Path) -> None:
    beat = "import os, time\nfrom genesis import notebook\nnotebook.watch_runner()\nPath = __import__('pathlib').Path"
    write(place, "slow", "run = ''  # r", beat, "Path(run, 'pid').write_text(str(os.getpid())); time.sleep(120)")
    owner = subprocess.Popen([sys.executable, "-c", RUN], cwd=place)
    run = record.create(Params(notebooks=["slow"]), place / "out")
    deadline = time.monotonic() + 60
    while not (run.path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.2)
    kernel = int((run.path / "pid").read_text())
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(kernel) and psutil.Process(kernel).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the kernel lives on without its runner"
        time.sleep(0.1)
    assert not run.complete
    with run.lock():
        pass
