"""Runs are listed truthfully: what was killed is interrupted, what was moved still opens, a thousand are quick."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesis import notebook, record, runner, runs
from genesis.cli import main
from genesis.errors import ParamsError, RecordError
from genesis.params import Params, PoolParams
from genesis.record import METRICS, TRIALS, Run
from genesis.report import build
from genesis.runs import Wanted, listed

KILLED = """
import sys, time
from genesis.record import Run
from pathlib import Path
run = Run(Path(sys.argv[1]))
with run.lock():
    run.update(status="running")
    print("held", flush=True)
    time.sleep(60)
"""


def made(root: Path, experiment: str, seed: int = 0, *, complete: bool = True, **meta: object) -> Run:
    run = record.create(Params(experiment=experiment, seed=seed, n=seed + 1, pool=PoolParams(size=10 + seed)), root)
    run.update(**meta)
    if complete:
        run.write_json(METRICS, {})
    return run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made(tmp_path, "a", 0, started="2026-01-01T00:00:00+00:00", counts={"accepted": 5, "rejected": 1}, seconds=2.0)
    made(tmp_path, "a", 1, started="2026-03-01T00:00:00+00:00", lm="openai/x", simulated=False, usd=1.5, calls=10)
    made(tmp_path, "b", 2, complete=False, started="2026-02-01T00:00:00+00:00", status="failed")
    made(tmp_path, TRIALS, 3, started="2026-04-01T00:00:00+00:00")
    return tmp_path


def test_a_run_stopped_while_it_generates_is_listed_with_what_is_there(tmp_path: Path) -> None:
    run = made(tmp_path, "c", complete=False, status="interrupted")
    run.write_json(
        "progress.json", {"planned": 8, "accepted": 0, "rejected": 0, "calls": 16, "tokens": 21_840, "usd": None}
    )
    run.file("dialogues.jsonl").write_text('{"id": "a"}\n{"id": "torn', encoding="utf-8")
    run.file("rejected.jsonl").write_text('{"id": "b"}\n{"id": "c"}\n', encoding="utf-8")
    (row,) = listed(tmp_path, Wanted())
    assert (row.status, row.accepted, row.rejected, row.calls, row.tokens) == ("interrupted", 1, 2, 16, 21_840)
    run.update(counts={"planned": 8, "accepted": 7, "rejected": 1}, calls=60)
    (row,) = listed(tmp_path, Wanted())
    assert (row.accepted, row.rejected, row.calls) == (7, 1, 60), "what run.json says comes first"


def seeds(root: Path, sort: str = "-started", **wanted: object) -> list[int | None]:
    return [row.seed for row in listed(root, Wanted(**wanted), sort=sort)]  # type: ignore[arg-type]


def test_runs_are_filtered_and_sorted(root: Path) -> None:
    assert seeds(root) == [1, 2, 0]  # newest first, no trial of a prompt
    assert seeds(root, sort="started") == [0, 2, 1]
    assert seeds(root, sort="-calls")[0] == 1  # those without calls are last
    assert seeds(root, sort="calls")[0] == 1
    assert seeds(root, experiment="a") == [1, 0]
    assert seeds(root, experiment=TRIALS) == [3]
    assert seeds(root, status="failed") == [2]
    assert seeds(root, lm="openai") == [1]
    assert seeds(root, simulated=True) == [2, 0]
    assert seeds(root, simulated=False) == [1]
    assert seeds(root, since=runs.since("2026-02-01")) == [1, 2]
    assert seeds(root, params={"n": 1}) == [0]
    assert seeds(root, params={"pool.size": 11, "judge": "llm"}) == [1]
    assert seeds(root, params={"mix.irrelevance": 3}) == [1, 2, 0]
    assert seeds(root, params={"n": 1, "pool.size": 11}) == []


def test_an_age_is_counted_back_from_now() -> None:
    now = datetime.datetime(2026, 5, 10, tzinfo=datetime.UTC)
    assert runs.since("2w", now) == datetime.datetime(2026, 4, 26, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sort", "size"], "--sort size: no such column; known: experiment"),
        (["--since", "lately"], "--since lately: expected a date"),
        (["--status", "done"], "--status done: no such status; known: started, running, complete"),
        (["-p", "sed=1"], "-p sed: no such parameter"),
        (["-p", "n"], "-p n: expected NAME=VALUE"),
        (["show", "nothing"], "run 'nothing': no such folder"),
    ],
)
def test_bad_input_is_one_line(root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    where = ["--root", str(root)]
    whole = [*arguments, *where] if arguments[0] == "show" else [*where, *arguments]
    assert main(["runs", *whole]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("genesis: ")
    assert told in said.err


def test_the_command_lists_as_text_and_as_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--root", str(root), "--limit", "2"]) == 0
    said = capsys.readouterr()
    first, second = said.out.splitlines()[1:]
    assert first.split()[0] == "a"
    assert "openai/x" in first
    assert "failed" in second
    assert "offline (simulated)" in second
    assert "2 of 3 runs under" in said.err
    assert "1 trials of prompts: --experiment prompts" in said.err
    assert main(["runs", "--root", str(root), "--json", "--experiment", "a"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["status"] for row in found["runs"]] == ["complete", "complete"]
    assert found["runs"][1]["accepted"] == 5


def test_one_run_is_shown(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = listed(root, Wanted(status="failed"))
    assert main(["runs", "show", one.id, "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert f"b/{one.id}: failed" in said
    assert "offline (simulated) LM" in said
    assert "  n: 3\n" in said
    assert "genesis run params.yaml" in said
    assert main(["runs", "show", one.id, "--root", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "failed"


def test_the_latest_run_is_never_a_trial_of_a_prompt(root: Path) -> None:
    trial = next((root / TRIALS).glob("*"))
    os.utime(trial / METRICS, (2e9, 2e9))
    assert record.open_run("latest", root).path.parent.name == "a"
    assert record.open_run(trial.name, root).path == trial


def test_a_damaged_run_json_hides_no_other_run(root: Path) -> None:
    (one,) = listed(root, Wanted(status="failed"))
    (Path(one.path) / "run.json").write_text('{"seed": ')
    assert [row.status for row in listed(root)].count("damaged") == 1
    assert len(listed(root)) == 3


def test_a_killed_run_is_interrupted_whatever_run_json_says(tmp_path: Path) -> None:
    run = made(tmp_path, "a", complete=False)
    assert run.status == "started"
    owner = subprocess.Popen([sys.executable, "-c", KILLED, str(run.path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "held\n"
    assert run.status == "running"
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    assert run.read_json("run.json")["status"] == "running"
    assert run.status == "interrupted"
    assert runner.result(run)["status"] == "interrupted"
    assert [row.status for row in listed(tmp_path)] == ["interrupted"]
    build(run)
    assert "interrupted" in (run.path / "report.html").read_text()


def test_looking_takes_the_lock_from_nobody(tmp_path: Path) -> None:
    run = made(tmp_path, "a", complete=False)
    look = "import sys\nfrom pathlib import Path\nfrom genesis.record import Run\nrun = Run(Path(sys.argv[1]))\n"
    watcher = subprocess.Popen([sys.executable, "-c", f"{look}while True: run.status", str(run.path)])
    try:
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            with run.lock():
                pass
    finally:
        watcher.kill()
        watcher.wait()


def test_a_thousand_runs_are_listed_quickly(tmp_path: Path) -> None:
    pattern = made(tmp_path, "many")
    for number in range(1, 1000):
        shutil.copytree(pattern.path, tmp_path / "many" / f"s{number}-copy")
    before = time.process_time()
    assert len(listed(tmp_path)) == 1000
    plain = time.process_time() - before
    assert len(listed(tmp_path, Wanted(params={"n": 1}))) == 1000
    assert plain < 1.0
    assert time.process_time() - before < 8.0


def test_a_moved_run_opens_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_OUT", str(tmp_path / "here"))
    old = notebook.sample_run()
    new = tmp_path / "elsewhere" / "kept" / "renamed"
    new.parent.mkdir(parents=True)
    old.path.rename(new)
    run = record.open_run(new)
    assert run.status == "sample"
    assert str(tmp_path) not in build(run).read_text()
    monkeypatch.chdir(new.parent)
    assert record.open_run("renamed").params == run.params
    (new / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(new / "notebooks")  # where JupyterLab puts the kernel of an executed notebook
    assert record.open_run("..").id == "renamed"


def test_of_two_runs_with_one_id_none_is_guessed(root: Path) -> None:
    one = listed(root)[0]
    shutil.copytree(one.path, root / "c" / one.id)
    with pytest.raises(RecordError, match="2 runs have this id"):
        record.open_run(one.id, root)
    with pytest.raises(ParamsError, match="no such parameter"):
        listed(root, Wanted(params={"mix": 1, "sorted": 2}))
