"""What the simulated tools know by heart, and values of parameters no list knows."""

from random import Random

import pytest

from genesis.lm.offline.facts import creator, known, weight
from genesis.lm.offline.values import draw


def test_molar_masses_follow_from_the_formula() -> None:
    assert weight("C6H12O6") == pytest.approx(180.156)
    assert weight("daily") == 0.0


def test_known_results() -> None:
    assert known("Converts RGB values to Hexadecimal color code.", {"r": 36, "g": 9, "b": 31}) == {"hex": "#24091f"}
    sodium = known("Retrieve properties of a given chemical element.", {"element": "sodium"})
    assert sodium is not None
    assert sodium["symbol"] == "Na"
    water = known("Calculate the boiling point of a substance at a pressure.", {"substance": "water", "pressure": 1})
    assert water == {"substance": "water", "boiling_point_c": 100.0}
    assert creator("Frankenstein") == "Mary Shelley"


def test_the_same_docket_is_the_same_case() -> None:
    about = "Retrieve case details using a specific case docket number."
    one, other = (known(about, {"docket": "D-1", "info_type": kind}) for kind in ("victim", "verdict"))
    assert one == other


def test_a_preference_between_two_takes_one_of_them() -> None:
    schema = {"type": "string", "description": "Preference of user between thinking and feeling."}
    drawn = {draw("thinking_vs_feeling", schema, "Analyse personality.", Random(seed)).json for seed in range(9)}
    assert drawn == {"thinking", "feeling"}
