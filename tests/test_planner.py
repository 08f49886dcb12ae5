"""The plan: the mix met exactly, tools covered before they repeat, nothing a tool cannot carry."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from doubles import make_pool, make_tool
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.errors import PlanError
from genesis.params import from_dict
from genesis.planner import _flow, largest_remainder, plan, variants
from genesis.scenario import LEGAL, labels
from genesis.slots import carries


def counts_of(planned):
    return dict(Counter(one.scenario.label for one in planned))


def test_the_mix_is_met_exactly_over_the_whole_plan():
    params = from_dict(
        {"dialogues_per_tool": 5, "mix": {label: 1 + number % 4 for number, label in enumerate(labels())}}
    )
    planned = plan(make_pool(30).tools, params)
    assert counts_of(planned) == largest_remainder(params.mix, 150)


def test_counts_are_met_to_the_letter():
    params = from_dict({"counts": {"single/single/simple": 7, "irrelevance": 4, "miss_param": 2}})
    planned = plan(make_pool(10).tools, params)
    assert counts_of(planned) == {"single/single/simple": 7, "irrelevance": 4, "miss_param": 2}
    assert max(Counter(one.tool for one in planned).values()) == 2, "13 dialogues over 10 tools"
    assert len({one.tool for one in planned}) == 10


def test_each_tool_is_covered_once_a_round():
    planned = plan(make_pool(20).tools, from_dict({"dialogues_per_tool": 3}))
    for number in (1, 2, 3):
        tools = [one.tool for one in planned if one.round == number]
        assert len(tools) == len(set(tools)) == 20
    assert [one.index for one in planned] == list(range(60))
    assert [one.round for one in planned] == sorted(one.round for one in planned)
    assert len({one.id for one in planned}) == 60


def test_no_tool_gets_what_its_parameters_cannot_carry():
    pool = make_pool(28)
    planned = plan(pool.tools, from_dict({"dialogues_per_tool": 4, "mix": dict.fromkeys(labels(), 1)}))
    for one in planned:
        assert carries(pool.by_name[one.tool], one.scenario), one
        scenario = one.scenario
        key = (scenario.special, scenario.turns, scenario.tasks, scenario.chained)
        assert scenario.kind in LEGAL[key], one
    bare = [one for one in planned if not pool.by_name[one.tool].properties]
    assert bare, "tools without parameters take part"
    assert not {"miss_param", "bad_param", "multi/single/simple"} & {one.scenario.label for one in bare}


def test_a_tools_dialogues_differ_in_scenario():
    planned = plan(make_pool(40).tools, from_dict({"dialogues_per_tool": 6}))
    for tool in make_pool(40).tools:
        labels_of_tool = {one.scenario.label for one in planned if one.tool == tool.name}
        assert len(labels_of_tool) >= (4 if len(tool.properties) > 1 else 2), tool


def test_the_plan_follows_from_the_seed_alone():
    tools = make_pool(20).tools
    same, other = from_dict({"seed": 5, "concurrency": 1}), from_dict({"seed": 6})
    assert plan(tools, same) == plan(tools, from_dict({"seed": 5, "concurrency": 64}))
    assert plan(tools, same) != plan(tools, other)


def test_a_longer_plan_of_the_same_seed_keeps_each_dialogues_seed():
    tools = make_pool(20).tools
    short = {one.id: one.scenario.seed for one in plan(tools, from_dict({"dialogues_per_tool": 1}))}
    long = {one.id: one.scenario.seed for one in plan(tools, from_dict({"dialogues_per_tool": 3}))}
    assert short.items() <= long.items()


@pytest.mark.parametrize(
    ("size", "data"), [(0, {}), (5, {"mix": {"irrelevance": 0}}), (5, {"counts": {"irrelevance": 0}})]
)
def test_an_empty_plan_is_an_error(size, data):
    with pytest.raises(PlanError, match="empty plan"):
        plan(make_pool(size).tools, from_dict(data))


def test_a_mix_that_the_tools_cannot_carry_is_named():
    tools = [make_tool(f"ping_{number}", required=()) for number in range(3)]
    with pytest.raises(PlanError, match=r"'miss_param' \(1 wanted, 0 dialogues can carry it\)"):
        plan(tools, from_dict({"counts": {"miss_param": 1, "single/single/simple": 2}}))


def test_a_pool_of_one_tool_carries_only_what_needs_one():
    tool = make_tool("book_hotel", ("city", "days"))
    able = {label for label in labels() if variants(tool, label, 1)}
    assert {"single/single/simple", "single/single/parallel", "miss_param"} <= able
    assert not {"irrelevance", "single/single/multiple", "single/multi/parallel_multiple"} & able


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sets(st.sampled_from("abcde"), min_size=1)), min_size=1, max_size=5),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_the_flow_exists_exactly_where_halls_condition_holds(groups, data):
    weights = data.draw(st.dictionaries(st.sampled_from("abcde"), st.integers(1, 9), min_size=1))
    wanted = largest_remainder(weights, sum(count for count, _ in groups))
    supply: dict[frozenset[str], int] = {}
    for count, labels_of_group in groups:
        group = frozenset(labels_of_group & wanted.keys())
        supply[group] = supply.get(group, 0) + count
    labels_wanted = list(wanted)
    hall = all(
        sum(wanted[label] for label in some) <= sum(n for group, n in supply.items() if group & set(some))
        for size in range(1, len(labels_wanted) + 1)
        for some in combinations(labels_wanted, size)
    )
    if not hall:
        with pytest.raises(PlanError):
            _flow(supply, wanted)
        return
    flow = _flow(supply, wanted)
    assert {label: sum(row[label] for row in flow.values()) for label in wanted} == wanted
    for group, row in flow.items():
        assert sum(row.values()) == supply[group]
        assert all(label in group for label, count in row.items() if count)
        assert min(row.values(), default=0) >= 0


@given(st.dictionaries(st.text("abc", min_size=1), st.floats(0.01, 100), min_size=1), st.integers(0, 1000))
def test_largest_remainder_adds_up_and_stays_within_one_of_the_share(weights, total):
    counts = largest_remainder(weights, total)
    assert sum(counts.values()) == total
    for label, weight in weights.items():
        assert abs(counts.get(label, 0) - total * weight / sum(weights.values())) < 1 + 1e-6
