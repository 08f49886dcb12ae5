"""First contact (`genesis lm check`) and the feedback bundle, through the command line."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genesis import record
from genesis.cli import main
from genesis.lm.testing import Call, Reaction, Server
from genesis.params import from_dict

KEY = "sk-secret-0123456789abcdefghij"


def able(call: Call) -> Reaction:
    """A server that can do everything."""
    body = call.body
    if "tools" in body:
        calls = [{"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
        return Reaction(body=msgspec.json.encode({"choices": [{"message": message, "finish_reason": "tool_calls"}]}))
    if body["max_tokens"] > 8192:
        words = "This model's maximum context length is 8192 tokens. However, you requested 50000064 tokens"
        return Reaction(status=400, body=msgspec.json.encode({"error": {"message": words}}))
    if "response_format" in body:
        return Reaction('{"colour": "red", "shade": 3}')
    if body["max_tokens"] < 10:
        return Reaction("one two", finish="length")
    return Reaction("<think>easy</think>blue")


def unable(call: Call) -> Reaction:
    """A server that can do nothing but answer."""
    for field in ("n", "seed", "response_format", "tools"):
        if field in call.body:
            return Reaction(status=400, body=f'{{"error": {{"message": "no such field: {field}"}}}}'.encode())
    return Reaction("blue", usage=False)


def checked(server: Server, capsys: pytest.CaptureFixture[str], name: str = "openai/any") -> tuple[int, dict[str, Any]]:
    code = main(["lm", "check", name, "--api-base", server.url, "--json"])
    return code, json.loads(capsys.readouterr().out)


def rows(found: dict[str, Any]) -> dict[str, str]:
    return {row["what"]: row["found"] for row in found["findings"]}


@pytest.mark.parametrize(("more", "told"), [(0, "not shown to the model"), (40, "no call came")])
def test_tools_that_the_model_is_not_shown_are_told_from_tools_that_it_does_not_use(
    more: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(call: Call) -> Reaction:
        usage = {"prompt_tokens": 20 + more * ("tools" in call.body), "completion_tokens": 1}
        choice = {"message": {"role": "assistant", "content": "blue"}, "finish_reason": "stop"}
        return Reaction(body=msgspec.json.encode({"choices": [choice], "usage": usage}))

    with Server(script) as server:
        _, found = checked(server, capsys)
    assert rows(found)["native tools"].startswith(told)
    (advice,) = [row["advice"] for row in found["findings"] if row["what"] == "native tools"]
    assert "--mode text" in advice


@pytest.mark.parametrize(("said", "warned"), [("Paris is nice.", True), ("Blue.", False)])
def test_a_model_that_does_not_do_as_told_is_warned_of(
    said: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda call: Reaction(said)) as server:
        _, found = checked(server, capsys)
    (advice,) = [row["advice"] for row in found["findings"] if row["what"] == "answers"]
    assert ("told to say 'blue'" in advice) is warned


def test_what_a_server_can_do_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(able) as server:
        code, found = checked(server, capsys)
        assert code == 0
        table = rows(found)
        assert main(["lm", "check", "openai/any", "--api-base", server.url]) == 0
        assert "parameters to set:" in capsys.readouterr().out
    assert table["model exists"] == "any"
    assert table["several samples (n)"] == "yes"
    assert table["seed"] == "same text twice"
    assert table["JSON schema"] == "held"
    assert table["native tools"] == "yes"
    assert table["truncation"].startswith("told")
    assert table["context window"] == "8192 tokens"
    assert table["reasoning"] == "yes"
    assert found["parameters"] == {
        "lm": "openai/any",
        "api_base": server.url,
        "max_tokens": 8192,
        "adapter": "json",
        "context": {"any": 8192},
    }
    from_dict(found["parameters"])


@pytest.mark.parametrize(
    ("answer", "told"), [("Blue.", ""), ("Ascending the Lion, I am the most", "told to say 'blue'")]
)
def test_a_model_that_does_not_do_as_told_is_no_surprise_later(
    answer: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda call: Reaction([answer] * call.n)) as server:
        code, found = checked(server, capsys)
    (row,) = (row for row in found["findings"] if row["what"] == "answers")
    assert code == 0
    assert told in row["advice"]
    assert bool(row["advice"]) is bool(told)


def test_what_a_server_cannot_do_is_found_too(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(unable, models=("other",)) as server:
        code, found = checked(server, capsys)
    table = rows(found)
    assert code == 0
    assert "not in the server's list: other" in table["model exists"]
    assert table["several samples (n)"].startswith("no: the server answered 400: no such field: n")
    assert table["JSON schema"].startswith("refused")
    assert table["token counts"] == "no"
    assert table["truncation"] == "not told: stop"
    assert table["context window"] == "not told"
    assert set(found["parameters"]) == {"lm", "api_base"}


def test_a_server_that_writes_on_is_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesis.lm.check.PATIENCE", 0.3)
    with Server(lambda call: Reaction("blue", fault="drip" if call.body["max_tokens"] > 8192 else "")) as server:
        code, found = checked(server, capsys)
    assert (code, rows(found)["context window"]) == (0, "not told")


def test_a_model_that_cannot_be_used_exits_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["lm", "check", "openai/any", "--api-base", "http://127.0.0.1:9/v1"]) == 1
    assert "cannot reach http://127.0.0.1:9/v1" in capsys.readouterr().out
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Server(able, key="sk-another-0123456789") as server:
        code, found = checked(server, capsys)
    assert code == 1
    assert KEY not in json.dumps(found)
    assert "answers 401 with the key in $OPENAI_API_KEY" in rows(found)["reachable"]
    assert main(["lm", "check", "offline"]) == 2
    assert "only an OpenAI-compatible endpoint" in capsys.readouterr().err


def make_run(folder: Path, text: str = "blue") -> record.Run:
    run = record.create(from_dict({"experiment": "bundled"}), folder)
    run.journal_path.mkdir()
    from genesis.lm.rows import Entry, Header, Sample, frame

    lines = [Header(1, {"default": "m"}), Entry("0" * 32, 0, "user", [Sample("good", text)], 1, 1)]
    (run.journal_path / "0.jsonl").write_bytes(b"".join(map(frame, lines)))
    return run


def test_a_bundle_holds_what_a_replay_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path)
    target = tmp_path / "bundle.tar.gz"
    assert main(["feedback-bundle", str(run.path), "--to", str(target), "--json"]) == 0
    packed = json.loads(capsys.readouterr().out)
    assert packed["lm"] == f"replay:{run.id}"
    with tarfile.open(target) as archive:
        assert archive.getnames() == [f"{run.id}/{name}" for name in ("journal/0.jsonl", "params.yaml", "run.json")]
        archive.extractall(tmp_path / "elsewhere", filter="data")
    first = target.read_bytes()
    assert main(["feedback-bundle", str(run.path), "--to", str(target)]) == 0
    assert target.read_bytes() == first
    from genesis.lm.names import make_engine

    assert make_engine(f"replay:{tmp_path / 'elsewhere' / run.id}").identity == "m"


def test_a_bundle_with_a_secret_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "correct-horse-battery")
    for text in ("the key is correct-horse-battery", f"use {KEY}"):
        run = make_run(tmp_path / text[:3], text)
        target = tmp_path / "bundle.tar.gz"
        assert main(["feedback-bundle", str(run.path), "--to", str(target)]) == 2
        told = capsys.readouterr().err
        assert "journal/0.jsonl" in told
        assert "not packed" in told
        assert "horse" not in told
        assert not target.exists()
    assert main(["feedback-bundle", str(tmp_path / "nowhere")]) == 2
