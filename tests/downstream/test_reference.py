"""The paper's tables: reported figures carried over, other formulas marked, simulated results apart."""

from __future__ import annotations

from typing import Any

import pytest

from genesis.downstream import reference
from genesis.errors import BenchmarkError


def _score(simulated: bool, **more: Any) -> dict[str, Any]:
    figure = {"accuracy": 0.5, "interval": [0.4, 0.6], "n": 100, "correct": 50}
    empty = {"accuracy": None, "interval": None, "n": 0, "correct": 0}
    return {
        "benchmark": "bfcl",
        "lm": "offline (simulated) LM" if simulated else "some/model",
        "simulated": simulated,
        "partial": False,
        "categories": {"live_simple": empty},
        "aggregates": {"non_live": figure, "live": figure, "simple": figure},
        **more,
    }


def test_reported_figures_are_the_papers() -> None:
    rows = {(row["system"], row["benchmark"], row["metric"]): row for row in reference.reported("main-bfcl")}
    best = rows["GenesisFunc-8B", "BFCL Non-Live", "overall accuracy"]
    assert (best["value"], best["low"], best["high"]) == (93.31, 92.89, 93.73)
    assert "not BFCL v4's formula" in best["formula"]
    assert best["comparable"] is False
    assert best["source"] == reference.SOURCE
    assert sum(len(reference.reported(name)) for name in reference.EXPERIMENTS) == 25


@pytest.mark.parametrize("experiment", ["ablate-judge", "ablate-memory", "dialogues-per-tool", "ablate-evaluation"])
def test_where_the_paper_shows_curves_only_the_reported_column_is_empty(experiment: str) -> None:
    assert reference.reported(experiment) == []
    rows = reference.tables(experiment, [_score(False)])["results"]
    assert {row["kind"] for row in rows} == {"measured"}
    assert any("curves only" in note for note in reference.notes(experiment))


def test_simulated_results_never_share_a_table() -> None:
    found = reference.tables("main-bfcl", [_score(True), _score(False)])
    assert {row["kind"] for row in found["results"]} == {"reported", "measured"}
    assert {row["system"] for row in found["simulated"]} == {"offline (simulated) LM"}
    assert len(found["simulated"]) == 3, "a category without items gives no figure"
    ours = next(row for row in found["results"] if row["kind"] == "measured" and row["benchmark"] == "BFCL Live")
    assert (ours["value"], ours["low"], ours["high"], ours["comparable"]) == (50.0, 40.0, 60.0, True)
    assert set(ours) == set(reference.COLUMNS)


def test_a_part_is_not_comparable() -> None:
    rows = reference.measured("main-bfcl", _score(False, partial=True, predicted=10, items=3641))
    assert {row["comparable"] for row in rows} == {False}
    assert {row["note"] for row in rows} == {"partial: 10 of 3641 items"}


def test_leaderboard_by_name_and_the_papers_figure_above_all_of_it() -> None:
    rows = reference.leaderboard("non_live")
    assert len(rows) == 109
    assert max(row["value"] for row in rows) == 90.65
    assert reference.leaderboard("live", ["Qwen3-32B (FC)"])[0]["value"] == 82.01
    with pytest.raises(BenchmarkError, match="no model 'x'"):
        reference.leaderboard("live", ["x"])
    with pytest.raises(BenchmarkError, match="no part"):
        reference.leaderboard("multi")
    with pytest.raises(BenchmarkError, match="no experiment 'main'"):
        reference.reported("main")
