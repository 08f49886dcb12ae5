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
    """Return how many dialogues of each label a plan over ``tools`` tools holds. Raises PlanError where it is none."""
    if params.counts:
        wanted = {label: count for label, count in params.counts.items() if count > 0}
    else:
        wanted = largest_remainder(params.mix, tools * params.dialogues_per_tool)
    if not tools or not sum(wanted.values()):
        raise PlanError(
            f"empty plan: {tools} tools, dialogues_per_tool {params.dialogues_per_tool}, "
            f"{'counts' if params.counts else 'mix'} {dict(params.counts or params.mix)}"
        )
    return wanted


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

    Raises PlanError for an empty plan, and for a mix that these tools cannot carry.
    """
    wanted = totals(params, len(tools))
    slots = _dialogues_of(tools, sum(wanted.values()), params.seed)
    abilities = {tool.name: frozenset(label for label in wanted if variants(tool, label, len(tools))) for tool in tools}
    labels = _deal(slots, abilities, wanted, params.seed)
    by_name = {tool.name: tool for tool in tools}
    return [
        _planned(index, round_number, by_name[name], labels[round_number, name], len(tools), params)
        for index, (round_number, name) in enumerate(slots)
    ]


@cache
def _shapes(label: str) -> tuple[Scenario, ...]:
    return tuple(
        shape
        for (special, turns, tasks, chained), kinds in LEGAL.items()
        for kind in kinds
        if (shape := Scenario(kind, turns, tasks, special, chained=chained)).label == label
    )


def variants(tool: Tool, label: str, pool_size: int) -> list[Scenario]:
    """Return the shapes of a label that ``tool`` can carry in a pool of this size."""
    return [shape for shape in _shapes(label) if carries(tool, shape) and pool_size >= _tools_needed(shape)]


def _tools_needed(shape: Scenario) -> int:
    if shape.special == "irrelevance":
        return 2 if shape.kind == "simple" else 3
    return 1 if shape.kind in ("simple", "parallel") else 2


def _dialogues_of(tools: Sequence[Tool], total: int, seed: int) -> list[tuple[int, str]]:
    """Return (round, tool) of every dialogue: each tool once before any tool twice; a short last round is a draw."""
    names = [tool.name for tool in tools]
    dialogues: list[tuple[int, str]] = []
    for number in range(1, -(-total // len(names)) + 1):
        order = list(names)
        random.Random(stable_hash(seed, "round", number)).shuffle(order)
        dialogues += [(number, name) for name in order]
    return dialogues[:total]


def _deal(
    slots: Sequence[tuple[int, str]], abilities: Mapping[str, frozenset[str]], wanted: Mapping[str, int], seed: int
) -> dict[tuple[int, str], str]:
    """Give every dialogue its label. A tool's dialogues get labels as different as the numbers allow."""
    groups: dict[frozenset[str], list[tuple[int, str]]] = {}
    for slot in slots:
        groups.setdefault(abilities[slot[1]], []).append(slot)
    shares = _flow({group: len(members) for group, members in groups.items()}, wanted)
    dealt: dict[tuple[int, str], str] = {}
    for group, members in groups.items():
        rows = [label for label in wanted for _ in range(shares[group].get(label, 0))]
        labels_of: dict[str, list[str]] = {}
        for (_, name), label in zip(members, rows, strict=True):
            labels_of.setdefault(name, []).append(label)
        for name, labels in labels_of.items():
            random.Random(stable_hash(seed, "labels", name)).shuffle(labels)
        dealt.update({slot: labels_of[slot[1]].pop() for slot in members})
    return dealt


def _flow(supply: Mapping[frozenset[str], int], wanted: Mapping[str, int]) -> dict[frozenset[str], Counter[str]]:
    """Return numbers group -> label that use up the supply and meet the totals. Raises PlanError if none exist."""
    whole = sum(wanted.values())
    flow: dict[frozenset[str], Counter[str]] = {group: Counter() for group in supply}
    left = dict(supply)
    open_ = dict(wanted)
    for group in supply:
        for label in sorted(group):
            amount = min(left[group], open_[label], supply[group] * wanted[label] // whole)
            flow[group][label] += amount
            left[group] -= amount
            open_[label] -= amount
    while missing := [label for label, count in open_.items() if count]:
        path = _augmenting_path(flow, left, open_)
        if path is None:
            able = {label: sum(n for group, n in supply.items() if label in group) for label in missing}
            words = ", ".join(
                f"'{label}' ({wanted[label]} wanted, {able[label]} dialogues can carry it)" for label in missing
            )
            raise PlanError(f"the mix cannot be met with these tools: {words}; lower its weight or change the pool")
        amount = min(left[path[0][0]], open_[path[-1][1]])
        for taken, given in pairwise(path):
            amount = min(amount, flow[given[0]][taken[1]])
        for place, (group, label) in enumerate(path):
            flow[group][label] += amount
            if place:
                flow[group][path[place - 1][1]] -= amount
        left[path[0][0]] -= amount
        open_[path[-1][1]] -= amount
    return flow


def _augmenting_path(
    flow: Mapping[frozenset[str], Counter[str]], left: Mapping[frozenset[str], int], open_: Mapping[str, int]
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


def _planned(index: int, number: int, tool: Tool, label: str, pool_size: int, params: Params) -> Planned:
    seed = stable_hash(params.seed, "dialogue", tool.name, number)
    rng = random.Random(seed)
    shapes = variants(tool, label, pool_size)
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
    calls, targets = _sizes(scenario, tool, pool_size, rng)
    return Planned(f"r{number:02d}-{tool.name}", index, number, tool.name, scenario, calls, targets)


def _sizes(scenario: Scenario, tool: Tool, pool_size: int, rng: random.Random) -> tuple[int, int]:
    """Draw how many calls the dialogue expects and over how many distinct tools."""
    drawn = rng.choices(*_CALLS)[0]
    if scenario.special != "none" or (scenario.tasks == "single" and scenario.kind != "parallel"):
        return 1, 1
    if scenario.chained:
        count = min(drawn, 3, pool_size)
        return count, count
    if scenario.kind == "parallel":
        return (4 if scenario.turns == "multi" and scenario.tasks == "multi" else min(drawn, 4)), 1
    if scenario.kind == "simple":
        return min(drawn, 3), 1
    calls = min(drawn, 4) if scenario.turns == "multi" else drawn
    if scenario.kind == "parallel_multiple" and scenario.turns == "multi":
        calls = 4
    again = bool(any_parameter(tool, varied)) and rng.random() < 0.25
    targets = max(2, min(calls - 1 if again else calls, pool_size))
    return min(calls, targets + 1 if any_parameter(tool, varied) else targets), targets


def may_follow(scenario: Scenario, tool: Tool) -> bool:
    """Whether ``tool`` may be a later target of the scenario."""
    return can_follow(tool) if scenario.chained else True
