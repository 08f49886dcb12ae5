"""Whether the memory a run holds stays flat however many dialogues it makes.

genesis bench memory --dialogues 20000 --json
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from typing import Any

from genesis.bench.setup import bench_params, bench_pool, peak_mb, resident_mb


def memory(*, dialogues: int = 20_000, first: int = 1_000, n: int = 4) -> dict[str, Any]:
    """Generate offline and compare the memory held after ``first`` dialogues with that after all of them.

    The offline (simulated) LM makes the calls; journal, memory, judge and rules are the run's own. Raises LMError.
    """
    return asyncio.run(_memory(dialogues, first, n))


async def _memory(dialogues: int, first: int, n: int) -> dict[str, Any]:
    from genesis import record
    from genesis.lm import open_caller
    from genesis.lm.usage import total
    from genesis.pipeline import generate

    tools = 480
    params = replace(bench_params("", 64, 0), lm="offline", api_base="", dialogues_per_tool=-(-dialogues // tools), n=n)
    seen: dict[int, float] = {}
    done = 0
    start = time.process_time()

    def progress(_counts: Any, dialogue: Any) -> None:
        nonlocal done
        done += dialogue is not None
        if done in (first, dialogues) or done % 1000 == 0:
            seen[done] = resident_mb()

    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder:
        run = record.create(params, folder)
        async with open_caller(params, run.journal_path) as caller:
            await generate(bench_pool(tools), params, run, caller, progress=progress)
            calls = total(caller.usage).calls
        size = sum(path.stat().st_size for path in run.journal_path.iterdir())
    seconds = time.process_time() - start
    return {
        "lm": "offline (simulated) LM",
        "dialogues": done,
        "calls": calls,
        "mb_at": {str(count): round(held, 1) for count, held in sorted(seen.items())},
        "growth": round(seen[max(seen)] / seen[first] - 1, 4),
        "peak_mb": round(peak_mb(), 1),
        "journal_mb": round(size / 1e6, 1),
        "cpu_seconds": round(seconds, 1),
        "calls_per_cpu_s": round(calls / seconds, 1),
        "dialogues_per_cpu_s": round(done / seconds, 2),
    }
