"""The Caller against a real HTTP server on loopback, and against a scripted engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import dspy
import pytest

from genesis.errors import (
    BudgetError,
    FatalLMError,
    LMConfigError,
    RejectedLMError,
    ReplayMissError,
    RetryableLMError,
)
from genesis.lm.caller import Caller, Reply, open_caller
from genesis.lm.testing import Call, Reaction, Server
from genesis.params import Params, from_dict


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()
    shade: int = dspy.OutputField()


def reply(colour: str = "blue", shade: Any = 3) -> str:
    return f"[[ ## colour ## ]]\n{colour}\n\n[[ ## shade ## ]]\n{shade}\n\n[[ ## completed ## ]]\n"


def params_for(server: Server, **values: Any) -> Params:
    return from_dict({"lm": "openai/any", "api_base": server.url, "api_key_env": "GENESIS_TEST_KEY", **values})


async def ask(caller: Caller, thing: str = "sky", seed: int = 1, n: int = 1) -> list[Reply]:
    return await caller.ask("user", dspy.Predict(Colour), {"thing": thing}, seed=seed, n=n)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.lm.calls.BACKOFF_BASE", 0.01)
    monkeypatch.delenv("GENESIS_TEST_KEY", raising=False)


async def test_a_reply_is_parsed_and_counted() -> None:
    with Server(lambda call: Reaction(reply())) as server:
        async with open_caller(params_for(server)) as caller:
            (answer,) = await ask(caller)
            assert answer.outcome == "good"
            assert answer.fields == {"colour": "blue", "shade": 3}
            usage = caller.usage["user"]
            assert (usage.calls, usage.attempts, usage.completions) == (1, 1, 1)
            assert usage.prompt_tokens == answer.prompt_tokens > 0
            assert caller.lm_name("user") == "any"
            assert not caller.simulated
    body = server.seen[0].body
    assert body["model"] == "any"
    assert body["seed"] == 1
    assert body["messages"][0]["role"] == "system"


async def test_samples_come_in_one_request_in_order() -> None:
    with Server(lambda call: Reaction([reply(shade=number) for number in range(call.n)])) as server:
        async with open_caller(params_for(server)) as caller:
            answers = await ask(caller, n=4)
    assert [answer.fields["shade"] for answer in answers] == [0, 1, 2, 3]
    assert server.calls == 1
    assert [answer.prompt_tokens > 0 for answer in answers] == [True, False, False, False]


async def test_a_server_that_gives_one_sample_is_asked_for_the_rest_at_once() -> None:
    def script(call: Call) -> Reaction:
        return Reaction([reply(shade=call.body["seed"])], delay=0.05)

    with Server(script) as server:
        async with open_caller(params_for(server)) as caller:
            first = await ask(caller, n=4, seed=100)
            again = await ask(caller, n=4, seed=200)
            assert len(caller.notices) == 1
    assert [answer.fields["shade"] for answer in first] == [100, 101, 102, 103]
    assert [answer.fields["shade"] for answer in again] == [200, 201, 202, 203]
    assert server.calls == 8
    assert server.most_in_flight == 4


async def test_outcomes_are_typed_and_replayed_from_the_journal(tmp_path: Path) -> None:
    reactions = {
        "empty": Reaction("  "),
        "refused": Reaction("", refusal="I will not"),
        "filter": Reaction("bl", finish="content_filter"),
        "cut": Reaction("[[ ## colour ## ]]\nbl", finish="length"),
        "bad": Reaction(reply(shade="many")),
        "good": Reaction(reply()),
    }
    expected = {"empty": "empty", "refused": "refused", "filter": "refused", "cut": "cut", "bad": "unparsable"}

    def script(call: Call) -> Reaction:
        return next(value for name, value in reactions.items() if f"\n{name}\n" in call.messages[-1]["content"])

    with Server(script) as server:
        async with open_caller(params_for(server), tmp_path) as caller:
            first = {name: (await ask(caller, name))[0] for name in reactions}
            calls = server.calls
            usage = caller.usage["user"]
            assert usage.resamples == 2
            assert usage.calls == calls == len(reactions) + 2
        async with open_caller(params_for(server), tmp_path) as caller:
            again = {name: (await ask(caller, name))[0] for name in reactions}
            assert server.calls == calls
            assert caller.usage["user"].calls == calls
            assert caller.usage["user"].prompt_tokens == usage.prompt_tokens
    assert {name: answer.outcome for name, answer in first.items()} == {**expected, "good": "good"}
    assert again == first
    assert first["refused"].reason == "I will not"
    assert "shade" in first["bad"].reason
    assert first["bad"].resamples == 2


async def test_an_unparsable_reply_gets_a_fresh_sample() -> None:
    with Server(lambda call: Reaction(reply(shade="NaN" if call.number == 1 else 5))) as server:
        async with open_caller(params_for(server)) as caller:
            (answer,) = await ask(caller)
            assert caller.usage["user"].resamples == 1
    assert answer.fields["shade"] == 5
    assert server.seen[0].body["seed"] != server.seen[1].body["seed"]
    assert server.seen[0].messages == server.seen[1].messages


async def test_prose_and_fences_cost_no_second_call() -> None:
    text = 'Sure:\n```json\n{"colour": "red", "shade": 1}\n```\nDone.'
    with Server(lambda call: Reaction(text)) as server:
        for adapter in ("chat", "json"):
            async with open_caller(params_for(server, adapter=adapter)) as caller:
                (answer,) = await ask(caller)
                assert answer.fields == {"colour": "red", "shade": 1}
    assert server.calls == 2
    assert "json_schema" in server.seen[1].body["response_format"]
    assert "response_format" not in server.seen[0].body


async def test_equal_requests_in_flight_are_sent_once(tmp_path: Path) -> None:
    with Server(lambda call: Reaction(reply(shade=call.number)), latency=0.05) as server:
        async with open_caller(params_for(server), tmp_path) as caller:
            answers = await asyncio.gather(*(ask(caller) for _ in range(5)))
    assert server.calls == 1
    assert {answer.fields["shade"] for (answer,) in answers} == {1}


async def test_results_do_not_depend_on_arrival_order(tmp_path: Path) -> None:
    def script(call: Call) -> Reaction:
        return Reaction(reply(shade=call.body["seed"] * 10), delay=0.001 * (call.number * 7 % 5))

    with Server(script) as server:
        async with open_caller(params_for(server)) as caller:
            slow = [await ask(caller, seed=seed) for seed in range(12)]
        async with open_caller(params_for(server), tmp_path) as caller:
            quick = await asyncio.gather(*(ask(caller, seed=seed) for seed in reversed(range(12))))
    assert quick[::-1] == slow


async def test_concurrency_is_kept() -> None:
    with Server(lambda call: Reaction(reply()), latency=0.02) as server:
        async with open_caller(params_for(server, concurrency=3)) as caller:
            await asyncio.gather(*(ask(caller, seed=seed) for seed in range(12)))
    assert server.most_in_flight == 3


async def test_agents_can_have_models_of_their_own() -> None:
    with Server(lambda call: Reaction(reply(call.body["model"]))) as one, Server(lambda call: Reaction(reply())) as two:
        params = from_dict(
            {
                "lm": {"default": "openai/a", "judge": "openai/b"},
                "api_base": {"default": one.url, "judge": two.url},
            }
        )
        async with open_caller(params) as caller:
            await caller.ask("user", dspy.Predict(Colour), {"thing": "x"}, seed=1)
            await caller.ask("judge", dspy.Predict(Colour), {"thing": "x"}, seed=1)
            assert set(caller.usage) == {"user", "judge"}
        assert (one.calls, two.calls) == (1, 1)
        assert two.seen[0].body["model"] == "b"
    with pytest.raises(LMConfigError, match="did you mean 'judge'"):
        async with open_caller(from_dict({"lm": {"default": "offline", "juge": "offline"}})):
            pass


async def test_replay_answers_without_network_and_misses_are_errors(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with Server(lambda call: Reaction([reply(shade=number) for number in range(call.n)])) as server:
        async with open_caller(params_for(server), run / "journal") as caller:
            first = await ask(caller, n=2)
            tokens = caller.usage["user"].tokens
    async with open_caller(from_dict({"lm": f"replay:{run}"}), tmp_path / "copy") as caller:
        assert await ask(caller, n=2) == first
        assert caller.lm_name("user") == "any"
        assert caller.usage["user"].tokens == tokens
        with pytest.raises(ReplayMissError, match="holds no reply"):
            await ask(caller, "sea")
    async with open_caller(from_dict({"lm": f"replay:{tmp_path / 'copy'}"}), check=False) as caller:
        assert await ask(caller, n=2) == first
    with pytest.raises(LMConfigError, match="no run folder"):
        async with open_caller(from_dict({"lm": "replay:nowhere"})):
            pass


async def test_an_unreachable_endpoint_is_told_before_anything_is_spent(tmp_path: Path) -> None:
    params = from_dict({"lm": "openai/any", "api_base": "http://127.0.0.1:9/v1"})
    with pytest.raises(LMConfigError, match=r"cannot reach http://127.0.0.1:9/v1"):
        async with open_caller(params, tmp_path / "journal"):
            pass
    assert not (tmp_path / "journal").exists()


async def test_rejections_fail_the_call_and_hopeless_ones_the_run() -> None:
    def script(call: Call) -> Reaction:
        return Reaction(status=404, body=b'{"error": {"message": "model any does not exist"}}')

    with Server(script) as server:
        async with open_caller(params_for(server)) as caller:
            for seed in range(8):
                with pytest.raises(RejectedLMError, match="model any does not exist"):
                    await ask(caller, seed=seed)
            with pytest.raises(FatalLMError, match="all rejected"):
                await ask(caller, seed=9)
    assert server.calls == 8


async def test_the_budget_is_reserved_before_and_settled_after(tmp_path: Path) -> None:
    with Server(lambda call: Reaction(reply()), latency=0.01) as server:
        params = params_for(server, budget={"calls": 5}, concurrency=4)
        async with open_caller(params, tmp_path) as caller:
            results = await asyncio.gather(*(ask(caller, seed=seed) for seed in range(9)), return_exceptions=True)
        assert sum(isinstance(result, BudgetError) for result in results) == 4
        assert server.calls == 5
        async with open_caller(params_for(server, budget={"calls": 7}), tmp_path) as caller:
            for seed in range(7):
                await ask(caller, seed=seed)
            with pytest.raises(BudgetError, match=r"budget\.calls of 7 is reached: 7 spent"):
                await ask(caller, seed=8)
        assert server.calls == 7
        with pytest.raises(LMConfigError, match="the price of 'any' is unknown"):
            async with open_caller(params_for(server, budget={"usd": 1.0})):
                pass
        priced = params_for(server, budget={"usd": 0.01}, prices={"any": [1.0, 2.0]}, max_tokens=100)
        async with open_caller(priced) as caller:
            with pytest.raises(BudgetError, match=r"budget\.usd"):
                await asyncio.gather(*(ask(caller, seed=seed) for seed in range(200)))
            spent = caller.lanes["default"].budget.usd
        assert 0.009 < spent <= 0.01


async def test_retries_are_used_up_with_the_reason() -> None:
    with Server(lambda call: Reaction(status=503, body=b"<html><b>busy</b></html>")) as server:
        async with open_caller(params_for(server, retries=2)) as caller:
            with pytest.raises(RetryableLMError, match=r"answered 503: busy \(after 3 attempts\)"):
                await ask(caller)
            assert caller.usage["user"].attempts == 3
            assert caller.usage["user"].waited > 0
    assert server.calls == 3


async def test_attempts_of_earlier_sessions_are_counted(tmp_path: Path) -> None:
    with Server(lambda call: Reaction(status=503) if call.number in (1, 4) else Reaction(reply())) as server:
        for session in (1, 2):
            async with open_caller(params_for(server), tmp_path) as caller:
                await ask(caller, seed=1)
                await ask(caller, seed=session + 1)
                usage = caller.usage["user"]
                waited = usage.waited
        assert (usage.calls, usage.attempts, usage.retries) == (3, 5, 2)
        assert server.calls == 5
        async with open_caller(params_for(server), tmp_path) as caller:
            assert caller.usage["user"].attempts == 5
            assert caller.usage["user"].waited == pytest.approx(waited)


async def test_an_endpoint_that_goes_away_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.lm.calls.GONE", 3)
    with Server(lambda call: Reaction(reply()) if call.number == 1 else Reaction(status=502)) as server:
        async with open_caller(params_for(server, retries=1)) as caller:
            await ask(caller, seed=0)
            for seed in range(1, 4):
                with pytest.raises(RetryableLMError):
                    await ask(caller, seed=seed)
            with pytest.raises(FatalLMError, match="3 calls in a row used up their retries"):
                await ask(caller, seed=9)
    assert server.calls == 7


async def test_the_budget_holds_for_the_offline_lm_too() -> None:
    from genesis.agents.memory import Guide

    inputs = {
        "tool": {"name": "f", "description": "", "parameters": {}},
        "covered": [],
        "open_types": ["a: b"],
        "rare_parameters": [],
        "nearest_requests": [],
    }
    async with open_caller(from_dict({"budget": {"calls": 3}, "offline": {"unparsable": 0.0}})) as caller:
        for seed in range(3):
            await caller.ask("memory", dspy.Predict(Guide), inputs, seed=seed)
        with pytest.raises(BudgetError, match=r"budget\.calls of 3"):
            await caller.ask("memory", dspy.Predict(Guide), inputs, seed=4)


async def test_a_predictor_sets_its_own_temperature_and_nothing_unknown() -> None:
    with Server(lambda call: Reaction(reply())) as server:
        async with open_caller(params_for(server)) as caller:
            cold = dspy.Predict(Colour, temperature=0.0, max_tokens=7)
            await caller.ask("user", cold, {"thing": "sky"}, seed=1)
            with pytest.raises(LMConfigError, match="top_p"):
                await caller.ask("user", dspy.Predict(Colour, top_p=0.5), {"thing": "sky"}, seed=1)
    assert (server.seen[0].body["temperature"], server.seen[0].body["max_tokens"]) == (0.0, 7)


async def test_the_offline_lm_answers_the_agents_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    from genesis.agents.judge import Judge
    from genesis.agents.wire import Choice, Line

    inputs = {
        "tools": [],
        "conversation": [],
        "candidates": [Choice(number, [Line("user", "Hi")]) for number in (1, 2)],
    }
    async with open_caller(from_dict({"offline": {"unparsable": 0.0}}), tmp_path) as caller:
        (answer,) = await caller.ask("judge", dspy.Predict(Judge), inputs, seed=3)
        assert answer.fields["best"] in (1, 2)
        assert caller.simulated
        assert caller.lm_name() == "offline (simulated) LM"
        with pytest.raises(LMConfigError):
            await ask(caller)


def test_a_plain_dspy_lm_runs_on_our_engines() -> None:
    import genesis.lm

    with Server(lambda call: Reaction(reply("green", call.body["seed"]))) as server:
        lm = genesis.lm.lm("openai/any", api_base=server.url, api_key_env="GENESIS_TEST_KEY", seed=5)
        with dspy.context(lm=lm):
            first = dspy.Predict(Colour)(thing="grass")
            again = asyncio.run(dspy.Predict(Colour).acall(thing="grass"))
            assert (first.colour, first.shade, again.shade) == ("green", 5, 6)  # the second asks for the second sample
            state = dspy.Predict(Colour)
            state.lm = lm
            assert "api_key" not in str(state.dump_state()["lm"]).replace("api_key_env", "")
        server.script = lambda call: Reaction(status=429) if call.number == 3 else Reaction(reply())
        assert lm.copy()("hello")
        assert server.calls == 4


def test_the_offline_lm_is_a_plain_dspy_lm_too() -> None:
    import genesis.lm
    from genesis.agents.memory import Guide

    inputs = {
        "tool": {"name": "get_weather", "description": "Weather of a city.", "parameters": {}},
        "covered": [],
        "open_types": ["weather: look up", "weather: plan"],
        "rare_parameters": [],
        "nearest_requests": [],
    }
    with dspy.context(lm=genesis.lm.lm("offline", offline=from_dict({"offline": {"unparsable": 0.0}}).offline)):
        assert dspy.Predict(Guide)(**inputs).semantic_type in inputs["open_types"]


async def test_a_script_that_fails_breaks_one_connection_and_the_server_goes_on() -> None:
    def script(call: Call) -> Reaction:
        if call.number == 1:
            raise ValueError("no such colour")
        return Reaction(reply())

    with Server(script) as server:
        async with open_caller(params_for(server, retries=1)) as caller:
            replies = await ask(caller)
    assert [one.outcome for one in replies] == ["good"]
    assert (server.calls, server.in_flight, caller.usage["user"].retries) == (2, 0, 1)
