"""API-Bank: the rule of its prepared data's own evaluation, and the strict one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genesis.benchmarks.item import Item
from genesis.downstream import apibank
from genesis.downstream.predictions import Prediction

_GOLD = {"name": "Add", "parameters": {"a": "1", "b": "2"}}
_ITEM = Item("L1_0", "L1", [], [], [_GOLD])
_RIGHT, _WRONG = json.dumps(_GOLD), json.dumps({"name": "Add", "parameters": {"a": "1"}})


@pytest.mark.parametrize(
    ("text", "official", "strict"),
    [
        (f"<think>hm</think>\n<tool_call>\n{_RIGHT}\n</tool_call>\n<response>done</response>", True, True),
        (_RIGHT, True, True),
        (f"<tool_call>{_WRONG}\n{_RIGHT}</tool_call>", True, False),
        (f"<tool_call>{_RIGHT}</tool_call><tool_call>{_WRONG}</tool_call>", False, False),
        ("<tool_call>" + json.dumps(_GOLD["parameters"]) + "</tool_call>", True, False),
        (f"<tool_call>well\n{_RIGHT}</tool_call>", True, False),
        (f"<tool_call>5\n{_RIGHT}</tool_call>", False, False),
        (json.dumps({"name": "Add", "parameters": {"a": 1, "b": 2}}), False, False),
        (json.dumps({"name": "add", "parameters": {"a": "1", "b": "2"}}), False, False),
        ("<tool_call>" + json.dumps(_RIGHT) + "</tool_call>", True, True),
        ("", False, False),
        ("<tool_call>" + "[" * 100_000, False, False),
    ],
)
def test_text_is_read_as_its_evaluation_reads_it(text: str, official: bool, strict: bool) -> None:
    scored = apibank.verdict(_ITEM, Prediction("L1_0", None, text))
    assert (scored.correct, scored.strict) == (official, strict)
    assert bool(scored.reason) is not official


def test_native_calls() -> None:
    right, wrong = ("Add", {"a": "1", "b": "2"}), ("Sub", "{}")
    assert apibank.verdict(_ITEM, Prediction("L1_0", (right,))).strict is True
    both = apibank.verdict(_ITEM, Prediction("L1_0", (wrong, right)))
    assert (both.correct, both.strict) == (True, False)
    assert apibank.verdict(_ITEM, Prediction("L1_0", (right, ("Add", "no json")))).correct is False
    assert apibank.verdict(_ITEM, Prediction("L1_0", ())).reason == "no call"


def test_overall_counts_every_item_the_same(shared_data: Path) -> None:
    items = apibank.items(shared_data / "apibank")
    gold = apibank.gold(items)
    empty = {item.id: Prediction(item.id, ()) for item in items if item.category != "L2"}
    report = apibank.summary(apibank.score(gold | empty, items))
    assert [part["n"] for part in report["categories"].values()] == [399, 67, 131]
    assert report["aggregates"]["overall"]["accuracy"] == pytest.approx(67 / 597, abs=1e-6)
    assert apibank.summary(apibank.score(gold, items))["aggregates"]["overall_strict"]["accuracy"] == 1.0
