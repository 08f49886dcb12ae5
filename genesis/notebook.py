"""Notebooks as steps of a run: executed by Papermill, each in its own kernel, or by hand with Run-All.

A notebook declares what it needs in its ``parameters`` cell and starts with::

    step = notebook.begin(run, seed=seed, lm=lm)      # open or make the run; step.run, step.params, step.note

``genesis run`` passes each notebook only the parameters it declares, and the run's folder.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis import params as parameters
from genesis import record, review, tables
from genesis.errors import RecordError, StoppedError
from genesis.params import Params
from genesis.prompts import Bench, open_bench
from genesis.record import PROGRESS, Run

RUNNER = "GENESIS_RUNNER_PID"
"""Set by ``genesis run`` for its kernels: they leave the lock and the last file to it."""

GOES_ON = "Run this cell again: it goes on from here."
ALLOW_EXEC = "GENESIS_ALLOW_EXEC"
SCHEDULER = "GENESIS_SCHEDULER"


@dataclass(frozen=True, slots=True)
class Step:
    """What a notebook works with."""

    run: Run
    params: Params
    note: str
    """Where the data comes from, in one sentence for the reader."""

    @property
    def caption(self) -> str:
        """What every figure and table must say of its data."""
        return self.run.made_by


def begin(run: str, **declared: Any) -> Step:
    """Open the run a notebook works on.

    ``run`` is a folder or id; ``latest``: the newest complete run, or the bundled sample where there is none; empty: a
    new run made from ``declared``, over the defaults. A run that is there keeps its own parameters: what ``declared``
    says otherwise is not used, and ``note`` says so. Raises RecordError or ParamsError.
    """
    tables.dress()
    asked = parameters.from_dict({"experiment": "by_hand", **declared}, "the parameters cell")
    if run == "":
        made = record.create(asked, results_root())
        return Step(made, asked, f"A run of its own, made by hand: {made.path.name}.")
    found, note = _opened(run)
    own = found.params
    unused = _unused(declared, parameters.to_dict(asked), parameters.to_dict(own))
    if unused:
        note += f" It keeps its own parameters; not used: {', '.join(unused)}."
    return Step(found, own, note)


def _opened(run: str) -> tuple[Run, str]:
    """Return the run and where it comes from."""
    if run != "latest":
        found = record.open_run(run, results_root())
        return found, f"Run {found.path.parent.name}/{found.id}."
    try:
        found = record.open_run("latest", results_root())
    except RecordError:
        note = "No complete run was found: this shows the bundled sample of 40 dialogues, offline (simulated) LM."
        return sample_run(), note
    return found, f"The latest complete run: {found.path.parent.name}/{found.id}."


def _unused(declared: Mapping[str, Any], asked: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Return in words each value of the parameters cell that is not the run's: ``n = 2 (the run: 4)``."""
    found = []
    for name, value in declared.items():
        inner = value if isinstance(value, dict) and isinstance(own[name], dict) else None
        pairs = [(f"{name}.{key}", asked[name][key], own[name].get(key)) for key in inner] if inner else []
        for words, told, real in pairs or [(name, asked[name], own[name])]:
            if told != real:
                found.append(f"{words} = {told!r} (the run: {real!r})")
    return found


def bench(agent: str, **declared: Any) -> Bench:
    """Return the bench on which a notebook tries prompts of an agent. Raises ParamsError, PoolError, PlanError."""
    tables.dress()
    return open_bench(agent, parameters.from_dict(declared, "the parameters cell"), results_root())


def exec_allowed() -> bool:
    """Whether ``genesis run --allow-exec`` allowed sources that execute code."""
    return os.environ.get(ALLOW_EXEC) == "1"


def scheduler() -> str:
    """Return the Dask scheduler that ``genesis run --scheduler`` names; empty: none. It changes no result."""
    return os.environ.get(SCHEDULER, "")


def progress(run: Run) -> Callable[..., None]:
    """Return what generation tells after each dialogue: a line in the notebook, and progress.json for the runner."""
    from IPython.display import display

    from genesis.lm import live

    line = display({"text/plain": "starting"}, raw=True, display_id=True)
    told = 0.0
    pace = live.Pace()

    def tell(counts: Any, _dialogue: Any = None, status: dict[str, Any] | None = None) -> None:
        nonlocal told
        found = counts.to_dict()
        done = found["accepted"] + found["rejected"] + found["errored"]
        if time.monotonic() - told < 1.0 and done < found["planned"]:
            return
        told = time.monotonic()
        left = pace.seconds_left(done, found["planned"])
        found = {**found, "done": done, **(status or {}), "seconds_left": left}
        run.write_json(PROGRESS, found)
        if line is not None:
            line.update({"text/plain": live.words(found)}, raw=True)

    return tell


@contextmanager
def lock(run: Run) -> Iterator[None]:
    """Hold the run; under ``genesis run`` the runner holds it for its kernels, and tells of an interrupt itself.

    Raises LockedError, and StoppedError where the kernel is interrupted: the cell ends with one sentence.
    """
    if RUNNER in os.environ:
        yield
        return
    with run.lock():
        run.update(status="running")
        try:
            yield
        except (KeyboardInterrupt, asyncio.CancelledError):
            told = run.read_json("run.json")
            paid = f" {told['calls']:,} calls are paid for and kept." if told.get("calls") else ""
            raise StoppedError(f"stopped: no new calls, files closed.{paid} {GOES_ON}") from None


def finish(run: Run) -> Path | None:
    """Write metrics.json, the last file of a run; under ``genesis run`` the runner does it, after the notebooks."""
    return None if RUNNER in os.environ else complete(run)


def complete(run: Run) -> Path:
    """Gather the parts that the notebooks wrote into metrics.json and return its path."""
    parts = run.path / "parts"
    metrics: dict[str, Any] = run.read_json("parts/metrics.json") if (parts / "metrics.json").exists() else {}
    for name in ("downstream", "checks", "mutations", "model"):
        if (parts / f"{name}.json").exists():
            metrics[name] = run.read_json(f"parts/{name}.json")
    if any(run.rows("dialogues")) or any(run.rows("rejected")):
        metrics["error"] = {"residual": review.residual(run), "funnel": review.counts(run)}
    run.write_json(record.METRICS, metrics)
    return run.path / record.METRICS


def results_root() -> Path:
    """Return the folder of experiments: $GENESIS_OUT, or ``experiments`` of the project around the working folder."""
    if "GENESIS_OUT" in os.environ:
        return Path(os.environ["GENESIS_OUT"])
    return (record.project_root() or Path.cwd()) / "experiments"


def sample_run() -> Run:
    """Copy the bundled 40-dialogue sample to ``experiments/sample`` and open it there."""
    target = results_root() / "sample" / "bundled"
    if not (target / "run.json").exists():
        with importlib.resources.as_file(importlib.resources.files("genesis") / "data" / "sample") as source:
            shutil.copytree(source, target, dirs_exist_ok=True)
    return Run(target)


def sample_data() -> str:
    """Return the path of the bundled sample's dialogues."""
    return str(sample_run().path / "dialogues.jsonl")
