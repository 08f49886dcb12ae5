"""Benchmarks' gold as dialogues: clean sets that are not ours, to measure the rules' false alarms on.

    golds = gold("bfcl")                              every item with calls of the single-turn categories
    golds = gold("acebench", "../shared/data/acebench_en")
    golds = gold("apibank", "../shared/data/apibank")

An item becomes its context and one assistant message with the gold calls. Joined: consecutive messages of one role
(both prepared benchmarks have them). Dropped: earlier calls that ACEBench writes as text. BFCL's gold lists the
acceptable values: the first is taken, and a parameter that may be absent is left out. API-Bank writes all values as
strings: its types are read as string. What a benchmark's scorer never looks at (order of calls) is kept as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genesis.benchmarks import acebench, apibank, bfcl
from genesis.benchmarks.item import Item
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import BenchmarkError, ToolError
from genesis.tools.dialect import to_json_schema
from genesis.tools.tool import Tool

BFCL = tuple(name for name in bfcl.SINGLE_TURN if "relevance" not in name)
_ORDER = "Based on our conversation above, please only make one tool call to solve my need."
"""What API-Bank's preparation appends for the model; it is no user's word."""
_CALL_TEXT = re.compile(r"^\[\w+\(.*\)\]$", re.DOTALL)


def gold(benchmark: str, folder: str | Path = "") -> list[Dialogue]:
    """Return a benchmark's gold as dialogues; ids as the benchmark's own. Raises BenchmarkError, MissingExtraError."""
    if benchmark == "bfcl":
        return [_dialogue(item, _bfcl_calls(item)) for category in BFCL for item in bfcl.items(category)]
    if benchmark == "acebench":
        items = (item for category in acebench.NORMAL for item in acebench.items(folder, category))
        return [_dialogue(item, _acebench_calls(item), _acebench_system(item)) for item in items]
    if benchmark == "apibank":
        items = (item for level in apibank.LEVELS for item in apibank.items(folder, level))
        return [_dialogue(item, [(call["name"], call["parameters"]) for call in item.gold]) for item in items]
    raise BenchmarkError(f"no benchmark {benchmark!r}; there are bfcl, acebench and apibank")


def _dialogue(item: Item, calls: list[tuple[str, dict[str, Any]]], system: str = "") -> Dialogue:
    messages = [Message("system", system)] if system else []
    messages += _legal(item.messages)
    answer = tuple(ToolCall(f"gold_{index}", name, arguments) for index, (name, arguments) in enumerate(calls))
    if messages and messages[-1].role == "assistant":
        messages.pop()  # the gold stands where the benchmark's assistant only announces it
    messages.append(Message("assistant", "", answer))
    tools = tuple(_tool(function, item) for function in item.functions)
    source = {"benchmark": item.id.partition("_")[0], "category": item.category}
    return Dialogue(item.id, tools, tuple(messages), provenance=source)


def _tool(function: dict[str, Any], item: Item) -> Tool:
    parameters = function.get("parameters") or function.get("arguments") or {}
    if item.category in apibank.LEVELS:
        flat = {name: {**part, "type": "string"} for name, part in parameters.items()}
        return Tool(
            function["name"], function["description"] or function["name"], {"type": "object", "properties": flat}
        )
    try:
        schema, _ = to_json_schema(parameters)
    except ToolError:
        schema = parameters  # rule 1 or 3 says what is wrong with it
    return Tool(function["name"], function.get("description", ""), schema)


def _legal(rows: list[dict[str, Any]]) -> Iterator[Message]:
    """Yield the context with consecutive messages of a role joined and the calls' ids given."""
    pending: Message | None = None
    open_ids: list[str] = []
    for number, row in enumerate(rows):
        role, content = row["role"], (row["content"] or "").replace(_ORDER, "").strip()
        if role == "user" and not content:
            continue
        if role == "assistant" and _CALL_TEXT.match(content.strip()):
            continue
        message = Message(role, content)
        if calls := row.get("tool_calls"):
            functions = [call["function"] for call in calls]
            made = [ToolCall(f"call_{number}_{k}", part["name"], part["arguments"]) for k, part in enumerate(functions)]
            open_ids = [call.id for call in made]
            message = Message("assistant", content, tuple(made))
        elif role == "tool":
            message = Message("tool", content, (), open_ids.pop(0) if open_ids else None)
        if pending is not None and pending.role == role and role != "tool" and not pending.tool_calls:
            message = Message(role, f"{pending.content}\n{message.content}".strip(), message.tool_calls)
        elif pending is not None:
            yield pending
        pending = message
    if pending is not None:
        yield pending


def _acebench_system(item: Item) -> str:
    return "\n".join(str(item.extra[key]) for key in ("time", "profile") if item.extra.get(key))


def _acebench_calls(item: Item) -> list[tuple[str, dict[str, Any]]]:
    answer = item.gold[0] if isinstance(item.gold, list) else item.gold
    names = {function["name"] for function in item.functions}
    return [(name if name in names else name.rpartition("_")[0], values) for name, values in answer.items()]


def _bfcl_calls(item: Item) -> list[tuple[str, dict[str, Any]]]:
    calls = []
    for call in item.gold:
        ((name, values),) = call.items()
        calls.append((name, _chosen_object(values)))
    return calls


def _chosen_object(values: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: _chosen(options[0]) for name, options in values.items() if "" not in options and options}


def _chosen(value: Any) -> Any:
    """Choose inside a nested value: an object's members list what they accept; a list's stand for themselves."""
    if isinstance(value, dict):
        return _chosen_object({name: part if isinstance(part, list) else [part] for name, part in value.items()})
    if isinstance(value, (list, tuple)):
        return [_chosen(part) for part in value]
    return value
