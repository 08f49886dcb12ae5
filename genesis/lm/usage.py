"""What an agent's calls used.

Calls, completions, tokens and resamples are over the whole run: on resume they start from the journal. Attempts,
waits and possibly billed calls are this session's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(slots=True)
class Usage:
    """Counts of one agent."""

    calls: int = 0
    """Requests answered."""
    completions: int = 0
    """Samples in those answers."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    """Calls whose tokens are estimated from characters, for want of the server's count."""
    attempts: int = 0
    """Requests sent, retries included."""
    replayed: int = 0
    """Requests answered from the journal."""
    resamples: int = 0
    """Fresh samples asked for because one did not parse."""
    possibly_billed: int = 0
    """Attempts without a usable reply that the server may still charge for."""
    rejected: int = 0
    """Requests the server refused for good."""
    trimmed: int = 0
    """Prompts cut down to the model's window."""
    waited: float = 0.0
    """Seconds spent waiting before retries."""

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens


def total(usage: dict[str, Usage]) -> Usage:
    """Return the sum over agents."""
    result = Usage()
    for row in usage.values():
        for name in Usage.__slots__:
            setattr(result, name, getattr(result, name) + getattr(row, name))
    return result


def to_json(usage: dict[str, Usage]) -> dict[str, Any]:
    """Return plain data: agent -> counts, agents in alphabetical order."""
    rows: dict[str, Any] = msgspec.to_builtins(dict(sorted(usage.items())))
    return rows
