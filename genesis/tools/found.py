"""What a source gives before curation, and what curation has to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["rejected", "merged", "repaired", "renamed", "flagged", "noted"]
ACTIONS: tuple[Action, ...] = ("rejected", "merged", "repaired", "renamed", "flagged", "noted")


@dataclass(frozen=True, slots=True)
class Found:
    """One definition as its source gives it: any dialect, possibly broken."""

    raw: Any
    source: str
    """Short name of the source, as in :attr:`Tool.source`: ``bfcl:multiple``, ``openapi:petstore.yaml``."""
    place: str = ""
    """Where in the source: an index, a line or a JSON pointer."""
    notes: tuple[tuple[str, str], ...] = ()
    """What the reader changed, as (JSON pointer into the parameters, text)."""
    broken: str = ""
    """Why the reader could make no definition of it; then ``raw`` has the name alone."""
    known: dict[str, Any] | None = None
    """What a pool knew of it already: ``domain``, ``source``, ``original_name``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that curation did to a tool, or asks a person about, and why."""

    step: str
    """The step of curation: read, lint, duplicates, names, near-duplicates, decisions."""
    action: Action
    """``rejected`` and ``merged`` take the tool out of the pool; ``flagged`` leaves it to a person."""
    tool: str
    """The name in its source."""
    source: str
    place: str
    """Where: a JSON pointer into the parameters, or the place in the source."""
    reason: str
    key: str = ""
    """The definition's key, by which decisions are kept (:func:`genesis.tools.decisions.key`)."""
    twin: str = ""
    """Merged only: the tool that stands for this one."""
    similarity: float | None = None
    """Merged only: cosine of the two."""
