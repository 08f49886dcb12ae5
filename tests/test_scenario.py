"""Scenarios: the legal combinations and their labels."""

from __future__ import annotations

from genesis.params import DEFAULT_MIX
from genesis.scenario import LEGAL, Scenario, Task, labels


def test_every_legal_cell_has_a_label_and_the_specials_come_last():
    found = labels()
    assert len(found) == len(set(found)) == 18
    assert found[-4:] == ["irrelevance", "miss_param", "bad_param", "tool_error"]
    assert "single/multi/multiple/chained" in found


def test_a_label_names_span_tasks_kind_and_chain():
    assert Scenario("parallel", "multi", "single").label == "multi/single/parallel"
    assert Scenario("multiple", "single", "multi", chained=True).label == "single/multi/multiple/chained"
    assert Scenario("simple", "multi", "single", "miss_param").label == "miss_param"


def test_what_cannot_be_is_not_legal():
    assert ("miss_param", "single", "single", False) not in LEGAL, "nobody can answer in a single turn"
    assert "simple" not in LEGAL["none", "single", "multi", False], "two wishes in one turn are two calls"
    assert "simple" not in LEGAL["none", "single", "multi", True], "a chain needs two tools"


def test_the_default_mix_is_made_of_legal_labels():
    assert set(DEFAULT_MIX) <= set(labels())


def test_last_turn_is_that_of_the_last_task():
    scenario = Scenario("multiple", "multi", "multi", slots=(Task("a", 0, {}), Task("b", 2, {"city": 1})))
    assert scenario.last_turn == 2
    assert Scenario("simple", "single", "single").last_turn == 0
