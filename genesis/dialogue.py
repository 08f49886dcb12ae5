"""A dialogue, what was found about it, and its row on disk.

One row is Hugging Face / TRL ``{"messages": [...], "tools": [...]}`` plus our columns ``id``, ``scenario``,
``verdicts`` and ``provenance``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from genesis.chat import Message, message_from_hf
from genesis.display import dialogue_html
from genesis.errors import FormatError
from genesis.scenario import Scenario
from genesis.tools.tool import Tool

Outcome = Literal["pass", "fail", "flag"]
COLUMNS = ("id", "messages", "tools", "scenario", "verdicts", "provenance")
"""The columns of a row."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found. ``flag`` means that a rule cannot decide and the model checker should look."""

    check: str
    """The check's stable id, for instance ``rule:7-required-parameters`` or ``model``."""
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    confidence: float | None = None
    """In [0, 1], where the check has one."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One function-calling dialogue."""

    id: str
    tools: tuple[Tool, ...]
    """The tools on offer, in the order in which they are shown."""
    messages: tuple[Message, ...]
    scenario: Scenario | None = None
    """None for imported data, whose plan nobody knows."""
    verdicts: tuple[Verdict, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    """JSON: lm, simulated, round, semantic_type, calls, tokens, ..."""

    @property
    def user_text(self) -> str:
        """All user turns, joined by newlines."""
        return "\n".join(message.content for message in self.messages if message.role == "user")

    @property
    def failed(self) -> bool:
        """Whether any check failed it; a flag is no failure."""
        return any(verdict.outcome == "fail" for verdict in self.verdicts)

    def _repr_html_(self) -> str:
        """Show the dialogue in a notebook cell as a person reads it, all text escaped."""
        return dialogue_html(self)

    def to_row(self) -> dict[str, Any]:
        """Return the row on disk; ``messages`` and ``tools`` are exactly what TRL takes."""
        return {
            "id": self.id,
            "messages": [message.to_hf() for message in self.messages],
            "tools": [tool.to_openai() for tool in self.tools],
            "scenario": msgspec.to_builtins(self.scenario),
            "verdicts": msgspec.to_builtins(self.verdicts),
            "provenance": self.provenance,
        }


def dialogue_from_row(row: Any) -> Dialogue:
    """Read a row that :meth:`Dialogue.to_row` wrote. Raises FormatError; nothing is coerced."""
    if not isinstance(row, dict) or not isinstance(row.get("messages"), list):
        raise FormatError("dialogue: expected an object with a list 'messages'")
    try:
        return Dialogue(
            id=str(row.get("id", "")),
            tools=tuple(tool_from_row(tool) for tool in row.get("tools") or ()),
            messages=tuple(message_from_hf(message) for message in row["messages"]),
            scenario=msgspec.convert(row.get("scenario"), Scenario | None),
            verdicts=msgspec.convert(row.get("verdicts") or (), tuple[Verdict, ...]),
            provenance=msgspec.convert(row.get("provenance") or {}, dict[str, Any]),
        )
    except msgspec.ValidationError as error:
        raise FormatError(f"dialogue {row.get('id')!r}: {error}") from error


def tool_from_row(row: Any) -> Tool:
    """Read a tool in OpenAI's form or flat. Raises FormatError."""
    function = row.get("function", row) if isinstance(row, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise FormatError(f"tool: expected {{'function': {{'name', ...}}}}, got {str(row)[:80]!r}")
    description = function.get("description") or ""
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(description, str) or not isinstance(parameters, dict):
        raise FormatError(f"tool {function['name']}: description must be text and parameters an object")
    return Tool(function["name"], description, parameters)
