"""Decisions go out as CSV or JSONL and come back once; the command line speaks of the run as it is."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from review_cases import dialogue, make_run, with_model

from genesis import report
from genesis.cli import main
from genesis.errors import FormatError
from genesis.notebook import complete
from genesis.record import Run
from genesis.review import decisions, exchange


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = make_run(tmp_path / "experiments", [dialogue(number) for number in range(8)])
    with_model(made, {f"d000{number}": 0.2 + number / 10 for number in range(8)})
    return made


def decide(run: Run) -> list[decisions.Decision]:
    edits = ({"message": 1, "call": 0, "arguments": {"city": "Lima", "unit": "celsius"}},)
    made = [
        decisions.make("ann", dialogue(0), "reject", reasons=("unnatural", "wrong-value"), note='=cmd|"/c calc"!A1\nb'),
        decisions.make("ann", dialogue(1), "accept", seconds=7.5),
        decisions.make("bob", dialogue(2), "fix", edits=edits),
    ]
    made.append(decisions.undo(made[1]))
    decisions.append(run, *made)
    return made


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_decisions_survive_the_way_out_and_back(run: Run, tmp_path: Path, name: str) -> None:
    made = decide(run)
    assert exchange.export(run, tmp_path / name) == 4
    assert exchange.load(run, tmp_path / name) == {"added": 0, "known": 4, "empty": 0}
    elsewhere = make_run(tmp_path / "other", [dialogue(number) for number in range(8)])
    assert exchange.load(elsewhere, tmp_path / name)["added"] == 4
    assert decisions.read(elsewhere) == made


def test_no_cell_is_a_formula(run: Run, tmp_path: Path) -> None:
    decide(run)
    exchange.export(run, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_a_sheet_is_filled_in_elsewhere_and_counts_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    assert exchange.export(run, file, what="doubt") == 8
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert "What is the weather like in Oslo" in rows[0]["text"]
    rows[0] |= {"decision": " Reject", "reasons": "wrong-value; unnatural"}
    rows[1] |= {"decision": "accept", "rater": "bob"}
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert exchange.load(run, file, rater="ann") == {"added": 2, "known": 0, "empty": 6}
    assert exchange.load(run, file, rater="ann") == {"added": 0, "known": 2, "empty": 6}
    first, second = decisions.read(run)
    assert (first.rater, first.decision, first.reasons) == ("ann", "reject", ("wrong-value", "unnatural"))
    assert (second.rater, second.decision) == ("bob", "accept")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decision": "perhaps"}, "perhaps"),
        ({"reasons": ["odd"]}, "unknown reason 'odd'"),
        ({"rater": ""}, "no rater"),
        ({"id": "d9999"}, "no dialogue 'd9999'"),
        ({"version": "0" * 12}, "another version"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(
    run: Run, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    good = {"rater": "ann", "id": "d0001", "version": decisions.digest(dialogue(1)), "decision": "accept"}
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (good, {**good, **change})))
    with pytest.raises(FormatError, match=f"in.jsonl:2: .*{words}"):
        exchange.load(run, tmp_path / "in.jsonl")
    assert decisions.read(run) == []


def test_other_files_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="no column decision, id, version"):
        exchange.load(run, tmp_path / "in.csv")
    with pytest.raises(FormatError, match=r"\.csv or \.jsonl"):
        exchange.export(run, tmp_path / "out.xls")
    with pytest.raises(FormatError, match="cannot be read"):
        exchange.load(run, tmp_path / "none.csv")


# --- the command line --------------------------------------------------------------------------------------------


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["review", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_status_plan_export_import_apply(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where, sheet = str(run.path), str(tmp_path / "audit.jsonl")
    assert asked(capsys, "status", where)["residual"]["method"] == "planted truth"  # type: ignore[index]
    assert asked(capsys, "plan", where, "--width", "0.9")["of"] == 2
    assert asked(capsys, "export", where, sheet, "--what", "audit", "--size", "2")["rows"] == 2
    rows = [json.loads(line) for line in Path(sheet).read_text().splitlines()]
    assert {row["why"] for row in rows} == {"random sample"}  # a rater is not told what the checks said
    Path(sheet).write_text("".join(json.dumps({**row, "decision": "accept"}) + "\n" for row in rows))
    assert asked(capsys, "import", where, sheet, "--rater", "ann")["added"] == 2
    assert asked(capsys, "apply", where)["accepted"] == 2
    found = asked(capsys, "status", where)["residual"]
    assert (found["method"], found["n"], found["value"]) == ("audit", 2, 0.0)  # type: ignore[index]
    assert main(["review", "status", where]) == 0
    assert "after model" in capsys.readouterr().out


def test_a_calibration_is_fitted_on_people_s_decisions_and_used(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = make_run(tmp_path / "many", [dialogue(number) for number in range(60)])
    with_model(many, {f"d{number:04d}": 0.5 + number / 150 for number in range(60)})
    for number in range(60):
        verdict: decisions.Kind = "accept" if number % 3 else "reject"
        decisions.append(many, decisions.make("ann", dialogue(number), verdict))
    out = str(tmp_path / "map.json")
    found = asked(capsys, "calibrate", str(many.path), "--method", "platt", "--out", out)
    assert found["held_out"]["ece"] < 0.2  # type: ignore[index]
    assert Path(out).exists()
    assert main(["review", "calibrate", str(run.path), "--out", out]) == 2
    assert "right and wrong dialogues are needed" in capsys.readouterr().err


def test_what_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "status", str(tmp_path / "none"), "--root", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# --- the report --------------------------------------------------------------------------------------------------


def test_the_report_states_the_error_or_that_it_was_not_measured(tmp_path: Path) -> None:
    run = make_run(tmp_path, [dialogue(number) for number in range(8)], lm="openai/some")
    rows = [{**row, "provenance": {**row["provenance"], "simulated": False}} for row in run.rows("dialogues")]
    run.replace_rows("dialogues", rows)
    complete(run)
    page = report.build(run).read_text()
    assert "Error left" in page
    assert "not measured" in page
    assert dict(report.summary_rows(run))["error left"] == "not measured"
    assert run.read_json("metrics.json")["error"]["residual"]["value"] is None
    for number in range(8):
        verdict: decisions.Kind = "accept" if number else "reject"
        decisions.append(run, decisions.make("ann", dialogue(number), verdict))
    page = report.build(run).read_text()
    assert "12.5%" in page  # the error of what the checks let pass: all of it was read
    assert "human minutes" in page
