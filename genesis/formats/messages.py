"""Formats with ``messages``: TRL (and ours), OpenAI fine-tuning, ms-swift, axolotl.

=========  ===================================================================================================
trl        ``{"messages": [...], "tools": [...]}``, arguments as objects; ours adds id, scenario, verdicts, provenance
openai     the same with arguments as JSON text; ``functions`` and ``function_call`` of old rows are read too
axolotl    ``{"messages", "tools"}`` of its chat_template type, arguments as JSON text
ms-swift   ``{"tools": "JSON text", "messages"}`` with roles ``tool_call`` and ``tool_response``
=========  ===================================================================================================
"""

from __future__ import annotations

from typing import Any

import msgspec

from genesis.chat import Message, Role, ToolCall
from genesis.dialogue import Dialogue, Verdict
from genesis.errors import RowError
from genesis.formats.rows import (
    CALL,
    NOT_JSON,
    SHAPE,
    answers,
    call_of,
    calls_of,
    decode,
    encode,
    groups,
    message_of,
    split_reasoning,
    text_of,
    tool_of,
    tools_of,
    unpacked,
    without_reasoning,
)
from genesis.scenario import Scenario
from genesis.tools.tool import Tool


class _Function(msgspec.Struct, gc=False):
    name: str
    arguments: dict[str, Any] | str = {}


class _Call(msgspec.Struct, gc=False):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct, gc=False):
    """A message in the common shape; any other goes the long way, which says what is wrong with it."""

    role: Role
    content: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    function_call: None = None


class _Line(msgspec.Struct, gc=False):
    """A row whose tools stay text: they repeat from row to row, and each text is read once."""

    messages: list[_Message]
    tools: msgspec.Raw = msgspec.Raw(b"null")
    id: str | int | None = None
    scenario: Scenario | None = None
    verdicts: tuple[Verdict, ...] | None = None
    provenance: dict[str, Any] | None = None
    functions: msgspec.Raw = msgspec.Raw(b"null")


class _Foreign(msgspec.Struct, gc=False):
    """A row whose other columns are not ours, whatever their names."""

    messages: list[dict[str, Any]]
    tools: msgspec.Raw = msgspec.Raw(b"null")
    id: Any = None
    scenario: Any = None
    provenance: Any = None
    functions: msgspec.Raw = msgspec.Raw(b"null")


_lines = msgspec.json.Decoder(_Line)
_foreign = msgspec.json.Decoder(_Foreign)
_lists: dict[bytes, tuple[Tool, ...]] = {}
_LISTS_KEPT, _LONGEST_LIST = 10_000, 16_384
"""Lists of tools remembered, and the bytes of the longest: at most 160 MB, 20 MB at a list's usual size."""
_raws = msgspec.json.Decoder(list[msgspec.Raw])


