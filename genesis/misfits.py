"""Why a candidate does not show what the plan wants: its calls, message by message, and how its turn ends.

    call_misfits(scenario, 0, notes, before, 0, calls)      the calls of one message, as soon as they are written
    end_misfits(scenario, 0, steps, "answer")               the turn as a whole

Reasons start with ``plan:``. Values are compared with what the user said, never coerced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from genesis.chat import Message, ToolCall
from genesis.scenario import Scenario, Task
from genesis.turns import Notes, ending, quoted, ready, same, values_of


def call_misfits(
    scenario: Scenario, turn: int, notes: Notes, before: Sequence[Message], step: int, calls: Sequence[ToolCall]
) -> list[str]:
    """Return why the calls of one message, the ``step``-th (from 0) with calls in this turn, are not those planned."""
    groups = _groups(scenario, turn)
    if not groups:
        return [f"plan: calls {quoted([call.name for call in calls])} where no call can be made"]
    retry = scenario.special == "tool_error" and turn == 0 and step == 1
    if step >= len(groups) and not retry:
        return [f"plan: calls again after {step} messages with calls; expected {len(groups)}"]
    return list(_mismatch(scenario, notes, calls, groups[0 if retry else step], _results(before)))


def end_misfits(scenario: Scenario, turn: int, steps: int, act: str) -> list[str]:
    """Return why a turn does not end as planned: how the assistant ends it, after how many messages with calls."""
    reasons = []
    if act != ending(scenario, turn):
        reasons.append(f"plan: the turn must end with '{ending(scenario, turn)}', not '{act}'")
    if steps < len(_groups(scenario, turn)):
        missing = [scenario.slots[number].tool for group in _groups(scenario, turn)[steps:] for number in group]
        reasons.append(f"plan: no call of {quoted(missing)}")
    return reasons


def _groups(scenario: Scenario, turn: int) -> list[list[int]]:
    """Return the tasks called in this turn, message by message: a chain's one after the other, others together."""
    wanted = ready(scenario, turn)
    if scenario.chained:
        return [[number] for number in wanted]
    return [wanted] if wanted else []


def _results(messages: Sequence[Message]) -> dict[str, str]:
    """Return the last result of each tool called so far."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    return {names[message.tool_call_id or ""]: message.content for message in messages if message.role == "tool"}


def _mismatch(
    scenario: Scenario, notes: Notes, calls: Sequence[ToolCall], numbers: Sequence[int], results: Mapping[str, str]
) -> Iterator[str]:
    """Yield why one message's calls are not those of the tasks; calls are compared without order."""
    wrong = {
        (number, place): [
            *_differences(call, values_of(scenario, notes, number), scenario.slots[number]),
            *_broken_links(call, scenario, number, results),
        ]
        for number in numbers
        for place, call in enumerate(calls)
        if call.name == scenario.slots[number].tool
    }
    matched: dict[int, int] = {}
    for number, place in sorted(wrong, key=lambda pair: len(wrong[pair])):
        if number not in matched and place not in matched.values():
            matched[number] = place
            yield from wrong[number, place]
    for number in numbers:
        if number not in matched:
            yield f"plan: no call of '{scenario.slots[number].tool}' for task {number + 1}"
    for place, call in enumerate(calls):
        if place not in matched.values():
            yield f"plan: a call of '{call.name}' that no task asks for"


def _differences(call: ToolCall, values: Mapping[str, Any], task: Task) -> Iterator[str]:
    """Yield where a call's arguments are not what the user said."""
    for name, value in values.items():
        if name not in call.arguments:
            yield f"plan: '{call.name}' leaves out '{name}', which the user gave"
        elif not same(call.arguments[name], value):
            yield f"plan: '{call.name}' has '{name}' other than the user gave it"
    for name in call.arguments:
        if name not in values and name not in task.needs:
            yield f"plan: '{call.name}' fills '{name}', which nobody said"


def _broken_links(call: ToolCall, scenario: Scenario, number: int, results: Mapping[str, str]) -> Iterator[str]:
    """Yield where a chained call does not take its value from the result of the task before it."""
    for name, source in scenario.slots[number].needs.items():
        if name not in call.arguments:
            yield f"plan: '{call.name}' leaves out '{name}', which an earlier result gives"
            continue
        text, value = results.get(scenario.slots[source].tool, ""), call.arguments[name]
        result = msgspec.json.decode(text) if text else {}
        if not (same(result[name], value) if name in result else str(value) in text):
            yield f"plan: '{call.name}' has a '{name}' that the earlier result does not give"
