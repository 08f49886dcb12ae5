"""Who runs a sweep's points: processes on this machine, or the workers of a Dask cluster. Both have three verbs.

``submit`` starts a point, ``ended`` tells which have ended and how, ``stop`` ends what is running.
"""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from genesis import cluster
from genesis.sweep import point

STOPPING = 1.5
"""Seconds to wait for the tasks of a cluster to end what they run."""
Ended = list[tuple[str, str]]
"""(key, error) of points that have ended; an empty error is success."""


class Workers(Protocol):
    """What executes points."""

    slots: int
    """Points it takes at once."""

    def submit(self, key: str, run: Path) -> None:
        """Start a point."""

    def ended(self) -> Ended:
        """Return the points that have ended since the last call."""

    def stop(self) -> None:
        """End every running point; returns when they are gone or about to go."""


class Processes:
    """One process a point, at most ``jobs`` at once."""

    def __init__(self, jobs: int, *, allow_exec: bool = False):
        self.slots = jobs
        self.allow_exec = allow_exec
        self._running: dict[str, tuple[Path, subprocess.Popen[bytes]]] = {}

    def submit(self, key: str, run: Path) -> None:
        """Start a point's process."""
        self._running[key] = (run, point.start(run, allow_exec=self.allow_exec))

    def ended(self) -> Ended:
        """Return the points whose process has ended."""
        over = {key: pair for key, pair in self._running.items() if pair[1].poll() is not None}
        for key in over:
            del self._running[key]
        return [(key, point.error_of(run, process.returncode)) for key, (run, process) in over.items()]

    def stop(self) -> None:
        """End every process within two seconds."""
        point.stop([process for _, process in self._running.values()])
        self._running.clear()


class Cluster:
    """Points as Dask tasks; a lost worker's are run again by another one, from the run's journal."""

    slots = 1_000_000

    def __init__(self, client: Any, folder: Path, *, allow_exec: bool = False):
        self.client = client
        self.allow_exec = allow_exec
        self.stopped = folder / f".stop-{uuid.uuid4().hex[:8]}"
        self.quiet = True
        self._futures: dict[str, Any] = {}

    def submit(self, key: str, run: Path) -> None:
        """Hand a point to the scheduler."""
        self._futures[key] = self.client.submit(
            point.on_worker,
            str(run.resolve()),
            str(Path.cwd()),
            str(self.stopped.resolve()),
            self.allow_exec,
            key=f"point-{key}-{uuid.uuid4().hex[:8]}",
            pure=False,
        )

    def ended(self) -> Ended:
        """Return the points whose task has ended."""
        over = {key: future for key, future in self._futures.items() if future.done()}
        for key in over:
            del self._futures[key]
        return [(key, _told(future)) for key, future in over.items()]

    def stop(self) -> None:
        """Tell the tasks to end their processes, through the shared folder; returns when they have, or after STOPPING.

        The file that tells them stays where some have not: theirs may be a slow file system.
        """
        self.stopped.touch()
        until = time.monotonic() + STOPPING
        while not all(future.done() for future in self._futures.values()) and time.monotonic() < until:
            time.sleep(0.05)
        self.quiet = all(future.done() for future in self._futures.values())
        self.client.cancel(list(self._futures.values()), force=True)
        self._futures.clear()


def _told(future: Any) -> str:
    """Return a task's error; one that Dask gave up (its workers died again and again) is told as that."""
    if future.status != "finished":
        return f"the cluster gave it up: {' '.join(str(future.exception()).split())}"
    code, error = future.result()
    return error or (f"the process ended with code {code}" if code else "")


@contextmanager
def open_workers(folder: Path, *, jobs: int = 1, scheduler: str = "", allow_exec: bool = False) -> Iterator[Workers]:
    """Give ``jobs`` processes here, or the workers of ``scheduler``. Raises ParamsError."""
    if not scheduler:
        yield Processes(jobs, allow_exec=allow_exec)
        return
    with cluster.connect(scheduler) as client:
        made = Cluster(client, folder, allow_exec=allow_exec)
        try:
            yield made
        finally:
            if made.quiet:
                made.stopped.unlink(missing_ok=True)
