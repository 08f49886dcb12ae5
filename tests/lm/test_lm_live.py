"""The progress line says what is known, and nothing else."""

from __future__ import annotations

import dspy

from genesis.lm.caller import open_caller
from genesis.lm.live import Pace, status, words
from genesis.lm.testing import Reaction, Server
from genesis.params import from_dict

DONE = {"planned": 120, "done": 45, "accepted": 43, "rejected": 2, "errored": 0}


def test_the_line_leaves_out_what_is_not_known() -> None:
    assert words(DONE) == "45 of 120 done: 43 accepted, 2 rejected"
    full = {**DONE, "errored": 1, "calls": 1204, "tokens": 1_800_000, "in_flight": 12, "retries": 3}
    assert words({**full, "usd": 0.42, "waiting": 30.0, "seconds_left": 200.0}) == (
        "45 of 120 done: 43 accepted, 2 rejected, 1 errored; 1,204 calls, 1,800,000 tokens, 12 in flight, 3 retries, "
        "$0.42; waiting 30 s as the server asked; about 3 min left"
    )
    assert words({**DONE, "usd": None}).endswith("; cost unknown")
    assert words({**DONE, "seconds_left": 9000.0}).endswith("about 2.5 h left")


def test_the_pace_counts_from_where_the_session_started() -> None:
    now = [100.0]
    pace = Pace(lambda: now[0])
    assert pace.seconds_left(40, 120) is None
    now[0] = 110.0
    assert pace.seconds_left(40, 120) is None
    assert pace.seconds_left(60, 120) == 30.0


async def test_the_status_is_read_off_the_caller() -> None:
    class Colour(dspy.Signature):
        """Name a colour."""

        thing: str = dspy.InputField()
        colour: str = dspy.OutputField()

    with Server(lambda call: Reaction("[[ ## colour ## ]]\nblue")) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url})
        async with open_caller(params) as caller:
            await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=1)
            found = status(caller)
            assert (found["calls"], found["in_flight"], found["usd"]) == (1, 0, None)
            assert found["tokens"] > 0
        priced = from_dict({"lm": "openai/any", "api_base": server.url, "prices": {"any": [1000.0, 1000.0]}})
        async with open_caller(priced) as caller:
            await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=1)
            assert status(caller)["usd"] > 0
    async with open_caller(from_dict({})) as caller:
        assert status(caller)["usd"] == 0
