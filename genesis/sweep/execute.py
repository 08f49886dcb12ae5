"""Run the points of a sweep: what is complete is kept, what fails stays apart, what is interrupted can go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesis import record
from genesis.errors import GenesisError
from genesis.lm.live import words
from genesis.record import PROGRESS, Run
from genesis.report import build_sweep
from genesis.sweep import summary
from genesis.sweep.spec import Point, Sweep, result_of
from genesis.sweep.workers import Workers, open_workers

POLL = 0.2
"""Seconds between looks at what has ended."""
Watch = Callable[["Board"], None]


@dataclass(slots=True)
class State:
    """How one point stands."""

    point: Point
    run: Run
    status: str = "waiting"
    """waiting, running, done, failed or interrupted."""
    error: str = ""
    reused: bool = False
    """Complete before this sweep began: not run again."""
    begun: float = 0.0
    seconds: float = 0.0

    def progress(self) -> dict[str, Any]:
        """Return what generation has told so far; empty before that."""
        if self.status == "waiting" or not (self.run.path / PROGRESS).exists():
            return {}
        found: dict[str, Any] = self.run.read_json(PROGRESS)
        return found

    def words(self) -> str:
        """Return how far the point is, in a few words."""
        if self.status == "failed":
            return self.error
        found = self.progress()
        return words(found) if found else "complete already" if self.reused else ""


@dataclass(slots=True)
class Board:
    """All points of a sweep and how they stand."""

    sweep: Sweep
    states: list[State]
    slots: int = 1
    started: float = field(default_factory=time.monotonic)

    def count(self, status: str) -> int:
        """Return how many points stand so."""
        return sum(state.status == status for state in self.states)

    def seconds_left(self) -> float | None:
        """Return the seconds left at the pace of the points run so far; None until one has ended."""
        spent = [state.seconds for state in self.states if state.seconds]
        if not spent:
            return None
        mean = sum(spent) / len(spent)
        running = [max(0.0, mean - (time.monotonic() - s.begun)) for s in self.states if s.status == "running"]
        slots = max(1, min(self.slots, len(self.states)))
        return (self.count("waiting") * mean + sum(running)) / slots


def lm_words(sweep: Sweep) -> str:
    """Return the LMs of a sweep as captions show them."""
    return ", ".join(sorted({record.lm_words(point.params) for point in sweep.points}))


def to_json(board: Board) -> dict[str, Any]:
    """Return what sweep.json holds."""
    sweep = board.sweep
    return {
        "name": sweep.name,
        "spec": sweep.spec,
        "lm": lm_words(sweep),
        "simulated": any(record.simulated(point.params) for point in sweep.points),
        "code_hash": record.code_hash(),
        "baseline": sweep.baseline,
        "varied": list(sweep.varied),
        "points": [
            {
                "id": state.run.id,
                "arm": state.point.arm,
                "overrides": state.point.overrides,
                "seed": state.point.params.seed,
                "status": state.status,
                "error": state.error,
                "reused": state.reused,
                "seconds": round(state.seconds, 1),
            }
            for state in board.states
        ],
    }


def execute(
    sweep: Sweep,
    root: str | Path = "experiments",
    *,
    jobs: int = 1,
    scheduler: str = "",
    fail_fast: bool = False,
    allow_exec: bool = False,
    watch: Watch | None = None,
    donors: Callable[[Point], Run | None] = lambda _point: None,
) -> Board:
    """Run every point that is not complete, then write sweep.json, the summary and the page. Returns how all stand.

    ``donors`` may name a complete run whose result a point shares: it is copied instead of made, as it is where points
    of the sweep share one (:func:`genesis.sweep.spec.result_of`). On Ctrl-C all that
    runs is ended within two seconds, the summary is written, and KeyboardInterrupt goes on. Raises LockedError where
    another process runs this sweep, RecordError, ParamsError.
    """
    folder = Run(Path(root) / sweep.name)
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.lock(), open_workers(folder.path, jobs=jobs, scheduler=scheduler, allow_exec=allow_exec) as workers:
        board = Board(sweep, [_open(point, root) for point in sweep.points], workers.slots)
        with _recorded(folder, board):
            try:
                _through(board, workers, folder, fail_fast, watch or (lambda _board: None), donors)
            except BaseException:
                workers.stop()
                for state in board.states:
                    state.status = "interrupted" if state.status == "running" else state.status
                raise
        build_sweep(folder.path)
    return board


def _open(point: Point, root: str | Path) -> State:
    run = record.create(point.params, root)
    done = run.complete
    return State(point, run, "done" if done else "waiting", reused=done)


@contextmanager
def _recorded(folder: Run, board: Board) -> Iterator[None]:
    """Write sweep.json now, and with the summary at the end, however it ends."""
    folder.write_json(summary.STATE, to_json(board))
    try:
        yield
    finally:
        folder.write_json(summary.STATE, to_json(board))
        summary.write(folder.path, to_json(board))


def _through(
    board: Board, workers: Workers, folder: Run, fail_fast: bool, watch: Watch, donors: Callable[[Point], Run | None]
) -> None:
    by_id = {state.run.id: state for state in board.states}
    results = {state.run.id: result_of(state.point.params) for state in board.states}

    def with_result(state: State, status: str) -> Run | None:
        """Return the run of a point that shares the state's result and stands so."""
        return next(
            (s.run for s in board.states if s.status == status and results[s.run.id] == results[state.run.id]), None
        )

    while True:
        for state in board.states:
            free = board.count("running") < workers.slots
            if state.status == "waiting" and free and not with_result(state, "running"):
                _begin(state, workers, donors(state.point) or with_result(state, "done"))
        for key, error in workers.ended():
            state = by_id[key]
            state.status, state.error = ("failed", error) if error else ("done", "")
            state.seconds = time.monotonic() - state.begun
            folder.write_json(summary.STATE, to_json(board))
        watch(board)
        if fail_fast and board.count("failed"):
            workers.stop()
            for state in board.states:
                state.status = "interrupted" if state.status == "running" else state.status
            return
        if not board.count("waiting") + board.count("running"):
            return
        time.sleep(POLL)


def _begin(state: State, workers: Workers, donor: Run | None) -> None:
    """Start a point, or copy the run that has its result already."""
    try:
        if donor is not None:
            record.copy_results(donor, state.run)
            state.status, state.reused = "done", True
            return
        (state.run.path / PROGRESS).unlink(missing_ok=True)
        workers.submit(state.run.id, state.run.path)
        state.status, state.begun = "running", time.monotonic()
    except GenesisError as error:
        state.status, state.error = "failed", str(error)
