"""genesis predict: the real path to a server on loopback, native and in text; offline; interrupted and continued."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from genesis.benchmarks.item import Item
from genesis.cli import main
from genesis.downstream import acebench, bfcl
from genesis.downstream.asking import make_task
from genesis.downstream.predict import draw
from genesis.downstream.predictions import Prediction
from genesis.lm.testing import Call, Reaction, Server

LIMIT = 40


@pytest.fixture(autouse=True)
def _fixed_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files edited while the tests run are other code: what is compared here is made by the same."""
    monkeypatch.setattr("genesis.record.code_hash", lambda: "tested")


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return bfcl.items()


@pytest.fixture(scope="module")
def answers(items: list[Item]) -> dict[str, Prediction]:
    """Gold by what the user says last and the tools on offer (several items may say the same)."""
    gold = bfcl.gold(items)
    found = {}
    for item in items:
        names = sorted(function["name"].replace(".", "_") for function in item.functions)
        found[item.messages[-1]["content"].strip() + str(names)] = gold[item.id]
    return found


def _native(call: Call, answers: Mapping[str, Prediction]) -> Reaction:
    """Answer with the gold as OpenAI's API would: legal names, arguments as JSON text."""
    offered = sorted(tool["function"]["name"] for tool in call.body.get("tools", ()))
    prediction = answers[call.messages[-1]["content"].strip() + str(offered)]
    calls = []
    for number, (name, arguments) in enumerate(prediction.calls or ()):
        legal = name.replace(".", "_")
        assert legal in offered
        function = {"name": legal, "arguments": json.dumps(arguments)}
        calls.append({"id": f"c{number}", "type": "function", "function": function})
    message: dict[str, Any] = {"role": "assistant", "content": None if calls else "I cannot do that."}
    if calls:
        message["tool_calls"] = calls
    finish = "tool_calls" if calls else "stop"
    body = {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": None}
    return Reaction(body=json.dumps(body).encode())


def _run(script: Callable[[Call], Reaction], out: Path, *more: str) -> tuple[int, int]:
    """Run the command against a new server with this script; return its exit code and the calls it made."""
    with Server(script) as server:
        return _command(server, out, *more), server.calls


def _command(server: Server, out: Path, *more: str) -> int:
    command = ["predict", "--benchmark", "bfcl", "--lm", "openai/any", "--api-base", server.url]
    return main([*command, "--limit", str(LIMIT), "--out", str(out), "--json", *more])


def _score(out: Path) -> Any:
    return json.loads((out / "score.json").read_text())


def test_native_calls_over_http_score_as_gold(
    tmp_path: Path, answers: dict[str, Prediction], capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda call: _native(call, answers)) as server:
        assert _command(server, tmp_path) == 0
        printed = json.loads(capsys.readouterr().out)
        first = (tmp_path / "score.json").read_bytes()
        assert _command(server, tmp_path) == 0
        assert server.calls == LIMIT, "the second time, all of it is in the journal"
        assert (tmp_path / "score.json").read_bytes() == first
    assert (printed["mode"], printed["simulated"], printed["predicted"]) == ("native", False, LIMIT)
    assert printed == _score(tmp_path)
    wrong = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    assert {row["id"] for row in wrong if not row["correct"]} <= set(printed["unsatisfiable"])


def test_text_over_http(tmp_path: Path) -> None:
    text = '[[ ## calls ## ]]\n[{"name": "f", "arguments": {"x": 1}}]\n\n[[ ## message ## ]]\n\n\n[[ ## completed ## ]]'
    code, calls = _run(lambda call: Reaction(text), tmp_path, "--mode", "text")
    assert (code, calls) == (0, LIMIT)
    score = _score(tmp_path)
    assert score["mode"] == "text"
    assert score["outcomes"] == {"good": LIMIT}
    assert score["aggregates"]["irrelevance"]["accuracy"] == 0
    row = json.loads((tmp_path / "predictions.jsonl").read_text().splitlines()[0])
    assert row["tool_calls"] == [{"name": "f", "arguments": {"x": 1}}]


def test_stopped_by_the_budget_and_continued(
    tmp_path: Path, answers: dict[str, Prediction], capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda call: _native(call, answers)) as server:
        assert _command(server, tmp_path / "a", "-p", "budget.calls=15", "-p", "concurrency=4") == 2
        assert server.calls == 15
        assert "budget" in capsys.readouterr().err
        assert not (tmp_path / "a" / "score.json").exists()
        assert _command(server, tmp_path / "a") == 0
        assert server.calls == LIMIT, "what was paid for is not paid for again"
        assert _command(server, tmp_path / "b") == 0
    for name in ("predictions.jsonl", "verdicts.jsonl", "score.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_another_endpoint_needs_another_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[[ ## calls ## ]]\n[]\n\n[[ ## message ## ]]\nNo."
    assert _run(lambda call: Reaction(text), tmp_path, "--mode", "text")[0] == 0
    before = (tmp_path / "score.json").read_bytes()
    capsys.readouterr()
    assert _run(lambda call: Reaction(text), tmp_path, "--mode", "text") == (2, 0)
    assert "made with endpoint" in capsys.readouterr().err
    assert (tmp_path / "score.json").read_bytes() == before


def test_a_rejected_item_is_no_wrong_answer(tmp_path: Path, answers: dict[str, Prediction]) -> None:
    def script(call: Call) -> Reaction:
        if call.number == 20:
            return Reaction(status=400, body=b'{"error": {"message": "this prompt is not taken"}}')
        return _native(call, answers)

    code, _ = _run(script, tmp_path, "-p", "concurrency=1")
    score = _score(tmp_path)
    assert code == 1
    assert score["predicted"] == LIMIT - 1
    assert score["outcomes"]["failed"] == 1
    assert "this prompt is not taken" in score["failed"][0][1]


def test_a_wrong_key_stops_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, calls = _run(lambda call: Reaction(status=401, body=b'{"error": {"message": "no such key"}}'), tmp_path)
    assert code == 2
    assert calls <= LIMIT
    assert "no such key" in capsys.readouterr().err
    assert not (tmp_path / "score.json").exists()


@pytest.mark.parametrize(
    "message",
    [
        {"content": "hm", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
        {"content": None, "tool_calls": [{"function": {"name": None, "arguments": {}}}]},
        {"content": "x", "tool_calls": [5, {}, None]},
        {"content": "<think>long</think>[f(a=1)]"},
    ],
)
def test_what_a_model_writes_is_never_an_error(message: dict[str, Any], tmp_path: Path) -> None:
    body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
    code, _ = _run(lambda call: Reaction(body=body), tmp_path)
    assert code == 0
    assert _score(tmp_path)["predicted"] == LIMIT


def test_offline_says_what_it_is_and_is_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["predict", "--benchmark", "bfcl", "--lm", "offline", "--limit", "60"]
    assert main([*command, "--out", str(tmp_path / "a")]) == 0
    shown = capsys.readouterr()
    assert "offline (simulated) LM" in shown.out
    assert "instrument check" in shown.err
    assert main([*command, "--out", str(tmp_path / "b"), "-p", "concurrency=1"]) == 0
    for name in ("predictions.jsonl", "verdicts.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    score = _score(tmp_path / "a")
    assert score["simulated"] is True
    assert score["outcomes"]["good"] > 50
    assert (
        main(["predict", "--benchmark", "bfcl", "--lm", "offline", "--mode", "native", "--out", str(tmp_path / "c")])
        == 2
    )
    assert "native tool calls need" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path / "a"), "-p", "seed=1"]) == 2
    assert "made with seed 0, now 1" in capsys.readouterr().err


def test_replayed_without_the_server(tmp_path: Path, answers: dict[str, Prediction]) -> None:
    code, _ = _run(lambda call: _native(call, answers), tmp_path / "a")
    assert code == 0
    replay = ["predict", "--benchmark", "bfcl", "--lm", f"replay:{tmp_path / 'a'}", "--mode", "native"]
    assert main([*replay, "--limit", str(LIMIT), "--out", str(tmp_path / "b"), "--json"]) == 0
    first, second = _score(tmp_path / "a"), _score(tmp_path / "b")
    assert first["categories"] == second["categories"]
    assert (tmp_path / "a" / "predictions.jsonl").read_bytes() == (tmp_path / "b" / "predictions.jsonl").read_bytes()


def test_a_model_whose_replies_cannot_be_used_is_not_praised_for_irrelevance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda call: Reaction("```python\n# Example usage:\n#" + "\n#" * 200, finish="length")) as server:
        asked = ["predict", "--benchmark", "bfcl", "--lm", "openai/any", "--api-base", server.url, "--mode", "text"]
        assert main([*asked, "--limit", "12", "--out", str(tmp_path / "o"), "-p", "max_tokens=160"]) == 0
    told = capsys.readouterr().out
    assert "replies usable: 0 of 12 (12 cut)" in told
    assert "100% of the replies reached max_tokens (160): raise it" in told
    assert "counts as right where no call is right (irrelevance)" in told


