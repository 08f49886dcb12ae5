"""What the assistant's side can tell from a conversation: what is done, what failed, what is ready and what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import msgspec

from genesis.lm.offline.doubts import doubt
from genesis.lm.offline.slots import slot_of


@dataclass(frozen=True, slots=True)
class Done:
    """A call that was made, and its result where one is there."""

    id: str
    name: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None

    @property
    def failed(self) -> bool:
        """Whether the result is an error."""
        return self.result is not None and "error" in self.result


@dataclass(frozen=True, slots=True)
class Work:
    """One stated task, held against the tools and the conversation."""

    tool: dict[str, Any] | None
    """None: no offered tool does it."""
    arguments: dict[str, Any]
    missing: tuple[str, ...]
    """Required parameters nobody has given yet."""
    waits: bool
    """A missing value will come from a result that is not there yet."""
    doubts: tuple[str, ...]
    calls: tuple[Done, ...] = field(default=())
    """Calls already made for it, oldest first."""

    @property
    def ready(self) -> bool:
        """Whether it can be called now."""
        return self.tool is not None and not self.missing and not self.doubts and not self.settled

    @property
    def settled(self) -> bool:
        """Whether a call for it succeeded, or failed in a way (or often enough) that trying again is no use."""
        if not self.calls:
            return False
        last = self.calls[-1]
        return not last.failed or len(self.calls) >= 2 or not _TRANSIENT.search(str((last.result or {}).get("error")))


_TRANSIENT = re.compile(
    r"(?i)time[d ]?-? ?out|temporar|unavailable|try again|rate limit|too many|busy|503|429|overload|connection"
)
_REFER = re.compile(
    r"(?i)\b(?:from (?:that|it|there|the (?:first|previous|earlier|last)|this)|you get|comes? (?:out|back)|that result|"
    r"the result|whatever|with that|use that|that (?:same )?\w+)\b"
)


def made(conversation: list[dict[str, Any]]) -> list[Done]:
    """Return the calls of a conversation with their results, in order."""
    results = {line.get("answers"): line.get("content") for line in conversation if line.get("role") == "tool"}
    found = []
    for line in conversation:
        for call in line.get("calls") or []:
            found.append(
                Done(
                    str(call.get("id")),
                    str(call.get("name")),
                    call.get("arguments") or {},
                    _decoded(results.get(call.get("id"))),
                )
            )
    return found


def _decoded(content: Any) -> dict[str, Any] | None:
    if content is None:
        return None
    if isinstance(content, str):
        try:
            content = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError):
            return {"result": content}
    return content if isinstance(content, dict) else {"result": content}


def work(tools: list[dict[str, Any]], conversation: list[dict[str, Any]], stated: list[dict[str, Any]]) -> list[Work]:
    """Hold every stated task against the offered tools and what has been done."""
    offered = {str(tool.get("name")): tool for tool in tools}
    done = made(conversation)
    said = " ".join(str(line.get("content")) for line in conversation if line.get("role") == "user")
    found = []
    used: set[str] = set()
    for task in merged(stated):
        tool = offered.get(str(task.get("tool") or ""))
        found.append(_one(task, tool, done, said, used))
    return found


def merged(stated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge notes of several turns on the same task; later values win."""
    tasks: dict[Any, dict[str, Any]] = {}
    for note in stated:
        if not isinstance(note, dict):
            continue
        task = tasks.setdefault(note.get("task"), {"task": note.get("task"), "tool": "", "values": {}})
        task["tool"] = note.get("tool") or task["tool"]
        task["values"] = {**task["values"], **(note.get("values") or {})}
    return list(tasks.values())


def _one(task: dict[str, Any], tool: dict[str, Any] | None, done: list[Done], said: str, used: set[str]) -> Work:
    if tool is None:
        return Work(None, {}, (), False, ())
    about = str(tool.get("description") or "")
    schema = tool.get("parameters") or {}
    properties = schema.get("properties") or {}
    arguments = {name: value for name, value in (task.get("values") or {}).items() if name in properties}
    doubts = tuple(
        reason for name, value in arguments.items() if (reason := doubt(name, properties[name], value, about))
    )
    missing = [name for name in schema.get("required") or () if name not in arguments]
    mine = [
        call for call in done if call.name == tool["name"] and call.id not in used and _same(arguments, call.arguments)
    ]
    if mine:
        mine = [call for call in mine if call.arguments == mine[0].arguments]
        if not mine[0].failed:
            mine = mine[:1]
        used.update(call.id for call in mine)
        return Work(tool, mine[0].arguments, (), False, doubts, tuple(mine))
    waits = False
    if missing and _REFER.search(said):
        for name in list(missing):
            value = _from_results(name, properties.get(name) or {}, about, done)
            if value is not None:
                arguments[name] = value
                missing.remove(name)
            elif _refers(name, properties.get(name) or {}, about, said):
                waits = True
    return Work(tool, arguments, tuple(missing), waits, doubts)


def _same(stated: dict[str, Any], called: dict[str, Any]) -> bool:
    return all(called.get(name) == value for name, value in stated.items())


def _refers(name: str, schema: dict[str, Any], about: str, said: str) -> bool:
    noun = slot_of(name, schema, about).noun
    return bool(re.search(rf"(?i)\b{re.escape(noun)}\b", said)) and bool(_REFER.search(said))


def _from_results(name: str, schema: dict[str, Any], about: str, done: list[Done]) -> Any:
    """Return a result's value that suits a parameter: by its name, by its noun, or the only one of its type."""
    noun = slot_of(name, schema, about).noun
    keys = {name, noun.replace(" ", "_"), noun.split()[-1], name.split("_")[-1]}
    for call in reversed(done):
        if call.result is None or call.failed:
            continue
        for key, value in call.result.items():
            if key in keys and jsonschema_rs.is_valid(schema, value):
                return value
    return None
