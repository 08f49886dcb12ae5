"""Differences over seeds: a planted one is found, none covers zero, one seed says nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from genesis.errors import FormatError
from genesis.record import Run
from genesis.sweep.compare import compare, over_seeds


def plant(folder: Path, effect: float, seeds: int = 6) -> Path:
    """Write a finished sweep of two arms whose probe score differs by ``effect``, seeds varying more than that."""
    points = []
    for seed in range(seeds):
        level = 0.6 + 0.1 * random.Random(seed).random()  # shared by the two arms of a seed: pairing removes it
        for memory in (True, False):
            noise = 0.01 * random.Random(f"{seed} {memory}").gauss(0, 1)
            run = Run(folder / f"s{seed}-{memory}")
            choice = {"accuracy": level + noise - (0 if memory else effect), "n": 500}
            run.write_json("metrics.json", {"downstream": {"trained": {"choice": choice}}})
            run.write_json("run.json", {"schema": 1})
            run.file("params.yaml").write_text(f"experiment: planted\nseed: {seed}\n")
            arm = f"memory={json.dumps(memory)}"
            points.append({"id": run.id, "arm": arm, "overrides": {"memory": memory}, "seed": seed, "status": "done"})
    state = {"points": points, "baseline": {"memory": True}, "lm": "offline (simulated) LM", "simulated": True}
    Run(folder).write_json("sweep.json", state)
    return folder


def test_a_planted_effect_is_found_and_none_covers_zero(tmp_path: Path) -> None:
    (found,) = compare(plant(tmp_path / "effect", 0.05))["rows"]
    assert found["measure"] == "probe_choice"
    assert found["real"]
    assert found["low"] < -0.05 < found["high"] < 0
    assert found["n"] == 6
    (none,) = compare(plant(tmp_path / "null", 0.0))["rows"]
    assert not none["real"]
    assert none["low"] < 0 < none["high"]
    assert json.loads((tmp_path / "null/comparison.json").read_text())["rows"] == [none]


def test_one_seed_says_that_it_cannot(tmp_path: Path) -> None:
    found = compare(plant(tmp_path, 0.3, seeds=1))
    (row,) = found["rows"]
    assert (row["p"], row["low"], row["real"], row["method"]) == (None, None, False, "one seed")
    assert found["note"].startswith("one seed: whether a difference is real cannot be said")


def test_a_point_that_failed_is_left_out_and_told(tmp_path: Path) -> None:
    folder = plant(tmp_path, 0.05)
    state = json.loads((folder / "sweep.json").read_text())
    state["points"][1]["status"] = "failed"
    Run(folder).write_json("sweep.json", state)
    found = compare(folder)
    assert found["rows"][0]["n"] == 5
    assert found["note"] == "1 of 12 points are not finished and left out"
    for point in state["points"]:
        point["status"] = "failed"
    Run(folder).write_json("sweep.json", state)
    with pytest.raises(FormatError, match="a finished baseline"):
        compare(folder)


def test_equal_differences_have_no_spread_to_test_with() -> None:
    assert over_seeds({0: (0.0, 0.5, 0.5), 1: (0.25, 0.75, 0.5)}).method == "no spread over seeds"
    same = over_seeds({0: (1.0, 1.0, 0.0), 1: (1.0, 1.0, 0.0)})
    assert (same.p, same.low, same.high) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("seeds", [3, 5])
def test_differences_are_called_real_at_the_nominal_rate_where_there_are_none(seeds: int) -> None:
    noise = random.Random(seeds)
    hits = 0
    for _ in range(2000):
        drawn = {seed: (0.0, 0.0, noise.gauss(0, 1)) for seed in range(seeds)}
        p = over_seeds(drawn).p
        hits += p is not None and p < 0.05
    assert 0.035 < hits / 2000 < 0.065
