"""Drafts: what somebody is writing, on the disk at every change.

::

    experiments/prompts/drafts/user/3f9a0c51.json
    {"agent": "user", "parent": "built-in", "instructions": "You play ...", "at": 1764140000.0}

Every panel writes a file of its own, so that two panels on one agent's prompt never overwrite each other; a new panel
goes on from the newest draft and leaves the others alone.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec

from genesis.errors import RecordError
from genesis.text import clean_text


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft as it lies on disk."""

    agent: str
    parent: str
    """The version it was begun from."""
    instructions: str
    at: float
    """Seconds since 1970 of the last change."""


class Desk:
    """Where one panel keeps its draft of an agent's prompt."""

    def __init__(self, root: Path, agent: str) -> None:
        self.agent = agent
        self.folder = root / "prompts" / "drafts" / agent
        self.file = self.folder / f"{uuid.uuid4().hex[:12]}.json"
        self.taken_from: tuple[Path, bytes] | None = None

    def save(self, instructions: str, parent: str) -> Path:
        """Write the draft, whole or not at all, and return its path. Raises RecordError where the disk refuses."""
        draft = Draft(self.agent, parent, clean_text(instructions), time.time())
        temporary = self.file.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(msgspec.json.encode(draft))
            temporary.replace(self.file)
            self._let_go()
        except OSError as error:
            raise RecordError(f"{self.file}: the draft cannot be written: {error.strerror}") from error
        return self.file

    def newest(self) -> Draft | None:
        """Return the newest draft of this agent's prompt, to go on from; it is taken over with the first change."""
        found = self._others()
        if not found:
            return None
        file, data, draft = max(found, key=lambda entry: entry[2].at)
        self.taken_from = (file, data)
        return draft

    def others(self) -> int:
        """Return how many other drafts of this agent's prompt there are."""
        taken = self.taken_from[0] if self.taken_from else None
        return sum(file != taken for file, _, _ in self._others())

    def discard(self) -> None:
        """Take this panel's draft away, and the one it went on from."""
        self._let_go()
        self.file.unlink(missing_ok=True)

    def _let_go(self) -> None:
        """Remove the draft this one goes on from, unless somebody has changed it since."""
        if self.taken_from is None:
            return
        file, data = self.taken_from
        self.taken_from = None
        if file.exists() and file.read_bytes() == data:
            file.unlink()

    def _others(self) -> list[tuple[Path, bytes, Draft]]:
        found = []
        for file in sorted(self.folder.glob("*.json")):
            if file == self.file:
                continue
            try:
                data = file.read_bytes()
                found.append((file, data, msgspec.json.decode(data, type=Draft)))
            except FileNotFoundError:
                continue  # another panel has just let it go
            except (OSError, msgspec.DecodeError) as error:
                raise RecordError(f"{file}: no draft: {error}; move it away") from error
        return found
