"""What an engine is: one attempt at one request, nothing else.

Retries, limits, budget, journal and parsing stand around it (``calls.py``, ``caller.py``), so that every engine
behaves alike. ``Answer.completions`` may hold fewer samples than were asked for: the rest is asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from genesis.lm.render import Messages

Finish = Literal["stop", "length", "filter"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete: everything that its answer may depend on, but the model."""

    messages: Messages
    temperature: float
    max_tokens: int
    seed: int
    """31 bits; servers that know seeds get it."""
    first: int = 0
    """Number of the first sample asked for."""
    n: int = 1
    schema: dict[str, Any] | None = None
    """JSON Schema of the reply, for servers that can be held to one."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One sample of an answer, as the model wrote it."""

    text: str
    finish: Finish = "stop"
    refusal: str = ""
    reasoning: str = ""
    fault: str = ""
    """Why the sample cannot be used although the request went through, for instance its size."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought."""

    completions: tuple[Completion, ...]
    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False
    """The server gave no token counts; they are estimated from characters."""
    notices: tuple[str, ...] = field(default=())


class Engine(Protocol):
    """One model behind one endpoint."""

    @property
    def name(self) -> str:
        """What provenance and reports call it."""

    @property
    def identity(self) -> str:
        """Model, endpoint and whatever else changes its answers: part of every journal key."""

    @property
    def free(self) -> bool:
        """Whether asking again costs nothing and gives the same: no need to wait for the disk."""

    @property
    def simulated(self) -> bool:
        """Whether no language model is behind it."""

    async def complete(self, request: Request) -> Answer:
        """Answer one request. Raises LMError's subclasses."""

    async def check(self) -> None:
        """Raise LMConfigError or FatalLMError where no request can work; spends nothing."""

    async def close(self) -> None:
        """Release connections."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: characters / 4, the usual rule of thumb for English."""
    return (len(text) + 3) // 4


def prompt_estimate(messages: Messages) -> int:
    """Return about how many tokens a prompt has (4 a message for its frame)."""
    return sum(estimate_tokens(message["content"]) + 4 for message in messages)
