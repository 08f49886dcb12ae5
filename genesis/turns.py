"""What one user turn has to show, by the plan: wishes, notes, calls, results, and how it ends.

Pure functions of a scenario. ``notes`` is what the user has said so far, task number (from 0) -> parameter -> value::

    wishes(scenario, tools, 0, {})                  what the User Agent is told
    notes, reasons = heard(scenario, 0, {}, stated) what it says it has said
    noted(scenario, 0, notes, offered)              what the assistant's side works from
    ready(scenario, 0), ending(scenario, 0)         which calls belong here, and how the turn must end
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from genesis.agents.wire import Line, Stated, Wish
from genesis.chat import Message, ToolCall
from genesis.scenario import Scenario, Task
from genesis.text import stable_hash
from genesis.tools.tool import Tool

Notes = Mapping[int, Mapping[str, Any]]


def wishes(scenario: Scenario, tools: Mapping[str, Tool], turn: int, notes: Notes) -> list[Wish]:
    """Return what the user wants and must say in this turn, one wish a task that is touched."""
    return [
        Wish(
            task=number + 1,
            tool=task.tool,
            does=tools[task.tool].description,
            say_now={name: tools[task.tool].properties.get(name, {}) for name in said_in(task, turn)},
            said=dict(notes.get(number, {})),
            from_results={name: f"the result of task {source + 1}" for name, source in task.needs.items()},
            opens=task.opens == turn,
            bad=task.bad if task.bad and turn == 0 else "",
            same_as=1 if task.shares else 0,
            other_than=_taken(scenario, number, said_in(task, turn), notes),
        )
        for number, task in enumerate(scenario.slots)
        if touched(task, turn)
    ]


def _taken(scenario: Scenario, number: int, names: Sequence[str], notes: Notes) -> dict[str, list[Any]]:
    """Return the values that earlier tasks of the same tool have, where there are any."""
    tool = scenario.slots[number].tool
    earlier = [notes[other] for other in range(number) if other in notes and scenario.slots[other].tool == tool]
    return {name: taken for name in names if (taken := [values[name] for values in earlier if name in values])}


def said_in(task: Task, turn: int) -> list[str]:
    """Return the parameters whose value the user gives in this turn for this task."""
    return [
        name
        for name, when in task.reveal.items()
        if name not in task.shares and (when == turn or (name == task.bad and turn == 0))
    ]


def touched(task: Task, turn: int) -> bool:
    """Whether the user speaks of the task in this turn."""
    return bool(said_in(task, turn)) or (task.opens == turn and not task.shares)


def heard(
    scenario: Scenario, turn: int, notes: Notes, stated: Sequence[Stated]
) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """Return the notes after a user message, and why it is not what the plan wants; nothing is coerced."""
    after = {number: dict(values) for number, values in notes.items()}
    given: dict[int, dict[str, Any]] = {}
    for entry in stated:
        given.setdefault(entry.task - 1, {}).update(entry.values)
    reasons = []
    for number, task in enumerate(scenario.slots):
        values = given.pop(number, {})
        if not touched(task, turn):
            if values:
                reasons.append(f"user: speaks of task {number + 1}, which this turn does not touch")
            continue
        wanted = said_in(task, turn)
        if lacking := [name for name in wanted if name not in values]:
            reasons.append(f"user: task {number + 1} leaves out {quoted(lacking)}")
        if early := [
            name for name in values if name not in task.reveal or (task.reveal[name] > turn and name != task.bad)
        ]:
            reasons.append(f"user: task {number + 1} says {quoted(early)}, which the plan does not reveal now")
        after.setdefault(number, {}).update({name: values[name] for name in wanted if name in values})
    reasons += [f"user: states values for task {number + 1}, which there is not" for number in given]
    return after, reasons or list(_same_calls(scenario, turn, after))


def _same_calls(scenario: Scenario, turn: int, notes: Notes) -> Iterator[str]:
    """Yield the tasks whose values come to the same call as an earlier task's: it would not be made twice."""
    seen: list[tuple[str, dict[str, Any]]] = []
    for number, task in enumerate(scenario.slots):
        if number not in notes or task.turn > turn or task.needs:
            continue
        call = (task.tool, values_of(scenario, notes, number))
        if any(same(call, earlier) for earlier in seen):
            yield f"user: task {number + 1} says what an earlier one says"
        seen.append(call)


