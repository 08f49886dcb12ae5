"""What each user turn reveals: the tasks of a scenario, their parameters, and which tools can carry a scenario at all.

A tool's required parameters all take part, and a uniformly drawn fraction of its optional ones, so that slot patterns
vary (PAPER.md, Function Agent). Drawing them here, before anything is written, is what lets the user say every value::

    draw(Scenario("simple", "multi", "single", targets=("book_table",), seed=7), pool.by_name).slots
    (Task(tool='book_table', turn=1, reveal={'date': 0, 'people': 1, 'outdoor': 1}),)
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from genesis.errors import PlanError
from genesis.scenario import Scenario, Task
from genesis.text import split_name, stable_hash, words
from genesis.tools.tool import Tool

MAX_OPTIONAL = 8
"""Optional parameters of one task, at most: nobody says twenty in a message."""
MIN_VALUES = 5
"""Values a parameter needs to tell several calls of one tool apart."""
_IDENTIFIERS = frozenset(["id", "code", "number", "key", "token", "name", "address", "url"])
_CHOICES = re.compile(r"(?<!\w)['\"]([^'\"]{1,30})['\"](?!\w)")
_FEW = frozenset(
    words(
        "unit units type gender format category class size order mode rating stars bathrooms children gravity "
        "design suit population dataset decay deck color1 color2 target specialization goal finish attribute vs context"
    )
)
"""Words of names whose values are few, whatever the schema allows."""
_FORMS = ("date", "time", "email", "url", "uri", "ip address", "ipv4", "yyyy", "hh:mm", "iso ")


def varied(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter has enough values to tell the calls of one tool apart."""
    if "const" in schema:
        return False
    if isinstance(schema.get("enum"), list):
        return len(schema["enum"]) >= MIN_VALUES
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low, high = schema.get("minimum"), schema.get("maximum")
        return low is None or high is None or high - low >= MIN_VALUES
    if kind == "array":
        items = schema.get("items")
        return not isinstance(items, dict) or not items or varied(items)
    return kind in ("string", "object") and schema.get("properties") != {}


