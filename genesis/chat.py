"""Messages and tool calls: the wire format, to and from OpenAI / Hugging Face messages.

    >>> call = ToolCall("call_1", "get_weather", {"city": "Oslo"})
    >>> Message("assistant", "", (call,)).to_hf()
    {'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'call_1', 'type': 'function', \
'function': {'name': 'get_weather', 'arguments': {'city': 'Oslo'}}}]}

Arguments are a dict everywhere inside; they become a JSON string only at OpenAI's edge (:meth:`Message.to_openai`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from genesis.errors import FormatError

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of one tool."""

    id: str
    """Unique in its dialogue; the tool message that answers it carries the same id."""
    name: str
    arguments: dict[str, Any]

    def to_hf(self) -> dict[str, Any]:
        """Return the Hugging Face / TRL form: arguments stay a dict."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a dialogue."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Assistant only; several in one message are parallel calls, compared without order."""
    tool_call_id: str | None = None
    """Tool only: the id of the call this message answers."""
    reasoning: str | None = None
    """Assistant only: the reasoning trace, where one was asked for."""

    def to_hf(self) -> dict[str, Any]:
        """Return the Hugging Face / TRL form (what ``messages`` holds on disk)."""
        row: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            row["tool_calls"] = [call.to_hf() for call in self.tool_calls]
        if self.tool_call_id is not None:
            row["tool_call_id"] = self.tool_call_id
        if self.reasoning is not None:
            row["reasoning_content"] = self.reasoning
        return row

    def to_openai(self) -> dict[str, Any]:
        """Return OpenAI's form: arguments as a JSON string."""
        row = self.to_hf()
        for call in row.get("tool_calls", ()):
            call["function"]["arguments"] = msgspec.json.encode(call["function"]["arguments"]).decode()
        return row


def message_from_hf(row: Any) -> Message:
    """Read one message in Hugging Face or OpenAI form (arguments as dict or as JSON string).

    Raises FormatError naming the field, its value and what was expected; nothing is coerced.
    """
    if not isinstance(row, dict):
        raise FormatError(f"message: expected an object, got {type(row).__name__}")
    role = row.get("role")
    if role not in ROLES:
        raise FormatError(f"message: role is {role!r}; expected one of {list(ROLES)}")
    content = row.get("content")
    if content is None:
        content = ""
    if not isinstance(content, str):
        raise FormatError(f"message: content of role {role!r} is {type(content).__name__}; expected text")
    calls = row.get("tool_calls") or ()
    if not isinstance(calls, (list, tuple)):
        raise FormatError(f"message: tool_calls is {type(calls).__name__}; expected a list")
    call_id = row.get("tool_call_id")
    if call_id is not None and not isinstance(call_id, str):
        raise FormatError(f"message: tool_call_id is {call_id!r}; expected text")
    reasoning = row.get("reasoning_content")
    if reasoning is not None and not isinstance(reasoning, str):
        raise FormatError(f"message: reasoning_content is {type(reasoning).__name__}; expected text")
    return Message(role, content, tuple(call_from_hf(call) for call in calls), call_id, reasoning)


def call_from_hf(row: Any) -> ToolCall:
    """Read one tool call in Hugging Face or OpenAI form. Raises FormatError."""
    function = row.get("function", row) if isinstance(row, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise FormatError(f"tool call: expected {{'function': {{'name', 'arguments'}}}}, got {str(row)[:80]!r}")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments or "{}")
        except (msgspec.DecodeError, RecursionError) as error:
            raise FormatError(f"tool call {function['name']}: arguments are not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise FormatError(f"tool call {function['name']}: arguments are {type(arguments).__name__}; expected an object")
    call_id = row.get("id")
    return ToolCall(call_id if isinstance(call_id, str) else "", function["name"], arguments)
