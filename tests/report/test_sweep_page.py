"""The page of a sweep: what was varied, which differences are real, what failed; and nothing in it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_report_page import EVIL, Tags, full_run

from genesis.errors import RecordError
from genesis.record import Run
from genesis.report import build, build_sweep
from genesis.sweep import summary
from genesis.sweep.compare import compare


def swept(folder: Path, *, seeds: int = 2, failed: bool = False) -> Path:
    """A sweep of two arms, made of full runs; of the second arm one point may have failed."""
    points = []
    for memory in (True, False):
        for seed in range(seeds):
            run = full_run(folder / f"made{seed}{memory}", seed=seed, memory=memory)
            run.write_json("metrics.json", {**run.read_json("parts/metrics.json"), "mutations": {}})
            run = Run(run.path.rename(folder / f"s{seed}-{memory}"))
            broken = failed and not memory and seed == 1
            points.append(
                {
                    "id": run.id,
                    "arm": f"memory={str(memory).lower()}",
                    "overrides": {"memory": memory},
                    "seed": seed,
                    "status": "failed" if broken else "done",
                    "error": EVIL if broken else "",
                }
            )
    spec = {"name": "mine", "base": "params/quickstart.yaml", "grid": {"memory": [True, False]}, "seeds": seeds}
    state = {
        "name": "mine",
        "spec": spec,
        "points": points,
        "varied": ["memory"],
        "baseline": {"memory": True},
        "lm": "offline (simulated) LM",
        "simulated": True,
        "code_hash": "0",
    }
    Run(folder).write_json("sweep.json", state)
    summary.write(folder, state)
    return folder


def test_a_sweep_s_page_says_what_a_reader_needs(tmp_path: Path) -> None:
    folder = swept(tmp_path / "mine")
    before = build_sweep(folder).read_text()
    assert "Not compared yet: <code>genesis compare mine</code> writes it." in before
    compare(folder)
    page = build_sweep(folder).read_text()
    found = Tags(page)
    wanted = ["What was varied", "Which differences are real", "The funnel", "Diversity", "Quality", "10 dialogues"]
    assert [heading for heading in found.headings if heading in wanted] == wanted
    assert "Not finished" not in found.headings
    assert "Sweep mine: 2 arms, 2 seeds" in page
    assert "offline (simulated) LM" in page
    assert "memory=false: acceptance" in page
    assert "genesis sweep mine.yaml" in page
    assert "Not compared yet" not in page
    assert len([attrs for tag, attrs in found.tags if tag == "img"]) == 2
    assert not [tag for tag, _ in found.tags if tag in ("script", "link", "iframe", "object", "base", "form")]
    assert str(tmp_path) not in page


def test_what_failed_is_told_as_text_and_counts_nowhere(tmp_path: Path) -> None:
    folder = swept(tmp_path / "mine", failed=True)
    page = build_sweep(folder).read_text()
    found = Tags(page)
    assert "Not finished" in found.headings
    assert "&lt;script&gt;" in page
    assert not [tag for tag, _ in found.tags if tag == "script"]
    assert "3 of 4 done" in page
    assert summary.read_state(folder)["points"][3]["status"] == "failed"


def test_one_seed_is_said_to_tell_nothing(tmp_path: Path) -> None:
    folder = swept(tmp_path / "mine", seeds=1)
    compare(folder)
    assert "One seed: whether a difference is real cannot be said" in build_sweep(folder).read_text()


def test_what_is_no_sweep_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"sweep\.json"):
        build_sweep(tmp_path)
    Run(tmp_path).write_json("sweep.json", {"points": []})
    with pytest.raises(RecordError, match="'name', 'spec' and 'points'"):
        build_sweep(tmp_path)


def test_a_run_s_page_shows_students_scores(tmp_path: Path) -> None:
    run = full_run(tmp_path)
    part = {"accuracy": 0.25, "interval": [0.2, 0.3], "n": 100}
    score = {"lm": EVIL, "simulated": True, "program": {"demos": 4}, "aggregates": {"non_live": part}}
    run.write_json("scores/bfcl.json", score)
    page = build(run).read_text()
    assert "Students&#39; scores" in page
    assert "program, demos (simulated)" in page
    assert "bfcl: non live" in page
    assert "[0.200, 0.300]" in page
    assert "<script>" not in page
