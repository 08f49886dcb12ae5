"""The model checker's row in the mutation table, and the truth of offline dialogues, on real offline dialogues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from review_cases import dialogue, make_run

from genesis import params, record, steps
from genesis.checks import calibration
from genesis.cli import main
from genesis.lm import open_caller
from genesis.review import model, planting, queue, truth

QUIET = {"wrong_value": 0.0, "wrong_type": 0.0, "missing_param": 0.0, "unknown_tool": 0.0, "needless_ask": 0.0}
KINDS = ("contradicted_number", "off_topic_answer", "truncated_answer", "missing_required")


async def test_each_kind_has_its_recall_and_clean_ones_their_false_alarms() -> None:
    chosen = params.from_dict({"offline": {"checker_miss": 0.0, "checker_alarm": 0.0, "unparsable": 0.0}})
    clean = [dialogue(number, degrees=20 + number) for number in range(40)]
    async with open_caller(chosen) as caller:
        rows = await planting.mutation_rows(clean, chosen, caller, most=20, kinds=KINDS)
    found = {row["kind"]: row for row in rows}
    assert found["contradicted_number"]["rate"] >= 0.85
    assert found["contradicted_number"]["low"] < found["contradicted_number"]["rate"]
    assert found["clean"]["caught"] == 0
    assert found["clean"]["judged"] == 40
    assert (found["missing_required"]["planted"], found["missing_required"]["judged"]) == (20, 0)  # the rules see it
    assert found["missing_required"]["rate"] is None
    confidences, labels = planting.labelled(rows)
    assert labels.count(True) == 40
    after = calibration.assess(confidences, labels, method="platt")
    assert after["ece"] < calibration.assess(confidences, labels)["ece"] + 0.05


def test_the_command_line_calibrates_on_planted_defects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path, [dialogue(number, degrees=20 + number) for number in range(30)])
    assert main(["review", "planted", str(run.path), "--most", "5"]) == 0
    shown = capsys.readouterr().out
    assert "contradicted_number" in shown
    assert "offline" in shown
    out = tmp_path / "map.json"
    words = ["review", "calibrate", str(run.path), "--on", "planted", "--most", "5", "--out", str(out), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["held_out"]["n"] > 40
    assert calibration.load(out).labels > 40


async def generated(folder: Path, **offline: float) -> record.Run:
    chosen = params.from_dict({"pool": {"size": 60}, "n": 1, "offline": {**QUIET, **offline}})
    run = record.create(chosen, folder)
    steps.tool_pool(run, chosen)
    await steps.generate(run, chosen)
    steps.check(run, chosen)
    return run


def known(run: record.Run) -> list[Any]:
    return [truth.is_right(found) for found in queue.passed(run)]


@pytest.mark.slow
async def test_the_truth_of_generated_dialogues_is_what_was_planted(tmp_path: Path) -> None:
    clean = known(await generated(tmp_path / "clean", contradiction=0.0))
    assert clean.count(False) == 0
    assert len(clean) >= 55
    bad = known(await generated(tmp_path / "bad", contradiction=0.5))
    assert bad.count(False) >= 10


@pytest.mark.slow
async def test_a_stricter_checker_leaves_less_error_by_the_truth(tmp_path: Path) -> None:
    run = await generated(tmp_path, contradiction=0.4, checker_miss=0.0, checker_alarm=0.0)
    before = known(run).count(False)
    await model.check(run, run.params)
    assert before >= 8
    assert known(run).count(False) <= before * 0.2
