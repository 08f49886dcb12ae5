"""A data set streams through the rules: bad rows counted and placed, any number of processes, every container."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from samples import planned, train, weather, with_message

from genesis.checks import stream
from genesis.checks.stream import check_file
from genesis.cli import main
from genesis.errors import FormatError
from genesis.formats.messages import write_trl
from genesis.store import write_parquet


def row(dialogue: Any = None) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(write_trl(dialogue or weather())))
    return plain


def line(dialogue: Any = None) -> bytes:
    return msgspec.json.encode(row(dialogue)) + b"\n"


def bad_rows() -> list[tuple[bytes, str]]:
    """(line, check that must fail it)."""
    role, arguments, listed, content = row(), row(), row(), row()
    role["messages"][1]["role"] = "robot"
    arguments["messages"][1]["tool_calls"][0]["function"]["arguments"] = '{"city": "Os'
    listed["messages"][1]["tool_calls"][0]["function"]["arguments"] = ["Oslo"]
    content["messages"][0]["content"] = {"text": "hi"}
    nested = [line().replace(b'"Oslo"', b"[" * depth + b'"x"' + b"]" * depth) for depth in (150, 700)]
    remote = row()
    remote["tools"][0]["function"]["parameters"]["allOf"] = [{"$ref": "http://127.0.0.1:9/schema.json"}]
    surrogate = line().replace(b"Expect rain", b"Expect \\ud800 rain")
    rows: list[tuple[bytes, str]] = [(json.dumps(item).encode(), check) for item, check in (
        (role, "rule:17-dialogue-fields"),
        (arguments, "rule:5-call-parses"),
        (listed, "rule:5-call-parses"),
        (content, "rule:17-dialogue-fields"),
        ({"messages": "none"}, "rule:17-dialogue-fields"),
        ({"tools": []}, "rule:17-dialogue-fields"),
        ({"conversations": [{"from": "human", "value": "hi"}]}, "row:mixed-format"),
        ({"query": "hi", "answers": "[]", "tools": "[]"}, "row:mixed-format"),
        (remote, "rule:1-valid-json-schema"),
        ([1, 2], "rule:17-dialogue-fields"),
    )]  # fmt: skip
    rows += [
        *((deep.strip(), "rule:5-call-parses") for deep in nested),
        (line()[:300], "row:not-json"),
        (b"\x00" * 100, "row:not-json"),
        (b'{"messages":' + b"[" * 100_000, "row:not-json"),
        (surrogate.strip(), "row:not-json"),
        (line(with_message(weather(), 0, content="x" * 20_000_000)).strip(), "rule:24-lengths"),
    ]
    return rows


def test_bad_rows_are_counted_failed_and_placed_and_the_rest_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "mixed.jsonl"
    rows = bad_rows()
    file.write_bytes(line() + b"\n" + b"".join(data + b"\n" for data, _ in rows) + line(train()).rstrip(b"\n"))
    summary = check_file(file, workers=1)
    assert summary.dialogues == len(rows) + 2
    assert summary.failed == len(rows)
    first = {failure["index"]: failure for failure in reversed(summary.failures)}
    for place, (_, check) in enumerate(rows, 1):
        assert first[place]["rule"] == check, first[place]
        assert first[place]["line"] == place + 2  # one blank line stands before


def test_the_result_is_the_same_with_one_process_and_with_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PIECE", 20_000)
    file = tmp_path / "data.jsonl"
    lines = [line(replace(train(origin="Oslo") if k % 7 == 0 else weather(), id=str(k))) for k in range(150)]
    lines[40] = b"{torn\n"
    file.write_bytes(b"".join(lines))
    alone = check_file(file, workers=1, out=tmp_path / "one")
    several = check_file(file, workers=2, out=tmp_path / "two")
    assert alone.to_json() == several.to_json()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    verdicts = [json.loads(text) for text in (tmp_path / "two").read_text().splitlines()]
    assert [entry["index"] for entry in verdicts] == list(range(150))
    assert verdicts[40]["verdicts"][0]["check"] == "row:not-json"
    assert several.reasons["rule:44-exact-duplicates"] > 100


def test_lists_and_parquet_are_read_too(tmp_path: Path) -> None:
    rows = [row(replace(planned(), id=str(k))) for k in range(5)]
    (tmp_path / "list.json").write_bytes(msgspec.json.encode(rows))
    write_parquet(rows, tmp_path / "data.parquet", ("id", "messages", "tools", "scenario", "provenance"))
    for name in ("list.json", "data.parquet"):
        summary = check_file(tmp_path / name)
        assert (summary.dialogues, summary.failed, summary.flagged) == (5, 0, 0), name


def test_near_and_masked_duplicates_are_counted_and_fail_nothing(tmp_path: Path) -> None:
    texts = [
        "Could you tell me what the weather in Oslo is going to be like over the next 3 days, please?",
        "Could you tell me what the weather in Oslo is going to be like over the next 4 days, please?",
        "Could you tell me what the weather in Oslo is going to be like over the next 3 days, thanks?",
        "I would like a train.",
    ]
    file = tmp_path / "data.jsonl"
    file.write_bytes(b"".join(line(with_message(weather(), 0, content=text)) for text in texts))
    summary = check_file(file)
    assert summary.failed == 0
    assert summary.reasons["rule:44-duplicates-but-digits"] == 1
    assert summary.reasons["rule:44-near-duplicates"] == 2
    assert "rule:44-exact-duplicates" not in summary.reasons


def test_the_command_prints_one_object_and_exits_1_where_something_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(line())
    bad.write_bytes(line() + line(weather(city="Oslo", days="3")))
    assert main(["check", str(good), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["failed"] == 0
    assert main(["check", str(bad), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["dialogues"], found["failed"], found["reasons"]) == (
        2,
        1,
        {"rule:9-types": 1, "rule:44-near-duplicates": 1, "rule:44-duplicates-but-digits": 1},
    ), found
    assert found["failures"][0]["index"] == 1
    assert "the schema wants integer" in found["failures"][0]["reason"]
    assert main(["check", str(bad)]) == 1
    assert f"{bad}:2: rule:9-types" in capsys.readouterr().out
    assert main(["check", str(bad), "--off", "9"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [["nowhere.jsonl"], [], ["--format", "wibble", "FILE"], ["FILE", "--off", "wibble"], ["FILE", "--workers", "0"]],
)
def test_what_cannot_be_checked_is_one_line_and_exit_code_2(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_bytes(line())
    assert main(["check", *(str(file) if part == "FILE" else part for part in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("genesis: ")
    assert "Traceback" not in captured.err


def test_a_file_of_no_known_format_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"instruction": "x", "output": "y"}\n')
    with pytest.raises(FormatError, match="known format"):
        check_file(file)
    file.write_text("")
    with pytest.raises(FormatError, match="no rows"):
        check_file(file)


def test_control_characters_of_the_data_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = row()
    bad["messages"][1]["tool_calls"][0]["function"]["name"] = "\x1b[2Jevil"
    (tmp_path / "data.jsonl").write_text(json.dumps(bad) + "\n")
    assert main(["check", str(tmp_path / "data.jsonl")]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_pool_offers_its_tools_to_rows_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from genesis.tools.pool import ToolPool, save_pool

    bare = row()
    bare["tools"] = []
    (tmp_path / "data.jsonl").write_text(json.dumps(bare) + "\n")
    save_pool(ToolPool(weather().tools), tmp_path / "pool.jsonl")
    assert main(["check", str(tmp_path / "data.jsonl"), "--json"]) == 1
    assert main(["check", str(tmp_path / "data.jsonl"), "--pool", str(tmp_path / "pool.jsonl"), "--json"]) == 0
    capsys.readouterr()
