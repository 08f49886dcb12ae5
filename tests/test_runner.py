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

from genesis import preflight, record, runner
from genesis.errors import ParamsError, StepError
from genesis.notebook import begin
from genesis.params import Params, PoolParams

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


def test_the_death_of_a_kernel_is_seen_and_the_saved_notebook_says_where(place: Path) -> None:
    write(place, "dies", "run = ''  # r", "print('before')", "print('here')\nimport os; os._exit(3)", "print('after')")
    run = record.create(Params(), place / "out")
    with pytest.raises(StepError, match="the kernel died in cell 4"):
        runner.execute_all(run, Params(), ["dies"])
    assert run.read_json("run.json")["status"] == "failed"
    assert not run.complete
    saved = nbformat.read(run.path / "notebooks" / "dies.ipynb", as_version=4)
    nbformat.validate(saved)
    assert "The kernel died in cell 4" in saved.cells[0].source
    told = [cell.metadata.papermill.status for cell in saved.cells if cell.cell_type == "code"]
    assert told == ["completed", "completed", "completed", "failed", "pending"]
    assert saved.cells[3].outputs[0].text == "before\n"
    assert saved.cells[4].outputs[-1].ename == "DeadKernel"
    assert saved.cells[5].outputs == []


def test_a_saved_notebook_holds_no_path_of_this_machine_and_finds_its_run_where_it_lies(place: Path) -> None:
    write(place, "paths", "run = ''  # r", "print(run)\nrun", "raise ValueError(run)")
    run = record.create(Params(), place / "out")
    with pytest.raises(StepError):
        runner.execute_all(run, Params(), ["paths"])
    file = run.path / "notebooks" / "paths.ipynb"
    assert str(place) not in file.read_text()
    saved = nbformat.read(file, as_version=4)
    nbformat.validate(saved)
    assert any('run = ".."' in cell.source for cell in saved.cells)
    assert "ValueError" in str(saved.cells)
    moved = run.path.rename(place / "moved")
    assert record.open_run(moved / "notebooks" / "..").params == Params()


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("run = ''\nnn = 2", r"declares \['nn'\], which are no parameters"),
        ("seed = 0", "declares no 'run'"),
    ],
)
def test_all_notebooks_are_checked_before_the_first_runs(place: Path, parameters: str, told: str) -> None:
    write(place, "first", "run = ''  # r", "from pathlib import Path; Path(run, 'ran').write_text('')")
    write(place, "second", parameters)
    run = record.create(Params(), place / "out")
    with pytest.raises(ParamsError, match=told):
        runner.execute_all(run, Params(), ["first", "second"])
    assert not (run.path / "ran").exists()
    with pytest.raises(ParamsError, match=told):
        preflight.check(Params(notebooks=["first", "second"]))
    (place / "notebooks" / "torn.ipynb").write_text('{"cells": [')
    with pytest.raises(ParamsError, match=r"torn\.ipynb: no notebook that can be read"):
        runner.check(["torn"])


def test_what_the_parameters_cell_says_and_the_run_does_not_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESIS_OUT", str(place / "out"))
    run = record.create(Params(experiment="mine", n=3, pool=PoolParams(size=9)), place / "out")
    same = begin(run.id, n=3, pool={"sources": ["bfcl"], "size": 9})
    assert same.note == f"Run mine/{run.id}."
    other = begin(run.id, n=2, seed=0, pool={"sources": ["bfcl"], "size": 60})
    assert other.note.endswith(
        "It keeps its own parameters; not used: n = 2 (the run: 3), pool.size = 60 (the run: 9)."
    )
    assert other.params.n == 3
    with pytest.raises(ParamsError, match="unknown parameter 'nn'"):
        begin(run.id, nn=2)


@pytest.mark.slow
def test_a_kernel_ends_soon_after_its_runner_was_killed(place: Path) -> None:
    write(
        place,
        "slow",
        "run = ''  # r",
        "import os, time\nfrom pathlib import Path",
        "Path(run, 'pid').write_text(str(os.getpid())); time.sleep(120)",
    )
    owner = subprocess.Popen([sys.executable, "-c", RUN], cwd=place)
    run = record.create(Params(notebooks=["slow"]), place / "out")
    deadline = time.monotonic() + 60
    while not (run.path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.2)  # no line of ours has run in the kernel: it watches its parent from its start
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
