"""Whether a second worker makes a sweep about twice as fast: 8 points against a loopback LM, on one worker and on two.

    genesis bench sweep --latency 0.2 --json

Each point is the real thing: a process, a kernel, the notebook that generates, Dask in between. Few calls are in flight
at once, so that a point mostly waits for replies, as it does with a real endpoint. Both sweeps run in one invocation;
the ratio of their wall times is the result, and says nothing on a machine that is busy with other work.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from genesis.bench.setup import bench_pool
from genesis.bench.throughput import serving
from genesis.errors import LMError
from genesis.sweep import spec
from genesis.sweep.execute import execute
from genesis.tools.pool import save_pool


def sweep(*, latency: float = 0.2, points: int = 8, dialogues: int = 8, workers: int = 2) -> dict[str, Any]:
    """Run the same sweep on one worker and on ``workers``; returns seconds of each, their ratio, and the calls.

    Raises LMError where a point fails or the server cannot be started.
    """
    found: dict[str, Any] = {"latency": latency, "points": points, "dialogues": dialogues, "workers": workers}
    os.environ.setdefault("OPENAI_API_KEY", "loopback")
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder, serving(latency) as (url, _server):
        pool = Path(folder) / "pool.jsonl"
        save_pool(bench_pool(), pool)
        for count in (1, workers):
            found[f"seconds_{count}"] = round(_timed(url, pool, Path(folder) / str(count), points, dialogues, count), 1)
    found["ratio"] = round(found["seconds_1"] / found[f"seconds_{workers}"], 2)
    found["load"] = round(os.getloadavg()[1], 1)
    return found


def _timed(url: str, pool: Path, root: Path, points: int, dialogues: int, workers: int) -> float:
    """Return the seconds a sweep takes on local Dask workers, their start included."""
    fixed: dict[str, Any] = {
        "pool.path": str(pool),
        "lm": "openai/bench",
        "api_base": url,
        "concurrency": 2,
        "counts": {"single/single/multiple": dialogues},
        "memory": False,
        "notebooks": ["20_generate"],
    }
    wanted = spec.build({"name": "bench", "set": fixed, "seeds": points}, "bench sweep")
    began = time.monotonic()
    board = execute(wanted, root, scheduler=f"local:{workers}")
    if wrong := next((state.error for state in board.states if state.status != "done"), ""):
        raise LMError(f"bench sweep: a point failed: {wrong}")
    return time.monotonic() - began
