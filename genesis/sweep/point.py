"""One point of a sweep in a process of its own: ``python -m genesis.sweep.point RUN_FOLDER``.

Papermill's working folder and environment belong to a whole process, so each point has one. It ends soon after the
process that started it, however that went; the run's journal holds what was paid for.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

LOG = "point.log"
"""What the process said, in the run's folder: the one-line error, or a traceback."""
PATIENCE = 15.0
"""Seconds to wait for a run that another process still holds: one that lost its worker is about to end."""
GRACE = 0.4
"""Seconds between the interrupt and the kill of a process that is to stop."""


def start(run: Path, *, allow_exec: bool = False, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Start the point's process, out of reach of the terminal's Ctrl-C."""
    command = [sys.executable, "-m", "genesis.sweep.point", str(run), *(["--allow-exec"] if allow_exec else [])]
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    with (run / LOG).open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End processes: an interrupt to each, then a kill after GRACE, of their kernels too; replies paid for are kept."""
    kernels = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            kernels += psutil.Process(process.pid).children(recursive=True)
        process.send_signal(2)
    until = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for kernel in kernels:
        with contextlib.suppress(psutil.NoSuchProcess):
            kernel.kill()


def error_of(run: Path, code: int) -> str:
    """Return in one line why a point's process ended with ``code``; empty where it ended well."""
    if code == 0:
        return ""
    if code < 0:
        return f"the process was killed by signal {-code}"
    said = (run / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return said[-1].removeprefix("genesis: ") if said else f"the process ended with code {code}"


def on_worker(run: str, cwd: str, stopped: str, allow_exec: bool) -> tuple[int, str]:
    """Run a point from a Dask worker and return its exit code and error; ends where the file ``stopped`` appears."""
    folder = Path(run)
    if Path(stopped).exists():
        return 130, "interrupted"
    process = start(folder, allow_exec=allow_exec, cwd=Path(cwd) if Path(cwd).is_dir() else None)
    while process.poll() is None:
        if Path(stopped).exists():
            stop([process])
            return 130, "interrupted"
        time.sleep(0.2)
    return process.returncode, error_of(folder, process.returncode)


def main() -> int:
    """Execute the run's notebooks; an expected fault is one line on stderr."""
    parser = argparse.ArgumentParser(description="Execute one run's notebooks; ends with the process that started it.")
    parser.add_argument("run", help="the run's folder")
    parser.add_argument("--allow-exec", action="store_true", help="allow sources that execute code")
    arguments = parser.parse_args()
    _end_with(os.getppid())

    from genesis import record, runner
    from genesis.errors import GenesisError

    try:
        run = record.open_run(arguments.run)
        params = run.params
        _patient(lambda: runner.execute_all(run, params, params.notebooks, say=_say, allow_exec=arguments.allow_exec))
    except GenesisError as error:
        _say(f"genesis: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _patient(work: Callable[[], object]) -> None:
    """Do ``work``, again while the run is held by a process that is about to end."""
    from genesis.errors import LockedError

    until = time.monotonic() + PATIENCE
    while True:
        try:
            work()
            return
        except LockedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def _end_with(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
