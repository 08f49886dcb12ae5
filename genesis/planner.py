"""The seeded plan: which scenario the k-th dialogue of every tool shows, so that a mix is met exactly.

::

    planned = plan(pool, params)
    planned[0]
    Planned(id='r01-get_weather', index=0, round=1, tool='get_weather', calls=2, target_count=1, scenario=Scenario(...))

Round k holds the k-th dialogue of every tool; a dialogue belongs to its first target. The totals of the mix are met by
largest remainder over the whole plan. A tool whose parameters cannot carry a scenario gets another one while the
totals stay: tools with the same abilities form a group, and the numbers a group gets of each scenario are an integer
flow from groups to scenarios, found from the proportional share by augmenting paths.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from genesis.errors import PlanError
from genesis.params import Params
from genesis.scenario import LEGAL, PERSONAS, Scenario
from genesis.slots import any_parameter, can_follow, carries, varied
from genesis.text import stable_hash
from genesis.tools.tool import Tool

_PERSONA_WEIGHTS = (6, 2, 2, 2, 2, 2, 1)
_CALLS = ((2, 3, 4, 5), (10, 5, 2, 1))
"""How many calls a dialogue of several has, and their weights."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One dialogue to make; its other targets, distractors and slots are drawn when its turn comes."""

    id: str
    index: int
    """Place in the plan, from 0."""
    round: int
    """From 1."""
    tool: str
    scenario: Scenario
    """With the first target only, and no slots yet."""
    calls: int
    """Tasks, that is calls expected (specials: as their form says)."""
    target_count: int
    """Distinct target tools, the first included."""


def totals(params: Params, tools: int) -> dict[str, int]:
    """Return how many dialogues of each label a plan over ``tools`` tools holds; none for an empty plan."""
    if params.counts:
        return {label: count for label, count in params.counts.items() if count > 0}
    return largest_remainder(params.mix, tools * params.dialogues_per_tool)


