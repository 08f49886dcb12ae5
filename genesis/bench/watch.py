"""Run a command and see what it takes: seconds, CPU seconds, and the memory of all its processes together."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_EVERY = 0.25
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command took."""

    code: int
    output: str
    """Its stdout."""
    seconds: float
    cpu_seconds: float
    """User and system time of the command and of every process it waited for."""
    peak_mb: float
    """Most memory of all its processes at one moment, in MB: what they share is counted once (PSS)."""


def genesis(*arguments: str) -> list[str]:
    """Return the command that runs ``genesis ...`` with this interpreter."""
    return [sys.executable, "-c", "from genesis.cli import main; raise SystemExit(main())", *arguments]


def watch(command: Sequence[str]) -> Watched:
    """Run a command to its end, and look at the memory of its process tree four times a second (Linux)."""
    before, start, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output)
        try:
            while process.poll() is None:
                peak = max(peak, _together(process.pid))
                time.sleep(_EVERY)
        finally:
            process.kill()  # nothing where it has ended
            process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = time.monotonic() - start
        output.seek(0)
        text = output.read()
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Watched(process.returncode, text, seconds, spent, peak / 1e6)


def _together(pid: int) -> int:
    """Return the bytes that a process and its descendants hold now; one that has just ended holds none."""
    held = 0
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for one in tree:
        try:
            held += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return held
