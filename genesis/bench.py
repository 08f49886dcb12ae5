"""How fast the real pipeline goes against an endpoint of a known latency, and where the time goes.

    genesis bench throughput --latency 0.2 --concurrency 64 --json

A loopback server in a process of its own serves the offline (simulated) LM after a fixed latency; client processes
run ``pipeline.generate`` against it, unchanged: agents, parsing, rules, judge, memory, journal. Prompts have a fixed
size: six tools on offer, about 1,500 tokens. ``share_of_ideal`` is calls per second over concurrency / latency.
The bare client (aiohttp alone, the same prompts, no parsing) runs in the same invocation.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genesis.errors import LMError
from genesis.params import Params, from_dict
from genesis.tools.pool import ToolPool
from genesis.tools.tool import Tool

WARM_UP = 3.0
"""Seconds before counting starts: connections open, first dialogues reach their later turns."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one client process did while it was counted."""

    seconds: float
    calls: int
    completions: int
    dialogues: int
    cpu: float
    peak_mb: float
    prompt_tokens: int = 0


def throughput(
    *, latency: float = 0.2, concurrency: int = 64, workers: int = 1, seconds: float = 15.0, raw: bool = True
) -> dict[str, Any]:
    """Measure the pipeline, and the bare client, against a loopback server; returns what ``--json`` prints.

    Raises LMError where the server cannot be started or a client fails.
    """
    each = concurrency // workers
    with serving(latency) as (url, server):
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers) as pool:
            jobs = [(url, each, seconds, worker) for worker in range(workers)]
            busy = cpu_seconds(server)
            measured = pool.starmap(_client, jobs)
            busy = cpu_seconds(server) - busy
        bare = _bare(url, concurrency, min(seconds, 6.0)) if raw else None
    calls = sum(one.calls / one.seconds for one in measured)
    made = sum(one.calls for one in measured)
    cpu = sum(one.cpu for one in measured)
    result = {
        "lm": "offline (simulated) LM over HTTP",
        "latency": latency,
        "concurrency": concurrency,
        "workers": workers,
        "seconds": seconds,
        "calls_per_s": round(calls, 1),
        "completions_per_s": round(sum(one.completions / one.seconds for one in measured), 1),
        "share_of_ideal": round(calls * latency / concurrency, 4),
        "cpu_ms_per_call": round(1000 * cpu / max(1, made), 3),
        "dialogues_per_s": round(sum(one.dialogues / one.seconds for one in measured), 2),
        "peak_mb": round(sum(one.peak_mb for one in measured), 1),
        "prompt_tokens_per_call": round(sum(one.prompt_tokens for one in measured) / max(1, made)),
        "server_cpu_share": round(busy / (seconds + WARM_UP), 3),
    }
    if bare is not None:
        result["raw_calls_per_s"] = round(bare.calls / bare.seconds, 1)
        result["raw_cpu_ms_per_call"] = round(1000 * bare.cpu / max(1, bare.calls), 3)
        result["share_of_raw"] = round(calls / max(1e-9, bare.calls / bare.seconds), 4)
    return result


