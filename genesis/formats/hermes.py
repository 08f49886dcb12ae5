"""Hermes and Qwen: calls and results as tagged text, tools in the system prompt.

::

    hermes  {"conversations": [{"from": "system", "value": "... <tools>[...]</tools> ..."}, {"from": "human", ...},
             {"from": "gpt", "value": "<tool_call>\\n{...}\\n</tool_call>"},
             {"from": "tool", "value": "<tool_response>\\n...\\n</tool_response>"}], "tools": "[...]"}
    qwen    {"messages": [...]} with the text Qwen2.5's and Qwen3's chat template makes of tools, calls and results
            (results in a user message), for trainers that apply a template without tools
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import RowError
from genesis.formats.rows import (
    CALL,
    SHAPE,
    TOOL,
    answers,
    calls_of,
    decode,
    encode,
    groups,
    list_of,
    read_tool,
    split_reasoning,
    text_of,
    tools_of,
    without_reasoning,
)
from genesis.tools.tool import Tool

_HERMES = (
    "You are a function calling AI model. You are provided with function signatures within <tools></tools> XML "
    "tags. You may call one or more functions to assist with the user query. Don't make assumptions about what "
    "values to plug into functions. Here are the available tools: <tools> {tools} </tools> For each function "
    "call return a json object with function name and arguments within <tool_call></tool_call> XML tags as "
    "follows:\n"
    "<tool_call>\n"
    '{{"name": <function-name>, "arguments": <args-dict>}}\n'
    "</tool_call>"
)
_QWEN = (
    "# Tools\n"
    "\n"
    "You may call one or more functions to assist with the user query.\n"
    "\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n"
    "<tools>\n"
    "{tools}\n"
    "</tools>\n"
    "\n"
    "For each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n"
    "<tool_call>\n"
    '{{"name": <function-name>, "arguments": <args-json-object>}}\n'
    "</tool_call>"
)
_TOOLS = re.compile(r"<tools>\s*([\[{].*?[\]}])\s*</tools>", re.DOTALL)
_CALL = re.compile(r"\s*<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
_RESULT = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
_PLAIN = re.compile(r"\n\n# Tools\n\n|^# Tools\n\n|^You are a function calling AI model\.")
_ROLES = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "tool": "tool",
}


def read(row: dict[str, Any]) -> Dialogue:
    """Read a row of Hermes's or Qwen's form. Raises RowError."""
    if "conversations" in row:
        parts = [(text_of(part, "from"), text_of(part, "value")) for part in list_of(row, "conversations")]
    else:
        parts = [(text_of(part, "role"), text_of(part, "content")) for part in list_of(row, "messages")]
    tools: tuple[Tool, ...] = ()
    messages: list[Message] = []
    open_calls: tuple[ToolCall, ...] = ()
    made = 0
    for speaker, value in parts:
        role = _ROLES.get(speaker)
        if role is None:
            raise RowError(SHAPE, f"from is {speaker[:40]!r}; expected one of {sorted(_ROLES)}")
        if role == "system":
            tools, said = _system(value)
            messages += [Message("system", said)] if said else []
        elif role == "tool" or (role == "user" and value.startswith("<tool_response>")):
            messages += answers(_RESULT.findall(value) or [value], open_calls)
        elif role == "assistant":
            reasoning, text = split_reasoning(value)
            open_calls = _calls(text, made)
            made += len(open_calls)
            content = _CALL.sub("", text) if open_calls else text
            messages.append(Message("assistant", content, open_calls, None, reasoning))
        else:
            messages.append(Message("user", value))
    if not tools and row.get("tools"):
        tools = tools_of(row["tools"])
    return Dialogue(str(row.get("id", "")), tools, tuple(messages))


@lru_cache(maxsize=1000)
def _system(text: str) -> tuple[tuple[Tool, ...], str]:
    """Return the tools a system prompt lists and what else it says."""
    match = _TOOLS.search(text)
    if match is None:
        return (), text
    listed = match[1]
    if listed.startswith("["):
        rows = decode(listed, TOOL)
    else:
        rows = [decode(line, TOOL) for line in listed.splitlines() if line.strip()]
    start = _PLAIN.search(text)
    if start is not None:
        return tuple(map(read_tool, rows)), text[: start.start()]
    return tuple(map(read_tool, rows)), ""  # another wording of the standing instructions: they are the format's


def _calls(text: str, first: int) -> tuple[ToolCall, ...]:
    found = [_call(match) for match in _CALL.findall(text)]
    if not found and "<tool_call>" in text:
        raise RowError(CALL, "<tool_call> is opened and not closed")
    return calls_of(found, first) if found else ()


def _call(text: str) -> Any:
    """Decode one call; old Hermes rows write Python literals."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as problem:
        import ast

        if len(text) > 100_000:
            raise RowError(CALL, f"a call of {len(text)} characters that is not JSON") from problem
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise RowError(CALL, f"<tool_call> holds no JSON: {text[:80]!r}") from error


def _call_text(message: Message) -> str:
    calls = (encode({"name": call.name, "arguments": call.arguments}) for call in message.tool_calls)
    blocks = "\n".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls)
    said = without_reasoning(message)
    if message.content:
        return f"{said}\n{blocks}"
    return f"{said}{blocks}"


def _result_text(results: list[Message]) -> str:
    return "\n".join(f"<tool_response>\n{result.content}\n</tool_response>" for result in results)


def _check_marks(dialogue: Dialogue) -> None:
    """Refuse texts that hold the format's own marks: they would be read back as something else."""
    for message in dialogue.messages:
        if any(mark in message.content for mark in ("<tool_call>", "</tool_response>", "<tool_response>", "<tools>")):
            raise RowError(SHAPE, "a text holds the format's own marks")


def write(dialogue: Dialogue) -> dict[str, Any]:
    """Return Hermes's row. Raises RowError for what it cannot hold."""
    _check_marks(dialogue)
    listed = encode([tool.to_openai() for tool in dialogue.tools])
    turns: list[dict[str, str]] = []
    said = dialogue.messages[0].content if dialogue.messages and dialogue.messages[0].role == "system" else ""
    standing = _HERMES.format(tools=listed)
    turns.append({"from": "system", "value": f"{said}\n\n# Tools\n\n{standing}" if said else standing})
    for message, results in groups(dialogue):
        if message.role == "system":
            continue
        value = _call_text(message) if message.tool_calls else without_reasoning(message)
        turns.append({"from": "human" if message.role == "user" else "gpt", "value": value})
        if results:
            turns.append({"from": "tool", "value": _result_text(results)})
    return {"id": dialogue.id, "conversations": turns, "tools": listed}


def write_qwen(dialogue: Dialogue) -> dict[str, Any]:
    """Return messages whose texts are what Qwen's chat template makes of them. Raises RowError."""
    _check_marks(dialogue)
    listed = "\n".join(encode(tool.to_openai()) for tool in dialogue.tools)
    said = dialogue.messages[0].content if dialogue.messages and dialogue.messages[0].role == "system" else ""
    standing = _QWEN.format(tools=listed) if dialogue.tools else ""
    system = f"{said}\n\n{standing}" if said and standing else said or standing
    messages = [{"role": "system", "content": system}] if system else []
    for message, results in groups(dialogue):
        if message.role == "system":
            continue
        content = _call_text(message) if message.tool_calls else without_reasoning(message)
        messages.append({"role": message.role, "content": content})
        if results:
            messages.append({"role": "user", "content": _result_text(results)})
    return {"id": dialogue.id, "messages": messages}
