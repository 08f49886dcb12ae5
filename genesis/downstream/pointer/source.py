"""What the probe is trained on: a data set's file in any format that can be imported, or a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genesis import formats, record
from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.downstream.probe import seen_tools
from genesis.errors import FormatError, RecordError
from genesis.tools.pool import load_pool


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Dialogues, and which tools a student of them has seen."""

    name: str
    dialogues: tuple[Dialogue, ...]
    seen: frozenset[str]
    lm: str = ""
    """The LM's name as captions show it; empty where it is not known."""


def load(ref: str | Path, *, root: str | Path = "experiments", format: str | None = None) -> TrainingSet:
    """Read a file, or a run by folder, id or ``latest``.

    Raises FormatError with file and line for the first row that is no dialogue, and where there is nothing.
    """
    path = Path(ref)
    if path.is_file():
        found = tuple(formats.dialogues(path, format))
        simulated = any(dialogue.provenance.get("simulated") for dialogue in found)
        lm = "offline (simulated) LM" if simulated else ""
        return _checked(TrainingSet(str(ref), found, seen_tools(found, None), lm))
    if path.is_absolute() and not path.is_dir():
        raise FormatError(f"{ref}: neither a data set's file nor a run: no such file or folder")
    try:
        run = record.open_run(ref, root)
    except RecordError as error:
        raise FormatError(f"{ref}: neither a data set's file nor a run: {error}") from error
    found = tuple(dialogue_from_row(row) for row in run.rows("dialogues"))
    file = run.path / "pool.jsonl"
    pool = load_pool(file) if file.is_file() else None
    name = f"{run.path.parent.name}/{run.id}"
    return _checked(TrainingSet(name, found, seen_tools(found, pool), run.made_by))


def _checked(found: TrainingSet) -> TrainingSet:
    if not found.dialogues:
        raise FormatError(f"{found.name}: holds no dialogue to train on")
    return found
