"""The dataset card: Hugging Face reads it, it says what was not measured, and what is simulated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard

from genesis import card, record
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import RecordError
from genesis.params import Params, PoolParams
from genesis.record import Run
from genesis.scenario import Scenario
from genesis.tools.pool import ToolPool, save_pool
from genesis.tools.tool import Tool

_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOL = Tool("get_weather", "Current weather of a city.", _SCHEMA, domain="weather", source="bfcl:simple_python")


def _dialogue(number: int) -> Dialogue:
    messages = (
        Message("user", f"How is the weather in Oslo, <script>alert({number})</script>?"),
        Message("assistant", "", (ToolCall("c1", "get_weather", {"city": "Oslo"}),)),
    )
    scenario = Scenario("simple", "single", "single", targets=("get_weather",))
    return Dialogue(f"d{number}", (_TOOL,), messages, scenario)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = record.create(Params(experiment="cards", pool=PoolParams(sources=["bfcl", "my_tools.json"])), tmp_path)
    for number in range(3):
        made.append("dialogues", _dialogue(number).to_row())
    save_pool(ToolPool((_TOOL,)), made.path / "pool.jsonl")
    made.write_json("parts/checks.json", {"flagged": {"rule:32-values-grounded": 2}, "failed": {}})
    made.update(counts={"planned": 4, "accepted": 3, "rejected": 1, "errored": 0})
    return made


def test_hugging_face_reads_the_front_matter(run: Run, tmp_path: Path) -> None:
    path = card.write(run, tmp_path / "out", card.Facts(splits={"train": 2, "test": 1}), name="My data", licence="mit")
    read = DatasetCard.load(path)
    data: dict[str, Any] = read.data.to_dict()
    assert data["pretty_name"] == "My data"
    assert data["license"] == "mit"
    assert data["size_categories"] == ["n<1K"]
    assert data["configs"][0]["data_files"][0] == {"split": "train", "path": "train*"}
    assert "simulated" in data["tags"]
    assert "single/single/simple | 3 | 100.0%" in read.text
    assert "1 tools from bfcl, my_tools.json" in read.text
    assert "my_tools.json: see its owner" in read.text


def test_what_nobody_measured_is_no_number(run: Run) -> None:
    text = card.card(run)
    assert text.count(card.NOT_MEASURED) == 4
    for heading in ("## Residual error", "## Contamination", "(recall):", "Overlap of the pool"):
        assert card.NOT_MEASURED in text[text.index(heading) : text.index(heading) + 220]


def test_what_was_measured_stands_there(run: Run) -> None:
    counts = {"names": 769, "names_in_pool": 60, "definitions": 1123, "definitions_in_pool": 50, "alike_in_pool": 70}
    known = card.Facts(
        recall={"rule:7-required-parameters": 1.0},
        residual_error={"value": 0.04, "low": 0.02, "high": 0.07, "n": 200, "how": "two people | blind"},
        contamination={"bfcl": {"requests": {kind: {"value": 0.0} for kind in ("exact", "near", "overlap")}}},
        overlap={"bfcl": {"all": counts}},
    )
    text = card.card(run, known)
    assert card.NOT_MEASURED not in text
    assert "4.0% [2.0%, 7.0%] of 200 dialogues (two people \\| blind)" in text
    assert "| rule:7-required-parameters | 100.0% |" in text
    assert "| bfcl | 0.00% | 0.00% | 0.00% |" in text
    assert "| bfcl | 60 of 769 | 50 of 1,123 | 70 |" in text


@pytest.mark.slow
def test_what_the_run_alone_can_tell_is_measured(run: Run) -> None:
    known = card.measure(run)
    text = card.card(run, known)
    assert text.count(card.NOT_MEASURED) == 2, "recall and residual error need planted defects and people"
    assert "| bfcl | 0.00% | 0.00% | 0.00% |" in text
    assert known.overlap is not None
    assert known.overlap["bfcl"]["all"]["names_in_pool"] >= 0


def test_simulated_data_says_so_first_and_other_data_does_not(run: Run, tmp_path: Path) -> None:
    assert "Made with the offline (simulated) LM" in card.card(run)[:700]
    real = record.create(Params(experiment="cards", lm="openai/some", api_base="http://127.0.0.1:1/v1"), tmp_path)
    real.append("dialogues", _dialogue(0).to_row())
    text = card.card(real)
    assert "simulated" not in text.partition("## Reproduce")[0]
    assert "with openai/some" in text


def test_the_same_run_gives_the_same_card_and_an_empty_one_none(run: Run, tmp_path: Path) -> None:
    assert card.card(run) == card.card(run)
    empty = record.create(Params(experiment="empty"), tmp_path)
    with pytest.raises(RecordError, match="no accepted dialogue"):
        card.card(empty)


def test_nothing_is_uploaded_without_a_card(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="write the card first"):
        card.push_to_hub(tmp_path, "someone/some-data")


@pytest.mark.slow
def test_export_puts_the_card_beside_a_runs_data_and_uploads_only_on_order(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", "import sys; from genesis.cli import main; sys.exit(main())"]
    command += ["export", str(run.path), "--format", "openai", "--out", str(out)]
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert "Formats: openai." in (out / "README.md").read_text()
    pushed = [*command, "--push", "someone/some-data"]
    done = subprocess.run(pushed, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 2
    assert "someone/some-data: not uploaded" in done.stderr
    assert "Traceback" not in done.stderr
