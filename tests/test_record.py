"""A run folder keeps what is finished, says who holds it, and never looks complete when it is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genesis import record
from genesis.errors import LockedError, RecordError
from genesis.params import Params, from_dict

HOLD = """
import sys, time
from pathlib import Path
from genesis.record import Run
with Run(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def run(tmp_path: Path) -> record.Run:
    return record.create(Params(), tmp_path)


def test_the_same_parameters_are_the_same_run(tmp_path: Path) -> None:
    first = record.create(Params(seed=3), tmp_path)
    first.append("dialogues", {"id": "a"})
    assert record.create(Params(seed=3, concurrency=1), tmp_path).path == first.path
    assert record.create(Params(seed=4), tmp_path).path != first.path
    assert list(record.create(Params(seed=3), tmp_path).rows("dialogues")) == [{"id": "a"}]


def test_a_run_over_a_file_is_another_run_when_the_file_changes(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("one")
    first = record.run_id(Params(data=str(data)))
    assert record.run_id(Params(data=str(data))) == first
    data.write_text("two")
    assert record.run_id(Params(data=str(data))) != first


def test_run_json_says_what_made_it(run: record.Run) -> None:
    meta = run.read_json("run.json")
    assert meta["lm"] == "offline"
    assert meta["simulated"] is True
    assert meta["versions"]["dspy"]
    assert len(meta["code_hash"]) == 12
    assert run.params == Params()


@pytest.mark.parametrize("tail", [b'{"id": "b', b"\0" * 4096, b'{"id": "b"}\n' + b"\0" * 10, b'{"id": "b"}\n{"x'])
def test_a_torn_tail_is_cut_and_the_rest_kept(run: record.Run, tail: bytes) -> None:
    run.append("dialogues", {"id": "a"})
    with run.file("dialogues.jsonl").open("ab") as stream:
        stream.write(tail)
    assert run.mend("dialogues") > 0
    assert [row["id"] for row in run.rows("dialogues")] == (["a", "b"] if b"\n" in tail else ["a"])
    assert run.mend("dialogues") == 0


def test_damage_in_the_middle_names_file_and_offset(run: record.Run) -> None:
    run.file("dialogues.jsonl").write_bytes(b'{"id": "a"}\n{"id": \n{"id": "c"}\n')
    with pytest.raises(RecordError, match=r"dialogues\.jsonl: damaged at byte 12"):
        list(run.rows("dialogues"))


def test_a_second_owner_is_told_who_holds_the_run_and_a_dead_one_holds_nothing(run: record.Run) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(run.path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"pid {holder.pid} on .* since "), run.lock():
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    with run.lock():
        pass


@pytest.mark.parametrize("ref", ["../x", "nope", "quickstart/nope", "/nope/nope", "[", ""])
def test_an_unknown_run_is_a_clear_error(tmp_path: Path, ref: str) -> None:
    record.create(Params(), tmp_path)
    with pytest.raises(RecordError, match="run '"):
        record.open_run(ref, tmp_path)


def test_latest_is_the_newest_complete_run(tmp_path: Path) -> None:
    old, new = record.create(Params(seed=1), tmp_path), record.create(Params(seed=2), tmp_path)
    with pytest.raises(RecordError, match="no complete run"):
        record.open_run("latest", tmp_path)
    old.write_json("metrics.json", {})
    assert record.open_run("latest", tmp_path) == old
    new.write_json("metrics.json", {})
    os.utime(old.path / "metrics.json", (1, 1))
    assert record.open_run("latest", tmp_path) == new
    assert record.open_run(new.id, tmp_path) == new


def test_files_of_a_newer_schema_are_refused(run: record.Run) -> None:
    run.update(schema=99)
    with pytest.raises(RecordError, match="schema 99"):
        record.open_run(run.path)


@pytest.mark.parametrize(("lm", "kept"), [("openai/x", True), ("offline", False)])
def test_again_sets_results_aside_and_keeps_what_was_paid_for(tmp_path: Path, lm: str, kept: bool) -> None:
    run = record.create(Params(lm=lm), tmp_path)
    run.append("dialogues", {"id": "a"})
    run.write_json("metrics.json", {})
    run.update(seconds=9.0, code_hash="old")
    run.file("journal/replies.jsonl").write_text("{}\n")
    again = record.create(Params(lm=lm), tmp_path, again=True)
    assert not again.complete
    assert not list(again.rows("dialogues"))
    assert (again.journal_path / "replies.jsonl").exists() is kept
    assert again.read_json("run.json")["seconds"] == 0
    assert again.read_json("run.json")["code_hash"] == record.code_hash()


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot be written"):
        record.create(Params(), tmp_path / "file")


def test_a_run_goes_on_with_the_budget_and_pace_it_is_given_now(tmp_path: Path) -> None:
    first = record.create(from_dict({"budget": {"calls": 16}, "concurrency": 64}), tmp_path)
    second = from_dict({"budget": {"calls": 400}, "concurrency": 2})
    run = record.create(second, tmp_path)
    assert run.path == first.path
    assert run.params == second
    with run.lock():
        assert record.create(from_dict({"concurrency": 8}), tmp_path).params == second, "another process works with it"
    run.write_json(record.METRICS, {})
    assert record.create(from_dict({}), tmp_path).params == second, "a complete run keeps what it was made with"