def largest_remainder(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """Split ``total`` by weight into whole numbers that add up to it; ties go to the label named first.

    >>> largest_remainder({"a": 1, "b": 1, "c": 1}, 4)
    {'a': 2, 'b': 1, 'c': 1}
    """
    weights = {label: weight for label, weight in weights.items() if weight > 0}
    whole = sum(weights.values())
    if not whole:
        return {}
    shares = {label: total * weight / whole for label, weight in weights.items()}
    counts = {label: int(share) for label, share in shares.items()}
    by_remainder = sorted(shares, key=lambda label: counts[label] - shares[label])
    for label in by_remainder[: total - sum(counts.values())]:
        counts[label] += 1
    return {label: count for label, count in counts.items() if count}


def plan(tools: Sequence[Tool], params: Params) -> list[Planned]:
    """Return the planned dialogues in plan order: round by round, tools in a seeded order within each.

    A tool that can carry no scenario of the mix takes no part. Raises PlanError for an empty plan, and for a mix that
    these tools cannot carry.
    """
    wished = [label for label, weight in (params.counts or params.mix).items() if weight > 0]
    extent = Extent(len(tools), sum(map(can_follow, tools)))
    abilities = {tool.name: frozenset(label for label in wished if variants(tool, label, extent)) for tool in tools}
    wanted = totals(params, len(abilities))
    while unfit := [name for name, able in abilities.items() if able.isdisjoint(wanted)]:
        abilities = {name: able for name, able in abilities.items() if name not in unfit}
        wanted = totals(params, len(abilities))
    if not wanted or not abilities:
        raise PlanError(
            f"empty plan: {len(tools)} tools, {len(abilities)} of them fit for {wished}, "
            f"dialogues_per_tool {params.dialogues_per_tool}"
        )
    abilities = {name: able.intersection(wanted) for name, able in abilities.items()}
    labels = _deal(abilities, wanted, params.seed)
    by_name = {tool.name: tool for tool in tools}
    return [
        _planned(index, number, by_name[name], label, extent, params)
        for index, ((number, name), label) in enumerate(labels.items())
    ]


@cache
def _shapes(label: str) -> tuple[Scenario, ...]:
    return tuple(
        shape
        for (special, turns, tasks, chained), kinds in LEGAL.items()
        for kind in kinds
        if (shape := Scenario(kind, turns, tasks, special, chained=chained)).label == label
    )


@dataclass(frozen=True, slots=True)
class Extent:
    """What a pool as a whole can carry."""

    tools: int
    followers: int
    """Tools that can be the later one of a chain."""


def variants(tool: Tool, label: str, extent: Extent) -> list[Scenario]:
    """Return the shapes of a label that ``tool`` can carry in a pool of this extent."""
    return [
        shape
        for shape in _shapes(label)
        if carries(tool, shape)
        and extent.tools >= _tools_needed(shape)
        and (not shape.chained or extent.followers > can_follow(tool))
    ]


def _tools_needed(shape: Scenario) -> int:
    if shape.special == "irrelevance":
        return 2 if shape.kind == "simple" else 3
    if shape.kind == "parallel_multiple" and shape.turns == "multi":
        return 4
    return 1 if shape.kind in ("simple", "parallel") else 2


def _deal(abilities: Mapping[str, frozenset[str]], wanted: Mapping[str, int], seed: int) -> dict[tuple[int, str], str]:
    """Return the label of every dialogue (round, tool), in plan order.

    Each tool has its dialogue of a round before any tool has one more; a short last round goes to tools that can carry
    what is left. A tool's dialogues get labels as different as the numbers allow.
    """
    groups: dict[frozenset[str], list[str]] = {}
    for name, able in abilities.items():
        groups.setdefault(able, []).append(name)
    full, rest = divmod(sum(wanted.values()), len(abilities))
    flow = _flow(
        {group: full * len(names) for group, names in groups.items()},
        {group: len(names) if rest else 0 for group, names in groups.items()},
        wanted,
    )
    places = {group: flow[group].total() - full * len(names) for group, names in groups.items()}
    slots: list[tuple[int, str]] = []
    for number in range(1, full + 1 + bool(rest)):
        order = list(abilities)
        random.Random(stable_hash(seed, "round", number)).shuffle(order)
        for name in order:
            if number > full:
                places[abilities[name]] -= 1
            if number <= full or places[abilities[name]] >= 0:
                slots.append((number, name))
    return _spread(slots, abilities, {group: [*flow[group].elements()] for group in groups}, seed)


def _spread(
    slots: Sequence[tuple[int, str]],
    abilities: Mapping[str, frozenset[str]],
    rows: Mapping[frozenset[str], Sequence[str]],
    seed: int,
) -> dict[tuple[int, str], str]:
    """Deal each group's labels, which come sorted, like cards round the table: a tool's are far apart in the order."""
    next_card = {group: iter(labels) for group, labels in rows.items()}
    hands: dict[str, list[str]] = {}
    for _, name in slots:
        hands.setdefault(name, []).append(next(next_card[abilities[name]]))
    for name, hand in hands.items():
        random.Random(stable_hash(seed, "labels", name)).shuffle(hand)
    return {(number, name): hands[name].pop() for number, name in slots}


_Supply = Mapping[frozenset[str], int]


def _flow(must: _Supply, may: _Supply, wanted: Mapping[str, int]) -> dict[frozenset[str], Counter[str]]:
    """Return numbers group -> label that meet the totals, with all that ``must`` be used and some that ``may``.

    An augmenting path never takes a dialogue away from a group, so what must be used is placed first. Raises PlanError
    if there is no such flow.
    """
    flow: dict[frozenset[str], Counter[str]] = {group: Counter() for group in must}
    open_ = dict(wanted)
    for supply, needed in ((must, sum(must.values())), (may, sum(wanted.values()) - sum(must.values()))):
        left = dict(supply)
        whole = sum(supply.values())
        for group in supply:
            for label in sorted(group):
                share = supply[group] * needed * wanted[label] // (whole * sum(wanted.values())) if whole else 0
                _add(flow, left, open_, [(group, label)], min(left[group], open_[label], share))
        done = sum(supply.values()) - needed
        while sum(left.values()) > done:
            path = _augmenting_path(flow, left, open_)
            if path is None:
                short = ", ".join(f"'{label}' ({count} too many)" for label, count in open_.items() if count)
                raise PlanError(
                    f"the mix cannot be met: too few tools, or too few with the parameters it takes, for {short}; "
                    "lower the weight, add other scenarios, or change the pool"
                )
            amount = min(left[path[0][0]], open_[path[-1][1]], sum(left.values()) - done)
            _add(flow, left, open_, path, min([amount, *(flow[b[0]][a[1]] for a, b in pairwise(path))]))
    return flow


def _add(
    flow: Mapping[frozenset[str], Counter[str]],
    left: dict[frozenset[str], int],
    open_: dict[str, int],
    path: Sequence[tuple[frozenset[str], str]],
    amount: int,
) -> None:
    """Send ``amount`` along a path: each group on it gives up the label before for its own."""
    for group, label in path:
        flow[group][label] += amount
    for (_, label), (group, _) in pairwise(path):
        flow[group][label] -= amount
    left[path[0][0]] -= amount
    open_[path[-1][1]] -= amount


def _augmenting_path(
    flow: Mapping[frozenset[str], Counter[str]], left: _Supply, open_: Mapping[str, int]
) -> list[tuple[frozenset[str], str]] | None:
    """Return the shortest path [(group, label), ...] from a group with dialogues left to a label still short.

    On it each group gives up the label before for its own.
    """
    queue: deque[list[tuple[frozenset[str], str]]] = deque()
    seen_labels: set[str] = set()
    for group, count in left.items():
        if count:
            for label in sorted(group - seen_labels):
                seen_labels.add(label)
                queue.append([(group, label)])
    while queue:
        path = queue.popleft()
        last = path[-1][1]
        if open_[last]:
            return path
        for group, labels in flow.items():
            if labels[last] > 0:
                for label in sorted(group - seen_labels):
                    seen_labels.add(label)
                    queue.append([*path, (group, label)])
    return None


def _planned(index: int, number: int, tool: Tool, label: str, extent: Extent, params: Params) -> Planned:
    seed = stable_hash(params.seed, "dialogue", tool.name, number)
    rng = random.Random(seed)
    shapes = variants(tool, label, extent)
    shape = rng.choices(shapes, [2 if shape.turns == "single" else 1 for shape in shapes])[0]
    persona = rng.choices(PERSONAS, _PERSONA_WEIGHTS)[0]
    scenario = Scenario(
        shape.kind,
        shape.turns,
        shape.tasks,
        shape.special,
        targets=(tool.name,),
        persona=persona,
        seed=seed,
        chained=shape.chained,
    )
    calls, targets = _sizes(scenario, tool, extent, rng)
    return Planned(f"r{number:02d}-{tool.name}", index, number, tool.name, scenario, calls, targets)


def _sizes(scenario: Scenario, tool: Tool, extent: Extent, rng: random.Random) -> tuple[int, int]:
    """Draw how many calls the dialogue expects and over how many distinct tools."""
    drawn = rng.choices(*_CALLS)[0]
    if scenario.special != "none":
        return (2, 2) if scenario.tasks == "multi" else (1, 1)
    if scenario.tasks == "single" and scenario.kind != "parallel":
        return 1, 1
    if scenario.chained:
        count = min(drawn, 3, 1 + extent.followers - can_follow(tool))
        return count, count
    if scenario.kind == "parallel":
        return (4 if scenario.turns == "multi" and scenario.tasks == "multi" else min(drawn, 4)), 1
    if scenario.kind == "simple":
        return min(drawn, 3), 1
    calls = min(drawn, 4) if scenario.turns == "multi" else drawn
    if scenario.kind == "parallel_multiple" and scenario.turns == "multi":
        calls = 4
    again = bool(any_parameter(tool, varied)) and rng.random() < 0.25
    targets = max(2, min(calls - 1 if again else calls, extent.tools))
    return min(calls, targets + 1 if any_parameter(tool, varied) else targets), targets
