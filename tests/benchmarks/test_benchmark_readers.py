"""The readers give every item of the three benchmarks with its gold, and say where damaged files are wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from genesis.benchmarks import acebench, apibank, bfcl
from genesis.errors import BenchmarkError, MissingExtraError

BFCL_SIZES = {
    "simple_python": 400,
    "simple_java": 100,
    "simple_javascript": 50,
    "multiple": 200,
    "parallel": 200,
    "parallel_multiple": 200,
    "irrelevance": 240,
    "live_simple": 258,
    "live_multiple": 1053,
    "live_parallel": 16,
    "live_parallel_multiple": 24,
    "live_irrelevance": 884,
    "live_relevance": 16,
}


@pytest.mark.parametrize("category", bfcl.SINGLE_TURN)
def test_bfcl_gold_names_offered_functions(category: str) -> None:
    items = bfcl.items(category)
    assert len(items) == BFCL_SIZES[category]
    assert len({item.id for item in items}) == len(items)
    for item in items:
        assert item.messages
        assert item.functions or category == "live_irrelevance"  # four of its items offer nothing
        called = {name for answer in item.gold or () for name in answer}
        assert called <= {function["name"] for function in item.functions}
        assert bool(called) == ("relevance" not in category)


def test_bfcl_is_read_without_importing_the_package() -> None:
    assert sum(len(bfcl.raw_functions(category)) for category in bfcl.NON_LIVE) == 2067
    assert len(bfcl.raw_functions("multi_turn")) == 128
    assert "bfcl_eval" not in sys.modules


def test_bfcl_absent_is_one_line_with_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install --no-deps bfcl-eval"):
        bfcl.items("simple_python")


def test_bfcl_unknown_category_names_the_known_ones() -> None:
    with pytest.raises(BenchmarkError, match=r"'simple'; it has simple_python, simple_java"):
        bfcl.items("simple")


def test_acebench_dialogues_alternate_and_keep_their_text(shared_data: Path) -> None:
    sizes = {}
    for category in acebench.CATEGORIES:
        items = acebench.items(shared_data / "acebench_en", category)
        sizes[category] = len(items)
        for item in items:
            assert item.messages[0]["role"] == "user"
            assert item.gold
            assert item.extra["question"].strip().endswith(item.messages[-1]["content"])
    assert sum(sizes[category] for category in acebench.NORMAL) == 823
    assert sum(sizes[category] for category in acebench.SPECIAL) == 150


def test_apibank_reads_every_tool_of_every_prompt(shared_data: Path) -> None:
    sizes = {}
    for level in apibank.LEVELS:
        items = apibank.items(shared_data / "apibank", level)
        sizes[level] = len(items)
        for item in items:
            assert len(item.functions) == item.extra["system"].count("\nParameters: ")
            assert len(item.gold) == 1
            assert item.messages[-1]["role"] == "user"
    assert sizes == {"L1": 399, "L2": 67, "L3": 131}


def test_apibank_calls_and_results_are_messages(shared_data: Path) -> None:
    item = apibank.items(shared_data / "apibank", "L3")[60]
    assert [message["role"] for message in item.messages] == ["user", "assistant", "tool", "assistant", "tool", "user"]
    call = item.messages[1]["tool_calls"][0]["function"]
    assert call == {"name": "UserMoviePreferences", "arguments": {"user_name": "Peter"}}


def test_apibank_tools_that_are_code_are_not_run() -> None:
    with pytest.raises(BenchmarkError, match="no literal"):
        apibank.functions("1. Name: Add\nDescription: Adds.\nParameters: {'a': exit(3)}")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"id": "a", "question": "", "function": []}\n{"id": ', ":2: not JSON"),
        ('{"id": "a", "question": ""}', ":1: .*'function' is missing"),
        ("[1]", r":\[0\]: "),
        ("", "holds no item"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_damage_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "data_special_incomplete.json").write_text(text)
    with pytest.raises(BenchmarkError, match=place):
        acebench.raw_functions(tmp_path, "special_incomplete")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"level-1-api_processed\.json: cannot be read"):
        apibank.items(tmp_path / "none", "L1")
