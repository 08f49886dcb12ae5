"""What an agent's calls used.

Counts are over the whole run: on resume they start from the journal. Attempts, retries, waits and possibly billed calls
of a session that was killed are not known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import msgspec


@dataclass(slots=True)
class Usage:
    """Counts of one agent."""

    calls: int = 0
    """Requests answered."""
    completions: int = 0
    """Samples in those answers."""
    empty: int = 0
    """Samples that could not be used, by outcome: no text; ..."""
    refused: int = 0
    """... the model would not; ..."""
    cut: int = 0
    """... ended by max_tokens; ..."""
    unparsable: int = 0
    """... without the fields that were asked for."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    """Calls whose tokens are estimated from characters, for want of the server's count."""
    attempts: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    """Requests sent again after a passing trouble."""
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


UNUSABLE = ("empty", "refused", "cut", "unparsable")
"""Outcomes of samples that could not be used; each is counted under its own name."""
SESSION = ("attempts", "retries", "possibly_billed", "rejected", "trimmed", "waited")
"""Counts that no journal entry holds; a session adds them to the journal at its end."""


def since(usage: dict[str, Usage], start: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the session's own counts: what has been added to ``start``; agents without any are left out."""
    rows = {
        agent: {
            name: value - start.get(agent, {}).get(name, 0) for name, value in asdict(row).items() if name in SESSION
        }
        for agent, row in sorted(usage.items())
    }
    return {agent: row for agent, row in rows.items() if any(row.values())}


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
