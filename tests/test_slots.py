"""Slots: what each user turn reveals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import make_pool, make_tool

from genesis.errors import PlanError
from genesis.params import from_dict
from genesis.planner import plan
from genesis.scenario import Scenario, labels
from genesis.slots import MAX_OPTIONAL, can_follow, carries, draw, may_follow, spoilable, varied


def drawn(label, rounds=6):
    """Drawn scenarios of one label over the pool, the further targets filled up in order."""
    pool = make_pool(28)
    for one in plan(pool.tools, from_dict({"dialogues_per_tool": rounds, "mix": dict.fromkeys(labels(), 1)})):
        if one.scenario.label == label:
            more = [tool.name for tool in pool.tools if tool.name != one.tool and may_follow(one.scenario, tool)]
            targets = (one.tool, *more[: one.target_count - 1])
            yield pool, one, draw(replace(one.scenario, targets=targets), pool.by_name, one.calls)


@pytest.mark.parametrize("label", labels())
def test_every_scenario_can_be_drawn_and_reveals_all_that_is_required(label):
    found = list(drawn(label))
    assert found
    for pool, one, scenario in found:
        assert scenario.slots, one
        for task in scenario.slots:
            tool = pool.by_name[task.tool]
            assert set(tool.required) <= {*task.reveal, *task.needs}
            assert {*task.reveal, *task.needs} <= set(tool.properties)
            own = [turn for name, turn in task.reveal.items() if name not in task.shares]
            assert all(task.opens <= turn <= task.turn for turn in own)
        assert (scenario.last_turn > 0) == (scenario.turns == "multi"), scenario
        assert draw(scenario, pool.by_name, one.calls) == scenario, "the same seed draws the same slots"


@pytest.mark.parametrize("label", ["single/single/simple", "single/single/multiple"])
def test_one_task_has_one_call(label):
    assert all(len(scenario.slots) == 1 for _, _, scenario in drawn(label))


@pytest.mark.parametrize("label", ["single/multi/parallel", "single/single/parallel"])
def test_parallel_is_several_calls_of_one_tool_that_can_differ(label):
    for pool, _, scenario in drawn(label):
        assert len(scenario.slots) >= 2
        assert len({task.tool for task in scenario.slots}) == 1
        for task in scenario.slots:
            own = [name for name in task.reveal if name not in task.shares]
            assert any(varied(pool.by_name[task.tool].properties[name]) for name in own)


def test_parallel_multiple_has_several_calls_of_several_tools():
    for _, one, scenario in drawn("single/multi/parallel_multiple"):
        assert len(scenario.slots) == one.calls >= 2
        assert len({task.tool for task in scenario.slots}) == one.target_count >= 2


def test_multi_turn_groups_keep_their_call_shape():
    for _, _, scenario in drawn("multi/multi/parallel_multiple"):
        turns = [task.turn for task in scenario.slots]
        assert {turn: turns.count(turn) for turn in turns} == {0: 2, 1: 2}
    for _, _, scenario in drawn("multi/multi/multiple"):
        turns = [task.turn for task in scenario.slots]
        assert len(turns) == len(set(turns)) >= 2, "a task a turn"


def test_a_gradual_task_lacks_something_required_until_its_last_turn():
    for pool, _, scenario in drawn("multi/single/simple"):
        (task,) = scenario.slots
        assert task.opens == 0
        required = pool.by_name[task.tool].required
        assert max(task.reveal[name] for name in required) == task.turn >= 1


def test_miss_param_holds_back_required_values_only():
    for pool, _, scenario in drawn("miss_param"):
        (task,) = scenario.slots
        late = {name for name, turn in task.reveal.items() if turn == 1}
        assert late
        assert late <= set(pool.by_name[task.tool].required)


def test_bad_param_names_a_value_that_can_be_wrong():
    for pool, _, scenario in drawn("bad_param"):
        (task,) = scenario.slots
        assert task.bad in task.reveal
        assert spoilable(pool.by_name[task.tool].properties[task.bad])
        assert task.reveal[task.bad] == (1 if scenario.turns == "multi" else 0)


def test_a_chain_takes_one_required_value_from_the_result_before():
    for pool, _, scenario in drawn("single/multi/multiple/chained"):
        for number, task in enumerate(scenario.slots):
            assert list(task.needs.values()) == ([number - 1] if number else [])
            assert not set(task.needs) & set(task.reveal)
            assert set(task.needs) <= set(pool.by_name[task.tool].required)


def test_slot_patterns_vary_from_none_to_all_of_the_optional_ones():
    tool = make_tool("plan_trip", ("city",), ("days", "price", "unit", "quiet", "notes"))
    sizes = {
        len(
            draw(Scenario("simple", "single", "single", targets=("plan_trip",), seed=seed), {"plan_trip": tool}, 1)
            .slots[0]
            .reveal
        )
        for seed in range(200)
    }
    assert sizes == {1, 2, 3, 4, 5, 6}


def test_nobody_says_twenty_optional_values():
    tool = make_tool("big")
    many = {f"p{number}": {"type": "string"} for number in range(40)}
    tool = replace(tool, parameters={"type": "object", "properties": many, "required": []})
    for seed in range(50):
        scenario = Scenario("simple", "single", "single", targets=("big",), seed=seed)
        assert len(draw(scenario, {"big": tool}, 1).slots[0].reveal) <= MAX_OPTIONAL


@pytest.mark.parametrize(
    ("schema", "enough"),
    [
        ({"type": "string"}, True),
        ({"type": "boolean"}, False),
        ({"type": "string", "const": "x"}, False),
        ({"type": "string", "enum": ["a", "b"]}, False),
        ({"type": "string", "enum": list("abcde")}, True),
        ({"type": "integer", "minimum": 1, "maximum": 3}, False),
        ({"type": "integer", "minimum": 1}, True),
        ({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}, False),
        ({"type": "array", "items": {"type": "number"}}, True),
        ({"type": "array"}, True),
        ({}, False),
    ],
)
def test_calls_of_one_tool_differ_in_what_has_enough_values(schema, enough):
    assert varied(schema) is enough


def test_a_tool_that_cannot_carry_a_scenario_is_refused():
    bare = make_tool("ping", ())
    assert not carries(bare, Scenario("simple", "multi", "single", "miss_param"))
    assert not can_follow(bare)
    with pytest.raises(PlanError, match="ping: its parameters cannot carry scenario 'miss_param'"):
        draw(Scenario("simple", "multi", "single", "miss_param", targets=("ping",)), {"ping": bare}, 1)
