"""The fault catalogue, LM calls: a real server on loopback misbehaves; the Caller does what a trusted system does."""

from __future__ import annotations

import asyncio
import email.utils
import time
from pathlib import Path
from typing import Any

import dspy
import pytest

from genesis.errors import FatalLMError, LMConfigError, RejectedLMError, RetryableLMError
from genesis.lm.caller import Reply, open_caller
from genesis.lm.faults import retry_after
from genesis.lm.http import MAX_BODY
from genesis.lm.testing import Call, Reaction, Script, Server
from genesis.lm.usage import Usage
from genesis.params import from_dict

KEY = "sk-secret-0123456789abcdef"


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


GOOD = Reaction("[[ ## colour ## ]]\nblue\n\n[[ ## completed ## ]]")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.lm.calls.BACKOFF_BASE", 0.01)


def first_then_good(*first: Reaction) -> Script:
    return lambda call: first[call.number - 1] if call.number <= len(first) else GOOD


async def one_call(script: Script, **values: Any) -> tuple[Reply, Usage, Server]:
    with Server(script) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "retries": 3, **values})
        async with open_caller(params) as caller:
            (reply,) = await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=1)
            return reply, caller.usage["user"], server


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
async def test_passing_troubles_are_retried_and_counted(status: int) -> None:
    page = b"<html><body><h1>Bad Gateway</h1></body></html>"
    reply, usage, server = await one_call(first_then_good(Reaction(status=status, body=page), Reaction(status=status)))
    assert reply.outcome == "good"
    assert (usage.attempts, usage.calls, server.calls) == (3, 1, 3)
    assert usage.waited > 0
    assert usage.possibly_billed == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "120"}, 60.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
        ({"Retry-After": "Wed, 21 Oct 2037 07:28:10 GMT", "Date": "Wed, 21 Oct 2037 07:28:00 GMT"}, 10.0),
    ],
)
def test_every_form_of_retry_after_is_read_and_capped(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_without_the_servers_clock_counts_from_ours() -> None:
    soon = email.utils.formatdate(time.time() + 20, usegmt=True)
    assert 15 < (retry_after({"Retry-After": soon}) or 0) <= 20


async def test_retry_after_is_honoured_for_all_who_wait() -> None:
    started: list[float] = []

    def script(call: Call) -> Reaction:
        started.append(time.monotonic())
        return Reaction(status=429, headers={"retry-after-ms": "300"}) if call.number == 1 else GOOD

    with Server(script) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "concurrency": 1})
        async with open_caller(params) as caller:
            ask = lambda seed: caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed)  # noqa: E731
            await asyncio.gather(*(ask(seed) for seed in range(4)))
    assert all(moment - started[0] >= 0.3 for moment in started[1:])
    assert server.calls == 5


@pytest.mark.parametrize(
    "reaction",
    [
        Reaction(status=401, body=b'{"error": {"message": "bad key"}}'),
        Reaction(status=403),
        Reaction(status=402),
        Reaction(status=429, body=b'{"error": {"message": "You exceeded", "code": "insufficient_quota"}}'),
        Reaction(status=302, headers={"Location": "https://elsewhere.example/v1"}),
    ],
)
async def test_what_no_call_survives_stops_the_run_without_a_storm(reaction: Reaction) -> None:
    with Server(lambda call: reaction, latency=0.05) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "concurrency": 2})
        async with open_caller(params) as caller:
            ask = lambda seed: caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed)  # noqa: E731
            results = await asyncio.gather(*(ask(seed) for seed in range(50)), return_exceptions=True)
    assert all(isinstance(result, FatalLMError) for result in results)
    assert server.calls <= 2


@pytest.mark.parametrize("status", [400, 404, 413, 422])
async def test_a_bad_request_fails_its_call_with_the_servers_words(status: int) -> None:
    script = first_then_good(Reaction(status=status, body=b'{"detail": "prompt is too long"}'))
    with Server(script) as server:
        async with open_caller(from_dict({"lm": "openai/any", "api_base": server.url})) as caller:
            ask = lambda seed: caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed)  # noqa: E731
            with pytest.raises(RejectedLMError, match=rf"any: the server answered {status}: prompt is too long"):
                await ask(1)
            assert server.calls == 1
            assert (await ask(2))[0].outcome == "good"


