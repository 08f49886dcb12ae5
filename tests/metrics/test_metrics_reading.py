"""Files and the command line: every way in gives the same numbers; bad input is one clear line."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from metrics_corpus import call, corpus, dialogue, failed

from genesis.cli import main
from genesis.dialogue import Dialogue
from genesis.errors import FormatError
from genesis.metrics import columns, reading
from genesis.metrics.columns import Columns, Facet, concat, from_dialogues
from genesis.metrics.reading import read_columns
from genesis.store import write_parquet

COLUMNS = ("id", "messages", "tools", "scenario", "verdicts", "provenance")


def some() -> list[Dialogue]:
    made = corpus(300)
    made[3] = failed(made[3], "rule:9-types", "model")
    made[4] = dialogue(
        4,
        "Zwei Züge nach Köln?",
        call("a", x=1.0, y=[1, {"z": None}]),
        call("b"),
        round=2,
        semantic_type="travel: plan ahead",
        calls={"user": 2},
        tokens={"user": 50, "judge": 3},
    )
    return made


def same(left: Columns, right: Columns) -> bool:
    for item in dataclasses.fields(Columns):
        a, b = getattr(left, item.name), getattr(right, item.name)
        if isinstance(a, Facet):
            if a.names != b.names or not np.array_equal(a.codes, b.codes) or not np.array_equal(a.starts, b.starts):
                return False
        elif isinstance(a, np.ndarray):
            if not np.array_equal(a, b):
                return False
        elif a != b:
            return False
    return True


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return path


def test_objects_lines_parquet_and_workers_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = some()
    wanted = from_dialogues(made)
    lines = write_lines(tmp_path / "d.jsonl", [one.to_row() for one in made])
    write_parquet((one.to_row() for one in made), tmp_path / "d.parquet", COLUMNS)
    assert same(read_columns(lines), wanted)
    assert same(read_columns(tmp_path / "d.parquet"), wanted)
    monkeypatch.setattr(reading, "CHUNK_BYTES", 7001)
    assert same(read_columns(lines), wanted)


@pytest.mark.slow
def test_two_processes_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = write_lines(tmp_path / "d.jsonl", [one.to_row() for one in some()])
    monkeypatch.setattr(reading, "SMALL", 0)
    assert same(read_columns(lines, workers=2), read_columns(lines))


def test_openai_rows_with_arguments_as_text_and_content_parts(tmp_path: Path) -> None:
    made = some()
    rows = [{"messages": [message.to_openai() for message in one.messages]} for one in made]
    parts = [{"type": "text", "text": made[0].user_text}]
    rows[0]["messages"][0] = {"role": "user", "content": parts}  # type: ignore[dict-item]
    found, wanted = read_columns(write_lines(tmp_path / "d.jsonl", rows)), from_dialogues(made)
    for name in ("tools", "slots", "values", "calls", "requests", "acts"):
        assert np.array_equal(getattr(found, name).codes, getattr(wanted, name).codes)


def test_sample_of_texts_is_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "SAMPLE", 100)
    part = from_dialogues([dialogue(0, "one text here")])
    rows = 305
    whole = concat(
        dataclasses.replace(part, texts={0: f"text {number}"}) for number in range(rows)
    )  # fmt: skip
    assert whole.n == rows
    assert 50 < len(whole.texts) <= 100
    assert all(text == f"text {row}" for row, text in whole.texts.items())
    assert len(set(np.diff(sorted(whole.texts)).tolist())) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"messages": [{"role": "user", "content": 3}]}', "content of role 'user' is int"),
        (b'{"messages": [{"role": "assistant", "tool_calls": [{"id": "x"}]}]}', "has no name"),
        (b'{"messages": [{"role": "assistant", "tool_calls": [{"name": "f", "arguments": "{"}]}]}', "not JSON"),
        (b'{"messages": [', "truncated"),
    ],
)
def test_rows_that_are_no_dialogue_are_counted_and_named(tmp_path: Path, line: bytes, problem: str) -> None:
    good = msgspec.json.encode(corpus(1)[0].to_row())
    file = tmp_path / "d.jsonl"
    file.write_bytes(good + b"\n\n" + good + b"\n" + line + b"\n")
    found = read_columns(file)
    assert (found.n, found.unreadable) == (2, 1)
    assert found.problems[0].startswith("line 4: ")
    assert problem in found.problems[0]


def test_a_file_without_any_dialogue_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_bytes(b'{"messages": [{"role": "user", "content": 3}]}\n')
    with pytest.raises(FormatError, match=r"d\.jsonl: none of 1 rows is a dialogue; line 1: "):
        read_columns(file)


@pytest.mark.parametrize("format", ["openai", "llamafactory", "hermes", "toolace"])
def test_any_imported_format_gives_the_same_calls(tmp_path: Path, format: str) -> None:
    from genesis import formats

    made = corpus(40)
    rows = [row for one in made for row in formats.WRITERS[format](one)]
    lines, whole = write_lines(tmp_path / "d.jsonl", rows), tmp_path / "d.json"
    whole.write_bytes(msgspec.json.encode(rows))
    wanted = from_dialogues(made)
    for found in (read_columns(lines), read_columns(whole)):
        for name in ("tools", "slots", "values", "requests"):
            assert np.array_equal(getattr(found, name).codes, getattr(wanted, name).codes), name


def test_domains_come_from_the_pool_or_from_the_words(tmp_path: Path) -> None:
    made = [dialogue(0, "x", call("convert_currency")), dialogue(1, "x", call("weather_forecast"))]
    lines = write_lines(tmp_path / "d.jsonl", [one.to_row() for one in made])
    assert read_columns(lines).domains.names == ["finance", "weather"]
    assert read_columns(lines, domains={"convert_currency": "money"}).domains.names == ["money", "weather"]


def test_metrics_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_lines(tmp_path / "d.jsonl", [one.to_row() for one in some()])
    assert main(["metrics", str(file), "--json"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out)
    assert {"diversity", "quality", "cost"} <= set(found)
    assert found["diversity"]["n"] == 300
    assert found["quality"]["rejected_by_check"] == {"model": 1, "rule:9-types": 1}
    assert main(["metrics", str(file)]) == 0
    assert "distinct 3" in capsys.readouterr().out


def test_metrics_command_refuses_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", str(tmp_path / "absent.jsonl"), "--root", str(tmp_path)]) == 2
    assert "neither a data set's file nor a run" in capsys.readouterr().err
    file = write_lines(tmp_path / "d.jsonl", [one.to_row() for one in corpus(5)])
    assert main(["metrics", str(file), "--against", "acebench"]) == 2
    assert "acebench:DIR" in capsys.readouterr().err


def test_compare_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write_lines(tmp_path / "a.jsonl", [one.to_row() for one in corpus(150)])
    second = write_lines(tmp_path / "b.jsonl", [one.to_row() for one in corpus(150, tools=3, seed=1)])
    assert main(["compare", str(first), str(second), "--json"]) == 0
    rows = msgspec.json.decode(capsys.readouterr().out)["rows"]
    assert {row["measure"]: row["real"] for row in rows}["tool_entropy"]
    assert main(["compare", str(first), str(second)]) == 0
    printed = capsys.readouterr()
    assert "tool_entropy" in printed.err
    assert main(["compare", str(first), str(first)]) == 2


def test_an_empty_file_is_an_empty_data_set(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(b"\n")
    assert read_columns(tmp_path / "d.jsonl").n == 0
