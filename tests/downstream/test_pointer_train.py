"""The pointer probe with torch: it learns, repeats itself byte for byte, and noise in the arguments costs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pointer_data
import pytest

from genesis import record
from genesis.chat import Message
from genesis.checks.noise import noisy
from genesis.downstream.pointer import probe, trial
from genesis.downstream.pointer.decode import PointerStudent
from genesis.downstream.pointer.examples import from_dialogues
from genesis.downstream.pointer.train import Settings, train
from genesis.params import Params

pytest.importorskip("torch")
pytestmark = pytest.mark.train
SMALL = Settings(updates=150)
GENESIS = str(Path(sys.executable).with_name("genesis"))


@pytest.fixture(scope="module")
def held() -> probe.HeldOut:
    return probe.held_out(frozenset(), found=pointer_data.items(120))


@pytest.fixture(scope="module")
def clean(held: probe.HeldOut) -> probe.Arm:
    return probe.run_arm(pointer_data.dialogues(300), held, SMALL, seeds=1)


def test_it_learns_values_and_tools_for_new_tools_and_to_abstain(held: probe.HeldOut, clean: probe.Arm) -> None:
    found = probe.summary(clean, held)
    assert found["one call"]["arguments"]["value"] > 0.85
    assert found["one call"]["choice"]["value"] > 0.85
    assert found["one call"]["ast"]["value"] > 0.5
    assert found["no call"]["abstained"]["value"] > 0.9
    assert clean.loss[0][-1] < clean.loss[0][0] / 3


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(held: probe.HeldOut, clean: probe.Arm) -> None:
    again = probe.run_arm(pointer_data.dialogues(300), held, SMALL, seeds=[0])
    other = probe.run_arm(pointer_data.dialogues(300), held, SMALL, seeds=[1])
    assert again.loss == clean.loss
    for name, values in clean.runs[0].items():
        assert np.array_equal(values, again.runs[0][name], equal_nan=True)
    assert other.loss != clean.loss


def test_noise_in_the_arguments_costs_argument_accuracy(held: probe.HeldOut, clean: probe.Arm) -> None:
    spoiled = probe.run_arm(noisy(pointer_data.dialogues(300), 0.5, seed=0), held, SMALL, seeds=1)
    found = probe.compare(clean, spoiled, held)["one call"]
    assert found["arguments_p"]["difference"] < -0.2
    assert found["arguments"]["difference"] < 0


def test_data_without_irrelevance_teaches_no_abstention(held: probe.HeldOut, clean: probe.Arm) -> None:
    eager = probe.run_arm(pointer_data.dialogues(300, no_call=0), held, SMALL, seeds=1)
    assert probe.compare(clean, eager, held)["no call"]["abstained"]["difference"] < -0.8


def test_behind_the_common_interface_it_answers_with_calls_or_in_words() -> None:
    student = PointerStudent(train(from_dialogues(pointer_data.dialogues(300)), SMALL, 0))
    tools = [tool.to_function() for tool in pointer_data.NEW]
    answer = student.predict(tools, [Message("user", "Please reserve a train from Oslo to Lima for 3 people.")])
    (call,) = answer.tool_calls
    assert call.name == "reserve_train"
    assert call.arguments == {"origin": "Oslo", "destination": "Lima", "travellers": 3}
    known = [tool.to_function() for tool in pointer_data.KNOWN]
    assert not student.predict(known, [Message("user", "Sing me a song about rain.")]).tool_calls
    assert student.predict([], [Message("user", "Hello")]).content


def _write(path: Path, seed: int) -> str:
    path.write_bytes(b"".join(msgspec.json.encode(one.to_row()) + b"\n" for one in pointer_data.dialogues(60, seed)))
    return str(path)


def test_the_command_compares_two_files_and_prints_one_object(tmp_path: Path) -> None:
    pytest.importorskip("bfcl_eval")
    files = [_write(tmp_path / f"{name}.jsonl", seed) for seed, name in enumerate(("a", "b"))]
    command = [GENESIS, "probe", files[0], "--against", files[1], "--seeds", "1", "--updates", "30", "--items", "60"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    assert [arm["dialogues"] for arm in found["arms"]] == [60, 60]
    assert found["items"]["total"]["scored"] <= 70
    assert found["differences"]["one call"]["arguments"]["n"] > 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("not json\n", "known format"),
        ('{"messages": [{"role": "user", "content": "Hi"}], "tools": []}\n', "nothing to"),
    ],
)
def test_what_cannot_teach_is_one_line_and_exit_code_2(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(content)
    done = subprocess.run([GENESIS, "probe", str(file)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert told in done.stderr.strip().splitlines()[-1]


def test_a_run_is_tried_out_small_with_a_curve_and_against_another_set(tmp_path: Path) -> None:
    rows = [msgspec.json.encode(one.to_row()) + b"\n" for one in pointer_data.dialogues(60)]
    run = record.Run(tmp_path / "experiments" / "x" / "1")
    run.path.mkdir(parents=True)
    params = trial.with_probe(Params(), {"updates": 8, "items": 40, "against": str(tmp_path / "other.jsonl")})
    (run.path / "params.yaml").write_text("experiment: x\n")
    run.write_json("run.json", {})
    (run.path / "dialogues.jsonl").write_bytes(b"".join(rows))
    (tmp_path / "other.jsonl").write_bytes(b"".join(rows[:40]))
    found = trial.try_out(run, params)
    assert found["dialogues"] == 40, "the smaller set's number"
    assert sorted({row["dialogues"] for row in found["curve"]}) == [10, 20, 40]
    assert found["differences"]["one call"]["arguments"]["assumed"], "one run an arm: the spread is the known one"
    assert run.read_json(trial.FILE) == found
    assert 35 <= found["items"]["total"]["scored"] <= 45
    again = trial.try_out(run, params)
    assert again == found
