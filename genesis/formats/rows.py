"""What all formats share: a row that was read, tools read once, results packed into one text.

Reading never repairs: what has the wrong shape raises RowError with the id of the check under which the row fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from genesis.chat import Message, ToolCall, call_from_hf, message_from_hf
from genesis.dialogue import Dialogue, tool_from_row
from genesis.errors import FormatError, RowError, ToolError
from genesis.tools.dialect import to_json_schema
from genesis.tools.tool import Tool

NOT_JSON = "row:not-json"
MIXED = "row:mixed-format"
SHAPE = "rule:17-dialogue-fields"
CALL = "rule:5-call-parses"
TOOL = "rule:2-tool-fields"
LENGTH = "rule:24-lengths"
_TOOLS_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data set: a dialogue, or why it is none."""

    index: int
    """From 0, blank lines not counted."""
    line: int
    """From 1; in Parquet the row's number."""
    dialogue: Dialogue | None
    error: RowError | None = None


_tools: dict[bytes, Tool] = {}


def tool_of(raw: bytes, *, dialect: bool = False) -> Tool:
    """Read a tool's JSON, once for each text. Raises RowError.

    ``dialect`` maps the schema to plain JSON Schema, for formats that always write another dialect.
    """
    key = b"d" + raw if dialect else raw
    tool = _tools.get(key)
    if tool is None:
        tool = read_tool(decode(raw, TOOL), dialect=dialect)
        if len(_tools) >= _TOOLS_KEPT:
            _tools.clear()
        _tools[key] = tool
    return tool


def read_tool(row: Any, *, dialect: bool = False) -> Tool:
    """Read one tool from plain data. Raises RowError."""
    try:
        tool = tool_from_row(row)
    except FormatError as error:
        raise RowError(TOOL, str(error)) from error
    if not dialect:
        return tool
    try:
        schema, _ = to_json_schema(tool.parameters)
    except (ToolError, RecursionError):
        return tool  # rules 1 and 3 say what is wrong with it
    return Tool(tool.name, tool.description, schema)


def tools_of(value: Any, *, dialect: bool = False) -> tuple[Tool, ...]:
    """Read the tools of a row: a list, or JSON text of one; nothing at all is no tool. Raises RowError."""
    if isinstance(value, str):
        value = decode(value.encode(), TOOL) if value.strip() else []
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RowError(TOOL, f"tools: expected a list, got {type(value).__name__}")
    return tuple(read_tool(item, dialect=dialect) for item in value)


def decode(data: bytes | str, check: str) -> Any:
    """Decode JSON or raise RowError under the id of a check."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RowError(check, f"not JSON: {error}") from error


def encode(value: Any) -> str:
    """Return JSON text."""
    return msgspec.json.encode(value).decode()


def message_of(row: Any) -> Message:
    """Read a message in Hugging Face or OpenAI form. Raises RowError."""
    try:
        return message_from_hf(row)
    except FormatError as error:
        raise RowError(CALL if str(error).startswith("tool call") else SHAPE, str(error)) from error


def call_of(row: Any) -> ToolCall:
    """Read one call in Hugging Face or OpenAI form. Raises RowError."""
    try:
        return call_from_hf(row)
    except FormatError as error:
        raise RowError(CALL, str(error)) from error


def calls_of(value: Any, first: int) -> tuple[ToolCall, ...]:
    """Read one call or a list of calls without ids, numbered on from ``first``. Raises RowError."""
    rows = value if isinstance(value, list) else [value]
    try:
        calls = [call_from_hf(row) for row in rows]
    except FormatError as error:
        raise RowError(CALL, str(error)) from error
    return tuple(ToolCall(f"call_{first + k}", call.name, call.arguments) for k, call in enumerate(calls))


def list_of(row: Any, key: str) -> list[Any]:
    """Return a row's list or raise RowError naming what stands there."""
    value = row.get(key) if isinstance(row, dict) else None
    if not isinstance(value, list):
        raise RowError(SHAPE, f"{key!r}: expected a list, got {type(value).__name__}")
    return value


def text_of(row: Any, key: str) -> str:
    """Return a row's text or raise RowError naming what stands there."""
    value = row.get(key) if isinstance(row, dict) else None
    if not isinstance(value, str):
        raise RowError(SHAPE, f"{key!r}: expected text, got {type(value).__name__}")
    return value


def packed(contents: list[str]) -> str:
    """Return several results as one text: a JSON list; a result that is JSON stands in it as JSON."""
    if len(contents) == 1:
        return contents[0]
    return encode([_embedded(content) for content in contents])


def unpacked(text: str, count: int) -> list[str]:
    """Split what :func:`packed` joined; a text that does not hold ``count`` results answers the first call alone."""
    if count > 1:
        try:
            values = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return [text]
        if isinstance(values, list) and len(values) == count:
            return [value if isinstance(value, str) else encode(value) for value in values]
    return [text]


def _embedded(content: str) -> Any:
    """Return the JSON value of a text where writing it again gives the same text, else the text."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return content
    return value if isinstance(value, (dict, list)) and encode(value) == content else content


def answers(contents: list[str], calls: tuple[ToolCall, ...]) -> list[Message]:
    """Return tool messages for results that come in the order of the calls; one too many names none."""
    ids = [call.id for call in calls] + [None] * len(contents)
    return [Message("tool", content, (), name) for content, name in zip(contents, ids, strict=False)]


def groups(dialogue: Dialogue) -> list[tuple[Message, list[Message]]]:
    """Return each message that is no result, with the results that follow it in the order of its calls.

    Raises RowError where the results do not answer the calls one for one: without ids that cannot be written.
    """
    found: list[tuple[Message, list[Message]]] = []
    for message in dialogue.messages:
        if message.role == "tool":
            if not found:
                raise RowError(SHAPE, "a tool message stands first")
            found[-1][1].append(message)
        else:
            found.append((message, []))
    for message, results in found:
        ids = [call.id for call in message.tool_calls]
        if results and sorted(map(str, ids)) != sorted(str(result.tool_call_id) for result in results):
            raise RowError(SHAPE, "the results do not answer the calls one for one; this format has no ids")
        results.sort(key=lambda result: ids.index(str(result.tool_call_id)))
    return found


def without_reasoning(message: Message) -> str:
    """Return the content, the reasoning before it in <think> marks where there is some."""
    if not message.reasoning:
        return message.content
    return f"<think>\n{message.reasoning}\n</think>\n\n{message.content}"


def split_reasoning(text: str) -> tuple[str | None, str]:
    """Return (reasoning, content) of a text that may begin with <think> marks."""
    if text.startswith("<think>\n") and "\n</think>\n\n" in text:
        reasoning, _, content = text[8:].partition("\n</think>\n\n")
        return reasoning, content
    return None, text