@pytest.mark.parametrize("fault", ["reset", "reset_in_body", "hang", "drip"])
async def test_broken_connections_are_retried_and_marked_possibly_billed(fault: Any) -> None:
    reply, usage, server = await one_call(first_then_good(Reaction("x" * 400, fault=fault)), timeout=0.3)
    assert reply.outcome == "good"
    assert (usage.attempts, usage.possibly_billed, server.calls) == (2, 1, 2)


@pytest.mark.parametrize(
    "reaction",
    [
        Reaction("x" * 100, fault="truncate"),
        Reaction(body=b'{"error": {"message": "overloaded"}}'),
        Reaction(body=b'{"choices": []}'),
        Reaction(body=b"null"),
        Reaction(body=b"[" * 100_000),
        Reaction(body=b""),
    ],
)
async def test_damaged_replies_get_one_retry(reaction: Reaction) -> None:
    reply, usage, _ = await one_call(first_then_good(reaction))
    assert reply.outcome == "good"
    assert usage.possibly_billed == 1
    with pytest.raises(RetryableLMError, match="after 2 attempts"):
        await one_call(lambda call: reaction)


async def test_a_reply_of_20_mb_is_not_read_to_the_end() -> None:
    assert MAX_BODY < 20_000_000
    reply, _, server = await one_call(lambda call: Reaction("x" * 20_000_000))
    assert reply.outcome == "unparsable"
    assert "more than 8000000 bytes" in reply.reason
    assert server.calls == 3  # the first and two fresh samples


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("مرحبا 🌦 \u202eabc", "مرحبا 🌦 \u202eabc"),
        ("a\x00b\x1b[31mc", "a\x00b\x1b[31mc"),
        ("lone \ud83d end", "lone \ufffd end"),
    ],
)
async def test_odd_characters_are_kept_and_lone_surrogates_replaced(text: str, kept: str, tmp_path: Path) -> None:
    import json

    content = f"[[ ## colour ## ]]\n{text}\n\n[[ ## completed ## ]]"
    body = json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}).encode()
    with Server(lambda call: Reaction(body=body)) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url})
        for _ in range(2):
            async with open_caller(params, tmp_path) as caller:
                (reply,) = await caller.ask("user", dspy.Predict(Colour), {"thing": text}, seed=1)
                assert reply.fields == {"colour": kept}
                assert caller.usage["user"].estimated == 1
    assert server.calls == 1


async def test_reasoning_is_taken_out_of_the_text() -> None:
    body = GOOD.text
    reply, *_ = await one_call(lambda call: Reaction(f"<think>\nhm, sky\n</think>\n\n{body}"))
    assert (reply.fields, reply.reasoning) == ({"colour": "blue"}, "hm, sky")
    reply, *_ = await one_call(lambda call: Reaction(body, reasoning="of course"))
    assert (reply.fields, reply.reasoning) == ({"colour": "blue"}, "of course")
    reply, *_ = await one_call(lambda call: Reaction("<think>\nhm, sky, no end", finish="length"))
    assert (reply.outcome, reply.text) == ("cut", "")


@pytest.mark.parametrize("word", ["seed", "temperature", "max_tokens", "response_format"])
async def test_what_a_server_does_not_take_is_left_out_with_notice(word: str) -> None:
    def script(call: Call) -> Reaction:
        if word in call.body:
            hint = " use 'max_completion_tokens' instead" if word == "max_tokens" else ""
            error = f'{{"error": {{"message": "Unsupported parameter: {word}.{hint}"}}}}'
            return Reaction(status=400, body=error.encode())
        return Reaction('{"colour": "blue"}')

    with Server(script) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "adapter": "json"})
        async with open_caller(params) as caller:
            for seed in (1, 2):
                (reply,) = await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed)
                assert reply.outcome == "good"
            assert any("does not take" in notice for notice in caller.notices)
    assert server.calls == (4 if word == "response_format" else 3)  # a schema, then plain JSON, are tried
    if word == "max_tokens":
        assert server.seen[-1].body["max_completion_tokens"] == 2048


