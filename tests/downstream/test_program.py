"""The program over HTTP on loopback: demonstrations, GEPA within its budget, stopped and continued, and Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from weather import dialogues

from genesis import params as parameters
from genesis.chat import Message
from genesis.cli import main
from genesis.dialogue import Dialogue
from genesis.downstream import bfcl
from genesis.downstream.decisions import apart, decisions
from genesis.downstream.demos import Demos
from genesis.downstream.optimize import optimise, split
from genesis.downstream.program import program_student
from genesis.errors import FormatError
from genesis.lm.offline.prompt import read
from genesis.lm.testing import Call, Reaction, Server

RULE = "Always fill unit with celsius."
NOTHING = "[[ ## calls ## ]]\n[]\n\n[[ ## message ## ]]\nI cannot do that."


@pytest.fixture(autouse=True)
def _fixed_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.record.code_hash", lambda: "tested")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("data") / "weather.jsonl", dialogues(20))


def _write(path: Path, rows: list[Dialogue]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(row.to_row()) + b"\n" for row in rows))
    return path


def _command(server: Server, out: Path, *more: str, limit: int = 6) -> int:
    command = ["predict", "--benchmark", "bfcl", "--lm", "openai/any", "--api-base", server.url]
    return main([*command, "--limit", str(limit), "--out", str(out), "--json", *more])


def _score(out: Path) -> Any:
    return json.loads((out / "score.json").read_text())


# A model that follows instructions: it fills `unit` only where its instructions say so, and, asked to improve
# instructions, writes the rule that the feedback shows to be missing.


def _learner(call: Call) -> Reaction:
    prompt = read(call.messages)
    if "attempts" in prompt.inputs:
        missing = any('"unit": "celsius"' in attempt["feedback"] for attempt in prompt.inputs["attempts"])
        told = prompt.inputs["present"]
        return Reaction(f"[[ ## improved ## ]]\n{told}\n{RULE}" if missing else f"[[ ## improved ## ]]\n{told}")
    city = re.search(r"weather in (\w+)\?", prompt.inputs["conversation"][-1]["content"])
    if city is None:
        return Reaction(NOTHING)
    arguments = {"city": city[1]} | ({"unit": "celsius"} if RULE in call.messages[0]["content"] else {})
    calls = json.dumps([{"name": "get_weather", "arguments": arguments}])
    return Reaction(f"[[ ## calls ## ]]\n{calls}\n\n[[ ## message ## ]]\n")


# Demonstrations


def test_random_demonstrations_are_the_same_for_all_items(tmp_path: Path, data: Path) -> None:
    with Server(lambda call: Reaction(NOTHING)) as server:
        assert _command(server, tmp_path, "--mode", "text", "--demos", str(data), "--k", "3") == 0
        shown = {json.dumps(call.messages[1:-1]) for call in server.seen}
    assert len(shown) == 1
    assert len(json.loads(shown.pop())) == 6, "a question and an answer each"
    about = _score(tmp_path)["program"]["demos"]
    assert (about["data"], about["k"], about["pick"], about["decisions"]) == ("weather.jsonl", 3, "random", 20)


@pytest.mark.slow
def test_another_number_of_demonstrations_needs_another_folder(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda call: Reaction(NOTHING)) as server:
        assert _command(server, tmp_path, "--mode", "text", "--demos", str(data), "--k", "3") == 0
        assert _command(server, tmp_path, "--mode", "text", "--demos", str(data), "--k", "2") == 2
        assert "made with program" in capsys.readouterr().err
        assert _command(server, tmp_path, "--mode", "text") == 2
        assert server.calls == 6


def test_scored_items_are_never_shown(tmp_path: Path, data: Path) -> None:
    item = next(one for one in bfcl.items() if one.category == "simple_python")
    request = item.messages[-1]["content"]
    first = dialogues(1)[0]
    copied = replace(first, id="copy", messages=(Message("user", f"  {request.upper()}"), *first.messages[1:]))
    mixed = _write(tmp_path / "mixed.jsonl", [copied, *dialogues(3)])
    with Server(lambda call: Reaction(NOTHING)) as server:
        assert _command(server, tmp_path / "out", "--mode", "text", "--demos", str(mixed), "--k", "3") == 0
        assert all(request.upper() not in message["content"] for call in server.seen for message in call.messages)
        assert _command(server, tmp_path / "four", "--mode", "text", "--demos", str(mixed), "--k", "4") == 2
    assert _score(tmp_path / "out")["program"]["demos"]["excluded"] == 1


def test_nearest_stands_last_whatever_else_is_asked() -> None:
    known = decisions(dialogues(20), after_results=False)
    demos = Demos(known, k=2, pick="nearest")
    shown = demos.of("Please book a flight to Kyoto or Delhi")
    assert [row["conversation"][0].content for row in shown][-1] == "Book me a flight to Delhi."
    weather = demos.of("weather in Kyoto?")[-1]
    assert weather["calls"] == [{"name": "get_weather", "arguments": {"city": "Kyoto", "unit": "celsius"}}]
    with pytest.raises(FormatError, match="21 are asked for, the data set has 20"):
        Demos(known, k=21)


def test_native_mode_tells_demonstrations_and_offers_only_the_items_tools(tmp_path: Path, data: Path) -> None:
    with Server(lambda call: Reaction("I cannot do that.")) as server:
        assert _command(server, tmp_path, "--demos", str(data), "--k", "2", "--pick", "nearest") == 0
        for call in server.seen:
            system = call.messages[0]["content"]
            assert system.count("Right answer:") == 2
            assert "[[ ## completed ## ]]" not in system
            assert {"role": "user"} in [{"role": message["role"]} for message in call.messages[1:]]
            offered = {tool["function"]["name"] for tool in call.body["tools"]}
            assert not offered & {"get_weather", "set_timer"} or "get_weather" in str(call.body["messages"][1:])
    assert _score(tmp_path)["outcomes"] == {"good": 6}


def test_decisions_of_failed_dialogues_and_results_are_left_out() -> None:
    known = decisions(dialogues(4))
    assert [one.id for one in known] == ["w00:1", "w00:3", "w01:1", "w01:3", "w02:1", "w02:3", "w03:1"]
    assert [one.id for one in decisions(dialogues(4), after_results=False)] == ["w00:1", "w01:1", "w02:1", "w03:1"]
    assert apart(known, []) == (known, 0)


# GEPA


def _optimise(server: Server, out: Path, data: Path, *more: str) -> int:
    return _command(server, out, "--mode", "text", "--optimize", str(data), *more, limit=4)


def test_gepa_finds_the_rule_that_the_data_shows(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(_learner) as server:
        assert _optimise(server, tmp_path, data, "--budget-calls", "80") == 0
        first, paid = capsys.readouterr().out, server.calls
        assert _optimise(server, tmp_path, data, "--budget-calls", "80") == 0
        assert server.calls == paid, "the second time, all of it is in the journals"
        assert capsys.readouterr().out == first
        asked = server.seen[-4:]
    found = _score(tmp_path)["program"]["optimize"]
    assert found["before"] < found["after"] == 1.0
    assert RULE in found["instructions"]
    assert found["calls"] <= 80
    assert all(RULE in call.messages[0]["content"] for call in asked), "what is scored has the found instructions"


def test_gepa_in_native_mode_sends_the_instructions_as_they_are(tmp_path: Path, data: Path) -> None:
    def script(call: Call) -> Reaction:
        if "attempts" in call.messages[-1]["content"] and "tools" not in call.body:
            return _learner(call)
        city = re.search(r"weather in (\w+)\?", call.messages[-1]["content"])
        if city is None:
            return Reaction("I cannot do that.")
        arguments = {"city": city[1]} | ({"unit": "celsius"} if RULE in call.messages[0]["content"] else {})
        function = {"name": "get_weather", "arguments": json.dumps(arguments)}
        message = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": function}]}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}], "usage": None}
        return Reaction(body=json.dumps(body).encode())

    with Server(script) as server:
        assert _command(server, tmp_path, "--optimize", str(data), "--budget-calls", "60", limit=4) == 0
    found = _score(tmp_path)
    assert found["mode"] == "native"
    assert found["program"]["optimize"]["after"] == 1.0
    assert found["program"]["optimize"]["before"] < 1.0


@pytest.mark.parametrize("calls", [9, 14, 25])
def test_the_budget_of_the_optimisation_holds(tmp_path: Path, data: Path, calls: int) -> None:
    with Server(_learner) as server:
        assert _optimise(server, tmp_path, data, "--budget-calls", str(calls)) == 0
        assert server.calls <= calls + 4, "and 4 items are scored"
    assert _score(tmp_path)["program"]["optimize"]["calls"] <= calls


def test_a_budget_too_small_for_the_first_scoring_is_told(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(_learner) as server:
        assert _optimise(server, tmp_path, data, "--budget-calls", "3") == 2
        assert server.calls <= 3
    assert "cannot score its first instructions: budget.calls of 3 is reached" in capsys.readouterr().err


def test_the_runs_own_budget_counts_both(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(_learner) as server:
        assert _optimise(server, tmp_path, data, "-p", "budget.calls=20") == 2
        assert server.calls <= 20
    assert "the optimisation has used 20" in capsys.readouterr().err


@pytest.mark.slow
def test_stopped_in_the_middle_and_continued(tmp_path: Path, data: Path) -> None:
    def limited(inner: Callable[[Call], Reaction], most: int) -> Callable[[Call], Reaction]:
        return lambda call: inner(call) if call.number <= most else Reaction(status=401, body=b"{}")

    with Server(_learner) as server:
        assert _optimise(server, tmp_path / "whole", data, "--budget-calls", "60", "-p", "concurrency=1") == 0
        whole = server.calls
        server.script = limited(_learner, whole + 20)
        assert _optimise(server, tmp_path / "cut", data, "--budget-calls", "60", "-p", "concurrency=1") == 2
        assert not (tmp_path / "cut" / "optimize" / "result.json").exists()
        failed = server.calls - whole - 20
        server.script = _learner
        assert _optimise(server, tmp_path / "cut", data, "--budget-calls", "60", "-p", "concurrency=1") == 0
        assert server.calls - failed == 2 * whole, "nothing is paid for twice"
    for name in ("score.json", "optimize/result.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


async def test_an_interrupt_ends_the_optimisation_at_once(tmp_path: Path, data: Path) -> None:
    with Server(_learner, latency=0.1) as server:
        params = parameters.from_dict(
            {"lm": "openai/any", "api_base": server.url, "student": {"optimize": str(data)}, "concurrency": 2}
        )
        running = asyncio.ensure_future(optimise(params, tmp_path, decisions(dialogues(20)), "text"))
        while server.calls < 6:
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running], timeout=60)
        assert running.cancelled()
        calls = server.calls
        await asyncio.sleep(0.5)
        assert server.calls <= calls + 2, "its thread asks nothing more"


def test_the_split_keeps_dialogues_whole() -> None:
    known = decisions(dialogues(20))
    train, choose = split(known, 500, 0)
    assert {one.dialogue for one in train} & {one.dialogue for one in choose} == set()
    assert len(train) + len(choose) == len(known)
    assert split(known, 500, 0) == (train, choose) != split(known, 500, 1)
    with pytest.raises(FormatError, match="expected at least 8"):
        split(known[:7], 500, 0)


# The one interface


async def test_the_program_is_a_student(tmp_path: Path) -> None:
    tools = [tool.to_function() for tool in dialogues(1)[0].tools]
    with Server(_learner) as server:
        params = parameters.from_dict({"lm": "openai/any", "api_base": server.url, "temperature": 0.0})
        async with program_student(params, tmp_path, mode="text") as student:
            asked = [Message("system", "Be brief."), Message("user", "What is the weather in Oslo?")]
            answer = await student.apredict(tools, asked)
            assert (student.name, student.simulated) == ("any", False)
        prompt = read(server.seen[0].messages)
        assert prompt.inputs["context"] == "Be brief."
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [
        ("call_1", "get_weather", {"city": "Oslo"})
    ]