def spoilable(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter can be given a value that the schema or plain sense forbids and a reader would notice."""
    if isinstance(schema.get("enum"), list):
        return all(isinstance(member, str) for member in schema["enum"]) and len(schema["enum"]) > 1
    if schema.get("type") in ("integer", "number"):
        return True
    text = f"{schema.get('format', '')} {schema.get('description', '')}".lower()
    return schema.get("type") == "string" and any(form in text for form in _FORMS)


def feedable(schema: Mapping[str, Any]) -> bool:
    """Whether an earlier result can give the parameter's value."""
    return schema.get("type") in ("string", "integer", "number") and not {"enum", "const"} & schema.keys()


def any_parameter(tool: Tool, test: Any, names: Sequence[str] | None = None) -> list[str]:
    """Return the tool's parameters (or those of ``names``) whose schema passes the test."""
    properties = tool.properties
    return [name for name in (properties if names is None else names) if test(properties.get(name, {}))]


def carries(tool: Tool, scenario: Scenario) -> bool:
    """Whether a dialogue of this shape can be about ``tool``: the parameters it needs are there."""
    repeats = scenario.kind == "parallel" or (scenario.kind, scenario.turns, scenario.tasks) == (
        "simple",
        "multi",
        "multi",
    )
    tries_again = scenario.turns == "multi" and scenario.special in ("tool_error", "irrelevance")
    free = any(_free(schema, name) for name, schema in tool.properties.items())
    if (repeats and not free) or (tries_again and not any_parameter(tool, varied)):
        return False
    if scenario.special == "bad_param":
        return bool(any_parameter(tool, spoilable))
    gradual = scenario.special == "miss_param" or (
        scenario.special == "none" and (scenario.turns, scenario.tasks) == ("multi", "single")
    )
    return bool(tool.required) if gradual else True


def can_follow(tool: Tool) -> bool:
    """Whether the tool can be the later one of a chain: a required parameter that a result can give."""
    return bool(any_parameter(tool, feedable, tool.required))


def may_follow(scenario: Scenario, tool: Tool) -> bool:
    """Whether ``tool`` may be a later target of the scenario."""
    if scenario.special != "none":
        return carries(tool, scenario)
    return can_follow(tool) if scenario.chained else True


def draw(scenario: Scenario, tools: Mapping[str, Tool], calls: int) -> Scenario:
    """Return the scenario with its slots drawn: ``calls`` tasks over its targets.

    Raises PlanError where the targets cannot carry it. The same scenario gives the same slots.
    """
    rng = random.Random(stable_hash(scenario.seed, "slots"))
    targets = [tools[name] for name in scenario.targets]
    if not carries(targets[0], scenario):
        raise PlanError(f"{targets[0].name}: its parameters cannot carry scenario '{scenario.label}'")
    if scenario.special != "none":
        slots = SPECIAL[scenario.special](scenario, targets, rng)
    elif scenario.chained:
        slots = _chain(scenario, targets, rng)
    elif scenario.tasks == "single":
        slots = _single_task(scenario, targets[0], calls, rng)
    else:
        slots = _many_tasks(scenario, targets, calls, rng)
    return replace(scenario, slots=tuple(slots))


def _parameters(tool: Tool, rng: random.Random, must: Sequence[str] = ()) -> list[str]:
    """Draw the parameters that take part, in the schema's order."""
    optional = list(tool.optional)
    count = min(round(rng.random() * len(optional)), MAX_OPTIONAL)
    chosen = {*tool.required, *must, *rng.sample(optional, count)}
    return [name for name in tool.properties if name in chosen]


def _differing(tool: Tool, rng: random.Random) -> str:
    """Pick the parameter that tells several calls of one tool apart: one of many values, a required one first."""
    free = [name for name, schema in tool.properties.items() if _free(schema, name)]
    return rng.choice(
        [name for name in free if name in tool.required]
        or free
        or any_parameter(tool, varied, tool.required)
        or any_parameter(tool, varied)
    )


def _free(schema: Mapping[str, Any], name: str) -> bool:
    """Whether a parameter is varied, and neither its name nor its description means a few choices."""
    named = len(set(_CHOICES.findall(str(schema.get("description") or ""))))
    few = schema.get("type") == "string" and 2 <= named < MIN_VALUES
    return varied(schema) and not few and not _FEW.intersection(split_name(name))


def _task(tool: Tool, turn: int, names: Sequence[str]) -> Task:
    return Task(tool.name, turn, dict.fromkeys(names, turn), opens=turn)


def _variants(tool: Tool, names: Sequence[str], differing: str, turns: Sequence[int]) -> list[Task]:
    """Return tasks that are parts of one wish: all but ``differing`` is said once, with the first."""
    first = _task(tool, turns[0], names)
    rest = tuple(name for name in names if name != differing)
    return [
        first,
        *(Task(tool.name, turn, {**first.reveal, differing: turn}, shares=rest, opens=turn) for turn in turns[1:]),
    ]


def _single_task(scenario: Scenario, tool: Tool, calls: int, rng: random.Random) -> list[Task]:
    if scenario.kind == "parallel":
        differing = _differing(tool, rng)
        tasks = _variants(tool, _parameters(tool, rng, [differing]), differing, [0] * calls)
    else:
        tasks = [_task(tool, 0, _parameters(tool, rng))]
    if scenario.turns == "single":
        return tasks
    return _gradually(tasks, tool, 0, rng)


def _gradually(tasks: list[Task], tool: Tool, start: int, rng: random.Random) -> list[Task]:
    """Spread what ``tasks`` (parts of one wish) reveal over turns, so that a required value is missing until the last.

    What tells the parts apart comes last.
    """
    names = list(tasks[0].reveal)
    apart = {name for task in tasks[1:] for name in task.reveal if name not in task.shares}
    required = [name for name in tool.required if name in names]
    last = apart & set(required) or {rng.choice(required)}
    middle = [name for name in required if name not in last]
    turns = 3 if len(middle) >= 2 and rng.random() < 0.3 else 2
    when = dict.fromkeys(last, start + turns - 1)
    if turns == 3:
        when[rng.choice(middle)] = start + 1
    for name in names:
        early = name in required or rng.random() < 0.5
        when.setdefault(name, start if early else rng.randrange(start, start + turns))
    for name in apart - last:
        when[name] = start + turns - 1
    return [replace(task, turn=start + turns - 1, reveal={name: when[name] for name in task.reveal}) for task in tasks]


def _many_tasks(scenario: Scenario, targets: Sequence[Tool], calls: int, rng: random.Random) -> list[Task]:
    """Several things the user wants: together in one message, or a task or a group a turn."""
    size = 1 if scenario.kind in ("simple", "multiple") else 2
    groups = [calls] if scenario.turns == "single" else [size] * (calls // size)
    groups[-1] += calls - sum(groups)
    order = [targets[number % len(targets)] for number in range(calls)]
    repeated = {tool.name: _differing(tool, rng) for tool in order if order.count(tool) > 1}
    tasks: list[Task] = []
    for turn, size_now in enumerate(groups):
        for tool in order[len(tasks) : len(tasks) + size_now]:
            must = [repeated[tool.name]] if tool.name in repeated else []
            tasks.append(_task(tool, turn, _parameters(tool, rng, must)))
    final = tasks[-1]
    tool = order[-1]
    if scenario.turns == "multi" and groups[-1] == 1 and tool.required and rng.random() < 0.3:
        tasks[-1:] = _gradually([final], tool, final.turn, rng)
    return tasks


def _chain(scenario: Scenario, targets: Sequence[Tool], rng: random.Random) -> list[Task]:
    """Each later call takes one required value from the result before it."""
    tasks: list[Task] = []
    for number, tool in enumerate(targets):
        turn = number if scenario.turns == "multi" else 0
        names = _parameters(tool, rng)
        if number == 0:
            tasks.append(_task(tool, turn, names))
            continue
        fed = _linking(tool, targets[number - 1], rng)
        reveal = {name: turn for name in names if name != fed}
        tasks.append(Task(tool.name, turn, reveal, needs={fed: number - 1}, opens=turn))
    return tasks


def _linking(tool: Tool, earlier: Tool, rng: random.Random) -> str:
    """Pick the parameter an earlier result gives: one that the earlier tool speaks of, else an identifier, else any."""
    options = any_parameter(tool, feedable, tool.required)
    if not options:
        raise PlanError(f"{tool.name}: no required parameter can come from an earlier result")
    spoken = {*split_name(earlier.name), *words(earlier.description)}
    named = [name for name in options if spoken & set(split_name(name))]
    identifiers = [name for name in options if split_name(name)[-1] in _IDENTIFIERS]
    return rng.choice(named or identifiers or options)


def _miss_param(_scenario: Scenario, targets: Sequence[Tool], rng: random.Random) -> list[Task]:
    tool = targets[0]
    names = _parameters(tool, rng)
    count = 2 if len(tool.required) > 2 and rng.random() < 0.25 else 1
    missing = set(rng.sample(list(tool.required), count))
    return [Task(tool.name, 1, {name: int(name in missing) for name in names})]


def _bad_param(scenario: Scenario, targets: Sequence[Tool], rng: random.Random) -> list[Task]:
    tool = targets[0]
    bad = rng.choice(any_parameter(tool, spoilable, tool.required) or any_parameter(tool, spoilable))
    turn = int(scenario.turns == "multi")
    names = _parameters(tool, rng, [bad])
    return [Task(tool.name, turn, {name: turn if name == bad else 0 for name in names}, bad=bad)]


def _once_or_again(scenario: Scenario, targets: Sequence[Tool], rng: random.Random) -> list[Task]:
    """One wish; in the multi-turn form, once more with another value."""
    tool = targets[0]
    if scenario.turns == "single":
        return [_task(tool, 0, _parameters(tool, rng))]
    differing = _differing(tool, rng)
    return _variants(tool, _parameters(tool, rng, [differing]), differing, [0, 1])


SPECIAL: dict[str, Callable[[Scenario, Sequence[Tool], random.Random], list[Task]]] = {
    "irrelevance": _once_or_again,
    "miss_param": _miss_param,
    "bad_param": _bad_param,
    "tool_error": _once_or_again,
}
"""What draws the tasks of each special scenario, from its shape and its target tools."""
