"""ShareGPT as LLaMA-Factory reads it: ``conversations`` with from / value, calls and results as turns of their own.

::

    {"conversations": [{"from": "human", "value": "..."},
                       {"from": "function_call", "value": "{\\"name\\": ..., \\"arguments\\": {...}}"},
                       {"from": "observation", "value": "..."}, {"from": "gpt", "value": "..."}],
     "system": "...", "tools": "[...JSON text...]"}

Its loader wants human or observation at odd places and gpt or function_call at even ones: parallel calls are one
JSON list, and their results another.
"""

from __future__ import annotations

from typing import Any

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import RowError
from genesis.formats.rows import (
    CALL,
    SHAPE,
    answers,
    calls_of,
    decode,
    encode,
    groups,
    list_of,
    packed,
    split_reasoning,
    text_of,
    tools_of,
    unpacked,
    without_reasoning,
)

_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
_CALLS = ("function_call", "tool_call")
_RESULTS = ("observation", "tool", "function_response", "tool_response")


def read(row: dict[str, Any]) -> Dialogue:
    """Read a row of LLaMA-Factory's ShareGPT form. Raises RowError."""
    messages = [Message("system", row["system"])] if isinstance(row.get("system"), str) and row["system"] else []
    open_calls: tuple[ToolCall, ...] = ()
    made = 0
    for part in list_of(row, "conversations"):
        speaker, value = text_of(part, "from"), text_of(part, "value")
        if speaker in _CALLS:
            reasoning, text = split_reasoning(value)
            open_calls = calls_of(decode(text, CALL), made)
            made += len(open_calls)
            messages.append(Message("assistant", "", open_calls, None, reasoning))
        elif speaker in _RESULTS:
            messages += answers(unpacked(value, len(open_calls)), open_calls)
        elif speaker in _ROLES:
            reasoning, text = split_reasoning(value)
            messages.append(Message(_ROLES[speaker], text, (), None, reasoning))  # type: ignore[arg-type]
        else:
            known = sorted({*_ROLES, *_CALLS, *_RESULTS})
            raise RowError(SHAPE, f"conversations: from is {speaker[:40]!r}; expected one of {known}")
    return Dialogue(str(row.get("id", "")), tools_of(row.get("tools")), tuple(messages))


def write(dialogue: Dialogue) -> dict[str, Any]:
    """Return LLaMA-Factory's row. Raises RowError for what it cannot hold: text beside calls, roles out of turn."""
    turns: list[dict[str, str]] = []
    system = ""
    for message, results in groups(dialogue):
        if message.role == "system":
            if turns:
                raise RowError(SHAPE, "a system message after the first; the format has one")
            system = message.content
        elif message.tool_calls:
            if message.content:
                raise RowError(SHAPE, "text beside calls; the format has one or the other")
            calls = [{"name": call.name, "arguments": call.arguments} for call in message.tool_calls]
            value = encode(calls if len(calls) > 1 else calls[0])
            reasoning = f"<think>\n{message.reasoning}\n</think>\n\n" if message.reasoning else ""
            turns.append({"from": "function_call", "value": reasoning + value})
            if results:
                turns.append({"from": "observation", "value": packed([result.content for result in results])})
        else:
            turns.append({"from": "human" if message.role == "user" else "gpt", "value": without_reasoning(message)})
    for place, turn in enumerate(turns):
        if (turn["from"] in ("human", "observation")) != (place % 2 == 0):
            raise RowError(SHAPE, f"turn {place} is {turn['from']!r}: the loader wants the sides to alternate")
    row: dict[str, Any] = {"conversations": turns, "tools": encode([tool.to_function() for tool in dialogue.tools])}
    return row | ({"system": system} if system else {})
