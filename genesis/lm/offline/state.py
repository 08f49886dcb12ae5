"""What the assistant's side can tell from a conversation: what is done, what failed, what is ready, what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from genesis.lm.offline.doubts import doubt, valid


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

    task: int
    tool: dict[str, Any] | None
    """None: no offered tool does it."""
    arguments: dict[str, Any]
    missing: tuple[str, ...] = ()
    """Required parameters nobody has given yet."""
    waits: bool = False
    """A value will come from a result that is not there yet."""
    doubts: tuple[str, ...] = ()
    """Why a value that was given cannot be right."""
    calls: tuple[Done, ...] = ()
    """Calls already made for it, oldest first."""

    @property
    def ready(self) -> bool:
        """Whether it can be called now."""
        return self.tool is not None and not (self.missing or self.waits or self.doubts or self.settled)

    @property
    def settled(self) -> bool:
        """Whether a call for it succeeded, or failed in a way (or often enough) that trying again is no use."""
        if not self.calls:
            return False
        last = self.calls[-1]
        return not last.failed or len(self.calls) >= 2 or not transient(last)


_TRANSIENT = re.compile(
    r"(?i)time[d ]?-? ?out|temporar|unavailable|try again|retry|rate limit|too many|busy|50[234]|429|overload|"
    r"connection"
)


def transient(call: Done) -> bool:
    """Whether a failed call may go better a second time."""
    return bool(_TRANSIENT.search(str((call.result or {}).get("error"))))


def made(conversation: list[dict[str, Any]]) -> list[Done]:
    """Return the calls of a conversation with their results, in order."""
    results = {line.get("answers"): line.get("content") for line in conversation if line.get("role") == "tool"}
    return [
        Done(
            str(call.get("id")),
            str(call.get("name")),
            call.get("arguments") or {},
            _decoded(results.get(call.get("id"))),
        )
        for line in conversation
        for call in line.get("calls") or []
    ]


def _decoded(content: Any) -> dict[str, Any] | None:
    if isinstance(content, str):
        try:
            content = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError):
            return {"result": content}
    return content if content is None or isinstance(content, dict) else {"result": content}


def work(tools: list[dict[str, Any]], conversation: list[dict[str, Any]], stated: list[dict[str, Any]]) -> list[Work]:
    """Hold every stated task against the offered tools and what has been done."""
    offered = {str(tool.get("name")): tool for tool in tools}
    done = made(conversation)
    used: set[str] = set()
    found: dict[int, Work] = {}
    for note in merged(stated):
        found[note["task"]] = _one(note, offered.get(note["tool"]), done, used, found)
    return list(found.values())


def merged(stated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge notes of several turns on the same task; later values win."""
    tasks: dict[Any, dict[str, Any]] = {}
    for note in stated:
        blank: dict[str, Any] = {"task": note.get("task"), "tool": "", "values": {}, "from_results": {}}
        task = tasks.setdefault(note.get("task"), blank)
        task["tool"] = str(note.get("tool") or task["tool"])
        task["values"] = {**task["values"], **(note.get("values") or {})}
        task["from_results"] = {**task["from_results"], **(note.get("from_results") or {})}
    return list(tasks.values())


def _one(
    note: dict[str, Any], tool: dict[str, Any] | None, done: list[Done], used: set[str], before: dict[int, Work]
) -> Work:
    number = note["task"]
    if tool is None:
        return Work(number, None, {})
    about, schema = str(tool.get("description") or ""), tool.get("parameters") or {}
    properties = schema.get("properties") or {}
    given = {name: value for name, value in note["values"].items() if name in properties}
    doubts = tuple(why for name, value in given.items() if (why := doubt(name, properties[name], value, about)))
    mine = [call for call in done if call.name == tool["name"] and call.id not in used and _agrees(given, call)]
    if mine:
        same = [call for call in mine if call.arguments == mine[0].arguments]
        mine = same if same[0].failed else same[:1]
        used.update(call.id for call in mine)
        return Work(number, tool, mine[0].arguments, doubts=doubts, calls=tuple(mine))
    arguments, waits = dict(given), False
    for name, source in note["from_results"].items():
        value = _handed_on(name, properties.get(name) or {}, before.get(source))
        if value is None:
            waits = True
        else:
            arguments[name] = value
    missing = tuple(
        name for name in schema.get("required") or () if name not in arguments and name not in note["from_results"]
    )
    return Work(number, tool, arguments, missing, waits, doubts)


def _agrees(given: dict[str, Any], call: Done) -> bool:
    return all(call.arguments.get(name) == value for name, value in given.items())


def _handed_on(name: str, schema: dict[str, Any], source: Work | None) -> Any:
    """Return the value that an earlier task's result gives: by its name, else the first one the schema takes."""
    result = source.calls[-1].result if source and source.calls else None
    if result is None or "error" in result:
        return None
    for key in [name, *result]:
        if key in result and valid(schema, result[key]):
            return result[key]
    return None
