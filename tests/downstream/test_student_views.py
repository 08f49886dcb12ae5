"""The table of students in a run's scores folder."""

from __future__ import annotations

from pathlib import Path

from genesis import views
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
