"""What a model of Qwen's family writes, read back: reasoning, words and calls.

    >>> reply = read_reply('<think>Oslo.</think><tool_call>{"name": "f", "arguments": {}}</tool_call>')
    >>> reply.message.tool_calls[0].name, reply.message.reasoning, reply.faults
    ('f', 'Oslo.', ())

What a server does (vLLM's ``hermes`` parser, ``transformers serve``) for a model behind an endpoint. What is no call
stays text, and a fault says why: a model's mistake is never an exception here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from genesis.chat import Message, ToolCall

_THINK = re.compile(r"\s*<think>(.*?)</think>", re.DOTALL)
_CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
_MARKS = ("<tool_call>", "</tool_call>", "<think>", "</think>")
_MAX_TEXT = 200_000


@dataclass(frozen=True, slots=True)
class ReadReply:
    """A completion, read."""

    message: Message
    faults: tuple[str, ...]
    """Why it does not have the form; empty where it does."""


def read_reply(text: str) -> ReadReply:
    """Read a completion (the text after the generation prompt, without the end-of-turn token)."""
    if len(text) > _MAX_TEXT:
        return ReadReply(Message("assistant", text), (f"{len(text)} characters; at most {_MAX_TEXT} are read",))
    faults: list[str] = []
    think = _THINK.match(text)
    reasoning = think[1].strip() if think else None
    rest = text[think.end() :] if think else text
    calls: list[ToolCall] = []
    for block in _CALL.findall(rest):
        call = _call(block, len(calls) + 1)
        if isinstance(call, str):
            faults.append(call)
        else:
            calls.append(call)
    if (last := rest.rfind("</tool_call>")) >= 0 and rest[last + len("</tool_call>") :].strip():
        faults.append("text after the last call")
    said = rest if faults else _CALL.sub("", rest).strip()
    faults += [f"{mark} stands alone" for mark in _MARKS if mark in _CALL.sub("", rest)]
    if not said.strip() and not calls:
        faults.append("neither words nor calls")
    return ReadReply(Message("assistant", said.strip(), tuple(calls), None, reasoning or None), tuple(faults))


def _call(block: str, number: int) -> ToolCall | str:
    """Return the call of a block, or why there is none."""
    try:
        row = json.loads(block, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return f"a call is not JSON: {str(error)[:80]}"
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        return "a call has no text 'name'"
    if not isinstance(row.get("arguments"), dict):
        return f"the arguments of {row['name'][:64]} are no object"
    return ToolCall(f"call_{number}", row["name"], row["arguments"])


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
