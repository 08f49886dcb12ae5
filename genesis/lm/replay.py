"""The replay engine: a run's journal is a model.

It holds no request, only their keys: a request that the recorded run did not make is ReplayMissError.
"""

from __future__ import annotations

from pathlib import Path

from genesis.errors import LMConfigError, RecordError, ReplayMissError
from genesis.lm.engine import Answer, Request
from genesis.lm.journal import Journal
from genesis.lm.keys import request_key
from genesis.lm.rows import Entry, header_of


class ReplayEngine:
    """One agent's model, as a journal recorded it."""

    free = True

    def __init__(self, folder: Path, agent: str = "default"):
        try:
            header = header_of(folder)
            self._journal = Journal(folder, readonly=True)
        except RecordError as error:
            raise LMConfigError(f"replay: {error}") from error
        self.folder = folder
        key = agent if agent in header.lms else "default"
        self.identity = header.lms[key]
        self.name = header.names.get(key, self.identity)
        self.simulated = key in header.simulated

    def entry(self, key: str, first: int) -> Entry | None:
        """Return the recorded entry of a request, as the recorded run saw it."""
        return self._journal.get(key, first)

    async def complete(self, request: Request) -> Answer:
        """Only reached for what the journal lacks. Raises ReplayMissError."""
        key = request_key(self.identity, request)
        shown = request.messages[-1]["content"][:80].replace("\n", " ")
        raise ReplayMissError(
            f"{self.folder} holds no reply to this request (key {key[:12]}, sample {request.first}): {shown!r}...; "
            "other parameters, prompts or code than the recorded run's make other requests"
        )

    async def check(self) -> None:
        """The journal was read when the engine was made."""

    async def close(self) -> None:
        """Close the journal."""
        await self._journal.close()
