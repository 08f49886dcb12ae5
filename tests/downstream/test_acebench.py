"""ACEBench: verdicts equal to the official checker's, 95.6 on its own gold, and a strict rule that sees more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frozen_cases import CASES, frozen

from genesis.benchmarks import acebench as data
from genesis.benchmarks.item import Item
from genesis.downstream import acebench
from genesis.downstream.predictions import Prediction
from genesis.downstream.scoring import Scored


@pytest.fixture(scope="module")
def items(shared_data: Path) -> list[Item]:
    return acebench.items(shared_data / "acebench_en")


@pytest.fixture(scope="module")
def gold(items: list[Item]) -> dict[str, Prediction]:
    return acebench.gold(items)


@pytest.mark.parametrize("case", CASES)
def test_verdicts_are_the_official_checkers(case: str, items: list[Item], gold: dict[str, Prediction]) -> None:
    expected = frozen("acebench")[case]
    scored = acebench.score({item.id: CASES[case](item.id, gold) for item in items}, items)
    wrong = [
        one
        for category in data.NORMAL
        for one, official in zip([s for s in scored if s.category == category], expected[category], strict=True)
        if one.correct is not official
    ]
    assert wrong == []


def test_own_gold_scores_95_6_on_normal_and_all_of_special_and_strict(
    items: list[Item], gold: dict[str, Prediction]
) -> None:
    report = acebench.summary(acebench.score(gold, items))["aggregates"]
    assert round(100 * report["normal"]["accuracy"], 1) == 95.6
    assert report["special"]["accuracy"] == report["normal_strict"]["accuracy"] == 1.0


def _item(parameters: dict[str, Any], answer: Any, category: str = "normal_atom_number") -> Item:
    function = {"name": "f", "description": "", "parameters": parameters}
    return Item(f"{category}_0", category, [], [function], answer)


_PARAMETERS = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "on": {"type": "boolean"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "kind": {"type": "enum"},
    },
    "required": [],
}
_ANSWER = {"f": {"count": 3, "on": True, "name": "Ada", "tags": ["a b", "c"], "kind": "x"}}


@pytest.mark.parametrize(
    ("change", "official", "strict"),
    [
        ({}, True, True),
        ({"name": "  aDa."}, True, True),
        ({"count": 4}, True, False),
        ({"on": False}, True, False),
        ({"kind": "y"}, True, False),
        ({"name": "Ada Lovelace"}, True, False),
        ({"count": 3.0}, True, True),
        ({"count": "3"}, False, False),
        ({"on": 1}, True, False),
        ({"tags": ["c", "a b"]}, False, False),
        ({"tags": ["AB", "c"]}, True, True),
        ({"name": None}, False, False),
        ({"other": 1}, False, False),
    ],
)
def test_what_the_official_rule_overlooks_the_strict_one_sees(
    change: dict[str, Any], official: bool, strict: bool
) -> None:
    arguments = _ANSWER["f"] | change
    scored = acebench.verdict(_item(_PARAMETERS, _ANSWER), Prediction("normal_atom_number_0", (("f", arguments),)))
    assert (scored.correct, scored.strict) == (official, strict)


def test_one_call_may_serve_two_gold_calls_but_not_strictly() -> None:
    item = _item(_PARAMETERS, {"f_1": {"name": "Ada"}, "f_2": {"name": "Ada B"}})
    twice = Prediction(item.id, (("f", {"name": "Ada B"}), ("f", {"name": "Ada B"})))
    scored = acebench.verdict(item, twice)
    assert (scored.correct, scored.strict) == (True, False)
    both = Prediction(item.id, (("f", {"name": "Ada B"}), ("f", {"name": "Ada"})))
    assert acebench.verdict(item, both).strict is True


def test_where_the_official_code_stops_there_is_no_verdict() -> None:
    item = _item({"type": "object", "properties": {"x": {"type": "integer"}}}, {"f": {"x": 1}})
    scored = acebench.verdict(item, Prediction(item.id, (("f", {"x": 1}),)))
    assert (scored.correct, scored.strict) == (None, True)
    assert "official rule fails: KeyError" in scored.reason


@pytest.mark.parametrize(
    ("category", "gold", "text", "right"),
    [
        ("special_incomplete", {"f": ["a", "b"]}, "Missing necessary parameters (a, b) for the api (f)", True),
        ("special_incomplete", {"f": ["a", "b"]}, "Missing necessary parameters (a) for the api (f)", False),
        ("special_incomplete", {"f": ["a"]}, "Please tell me a for f.", False),
        ("special_error_param", {"day": ["32nd"]}, "There is incorrect value (32nd) for the parameters (day).", True),
        ("special_error_param", {"day": ["32nd"]}, "There is incorrect value (31st) for the parameters (day).", False),
        ("special_irrelevant", "...", "Due to the limitations of the function, I cannot solve this problem.", True),
        ("special_irrelevant", "...", "I cannot do that.", False),
    ],
)
def test_special_goes_by_the_dictated_phrases(category: str, gold: Any, text: str, right: bool) -> None:
    item = _item(_PARAMETERS, gold, category)
    assert acebench.verdict(item, Prediction(item.id, None, text)).correct is right
    assert acebench.verdict(item, Prediction(item.id, (("f", {}),))).correct is False


def test_a_dialogue_is_right_if_all_its_steps_are() -> None:
    category = "normal_multi_turn_user_adjust"
    steps = {"0_0": True, "0_1": False, "1_0": True, "1_1": True, "2_0": None, "2_1": True, "3_0": None, "3_1": False}
    scored = [Scored(f"{category}_{step}", category, right, strict=True) for step, right in steps.items()]
    part = acebench.summary(scored)["categories"][category]
    assert (part["n"], part["correct"], part["unscored"]) == (3, 1, 1)
    assert (part["process"]["n"], part["process"]["correct"]) == (6, 4)
    assert part["strict"]["correct"] == 4