@contextlib.contextmanager
def serving(latency: float) -> Iterator[tuple[str, int]]:
    """Run the loopback server in a process of its own; gives its URL and process id. Raises LMError."""
    command = [sys.executable, "-m", "genesis.lm.testing", "--latency", str(latency)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        if not url:
            raise LMError(f"the bench's server did not start: exit code {server.wait()}")
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(10)


def bench_pool(tools: int = 480) -> ToolPool:
    """Return tools of one size: a prompt that offers six of them has about 1,500 tokens."""
    things = ("hotel room", "train seat", "rental car", "concert ticket", "restaurant table", "museum visit")
    acts = ("book", "find", "cancel", "compare", "review", "price", "change", "watch")
    made = []
    for number in range(tools):
        act, thing = acts[number % len(acts)], things[number // len(acts) % len(things)]
        name = f"{act}_{thing.replace(' ', '_')}" + (f"_{number}" if number >= len(acts) * len(things) else "")
        properties = {
            "city": {"type": "string", "description": f"The city in which to {act} the {thing}, for example Oslo."},
            "date": {"type": "string", "description": "The day it is for, in the form YYYY-MM-DD.", "format": "date"},
            "count": {"type": "integer", "description": "The number of people who take part.", "minimum": 1},
            "grade": {"type": "string", "description": "The comfort wanted.", "enum": ["basic", "standard", "premium"]},
        }
        schema = {"type": "object", "properties": properties, "required": ["city", "date"]}
        description = (
            f"{act.capitalize()} a {thing} in a city on a given day. The result names the provider, the price in "
            f"euros and whether the {thing} can be had; nothing is paid for before the user has confirmed it."
        )
        made.append(Tool(name, description, schema, domain="travel", source="bench"))
    return ToolPool(tuple(made))


def bench_params(url: str, concurrency: int, seed: int) -> Params:
    """Return parameters of an endless plan of alike dialogues, one task with six tools on offer."""
    return from_dict(
        {
            "experiment": "bench",
            "seed": seed,
            "lm": "openai/bench",
            "api_base": url,
            "concurrency": concurrency,
            "dialogues_per_tool": 100,
            "mix": {"single/single/multiple": 1, "multi/single/multiple": 1},
            "hard_distractors": 3,
            "easy_distractors": 2,
        }
    )


def _client(url: str, concurrency: int, seconds: float, worker: int) -> Measured:
    return asyncio.run(_generate_for(url, concurrency, seconds, worker))


async def _generate_for(url: str, concurrency: int, seconds: float, worker: int) -> Measured:
    """Run the pipeline for a while and count what happens after the warm-up."""
    from genesis import record
    from genesis.lm import open_caller
    from genesis.lm.usage import total
    from genesis.pipeline import generate

    params = bench_params(url, concurrency, worker)
    done = 0

    def progress(*_: Any) -> None:
        nonlocal done
        done += 1

    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder:
        run = record.create(params, folder)
        async with open_caller(params, run.journal_path) as caller:
            work = asyncio.ensure_future(generate(bench_pool(), params, run, caller, progress=progress))
            await asyncio.wait([work], timeout=WARM_UP)
            before, cpu, start, dialogues = asdict(total(caller.usage)), time.process_time(), time.monotonic(), done
            await asyncio.wait([work], timeout=seconds)
            after = asdict(total(caller.usage))
            measured = Measured(
                time.monotonic() - start,
                after["calls"] - before["calls"],
                after["completions"] - before["completions"],
                done - dialogues,
                time.process_time() - cpu,
                peak_mb(),
                after["prompt_tokens"] - before["prompt_tokens"],
            )
            if work.done():
                work.result()
                raise LMError("the bench's plan ended before its time; lower --seconds")
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        return measured


def _bare(url: str, concurrency: int, seconds: float) -> Measured:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_bare_client, (url, concurrency, seconds))


def _bare_client(url: str, concurrency: int, seconds: float) -> Measured:
    return asyncio.run(_bare_for(url, concurrency, seconds))


async def _bare_for(url: str, concurrency: int, seconds: float) -> Measured:
    """Send one ready body again and again with aiohttp alone."""
    import aiohttp
    import msgspec

    prompt = "x" * 6000
    body = msgspec.json.encode({"model": "canned", "messages": [{"role": "user", "content": prompt}], "n": 1})
    calls = 0
    connector = aiohttp.TCPConnector(limit=concurrency)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def repeat() -> None:
            nonlocal calls
            while True:
                async with session.post(f"{url}/chat/completions", data=body) as reply:
                    msgspec.json.decode(await reply.read())
                calls += 1

        tasks = [asyncio.ensure_future(repeat()) for _ in range(concurrency)]
        await asyncio.sleep(1.0)
        before, cpu, start = calls, time.process_time(), time.monotonic()
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        measured = Measured(
            time.monotonic() - start, calls - before, calls - before, 0, time.process_time() - cpu, peak_mb()
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return measured


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb() -> float:
    """Return the memory this process holds now, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory(*, dialogues: int = 20_000, first: int = 1_000, n: int = 4) -> dict[str, Any]:
    """Generate offline and compare the memory held after ``first`` dialogues with that after all of them.

    The offline (simulated) LM makes the calls; journal, memory, judge and rules are the run's own. Raises LMError.
    """
    return asyncio.run(_memory(dialogues, first, n))


async def _memory(dialogues: int, first: int, n: int) -> dict[str, Any]:
    from dataclasses import replace

    from genesis import record
    from genesis.lm import open_caller
    from genesis.lm.usage import total
    from genesis.pipeline import generate

    tools = 480
    params = replace(bench_params("", 64, 0), lm="offline", api_base="", dialogues_per_tool=-(-dialogues // tools), n=n)
    seen: dict[int, float] = {}
    done = 0
    start = time.process_time()

    def progress(*_: Any) -> None:
        nonlocal done
        done += 1
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
