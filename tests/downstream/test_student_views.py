"""The table of students in a run's scores folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot

from genesis import figures, views
from genesis.downstream.pointer import trial
from genesis.params import Params
from genesis.record import Run


def test_students_stand_side_by_side(tmp_path: Path) -> None:
    run = Run(tmp_path)
    part = {"accuracy": 0.5, "interval": [0.4, 0.6]}
    none = {"accuracy": None, "interval": None}
    program = {"lm": "m", "simulated": False, "program": {"demos": {}}, "aggregates": {"live": part, "non_live": none}}
    tuned = {"student": "students/a", "simulated": False, "aggregates": {"live": part}}
    (tmp_path / "scores").mkdir()
    run.write_json("scores/a.json", program)
    run.write_json("scores/b.json", tuned)
    table = views.students(run)
    assert list(table["kind"]) == ["program, demos", "fine-tuned"], "a figure that was not measured is no row"
    assert list(table["student"]) == ["m", "students/a"]
    assert list(table["value"]) == [0.5, 0.5]


def _pointer(value: float) -> dict[str, Any]:
    figure = {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 50}
    return {"one call": {"arguments": figure, "choice": figure, "categories": {}}, "no call": {"abstained": figure}}


FOUND = {
    "scenarios": _pointer(0.6),
    "against": {"name": "other", "lm": None},
    "against_scenarios": _pointer(0.4),
    "curve": [{"dialogues": n, **row} for n in (10, 20, 40) for row in trial.rows(_pointer(n / 100))],
    "changed": [{"id": "simple_1", "category": "simple_python", "first": 0.0, "second": 1.0, "request": "Do it."}],
    "differences": {"one call": {"arguments": {"difference": 0.2, "real": True}, "choice": {"real": False}}},
    "dialogues": 40,
    "runs": 1,
    "settings": {"updates": 60},
    "items": {"total": {"all": 90, "without_seen_tools": 80, "scored": 50}},
}
LIGHT = {
    "simulated": True,
    "trained": {"choice": {"n": 9, "accuracy": 0.5, "interval": [0.3, 0.7]}, "irrelevance": {"n": 0}, "ranking": None},
    "untrained": None,
}


def test_every_student_of_a_run_has_its_rows_and_a_simulated_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    run = Run(tmp_path)
    part = {"accuracy": 0.5, "interval": [0.4, 0.6]}
    run.write_json("scores/b.json", {"student": "students/a", "simulated": False, "aggregates": {"live": part}})
    table = views.side_by_side(run, LIGHT, FOUND)
    assert list(table["student"].unique()) == [
        "light probe",
        "pointer probe",
        "pointer probe on other",
        "students/a (fine-tuned)",
    ]
    assert list(table[table["student"] == "pointer probe"]["figure"]) == [
        "one call: arguments",
        "one call: choice",
        "no call: abstained",
    ]
    assert list(table.groupby("student", sort=False)["simulated"].first()) == [True, True, False, False]
    assert len(views.side_by_side(run, LIGHT, {"reason": "no torch"})) == 2


def test_the_curve_and_the_changed_items_are_shown_and_what_was_not_measured_is_empty() -> None:
    curve = views.curve(FOUND, "arguments")
    assert list(curve["dialogues"]) == [10, 20, 40]
    assert list(curve["value"]) == pytest.approx([0.1, 0.2, 0.4])
    changed = views.changed(FOUND)
    assert (changed["on this data"][0], changed["on the second set"][0]) == (1.0, 0.0)
    assert views.changed({"reason": ""}).empty
    for table, said in ((curve, []), (views.curve({"reason": ""}, "arguments"), ["not measured"])):
        drawn = figures.curves(table, x="dialogues", y="value", low="low", high="high", by="figure")
        assert [text.get_text() for text in drawn.axes[0].texts] == said
        assert len(drawn.axes[0].lines) == int(not said)
        pyplot.close(drawn)


def test_what_differs_is_told_in_a_line() -> None:
    told = trial.told(FOUND)
    assert "50 of 80 BFCL items" in told
    assert told.endswith("Against other: one call: arguments +0.200 (p < 0.05, Holm).")
    assert trial.told({"reason": "why"}) == "No pointer probe: why"


def test_without_torch_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.importlib.util, "find_spec", lambda _: None)
    found = trial.try_out(Run(tmp_path), Params())
    assert "pip install 'genesisfunc-workbench[probe]'" in trial.told(found)
    assert not list(tmp_path.iterdir())


def test_it_is_not_run_where_it_is_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.importlib.util, "find_spec", lambda _: object())
    params = trial.with_probe(Params(), {"updates": 0})
    assert trial.try_out(Run(tmp_path), params) == {"reason": "probe.updates is 0"}
