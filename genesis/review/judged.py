"""What the model checker said of each dialogue: ``model.jsonl``, as data."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from genesis.record import Run
from genesis.review import settle


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model checker says of one dialogue."""

    id: str
    confidences: dict[str, float]
    """Aspect -> confidence that it holds, before calibration; empty where no reply could be used."""
    reasons: dict[str, str]
    """Aspect -> the reason of the first reply that finds it wanting, else of the first."""
    samples: int = 0
    """Usable replies."""
    fault: str = ""
    """Why there is no usable reply."""
    version: str = ""
    """Digest of the version that was judged."""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def confidence(self) -> float | None:
        """That of the weakest aspect; None where nothing is known."""
        return min(self.confidences.values()) if self.confidences else None


def judgements(run: Run) -> dict[str, Judged]:
    """Return what the model checker said of a run's dialogues, by id."""
    return {row["id"]: msgspec.convert(row, Judged) for row in run.rows(settle.MODEL)}
