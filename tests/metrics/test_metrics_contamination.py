"""Contamination: planted copies of benchmark items are found, clean data is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from metrics_corpus import corpus, dialogue
from needs import require

from genesis.benchmarks.item import Item
from genesis.chat import ToolCall
from genesis.errors import BenchmarkError
from genesis.metrics.columns import from_dialogues
from genesis.metrics.contamination import contamination, gold_calls, items, requests
from genesis.metrics.extract import call_hash


def item(name: str, text: str, gold: object) -> Item:
    return Item(name, "simple", [{"role": "user", "content": text}], [], gold)


BENCHMARK = [
    item("one", "Find the area of a triangle whose base is 10 metres and whose height is 5 metres please",
         [{"math.area": {"base": [10], "height": [5, 5.0], "unit": ["m", ""]}}]),
    item("two", "Book a table for two at the Golden Gate restaurant on Friday evening at eight",
         {"book_1": {"name": "Golden Gate", "people": 2}}),
    item("three", "Cancel everything", [{"name": "Cancel", "parameters": {"all": "true"}}]),
]  # fmt: skip


def test_copies_near_copies_and_overlaps_are_found_each_as_such() -> None:
    made = [
        dialogue(0, BENCHMARK[0].messages[0]["content"].upper()),
        dialogue(1, BENCHMARK[1].messages[0]["content"].replace("eight", "nine")),
        dialogue(2, "Hello there. I have homework for school today and it is this one: " + " ".join(["well"] * 20)
                 + " find the area of a triangle whose base is 12"),
        *corpus(97, length=20),
    ]  # fmt: skip
    found = contamination(from_dialogues(made), "test", BENCHMARK)
    assert found["requests"]["exact"]["value"] == pytest.approx(0.01)
    assert found["requests"]["near"]["value"] == pytest.approx(0.02)
    assert found["requests"]["overlap"]["value"] == pytest.approx(0.03)
    assert {(row["id"], row["item"]) for row in found["examples"]} == {("d0", "one"), ("d1", "two")}


def test_gold_calls_of_all_three_dialects_are_recognised() -> None:
    calls = [
        ToolCall("1", "math_area", {"height": 5, "base": 10.0}),
        ToolCall("2", "book", {"people": "2", "name": " golden gate"}),
        ToolCall("3", "Cancel", {"all": True}),
        ToolCall("4", "math_area", {"height": 5, "base": 11}),
    ]
    made = [dialogue(number, "Some request", call) for number, call in enumerate(calls)]
    found = contamination(from_dialogues(made), "test", BENCHMARK)
    assert found["gold_calls"]["of_calls"]["value"] == pytest.approx(0.75)
    assert found["gold_calls"]["of_items"]["value"] == 1


def test_call_hash_looks_past_form_not_past_meaning() -> None:
    assert call_hash("f", {"a": 5, "b": "Oslo "}) == call_hash("f", {"b": "oslo", "a": "5.0"})
    assert call_hash("f", {"a": 5}) != call_hash("f", {"a": 6})
    assert call_hash("f", {"a": 5}) != call_hash("g", {"a": 5})
    assert call_hash("f", {"a": [1, {"b": None}]}) != call_hash("f", {"a": [1]})


def test_a_benchmarks_own_prompt_is_no_request() -> None:
    made = [
        Item(str(number), "L1", [{"role": "user", "content": f"Wish {number}"}, {"role": "user", "content": "Decide."}],
             [], None)
        for number in range(20)
    ]  # fmt: skip
    assert requests(made) == [f"Wish {number}" for number in range(20)]


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="bfcl, acebench:DIR or apibank:DIR"):
        items("hellaswag")
    with pytest.raises(BenchmarkError, match="acebench:DIR"):
        items("acebench")


@pytest.mark.parametrize("name", ["bfcl", "acebench", "apibank"])
def test_a_data_set_made_of_a_benchmark_is_all_contaminated(name: str, shared_data: Path) -> None:
    if name == "bfcl":
        import importlib.util

        require(importlib.util.find_spec("bfcl_eval") is not None, "bfcl-eval")
    folder = {"acebench": "acebench:" + str(shared_data / "acebench_en"), "apibank": f"apibank:{shared_data}/apibank"}
    found = items(folder.get(name, name))[::7]
    texts = requests(found)
    made = []
    for number, (one, text) in enumerate(zip(found, texts, strict=True)):
        calls = [ToolCall(str(place), *gold) for place, gold in enumerate(gold_calls(one))]
        made.append(dialogue(number, text, *calls[:1]))
    result = contamination(from_dialogues(made), name, found)
    assert result["requests"]["exact"]["value"] > 0.98
    assert result["requests"]["near"]["value"] > 0.9
    assert result["gold_calls"]["of_calls"]["value"] == 1
    clean = contamination(from_dialogues(corpus(300, length=20)), name, found)
    assert clean["requests"]["near"]["value"] == 0
    assert clean["requests"]["overlap"]["value"] == 0
