"""The plan: the mix met exactly, tools covered before they repeat, nothing a tool cannot carry."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from doubles import make_pool, make_tool
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genesis.errors import PlanError
from genesis.params import from_dict
from genesis.planner import Extent, _flow, largest_remainder, plan, variants
from genesis.scenario import LEGAL, labels
from genesis.slots import carries, draw


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
    with pytest.raises(PlanError, match=r"for 'miss_param' \(1 too many\)"):
        plan(tools, from_dict({"counts": {"miss_param": 1, "single/single/simple": 2}}))
    with pytest.raises(PlanError, match=r"empty plan: 3 tools, 0 of them fit for \['miss_param'\]"):
        plan(tools, from_dict({"counts": {"miss_param": 1}}))


def test_a_tool_that_fits_nothing_of_the_mix_takes_no_part():
    pool = make_pool(14)
    planned = plan(pool.tools, from_dict({"dialogues_per_tool": 2, "mix": {"miss_param": 1}}))
    able = {tool.name for tool in pool.tools if tool.required}
    assert {one.tool for one in planned} == able
    assert len(planned) == 2 * len(able)


def test_a_short_last_round_goes_to_tools_that_can_carry_it():
    pool = make_pool(14)
    for seed in range(5):
        planned = plan(pool.tools, from_dict({"seed": seed, "counts": {"miss_param": 3, "single/single/simple": 14}}))
        assert counts_of(planned) == {"miss_param": 3, "single/single/simple": 14}
        assert len({one.tool for one in planned}) == 14


def test_a_pool_of_one_tool_carries_only_what_needs_one():
    tool = make_tool("book_hotel", ("city", "days"))
    able = {label for label in labels() if variants(tool, label, Extent(1, 1))}
    assert {"single/single/simple", "single/single/parallel", "miss_param"} <= able
    assert not {"irrelevance", "single/single/multiple", "single/multi/parallel_multiple"} & able
    assert not {label for label in able if "chained" in label}, "nothing can follow it but itself"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_small_pools_plan_only_what_can_be_drawn(size):
    tools = {f"find_{number}": make_tool(f"find_{number}", ("city", "days")) for number in range(size)}
    extent = Extent(size, size)
    able = [label for label in labels() if variants(tools["find_0"], label, extent)]
    assert ("multi/multi/parallel_multiple" in able) == (size >= 4)
    planned = plan(list(tools.values()), from_dict({"dialogues_per_tool": 40, "mix": dict.fromkeys(able, 1)}))
    for one in planned:
        others = [name for name in tools if name != one.tool]
        targets = (one.tool, *others[: one.target_count - 1])
        assert len(targets) == one.target_count
        drawn = draw(replace(one.scenario, targets=targets), tools, one.calls)
        assert (drawn.last_turn > 0) == (drawn.turns == "multi")
        if drawn.chained:
            assert len(drawn.slots) >= 2


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sets(st.sampled_from("abcde"), min_size=1)), min_size=1, max_size=5),
    st.integers(0, 3),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_the_flow_exists_exactly_where_halls_condition_holds(groups, rounds, data):
    weights = data.draw(st.dictionaries(st.sampled_from("abcde"), st.integers(1, 9), min_size=1))
    tools = sum(count for count, _ in groups)
    rest = data.draw(st.integers(0, tools - 1))
    wanted = largest_remainder(weights, rounds * tools + rest)
    assume(wanted)
    sizes: dict[frozenset[str], int] = {}
    for count, labels_of_group in groups:
        group = frozenset(labels_of_group & wanted.keys())
        sizes[group] = sizes.get(group, 0) + count
    must = {group: rounds * size for group, size in sizes.items()}
    may = {group: size if rest else 0 for group, size in sizes.items()}

    def hall(supply, demand, edges):
        """Whether ``demand`` (a node -> amount) can all be drawn from ``supply`` along the edges."""
        nodes = list(demand)
        return all(
            sum(demand[node] for node in some) <= sum(supply[other] for other in supply if edges(other, some))
            for size in range(1, len(nodes) + 1)
            for some in combinations(nodes, size)
        )

    all_supply = {group: must[group] + may[group] for group in sizes}
    possible = hall(all_supply, wanted, lambda group, some: group & set(some)) and hall(
        wanted, must, lambda label, some: any(label in group for group in some)
    )
    if not possible:
        with pytest.raises(PlanError):
            _flow(must, may, wanted)
        return
    flow = _flow(must, may, wanted)
    assert {label: sum(row[label] for row in flow.values()) for label in wanted} == wanted
    for group, row in flow.items():
        assert must[group] <= row.total() <= all_supply[group]
        assert all(label in group for label, count in row.items() if count)
        assert min(row.values(), default=0) >= 0


@given(st.dictionaries(st.text("abc", min_size=1), st.floats(0.01, 100), min_size=1), st.integers(0, 1000))
def test_largest_remainder_adds_up_and_stays_within_one_of_the_share(weights, total):
    counts = largest_remainder(weights, total)
    assert sum(counts.values()) == total
    for label, weight in weights.items():
        assert abs(counts.get(label, 0) - total * weight / sum(weights.values())) < 1 + 1e-6
