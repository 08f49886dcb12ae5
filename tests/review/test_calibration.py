"""Calibration is honest: maps are monotone and held out, the error knows its own bias."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genesis.checks import calibration
from genesis.checks.intervals import clopper_pearson
from genesis.errors import ParamsError


def overconfident(n: int, seed: int) -> tuple[list[float], list[bool]]:
    """Confidences whose true probability is halfway to 0.5."""
    generator = np.random.default_rng(seed)
    stated = generator.uniform(0.5, 1.0, n)
    return stated.tolist(), (generator.random(n) < 0.5 + (stated - 0.5) * 0.5).tolist()


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_a_held_out_map_takes_overconfidence_away(method: calibration.Method) -> None:
    stated, labels = overconfident(2000, 1)
    before = calibration.assess(stated, labels)
    after = calibration.assess(stated, labels, method=method)
    assert before["ece"] > 0.1
    assert after["ece"] < 0.05
    assert after["brier"] < before["brier"]


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_maps_keep_the_order_and_come_back_from_disk(method: calibration.Method, tmp_path: Path) -> None:
    fitted = calibration.fit(*overconfident(300, 2), method=method)
    grid = fitted.apply(np.linspace(0, 1, 50))
    assert (np.diff(grid) >= -1e-12).all()
    assert grid.min() >= 0
    assert grid.max() <= 1
    calibration.save(fitted, tmp_path / "map.json")
    assert calibration.load(tmp_path / "map.json") == fitted


def test_perfect_calibration_has_an_error_all_of_which_is_bias() -> None:
    generator = np.random.default_rng(3)
    true = generator.uniform(0.5, 1.0, 100)
    bias = calibration.bias(true)
    assert bias > 0.05
    found = [calibration.ece(true, generator.random(100) < true) for _ in range(200)]
    assert np.mean(found) == pytest.approx(bias, abs=0.01)


def test_reliability_says_how_sure_each_bin_is() -> None:
    stated, labels = overconfident(500, 4)
    rows = calibration.reliability(stated, labels, bins=5)
    assert [row["n"] for row in rows] == [100] * 5
    assert all(row["low"] < row["right"] < row["high"] for row in rows)
    top = rows[-1]
    assert top["high"] < top["confidence"]  # overconfident, and it shows


def test_labels_of_one_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="all of one kind"):
        calibration.fit([0.9, 0.8], [True, True])
    with pytest.raises(ParamsError, match="label more"):
        calibration.held_out([0.9] * 30, [True] * 28 + [False] * 2)
    with pytest.raises(ParamsError, match=r"none\.json"):
        calibration.load(tmp_path / "none.json")


def test_clopper_pearson_against_published_values() -> None:
    low, high = clopper_pearson(4, 20)
    assert (round(low, 4), round(high, 4)) == (0.0573, 0.4366)  # Agresti and Coull 1998, table
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(10, 10)[1] == 1.0
