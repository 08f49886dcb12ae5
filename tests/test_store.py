"""Parquet rows come back exactly, here and through ``datasets``."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis.errors import RecordError
from genesis.store import read_parquet, write_parquet

ROWS = [
    {
        "id": "a",
        "messages": [
            {"role": "user", "content": "é\u202e"},
            {"role": "assistant", "content": "", "tool_calls": [1, 2.0, None]},
        ],
        "tools": [{"function": {"parameters": {"a": {"default": None}, "b": {"default": 3}}}}],
        "scenario": {"kind": "simple", "seed": 2**61},
    },
    {"id": "b", "messages": [], "tools": [{"function": {"parameters": {"c": True}}}], "scenario": None},
]
COLUMNS = ("id", "messages", "tools", "scenario")


def test_rows_come_back_with_types_nulls_and_missing_keys_kept(tmp_path: Path) -> None:
    assert write_parquet(ROWS, tmp_path / "x.parquet", COLUMNS) == 2
    back = list(read_parquet(tmp_path / "x.parquet"))
    assert back == ROWS
    assert isinstance(back[0]["messages"][1]["tool_calls"][1], float)


def test_datasets_opens_the_file_and_sees_what_trl_takes(tmp_path: Path) -> None:
    from datasets import load_dataset

    write_parquet(ROWS, tmp_path / "x.parquet", COLUMNS)
    data = load_dataset("parquet", data_files=str(tmp_path / "x.parquet"), split="train", cache_dir=str(tmp_path / "c"))
    assert data[0]["messages"] == ROWS[0]["messages"]
    assert data[1]["tools"] == ROWS[1]["tools"]


def test_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("x", "y"):
        write_parquet(ROWS, tmp_path / name, COLUMNS)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_a_file_that_is_no_data_set_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("nonsense")
    with pytest.raises(RecordError, match=r"x\.parquet"):
        list(read_parquet(tmp_path / "x.parquet"))
