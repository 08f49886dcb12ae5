"""A training run's folder: what it is, where it stands, when it is complete.

::

    OUT/train.json       what is trained on what, how; checked when the same command continues it
    OUT/checkpoints/     every ``save_steps`` steps, with optimiser and random state
    OUT/log.jsonl        what the trainer logged, a line a step
    OUT/model/           the student: weights or adapter, tokenizer, chat template
    OUT/result.json      written last: its presence means complete
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from genesis import record
from genesis.errors import FormatError, RecordError
from genesis.params import Params


@contextmanager
def training_folder(out: str | Path, about: dict[str, Any]) -> Iterator[record.Run]:
    """Open (or make) and lock a run's folder. Raises RecordError, LockedError; FormatError where it holds another."""
    run = record.Run(Path(out))
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{run.path}: cannot be written: {error.strerror}") from error
    with run.lock():
        if (run.path / "train.json").exists():
            before = run.read_json("train.json")
            for key, value in about.items():
                if key != "code_hash" and before.get(key) != value:
                    raise FormatError(f"{run.path}: made with {key} {before.get(key)!r}, now {value!r}; name another")
        run.write_json("train.json", about)
        yield run


def done(run: record.Run) -> dict[str, Any] | None:
    """Return a complete run's result, else None."""
    if not (run.path / "result.json").exists():
        return None
    found: dict[str, Any] = run.read_json("result.json")
    return found


def about_of(stage: str, params: Params, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a run is: everything its weights depend on."""
    settings = msgspec.to_builtins(params.train)
    del settings["data"]
    return {"stage": stage, "seed": params.seed, "train": settings, "data": data, "code_hash": record.code_hash()}


def last_checkpoint(run: record.Run) -> str | None:
    """Return the newest whole checkpoint's folder, or None."""
    folders = [
        path for path in (run.path / "checkpoints").glob("checkpoint-*") if (path / "trainer_state.json").exists()
    ]
    return str(max(folders, key=lambda path: int(path.name.rpartition("-")[2]))) if folders else None