def read_line(data: bytes) -> Dialogue:
    """Read one JSON line of TRL's or OpenAI's form, fast. Raises RowError."""
    try:
        line = _lines.decode(data)
    except msgspec.ValidationError:
        return _read_slowly(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RowError(NOT_JSON, f"not JSON: {error}") from error
    return Dialogue(
        "" if line.id is None else str(line.id),
        _tools(bytes(line.tools), bytes(line.functions)),
        tuple([_message(message) for message in line.messages]),
        line.scenario,
        line.verdicts or (),
        line.provenance or {},
    )


def _message(row: _Message) -> Message:
    if not row.tool_calls:
        return Message(row.role, row.content or "", (), row.tool_call_id, row.reasoning_content)
    calls = []
    for call in row.tool_calls:
        arguments = call.function.arguments
        if isinstance(arguments, str):
            calls.append(call_of(msgspec.to_builtins(call)))
        else:
            calls.append(ToolCall(call.id or "", call.function.name, arguments))
    return Message(row.role, row.content or "", tuple(calls), row.tool_call_id, row.reasoning_content)


def _read_slowly(data: bytes) -> Dialogue:
    """Read a row of another shape (other roles, columns of our names that mean something else) or say what is wrong."""
    try:
        line = _foreign.decode(data)
    except msgspec.ValidationError as error:
        raise RowError(SHAPE, f"row: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RowError(NOT_JSON, f"not JSON: {error}") from error
    messages = _messages(line.messages)
    tools = _tools(bytes(line.tools), bytes(line.functions))
    scenario = None
    if isinstance(line.scenario, dict) and {"kind", "turns", "tasks"} <= line.scenario.keys():
        try:
            scenario = msgspec.convert(line.scenario, Scenario)
        except msgspec.ValidationError as error:
            raise RowError(SHAPE, f"row: scenario: {error}") from error
    name = str(line.id) if isinstance(line.id, (str, int, float)) else ""
    provenance = line.provenance if isinstance(line.provenance, dict) else {}
    return Dialogue(name, tools, messages, scenario, provenance=provenance)


def _tools(listed: bytes, functions: bytes) -> tuple[Tool, ...]:
    """Read a row's tools, once for each text: equal texts give the same tuple, whose validators are looked up once."""
    data = functions if listed == b"null" else listed
    tools = _lists.get(data)
    if tools is None:
        if data[:1] == b"[":
            tools = tuple([tool_of(bytes(item)) for item in _raws.decode(data)])
        else:
            tools = tools_of(decode(data, SHAPE))
        if len(data) <= _LONGEST_LIST:
            if len(_lists) >= _LISTS_KEPT:
                _lists.clear()
            _lists[data] = tools
    return tools


def read(row: dict[str, Any]) -> Dialogue:
    """Read a decoded row of any of these formats. Raises RowError."""
    return read_line(msgspec.json.encode(row))


def _messages(rows: list[dict[str, Any]]) -> tuple[Message, ...]:
    for row in rows:
        role = row.get("role")
        if role == "user" or role == "tool":
            continue
        if "function_call" in row or role == "function" or role == "developer":
            return tuple(map(message_of, _modern(rows)))
        if role == "tool_call" or role == "tool_response":
            return tuple(_swift(rows))
    return tuple([message_of(row) for row in rows])


def _modern(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turn OpenAI's old function_call / function messages into tool calls and results; developer is system."""
    found: list[dict[str, Any]] = []
    number = 0
    for row in rows:
        if row.get("function_call"):
            call = {"id": f"call_{number}", "type": "function", "function": row["function_call"]}
            row = {"role": "assistant", "content": row.get("content"), "tool_calls": [call]}
        elif row.get("role") == "function":
            row = {"role": "tool", "content": row.get("content"), "tool_call_id": f"call_{number}"}
            number += 1
        elif row.get("role") == "developer":
            row = {**row, "role": "system"}
        found.append(row)
    return found


def write_trl(dialogue: Dialogue) -> dict[str, Any]:
    """Return TRL's row: arguments as objects, our columns beside."""
    row = dialogue.to_row()
    return {name: row[name] for name in ("id", "messages", "tools", "scenario", "provenance")}


def write_openai(dialogue: Dialogue) -> dict[str, Any]:
    """Return OpenAI's fine-tuning row: arguments as JSON text, ``parallel_tool_calls`` where several stand together."""
    row: dict[str, Any] = {"messages": [message.to_openai() for message in dialogue.messages]}
    for message in row["messages"]:
        message.pop("reasoning_content", None)
    if dialogue.tools:
        row["tools"] = [tool.to_openai() for tool in dialogue.tools]
        row["parallel_tool_calls"] = any(len(message.tool_calls) > 1 for message in dialogue.messages)
    return row


def write_axolotl(dialogue: Dialogue) -> dict[str, Any]:
    """Return axolotl's row (datasets type ``chat_template``): arguments as JSON text, so that columns stay uniform."""
    messages = [message.to_openai() for message in dialogue.messages]
    return {"messages": messages, "tools": [tool.to_openai() for tool in dialogue.tools]}


def write_swift(dialogue: Dialogue) -> dict[str, Any]:
    """Return ms-swift's row: one ``tool_call`` message a call, one ``tool_response`` a result. Raises RowError."""
    messages = []
    for message, results in groups(dialogue):
        if message.tool_calls:
            if message.content or message.reasoning:
                messages.append({"role": "assistant", "content": without_reasoning(message)})
            for call in message.tool_calls:
                messages.append(
                    {"role": "tool_call", "content": encode({"name": call.name, "arguments": call.arguments})}
                )
            messages += [{"role": "tool_response", "content": result.content} for result in results]
        else:
            messages.append({"role": message.role, "content": without_reasoning(message)})
    return {"tools": encode([tool.to_openai() for tool in dialogue.tools]), "messages": messages}


def _swift(rows: list[dict[str, Any]]) -> list[Message]:
    """Read ms-swift's messages: each call and each result stands alone."""
    messages: list[Message] = []
    open_calls: list[ToolCall] = []
    pending: list[str] = []
    made = 0
    for part in [*rows, {"role": "end", "content": ""}]:
        content, role = text_of(part, "content"), part.get("role")
        if role == "tool_response":
            pending.append(content)
            continue
        if pending:
            results = pending if len(pending) > 1 else unpacked(pending[0], len(open_calls))
            messages += answers(results, tuple(open_calls))
            open_calls, pending = [], []
        if role == "tool_call":
            calls = calls_of(decode(content, CALL), made)
            made += len(calls)
            open_calls += calls
            last = messages[-1] if messages else None
            if last is not None and last.role == "assistant":
                messages[-1] = Message("assistant", last.content, (*last.tool_calls, *calls), None, last.reasoning)
            else:
                messages.append(Message("assistant", "", calls))
        elif role != "end":
            reasoning, said = split_reasoning(content)
            messages.append(message_of({"role": role, "content": said, "reasoning_content": reasoning}))
    return messages
