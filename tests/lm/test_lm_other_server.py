"""The HTTP path against a server that we did not write: our own shares our misunderstandings.

Set GENESIS_OTHER_SERVER to the URL of any OpenAI-compatible server on loopback and GENESIS_OTHER_MODEL to a model's
name on it, for instance of ``transformers serve`` with a tiny model, or of a proxy with a canned answer.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import dspy
import pytest

from genesis.errors import LMError
from genesis.lm.caller import OUTCOMES, open_caller
from genesis.lm.check import check
from genesis.lm.http import HttpEngine
from genesis.params import from_dict

URL = os.environ.get("GENESIS_OTHER_SERVER", "")
MODEL = os.environ.get("GENESIS_OTHER_MODEL", "")
pytestmark = pytest.mark.skipif(not URL, reason="GENESIS_OTHER_SERVER names no server")


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


async def test_any_answer_is_a_typed_outcome_and_replays(tmp_path: Path) -> None:
    params = from_dict({"lm": f"openai/{MODEL}", "api_base": URL, "max_tokens": 40, "concurrency": 4, "timeout": 60.0})
    async with open_caller(params, tmp_path) as caller:
        asks = [caller.ask("user", dspy.Predict(Colour), {"thing": str(seed)}, seed=seed, n=2) for seed in range(4)]
        replies = await asyncio.gather(*asks)
        usage = caller.usage["user"]
        assert usage.prompt_tokens > 0
        print(usage, caller.notices, replies[0])
    assert all(reply.outcome in OUTCOMES for pair in replies for reply in pair)
    assert all(len(pair) == 2 for pair in replies)
    async with open_caller(params, tmp_path) as caller:
        again = [
            await caller.ask("user", dspy.Predict(Colour), {"thing": str(seed)}, seed=seed, n=2) for seed in range(4)
        ]
        assert caller.usage["user"].attempts == usage.attempts
    assert again == replies


async def test_a_model_that_is_not_there_is_told() -> None:
    params = from_dict({"lm": "openai/no-such-model", "api_base": URL, "retries": 0, "timeout": 60.0})
    async with open_caller(params) as caller:
        with pytest.raises(LMError):
            await caller.ask("user", dspy.Predict(Colour), {"thing": "x"}, seed=1)


async def test_first_contact_finds_something() -> None:
    engine = HttpEngine(MODEL, URL, timeout=60)
    try:
        checked = await check(engine, f"openai/{MODEL}")
    finally:
        await engine.close()
    for row in checked.findings:
        print(row)
    assert checked.usable