def values_of(scenario: Scenario, notes: Notes, number: int) -> dict[str, Any]:
    """Return all values the user has given for a task, those it shares with the first included, in reveal order."""
    task = scenario.slots[number]
    own = notes.get(number, {})
    shared = notes.get(0, {})
    return {
        name: shared[name] if name in task.shares else own.get(name)
        for name in task.reveal
        if _known(task, name, own, shared)
    }


def _known(task: Task, name: str, own: Mapping[str, Any], shared: Mapping[str, Any]) -> bool:
    return name in (shared if name in task.shares else own)


def noted(scenario: Scenario, turn: int, notes: Notes, offered: Collection[str]) -> list[Stated]:
    """Return the notes the assistant's side works from; a tool that is not on offer is not named.

    What a failed or refused attempt was about is over once the user asks anew.
    """
    over = scenario.special in ("tool_error", "irrelevance")
    return [
        Stated(
            task=number + 1,
            tool=task.tool if task.tool in offered else "",
            values=values_of(scenario, notes, number),
            from_results={name: source + 1 for name, source in task.needs.items()},
        )
        for number, task in enumerate(scenario.slots)
        if number in notes and not (over and task.turn < turn)
    ]


def ready(scenario: Scenario, turn: int) -> list[int]:
    """Return the numbers of the tasks whose calls belong after this user turn."""
    if scenario.special == "irrelevance" or (scenario.special == "bad_param" and turn == 0):
        return []
    return [number for number, task in enumerate(scenario.slots) if task.turn == turn]


def ending(scenario: Scenario, turn: int) -> str:
    """Return how the assistant must end the turn: ``ask`` while something required is missing, else ``answer``."""
    if ready(scenario, turn) or scenario.special in ("irrelevance", "bad_param"):
        return "answer"
    return "ask"


def failing(scenario: Scenario, turn: int, attempts: int, calls: Sequence[ToolCall]) -> list[str]:
    """Return the ids of the calls that must fail: of a tool_error's first turn, and half the time the retry too."""
    if scenario.special != "tool_error" or turn > 0:
        return []
    recovers = scenario.turns == "single" and stable_hash(scenario.seed, "recovers") % 2 == 0
    return [call.id for call in calls] if attempts == 0 or not recovers else []


def give(scenario: Scenario, tools: Mapping[str, Tool], calls: Sequence[ToolCall]) -> dict[str, Any]:
    """Return the fields these calls' results must hold for later tasks: name -> JSON Schema."""
    names = {call.name for call in calls}
    return {
        name: tools[task.tool].properties[name]
        for task in scenario.slots
        for name, source in task.needs.items()
        if scenario.slots[source].tool in names
    }


def goal(scenario: Scenario, notes: Notes, messages: Sequence[Message]) -> list[ToolCall]:
    """Return the calls the plan expects of the whole dialogue, with the values that were said or came from results."""
    made = [call for message in messages for call in message.tool_calls]
    wanted: list[ToolCall] = []
    for turn in range(scenario.last_turn + 1):
        for number in ready(scenario, turn):
            task = scenario.slots[number]
            arguments = values_of(scenario, notes, number)
            match = next((call for call in made if call.name == task.tool and task.needs), None)
            arguments |= {name: match.arguments[name] for name in task.needs if match and name in match.arguments}
            wanted.append(ToolCall(f"goal_{len(wanted) + 1}", task.tool, arguments))
    return wanted


def same(one: Any, other: Any) -> bool:
    """Whether two argument values are equal: text without regard to case and outer space, numbers by value.

    True is not 1.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return (type(one) is type(other) or (_number(one) and _number(other))) and bool(one == other)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def quoted(names: Sequence[str]) -> str:
    """Return names for a reason: ``'city', 'days'``."""
    return ", ".join(f"'{name}'" for name in names)


def lines(messages: Sequence[Message]) -> list[Line]:
    """Return messages as agents read them."""
    return [
        Line(
            message.role,
            message.content,
            [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls],
            message.tool_call_id or "",
        )
        for message in messages
        if message.role != "system"
    ]
