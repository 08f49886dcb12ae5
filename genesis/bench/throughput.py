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
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from genesis.bench.parts import parts
from genesis.bench.setup import bench_params, bench_pool, cpu_seconds, peak_mb
from genesis.errors import LMError

WARM_UP = 3.0
"""Seconds from the first reply until counting starts: connections open, first dialogues reach their later turns."""


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
        result["cpu_ms_by_part"] = _by_part(1000 * cpu / max(1, made), 1000 * bare.cpu / max(1, bare.calls))
        result["share_of_raw"] = round(calls / max(1e-9, bare.calls / bare.seconds), 4)
    return result


def _by_part(whole: float, bare: float) -> dict[str, float]:
    """Return where a call's CPU goes, in ms; what no part accounts for is waking up, waiting and saving."""
    found = {"bare_client": bare, **parts()}
    found["event_loop_and_fsync"] = max(0.0, whole - sum(found.values()))
    return {name: round(spent, 3) for name, spent in found.items()}


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

    def progress(_counts: Any, dialogue: Any) -> None:
        nonlocal done
        done += dialogue is not None

    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder:
        run = record.create(params, folder)
        async with open_caller(params, run.journal_path) as caller:
            work = asyncio.ensure_future(generate(bench_pool(), params, run, caller, progress=progress))
            while not total(caller.usage).calls and not work.done():  # planning takes seconds, too
                await asyncio.wait([work], timeout=0.05)
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
