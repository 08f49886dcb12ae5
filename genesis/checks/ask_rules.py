"""Rules 38 to 43: asking for what is missing, and refusing what cannot be done."""

from __future__ import annotations

import re
from collections.abc import Iterator

from genesis.checks.lexicon import words_of
from genesis.checks.quantities import numbers_of
from genesis.checks.said import flat, stem
from genesis.checks.schema import shown
from genesis.checks.view import Flag, View
from genesis.scenario import Scenario, Task
from genesis.text import split_name

_QUESTION = re.compile(
    r"(?i)\?|\b(?:please|kindly) (?:provide|tell|share|give|specify|let me know|confirm)\b"
    r"|\blet me know\b|\bneed to know\b|\bI need\b"
)
_COURTESY = re.compile(
    r"(?i)\b(?:anything else|something else|else I can|other (?:question|way|thing)s?|help (?:you )?with|assist|instead"
    r"|if you(?:'d| would)? (?:like|want|wish|need|have)|feel free|let me know)\b"
)
_SENTENCES = re.compile(r"(?<=[.!?\n])")
_ANNOUNCES = re.compile(
    r"(?i)\b(?:(?:do ?n[o']t|don't|not) (?:know|remember|have|decided|sure)|haven't decided"
    r"|not sure (?:which|what|when)|no idea|tell you later)\b"
)
_GENERIC = frozenset(map(stem, ["name", "id", "type", "value", "text", "user", "number", "code", "status"]))
"""Words of parameters' names that any question holds."""
_EMPTY = words_of(
    "the a an of for to and or in on with by is are be this that your you i me my please would like what"
    " which when where who how it its can could want need get find tell give show about from at as do does if"
    " any some"
)


def _gaps(scenario: Scenario) -> Iterator[tuple[Task, str, int]]:
    """Yield (task, withheld parameter, user turn that reveals it) of a miss_param plan."""
    for task in scenario.slots:
        for name, turn in task.reveal.items():
            if turn > task.opens:
                yield task, name, turn


def _is_gap(view: View) -> bool:
    return view.scenario is not None and view.scenario.special == "miss_param"


def gap_is_required(view: View) -> Iterator[str]:
    """What is missing is a required parameter (When2Call)."""
    if view.scenario is None or not _is_gap(view):
        return
    for task, name, _ in _gaps(view.scenario):
        schema = view.schemas.get(task.tool)
        if schema is not None and name not in schema.required:
            yield f"{task.tool}: the withheld '{name}' is optional; a call could be made without it"


def gap_is_real(view: View) -> Iterator[str]:
    """The missing value is nowhere in the text before the question; the user announces no gap (When2Call)."""
    if view.scenario is None or not _is_gap(view):
        return
    for task, name, turn in _gaps(view.scenario):
        if turn >= len(view.users):
            continue
        at = view.users[turn]
        value = next((spot.call.arguments.get(name) for spot in view.calls if spot.call.name == task.tool), None)
        if isinstance(value, str) and len(value) > 3 and flat(value) in view.said(at).flat:
            yield Flag(f"{task.tool}: '{name}' = {shown(value)} stands in the text before the question for it")
        for user in view.users[:turn]:
            if _ANNOUNCES.search(view.messages[user].content):
                yield Flag(f"message {user}: the user announces that something is missing")


def asks_what_is_missing(view: View) -> Iterator[str]:
    """The question asks for exactly what is missing (When2Call); nothing is asked that was said before."""
    if view.scenario is not None and _is_gap(view):
        yield from _asked_for(view, view.scenario)
    for at, message in enumerate(view.messages[:-1]):
        if message.role != "assistant" or message.tool_calls or "?" not in message.content:
            continue
        yield from _needless(view, at)