async def test_a_key_is_sent_and_appears_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GENESIS_TEST_KEY", KEY)
    echo = f"[[ ## colour ## ]]\nyour key is {KEY}\n\n[[ ## completed ## ]]"

    def script(call: Call) -> Reaction:
        assert call.headers["authorization"] == f"Bearer {KEY}"
        if call.number == 2:
            return Reaction(status=400, body=f'{{"error": {{"message": "key {KEY} is bad"}}}}'.encode())
        return Reaction(echo)

    with Server(script, key=KEY) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "api_key_env": "GENESIS_TEST_KEY"})
        async with open_caller(params, tmp_path) as caller:
            (reply,) = await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=1)
            assert reply.fields == {"colour": "your key is ***"}
            with pytest.raises(RejectedLMError) as caught:
                await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=2)
            assert KEY not in repr(caught.value)
            assert "***" in str(caught.value)
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY not in caplog.text


async def test_a_wrong_or_missing_key_is_told_before_spending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_TEST_KEY", "sk-wrong-0123456789")
    with Server(lambda call: GOOD, key=KEY) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "api_key_env": "GENESIS_TEST_KEY"})
        with pytest.raises(FatalLMError, match=r"answers 401 with the key in \$GENESIS_TEST_KEY: wrong key") as caught:
            async with open_caller(params):
                pass
        assert "sk-wrong" not in str(caught.value)
        assert server.calls == 0
    monkeypatch.delenv("GENESIS_TEST_KEY")
    with pytest.raises(LMConfigError, match="GENESIS_TEST_KEY is not set"):
        async with open_caller(from_dict({"lm": "openai/gpt", "api_key_env": "GENESIS_TEST_KEY"})):
            pass
    for url in ("ftp://x/v1", "http://me:pw@127.0.0.1/v1", "localhost:8000"):
        with pytest.raises(LMConfigError, match="api_base"):
            async with open_caller(from_dict({"lm": "openai/any", "api_base": url})):
                pass


async def test_a_call_cut_short_by_us_counts_as_possibly_billed() -> None:
    with Server(lambda call: GOOD, latency=5) as server:
        async with open_caller(from_dict({"lm": "openai/any", "api_base": server.url})) as caller:
            task = asyncio.ensure_future(caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=1))
            while server.calls == 0:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert caller.usage["user"].possibly_billed == 1
            assert caller.lanes["default"].gate.in_flight == 0


async def test_concurrency_goes_down_on_429_and_up_again() -> None:
    def script(call: Call) -> Reaction:
        return Reaction(status=429) if 8 < call.number <= 16 else GOOD

    with Server(script, latency=0.005) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url, "concurrency": 8, "retries": 20})
        async with open_caller(params) as caller:
            gate = caller.lanes["default"].gate
            ask = lambda seed: caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed)  # noqa: E731
            await asyncio.gather(*(ask(seed) for seed in range(8)))
            assert gate.limit == 8
            await asyncio.gather(*(ask(seed) for seed in range(8, 16)))
            lowered = gate.limit
            assert lowered < 8
            for start in range(16, 400, 16):
                await asyncio.gather(*(ask(seed) for seed in range(start, start + 16)))
            assert gate.limit == 8


async def test_a_server_that_works_one_at_a_time_is_not_asked_for_more_than_it_can_do_in_time() -> None:
    """Twelve at once at 0.15 s each, 0.75 s a call: most would come too late, again and again."""
    free_at = 0.0

    def one_at_a_time(call: Call) -> Reaction:
        nonlocal free_at
        now = time.monotonic()
        free_at = max(free_at, now) + 0.15
        return Reaction(GOOD.text, delay=free_at - now)

    with Server(one_at_a_time) as server:
        params = from_dict(
            {"lm": "openai/any", "api_base": server.url, "concurrency": 12, "timeout": 0.75, "retries": 4}
        )
        async with open_caller(params) as caller:
            asks = [caller.ask("user", dspy.Predict(Colour), {"thing": str(seed)}, seed=seed) for seed in range(16)]
            replies = await asyncio.gather(*asks)
            assert all(reply.good for (reply,) in replies)
            assert caller.lane("user").gate.limit < 12
