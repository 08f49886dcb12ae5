"""What each part of one call costs by itself: CPU milliseconds on a prompt of the bench's size."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from genesis.agents.function import Function
from genesis.agents.wire import Call, Line, Stated
from genesis.bench.setup import bench_pool
from genesis.lm.engine import Request
from genesis.lm.http import HttpEngine
from genesis.lm.keys import request_key
from genesis.lm.parse import parse
from genesis.lm.render import plan_for, render
from genesis.lm.rows import Entry, Sample, frame

TIMES = 300


def parts() -> dict[str, float]:
    """Return the parts of one call that stand between an agent and the bare client."""
    inputs = {
        "tools": [tool.to_function() for tool in bench_pool(6).tools],
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
    return {
        "render": _cost(lambda: render(plan, Function, [], inputs)),
        "key": _cost(lambda: request_key("bench@here", request)),
        "encode": _cost(lambda: msgspec.json.encode(engine.body(request))),
        "parse": _cost(lambda: parse(plan, Function, text)),
        "journal_row": _cost(lambda: frame(entry)),
    }


def _cost(work: Callable[[], object]) -> float:
    work()
    start = time.process_time()
    for _ in range(TIMES):
        work()
    return 1000 * (time.process_time() - start) / TIMES
