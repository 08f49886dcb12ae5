"""What each part of one call costs by itself: CPU milliseconds on a prompt of the bench's size."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from genesis.agents.function import Function
from genesis.agents.wire import Call, Line, Stated
from genesis.bench.setup import bench_params, bench_pool
from genesis.lm.engine import Request
from genesis.lm.http import HttpEngine
from genesis.lm.keys import request_key
from genesis.lm.parse import parse
from genesis.lm.render import Fixed, plan_for, render
from genesis.lm.rows import Entry, Sample, frame
from genesis.params import Params

TIMES = 300
TOOLS = 120
"""Tools, and dialogues, of the run that is replayed."""


def parts() -> dict[str, float]:
    """Return the parts of one call that stand between an agent and the bare client.

    ``pipeline`` is what is left of a replayed run (no engine, no server) without the other parts: agents, rules, judge,
    memory, record, and looking replies up.
    """
    inputs = {
        "tools": [Fixed(tool.to_function()) for tool in bench_pool(6).tools],
        "conversation": [Line("user", "Please book a hotel room in Oslo for 2026-05-04, there are two of us.")],
        "stated": [Stated(1, "book_hotel_room", {"city": "Oslo", "date": "2026-05-04", "count": 2})],
    }
    plan = plan_for(Function, "chat")
    call = Call("book_hotel_room", {"city": "Oslo", "date": "2026-05-04", "count": 2})
    text = plan.adapter.format_assistant_message_content(Function, {"calls": [call]})
    messages = render(plan, Function, [], inputs)
    request = Request(messages, 0.8, 2048, 1)
    engine = HttpEngine("bench", "http://127.0.0.1:1/v1")
    entry = Entry("0" * 32, 0, "function", [Sample("good", text)], 1500, 60)
    found = {
        "render": _cost(lambda: render(plan, Function, [], inputs)),
        "key": _cost(lambda: request_key("bench@here", request)),
        "encode": _cost(lambda: msgspec.json.encode(engine.body(request))),
        "parse": _cost(lambda: parse(plan, Function, text)),
        "journal_row": _cost(lambda: frame(entry)),
    }
    return {**found, "pipeline": max(0.0, asyncio.run(_replayed()) - found["render"] - found["key"] - found["parse"])}


async def _replayed() -> float:
    """Return what a call costs in a replayed run."""
    params = replace(bench_params("", 64, 0), lm="offline", api_base="", dialogues_per_tool=1)
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder:
        first, *_ = await _generated(params, f"{folder}/first")
        _, calls, seconds = await _generated(replace(params, lm=f"replay:{first}"), f"{folder}/again")
    return 1000 * seconds / calls


async def _generated(params: Params, root: str) -> tuple[Path, int, float]:
    """Generate a run; returns its folder, calls and CPU seconds."""
    from genesis import record
    from genesis.lm import open_caller
    from genesis.lm.usage import total
    from genesis.pipeline import generate

    run = record.create(params, root)
    async with open_caller(params, run.journal_path) as caller:
        start = time.process_time()
        await generate(bench_pool(TOOLS), params, run, caller)
        return run.path, total(caller.usage).calls, time.process_time() - start


def _cost(work: Callable[[], object]) -> float:
    work()
    start = time.process_time()
    for _ in range(TIMES):
        work()
    return 1000 * (time.process_time() - start) / TIMES
