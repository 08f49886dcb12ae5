"""Points in processes: kept, made anew, failed apart, interrupted. Real kernels, notebooks of a few lines."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from sweep_notebooks import write_notebook

from genesis import cli

COUNT = "open(run + '/made', 'a').write('x')"
MEASURE = (
    "import json, pathlib\n"
    "pathlib.Path(run, 'parts').mkdir(exist_ok=True)\n"
    "rate = {'value': 0.9 if memory else 0.5, 'low': 0.4, 'high': 1.0, 'n': 10}\n"
    "pathlib.Path(run, 'parts/metrics.json').write_text(json.dumps({'quality': {'acceptance': rate}, 'diversity': {}}))"
)
FAIL = "assert n != 3, 'three is too many'"
SWEEP = "name: few\nset: {{notebooks: [work]}}\ngrid: {{{grid}}}\n"


def sweep(place: Path, grid: str, *options: str, more: str = "") -> int:
    (place / "few.yaml").write_text(SWEEP.format(grid=grid) + more)
    return cli.main(["sweep", "few.yaml", "--jobs", "2", *options])


@pytest.fixture
def work(place: Path) -> Path:
    write_notebook(place, "work", "run = ''  # r\nn = 0  # n\nmemory = True  # m", COUNT, FAIL, MEASURE)
    return place


@pytest.mark.slow
def test_finished_points_are_kept_changed_ones_run_and_failures_stay_apart(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(work, "n: [1, 3], memory: [true, false]") == 1
    folder = work / "experiments/few"
    state = json.loads((folder / "sweep.json").read_text())
    assert [(p["arm"], p["status"]) for p in state["points"]] == [
        ("n=1, memory=true", "done"),
        ("n=1, memory=false", "done"),
        ("n=3, memory=true", "failed"),
        ("n=3, memory=false", "failed"),
    ]
    failed = state["points"][2]
    assert failed["error"] == "work, cell 4: AssertionError: three is too many"
    cells = json.loads((folder / failed["id"] / "notebooks/work.ipynb").read_text())["cells"]
    trace = [output["traceback"] for cell in cells for output in cell.get("outputs", []) if "traceback" in output]
    assert any("three is too many" in line for line in trace[0])

    rows = list(csv.DictReader((folder / "summary.csv").open()))
    assert [row["acceptance"] for row in rows] == ["0.9", "0.5", "", ""]
    assert [row["error"] for row in rows[2:]] == [failed["error"]] * 2
    assert {row["lm"] for row in rows} == {"offline (simulated) LM"}
    table = pd.read_parquet(folder / "summary.parquet")
    assert list(table["run"]) == [p["id"] for p in state["points"]]
    assert list(table["acceptance_low"].dropna()) == [0.4, 0.4]
    capsys.readouterr()

    assert sweep(work, "n: [1, 2], memory: [true]", "--json") == 0  # n=1 is there, n=2 is another run
    out, err = capsys.readouterr()
    assert "n=1, memory=true, seed 0: done: complete already" in err
    assert [point["reused"] for point in json.loads(out)["points"]] == [True, False]
    made = {run.parent.name: run.read_text() for run in folder.glob("*/made")}
    assert made[state["points"][0]["id"]] == "x"  # never run again
    assert len(made) == 5

    (next(folder.glob(f"{state['points'][0]['id']}/run.json"))).write_text(
        json.dumps({**json.loads((folder / state["points"][0]["id"] / "run.json").read_text()), "code_hash": "old"})
    )
    assert sweep(work, "n: [1, 2], memory: [true]") == 0
    assert "1 kept points were made with other code" in capsys.readouterr().err
    assert cli.main(["compare", "few"]) == 0
    assert "one seed: whether a difference is real cannot be said" in capsys.readouterr().err


@pytest.mark.slow
def test_fail_fast_stops_at_the_first_failure(work: Path) -> None:
    (work / "few.yaml").write_text(SWEEP.format(grid="n: [3, 1, 2, 4]"))
    assert cli.main(["sweep", "few.yaml", "--jobs", "1", "--fail-fast"]) == 1
    state = json.loads((work / "experiments/few/sweep.json").read_text())
    assert [point["status"] for point in state["points"]] == ["failed", "waiting", "waiting", "waiting"]


def test_a_dry_run_lists_the_points_and_writes_nothing(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(work, "n: [1, 2]", "--dry-run", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["arm"], row["complete"]) for row in listed["points"]] == [("n=1", False), ("n=2", False)]
    assert not (work / "experiments").exists()


def interrupted(place: Path, where: list[str], limit: float) -> list[str]:
    """Start a sweep of three points, press Ctrl-C when one has ended and two run; returns the command.

    All its processes have to end within ``limit`` seconds.
    """
    write_notebook(
        place,
        "work",
        "run = ''  # r\nn = 0  # n",
        "import os, pathlib, time\npathlib.Path(run, 'pid').write_text(str(os.getpid()))",
        "while n > 1 and not os.path.exists('go'): time.sleep(0.1)",
    )
    (place / "few.yaml").write_text(SWEEP.format(grid="n: [1, 2, 3]"))
    command = [sys.executable, "-c", "from genesis.cli import main; raise SystemExit(main())"]
    command += ["sweep", "few.yaml", *where]
    folder = place / "experiments/few"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 240
        while len(list(folder.glob("*/pid"))) < 3 or not folder.joinpath("sweep.json").read_text().count('"done"'):
            assert time.monotonic() < until, "the points have not started"
            assert process.poll() is None
            time.sleep(0.1)
        started = psutil.Process(process.pid).children(recursive=True)
        points = [child for child in started if {"genesis.sweep.point", "ipykernel_launcher"} & set(child.cmdline())]
        assert len(points) == 4  # a process and a kernel for each of the two that run
        process.send_signal(signal.SIGINT)
        try:
            _, alive = psutil.wait_procs(points, timeout=limit)
            said = process.communicate(timeout=60)[1]
        finally:
            process.kill()
        _, left = psutil.wait_procs(started, timeout=60)
    assert not alive, alive
    assert not left, left
    assert process.returncode == 130
    assert "the same command continues" in said
    return command


WHERE = pytest.mark.parametrize("where", [["--jobs", "2"], ["--scheduler", "local:2"]], ids=["jobs", "dask"])


@pytest.mark.slow
@WHERE
def test_ctrl_c_ends_every_point_keeps_what_is_done_and_goes_on(place: Path, where: list[str]) -> None:
    command = interrupted(place, where, limit=60)
    state = place / "experiments/few/sweep.json"
    statuses = [point["status"] for point in json.loads(state.read_text())["points"]]
    assert statuses == ["done", "interrupted", "interrupted"]
    (place / "go").touch()
    assert subprocess.run(command, stderr=subprocess.DEVNULL, timeout=240).returncode == 0
    points = json.loads(state.read_text())["points"]
    assert [(point["status"], point["reused"]) for point in points] == [
        ("done", True),
        ("done", False),
        ("done", False),
    ]


@pytest.mark.benchmark
@WHERE
def test_ctrl_c_ends_every_point_within_two_seconds(place: Path, where: list[str]) -> None:
    interrupted(place, where, limit=2.0)


@pytest.mark.slow
def test_on_a_terminal_the_table_is_rewritten_in_place(work: Path) -> None:
    (work / "few.yaml").write_text(SWEEP.format(grid="n: [1, 3]"))
    command = [sys.executable, "-c", "from genesis.cli import main; raise SystemExit(main())", "sweep", "few.yaml"]
    reader, terminal = pty.openpty()
    with subprocess.Popen([*command, "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        said = b""
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while part := os.read(reader, 4096):
                said += part
    os.close(reader)
    assert process.returncode == 1
    shown = screen(said.decode())
    assert said.count(b"\033[3F") >= 2  # a head and two points, written over
    heads = [line for line in shown if line.startswith("2 points: ")]
    assert len(heads) == 1
    assert heads[0].startswith("2 points: 0 waiting, 0 running, 1 done, 1 failed")
    assert sum("n=3, seed 0" in line and "three is too many" in line for line in shown) == 1


def screen(text: str) -> list[str]:
    """Return the lines a terminal shows: it knows line ends, lines up, and clearing to the end."""
    lines, at = [""], 0
    for part in re.findall(r"\x1b\[\d*[FKJ]|\r?\n|[^\x1b\r\n]+|\r", text):
        if part.endswith("\n"):
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part.startswith("\x1b") and part.endswith("F"):
            at -= int(part[2:-1])
        elif part.startswith("\x1b") and part.endswith("J"):
            del lines[at + 1 :]
        elif not part.startswith("\x1b") and part != "\r":
            lines[at] = part
    return lines
