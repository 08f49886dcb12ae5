"""The whole path, as a user runs it: over real HTTP, with 1 and with 64 in flight, the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from genesis import params, record, steps
from genesis.lm.testing import Server, offline_script
from genesis.notebook import complete

SMALL: dict[str, Any] = {"pool": {"size": 12}, "dialogues_per_tool": 1, "n": 2}


async def make(folder: Path, **changes: Any) -> record.Run:
    """Generate, check and measure as the notebooks do, without kernels."""
    chosen = params.from_dict({**SMALL, **changes})
    run = record.create(chosen, folder)
    steps.tool_pool(run, chosen)
    await steps.generate(run, chosen)
    steps.check(run, chosen)
    steps.measure(run, chosen)
    complete(run)
    return run


def contents(run: record.Run) -> dict[str, bytes]:
    names = ("pool.jsonl", "dialogues.jsonl", "dialogues.parquet", "rejected.jsonl", "verdicts.jsonl", "metrics.json")
    return {name: (run.path / name).read_bytes() for name in names}


async def test_the_same_seed_gives_the_same_bytes_with_1_and_with_64_in_flight(tmp_path: Path) -> None:
    one = contents(await make(tmp_path / "a", concurrency=1))
    many = contents(await make(tmp_path / "b", concurrency=64))
    assert one == many
    assert len(one["dialogues.jsonl"].splitlines()) >= 10
    other = contents(await make(tmp_path / "c", seed=1))
    assert other["dialogues.jsonl"] != one["dialogues.jsonl"]


async def test_over_real_http_the_path_is_the_same(tmp_path: Path) -> None:
    with Server(offline_script()) as server:
        run = await make(tmp_path / "http", lm="openai/any", api_base=server.url)
        served = server.calls
    meta = run.read_json("run.json")
    assert meta["simulated"] is False
    assert meta["calls"] == served > 100
    assert meta["counts"]["planned"] == 12
    assert meta["counts"]["accepted"] >= 11
    assert all(row["provenance"]["simulated"] is False for row in run.rows("dialogues"))


async def test_rows_are_what_trl_takes(tmp_path: Path) -> None:
    from datasets import load_dataset

    run = await make(tmp_path)
    data = load_dataset(
        "parquet", data_files=str(run.path / "dialogues.parquet"), split="train", cache_dir=str(tmp_path / "c")
    )
    rows = [json.loads(line) for line in (run.path / "dialogues.jsonl").read_text().splitlines()]
    assert [row["messages"] for row in data] == [row["messages"] for row in rows]
    for row in data:
        assert {message["role"] for message in row["messages"]} <= {"system", "user", "assistant", "tool"}
        assert all(
            tool["type"] == "function" and tool["function"]["parameters"]["type"] == "object" for tool in row["tools"]
        )
        assert row["provenance"]["simulated"] is True