@pytest.mark.parametrize("more", [["--limit", "0"], ["--limit", "x"], ["-p", "temperatur=1"], ["--lm", ""]])
def test_bad_arguments(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["predict", "--benchmark", "bfcl", "--lm", "offline", "--out", str(tmp_path / "o"), *more])
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "o" / "score.json").exists()


def test_every_item_can_be_asked(items: list[Item], shared_data: Path) -> None:
    from genesis.downstream import apibank
    from genesis.tools.names import LEGAL

    whole = {
        "bfcl": items,
        "acebench": acebench.items(shared_data / "acebench_en"),
        "apibank": apibank.items(shared_data / "apibank"),
    }
    for benchmark, found in whole.items():
        for item in found:
            task = make_task(benchmark, item, legal_names=True)
            assert len(task.inputs["tools"]) == len(item.functions)
            assert all(LEGAL.match(tool["name"]) for tool in task.inputs["tools"])
            assert set(task.names.values()) == {function["name"] for function in item.functions}
            assert task.inputs["conversation"][-1].role in ("user", "tool", "assistant")


def test_java_is_asked_for_as_literals(items: list[Item]) -> None:
    item = next(item for item in items if item.id == "simple_java_1")
    tool = make_task("bfcl", item).inputs["tools"][0]
    properties = tool["parameters"]["properties"]
    assert {schema["type"] for schema in properties.values()} == {"string"}
    assert "A Java literal of type boolean" in properties["useShortName"]["description"]


def test_a_limit_is_drawn_in_proportion(items: list[Item], shared_data: Path) -> None:
    chosen = draw(items, 100, 0)
    assert len(chosen) == 100
    assert sum(item.category == "live_multiple" for item in chosen) == pytest.approx(100 * 1053 / 3641, abs=1)
    assert [item.id for item in draw(items, 100, 0)] == [item.id for item in chosen]
    assert [item.id for item in draw(items, 100, 1)] != [item.id for item in chosen]
    steps = draw(acebench.items(shared_data / "acebench_en"), 100, 0)
    dialogues = {item.id.rsplit("_", 1)[0] for item in steps if "multi_turn" in item.category}
    whole = acebench.items(shared_data / "acebench_en")
    for dialogue in dialogues:
        expected = [item.id for item in whole if item.id.rsplit("_", 1)[0] == dialogue]
        assert [item.id for item in steps if item.id.rsplit("_", 1)[0] == dialogue] == expected
