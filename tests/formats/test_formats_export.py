"""Exports: seeded splits, files that the frameworks read, honest reports of what does not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from test_formats_roundtrip import TAXI, WEATHER, parallel, refusal, single, with_system

from genesis import formats
from genesis.chat import Message, ToolCall
from genesis.cli import main
from genesis.dialogue import Dialogue
from genesis.errors import FormatError
from genesis.formats.export import write
from genesis.formats.split import called, split
from genesis.tools.tool import Tool


def many(count: int = 60) -> list[Dialogue]:
    """Dialogues of 20 tools in pairs, each offering some others."""
    tools = [Tool(f"tool_{k}", f"Does {k}.", {"type": "object", "properties": {}}) for k in range(20)]
    found = []
    for k in range(count):
        own = tools[k % 20]
        offered = tuple({tool.name: tool for tool in (own, tools[(k * 7 + 3) % 20], tools[(k + 1) % 20])}.values())
        messages = (Message("user", f"Do {k}"), Message("assistant", "", (ToolCall("call_0", own.name, {}),)))
        found.append(Dialogue(f"d{k}", offered, messages, provenance={"lm": "offline (simulated) LM"}))
    return found


def test_split_by_tool_leaves_no_tool_on_both_sides() -> None:
    sides = split(many(), "tool", 0.2, 0)
    names = {side: {tool.name for dialogue in rows for tool in dialogue.tools} for side, rows in sides.items()}
    assert names["train"].isdisjoint(names["test"])
    assert sum(map(len, sides.values())) == 60
    assert 6 <= len(sides["test"]) <= 18
    for rows in sides.values():
        for dialogue in rows:
            assert called(dialogue) <= {tool.name for tool in dialogue.tools}


@pytest.mark.parametrize("by", ["tool", "dialogue"])
def test_splits_are_seeded(by: str) -> None:
    ids = [[d.id for d in split(many(), by, 0.2, seed)["test"]] for seed in (0, 0, 1)]  # type: ignore[arg-type]
    assert ids[0] == ids[1] != ids[2]


def test_calls_that_tie_everything_together_cannot_be_split_by_tool() -> None:
    with pytest.raises(FormatError, match="tie all dialogues together"):
        split([parallel(), replace(parallel(), id="b")], "tool", 0.5, 0)
    with pytest.raises(FormatError, match="between 0 and 1"):
        split(many(), "dialogue", 1.5, 0)


@pytest.mark.parametrize("name", sorted(formats.WRITERS))
def test_the_same_seed_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    for run in ("a", "b"):
        write(many(), name, tmp_path / run, by="dialogue", seed=3)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert {"export.json"} < set(files)
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    assert "simulated" in (tmp_path / "a" / "export.json").read_text()


@pytest.mark.parametrize("name", sorted(set(formats.WRITERS) & set(formats.READERS) - {"xlam"}))
def test_an_exported_folder_is_read_back(name: str, tmp_path: Path) -> None:
    originals = [single(), parallel(), refusal()]
    report = write(originals, name, tmp_path)
    assert (report.rows, report.skipped) == ({"train": 3}, ())
    back = formats.dialogues(tmp_path / report.files[0])
    assert [dialogue.messages for dialogue in back] == [dialogue.messages for dialogue in originals]
    assert [dialogue.tools for dialogue in back] == [dialogue.tools for dialogue in originals]


def test_what_does_not_fit_is_skipped_with_its_reason(tmp_path: Path) -> None:
    report = write([single(), with_system()], "toolace", tmp_path)
    assert report.rows == {"train": 1}
    assert report.skipped[0][0] == "system"
    assert "system message" in report.skipped[0][1]
    with pytest.raises(FormatError, match="nothing can be written as xlam"):
        write([parallel()], "xlam", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_trl_parquet_opens_with_datasets_and_keeps_integers(tmp_path: Path) -> None:
    import datasets

    write([single(), parallel()], "trl", tmp_path)
    loaded = datasets.load_dataset("parquet", data_files=str(tmp_path / "train.parquet"), cache_dir=str(tmp_path / "c"))
    row = loaded["train"][0]
    assert row["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"city": "Osló “x”", "days": 3}
    assert type(row["messages"][1]["tool_calls"][0]["function"]["arguments"]["days"]) is int
    assert row["tools"][0] == WEATHER.to_openai()


def test_llamafactory_registration_names_file_columns_and_tags(tmp_path: Path) -> None:
    write(many(), "llamafactory", tmp_path, by="dialogue")
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    entry = info["genesisfunc_train"]
    assert entry["file_name"] == "train.jsonl"
    row = json.loads((tmp_path / "train.jsonl").read_text().splitlines()[0])
    assert set(entry["columns"].values()) - {"system"} <= row.keys()
    tags = entry["tags"]
    sides = [turn[tags["role_tag"]] for turn in row["conversations"]]
    assert all(side in (tags["user_tag"], tags["observation_tag"]) for side in sides[::2])
    assert all(side in (tags["assistant_tag"], tags["function_tag"]) for side in sides[1::2])
    assert json.loads(row["tools"])[0]["name"].startswith("tool_")


def test_verl_has_a_row_for_each_decision_with_its_ground_truth(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write([parallel()], "verl", tmp_path)
    rows = pq.read_table(tmp_path / "train.parquet").to_pylist()
    truths = [json.loads(row["reward_model"]["ground_truth"]) for row in rows]
    assert [len(truth) for truth in truths] == [2, 0, 1, 0]
    assert truths[0][1] == {"name": "get_weather", "arguments": {"city": "Rome"}}
    assert rows[0]["prompt"][-1] == {"role": "user", "content": "Weather in Oslo and Rome?"}
    assert "<tools>" in rows[0]["prompt"][0]["content"]
    assert {"data_source", "prompt", "ability", "reward_model", "extra_info"} == rows[0].keys()


def test_ms_swift_row_as_documented() -> None:
    (row,) = formats.WRITERS["ms-swift"](parallel())
    roles = [message["role"] for message in row["messages"]]
    assert roles[:6] == ["user", "tool_call", "tool_call", "tool_response", "tool_response", "assistant"]
    assert json.loads(row["messages"][1]["content"]) == {"name": "get_weather", "arguments": {"city": "Oslo"}}
    assert json.loads(row["tools"])[1] == TAXI.to_openai()


def test_the_command_exports_a_file_and_a_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    lines = [msgspec.json.encode(dialogue.to_row()) + b"\n" for dialogue in many(20)]
    (folder / "dialogues.jsonl").write_bytes(b"".join(lines))
    for source in (folder, folder / "dialogues.jsonl"):
        out = tmp_path / f"out-{source.name}"
        arguments = ["export", str(source), "--format", "openai", "--out", str(out), "--split", "tool", "--json"]
        assert main(arguments) == 0
        report = json.loads(capsys.readouterr().out)
        assert sum(report["rows"].values()) == 20
        assert main(["check", str(out / "train.jsonl"), "--json"]) in (0, 1)
        capsys.readouterr()


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["EMPTY"], ["FILE", "--format", "wibble"], ["FILE", "--split", "tool", "--test", "3"]]
)
def test_what_cannot_be_exported_is_one_line_and_exit_code_2(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    file = tmp_path / "data.jsonl"
    file.write_bytes(msgspec.json.encode(single().to_row()) + b"\n")
    names = {"EMPTY": str(tmp_path / "empty"), "FILE": str(file), "nowhere": str(tmp_path / "nowhere")}
    given = [names.get(part, part) for part in arguments]
    given += [] if "--format" in given else ["--format", "openai"]
    assert main(["export", *given, "--out", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("genesis: ")
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