def _asked_for(view: View, scenario: Scenario) -> Iterator[str]:
    for task, name, turn in _gaps(scenario):
        if turn >= len(view.users) or task.tool not in view.schemas:
            continue
        at = view.users[turn] - 1
        question = view.messages[at]
        if question.role != "assistant" or not _QUESTION.search(question.content):
            yield f"message {at}: asks nothing; '{name}' of {task.tool} is missing"
        elif not _speaks_of(question.content, name, view.schemas[task.tool].properties.get(name)):
            yield Flag(f"message {at}: does the question ask for '{name}' of {task.tool}?")


def _speaks_of(text: str, name: str, schema: object) -> bool:
    about = str(schema.get("description", "")) if isinstance(schema, dict) else ""
    cues = {stem(word) for word in [*split_name(name), *flat(about).split()] if word not in _EMPTY}
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        cues |= {stem(word) for option in schema["enum"] for word in flat(str(option)).split()}
    return bool(cues & {stem(word) for word in flat(text).split()})


def _needless(view: View, at: int) -> Iterator[str]:
    """Yield for a question about a parameter whose value, as a later call has it, the user had said before."""
    later = [spot for spot in view.calls if spot.at > at]
    if not later or view.messages[at + 1].role != "user":
        return
    question = view.messages[at].content
    told = view.said(at)
    fresh = flat(view.messages[at + 1].content)
    sentences = [part for part in _SENTENCES.split(question) if part.endswith("?")]
    asked = {stem(word) for sentence in sentences for word in flat(sentence).split()}
    spot = later[0]
    if spot.schema is None:
        return
    for name, value in spot.call.arguments.items():
        cues = {stem(word) for word in split_name(name) if word not in _EMPTY} - _GENERIC
        if not cues or not cues <= asked or isinstance(value, (bool, dict, list)) or len(str(value)) < 2:
            continue
        if flat(str(value)) in told.flat and flat(str(value)) in fresh:
            yield Flag(f"message {at}: asks for '{name}', which was said before: {shown(value)}")


def no_tool_fits(view: View) -> Iterator[str]:
    """Irrelevance: no offered tool fits (When2Call, by a model); a tool whose words the request shares is flagged."""
    if view.scenario is None or view.scenario.special != "irrelevance" or not view.users:
        return
    request = {stem(word) for word in flat(view.dialogue.user_text).split() if word not in _EMPTY}
    for tool in view.dialogue.tools:
        name = {stem(word) for word in split_name(tool.name) if word not in _EMPTY and len(word) > 2}
        about = {stem(word) for word in flat(tool.description).split() if word not in _EMPTY and len(word) > 3}
        if len(name) >= 2 and name <= request and len(about & request) >= max(3, len(about) // 2):
            yield Flag(f"tool {tool.name}: does it not fit the request? they share {sorted(about & request)[:6]}")


def clean_refusal(view: View) -> Iterator[str]:
    """A refusal asks nothing and invents nothing; a direct answer asks nothing (When2Call)."""
    if not view.messages or view.scenario is None or view.partial:
        return
    at = len(view.messages) - 1
    last = view.messages[at]
    if last.role != "assistant" or last.tool_calls:
        return
    rest = "".join(part for part in _SENTENCES.split(last.content) if not _COURTESY.search(part))
    if view.scenario.special == "irrelevance":
        if "?" in rest:
            yield Flag(f"message {at}: the refusal asks: {shown(rest[: rest.index('?') + 1][-60:])}")
        invented = {number for number in numbers_of(last.content) if number > 3} - view.said(at).numbers
        if invented and any(char.isdigit() for char in last.content):
            yield Flag(f"message {at}: the refusal states {sorted(invented)[:3]}, which nobody said")
    elif "?" in rest and view.scenario.special in ("none", "miss_param"):
        yield Flag(f"message {at}: the last answer asks: {shown(rest[: rest.index('?') + 1][-60:])}")


def no_tool_no_call(view: View) -> Iterator[str]:
    """No offered tool, no call (When2Call); under irrelevance none either."""
    if not view.calls:
        return
    if not view.tools:
        yield f"{view.calls[0].where}: a call, and no tool is on offer"
    elif view.scenario is not None and view.scenario.special == "irrelevance":
        yield f"{view.calls[0].where}: a call, and no offered tool fits"
