"""What passes between agents inside prompts and replies: small frozen dataclasses that DSPy writes and parses.

The order of one candidate turn::

    User -> message, stated        (what it wants and the values it has just said)
    Assistant -> call | ask | answer
    Function -> calls              (after `call`)
    Tool -> results
    Assistant -> call | ask | answer, until it asks or answers: the turn is over
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Act = Literal["call", "ask", "answer"]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing the user wants, as the User Agent is told it."""

    task: int
    """Number of the task, from 1."""
    tool: str
    does: str
    """What the tool does, in its own words."""
    say_now: dict[str, Any]
    """Parameter name -> its JSON Schema: what to reveal, each with a value of the user's own, in this message."""
    said: dict[str, Any] = field(default_factory=dict)
    """Parameter name -> value already revealed."""
    from_results: dict[str, str] = field(default_factory=dict)
    """Parameter name -> which earlier result gives it (chained tasks)."""
    opens: bool = True
    """Whether the user asks for this task for the first time in this message."""
    bad: str = ""
    """A parameter whose value must be one that its schema or plain sense forbids; empty: none."""
    same_as: int = 0
    """Number of the wish this is a part of ("in Oslo and in Bergen"): only what is in `say_now` differs; 0: none."""
    other_than: dict[str, list[Any]] = field(default_factory=dict)
    """Parameter name -> values that earlier wishes for the same tool have: give another one."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user has said about one task, as notes that the assistant's side works from."""

    task: int
    tool: str
    """The tool that would do it; empty where no offered tool can."""
    values: dict[str, Any]
    """Parameter name -> value, as the user meant it, in the type of the schema."""
    from_results: dict[str, int] = field(default_factory=dict)
    """Parameter name -> number of the task whose result gives its value."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation so far."""

    role: str
    content: str
    calls: list[dict[str, Any]] = field(default_factory=list)
    """Assistant only: ``{"id", "name", "arguments"}``."""
    answers: str = ""
    """Tool only: the id of the call it answers."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call the Function Agent writes."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """One result the Tool Agent gives."""

    id: str
    """The id of the call it answers."""
    content: dict[str, Any]
    """JSON; an error is ``{"error": "..."}``."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate as the Judge sees it."""

    number: int
    """From 1, in the order shown."""
    conversation: list[Line]
