"""Prompts that do not fit are trimmed with notice; limits per minute and per model are kept."""

from __future__ import annotations

import asyncio
from typing import Any

import dspy
import pytest

from genesis.agents.wire import Line
from genesis.errors import RejectedLMError
from genesis.lm.caller import open_caller
from genesis.lm.engine import prompt_estimate
from genesis.lm.facts import Facts, facts_of
from genesis.lm.limits import Bucket, Gate
from genesis.lm.testing import Reaction, Server
from genesis.params import from_dict


class Pick(dspy.Signature):
    """Pick a tool."""

    tools: list[dict[str, Any]] = dspy.InputField()
    conversation: list[Line] = dspy.InputField()
    name: str = dspy.OutputField()


def tool(name: str, words: int = 100) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"x": {"type": "string", "description": "long " * words}}}
    return {"name": name, "description": "wide " * words, "parameters": schema}


TALK = [Line("user", f"line {number} " + "word " * 30) for number in range(10)] + [Line("user", 'please use "beta"')]
GOOD = Reaction("[[ ## name ## ]]\nbeta")


async def sent(window: int) -> tuple[str, int, list[str]]:
    with Server(lambda call: GOOD) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "context": {"any": window}, "max_tokens": 100})
        async with open_caller(params) as caller:
            inputs = {"tools": [tool("alpha"), tool("beta"), tool("gamma")], "conversation": TALK}
            await caller.ask("user", dspy.Predict(Pick), inputs, seed=1)
            await caller.ask("user", dspy.Predict(Pick), inputs, seed=2)
            assert caller.usage["user"].trimmed in (0, 2)
            messages = server.seen[0].messages
            return messages[-1]["content"], prompt_estimate(messages), caller.notices


async def test_what_fits_is_not_touched() -> None:
    text, _, notices = await sent(100_000)
    assert text.count("wide ") == 300
    assert notices == []


async def test_tools_go_first_then_the_oldest_talk() -> None:
    text, size, notices = await sent(1400)
    assert size <= 1300
    assert text.count("wide ") < 100
    assert '"gamma"' in text
    assert "line 1 " in text
    assert notices == [
        "user: prompts that do not fit the window of any (1400 tokens) are trimmed: tools first, then the oldest talk"
    ]
    text, size, notices = await sent(750)
    assert size <= 650
    assert '"name": "beta"' in text  # spoken of, so it stays
    assert '"gamma"' not in text
    assert "line 0 " in text
    assert "line 1 " not in text
    assert "please use" in text


async def test_what_cannot_fit_fails_its_call() -> None:
    with pytest.raises(RejectedLMError, match="trimmed as far as it goes"):
        await sent(150)


def test_prices_and_windows_are_known_or_unknown_never_zero() -> None:
    known = facts_of("openai/gpt-4o-mini", from_dict({}))
    assert known.price is not None
    assert known.price[0] == pytest.approx(0.15)
    assert known.context == 128_000
    assert facts_of("openai/gpt-4o-mini", from_dict({}), api_base="http://127.0.0.1:1/v1") == Facts()
    assert facts_of("openai/no-such-model", from_dict({})) == Facts()
    mine = from_dict({"prices": {"mine": [1.0, 2.0]}, "context": {"mine": 4096}})
    assert facts_of("openai/mine", mine, api_base="http://127.0.0.1:1/v1") == Facts((1.0, 2.0), 4096)
    assert facts_of("offline", mine) == Facts((0.0, 0.0))


def test_a_bucket_lets_a_minutes_worth_through_and_then_makes_wait() -> None:
    now = [0.0]
    bucket = Bucket(60, lambda: now[0])
    assert [bucket.take(1) for _ in range(60)] == [0.0] * 60
    assert bucket.take(1) == pytest.approx(1.0)
    assert bucket.take(1) == pytest.approx(2.0)
    now[0] = 10.0
    assert bucket.take(1) == 0.0
    bucket.give_back(-30)
    assert bucket.take(1) > 20
    assert Bucket(0, lambda: 0.0).take(1e9) == 0.0


async def test_requests_a_minute_are_kept_per_model() -> None:
    with Server(lambda call: GOOD) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "rpm": {"any": 3}, "concurrency": 8})
        async with open_caller(params) as caller:
            inputs = {"tools": [], "conversation": []}
            asks = [
                asyncio.ensure_future(caller.ask("user", dspy.Predict(Pick), inputs, seed=seed)) for seed in range(6)
            ]
            await asyncio.wait(asks, timeout=0.5)
            assert sum(ask.done() for ask in asks) == 3
            for ask in asks:
                ask.cancel()
            await asyncio.gather(*asks, return_exceptions=True)
    assert server.calls == 3


async def test_a_cancelled_place_at_the_gate_is_given_on() -> None:
    gate = Gate(1)
    await gate.enter()
    waiting = [asyncio.ensure_future(gate.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    gate.leave()
    waiting[1].cancel()  # has been given the place, and does not live to use it
    await asyncio.sleep(0.01)
    assert waiting[2].done()
    assert not waiting[2].cancelled()
    assert gate.in_flight == 1
    gate.leave()
    assert gate.in_flight == 0


async def test_places_cancelled_together_are_all_passed_over() -> None:
    gate = Gate(1)
    await gate.enter()
    waiting = [asyncio.ensure_future(gate.enter()) for _ in range(4)]
    await asyncio.sleep(0)
    for task in waiting[:3]:
        task.cancel()
    gate.leave()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in done[:3])
    assert isinstance(done[3], float)
    assert (gate.in_flight, gate.waiting) == (1, 0)
