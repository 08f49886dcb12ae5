"""The first probe: it learns tool choice, notices spoiled labels, abstains, and is scored on unseen tools only."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from genesis.benchmarks.item import Item
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.downstream.features import Pair, pair_features
from genesis.downstream.probe import draw, from_dialogue, probe
from genesis.scenario import Scenario
from genesis.tools.tool import Tool

_VERBS = ("book", "cancel", "find", "rate", "order", "track", "compare", "translate")
_THINGS = ("hotel", "flight", "recipe", "song", "parcel", "museum", "loan", "garden", "bridge", "lesson")
_CITIES = ("Oslo", "Lima", "Kyoto", "Graz", "Porto")


def _tool(verb: str, thing: str) -> Tool:
    schema = {"type": "object", "properties": {"city": {"type": "string", "description": "Name of the city."}}}
    schema["required"] = ["city"]
    return Tool(f"{verb}_{thing}", f"Lets a person {verb} one {thing} of their choice in any city.", schema)


_TOOLS = [_tool(verb, thing) for thing in _THINGS for verb in _VERBS]
_KNOWN, _NEW = _TOOLS[:40], _TOOLS[40:]


def _request(tool: Tool, rng: random.Random) -> str:
    verb, thing = tool.name.split("_")
    opening = rng.choice(("Could you", "Please", "I would like you to", "My boss asks you to"))
    return f"{opening} {verb} the nicest {thing} in {rng.choice(_CITIES)} for {rng.randint(2, 9)} people."


def _dialogues(n: int, *, noise: float = 0.0, no_call: float = 0.2) -> list[Dialogue]:
    rng = random.Random(7)
    found = []
    for number in range(n):
        target, *others = rng.sample(_KNOWN, 5)
        text = _request(target, rng)
        if rng.random() < no_call:
            messages = (Message("user", text), Message("assistant", "None of my tools can do that."))
            found.append(Dialogue(f"d{number}", tuple(others), messages))
            continue
        offered = [target, *others]
        rng.shuffle(offered)
        called = target if rng.random() >= noise else rng.choice(others)
        messages = (Message("user", text), Message("assistant", "", (ToolCall("c1", called.name, {"city": "Oslo"}),)))
        found.append(Dialogue(f"d{number}", tuple(offered), messages))
    return found


def _items(n: int = 200, tools: list[Tool] = _NEW) -> list[Item]:
    rng = random.Random(3)
    found = []
    for number in range(n):
        target, *others = rng.sample(tools, 4)
        category = "irrelevance" if number % 2 else "multiple"
        offered = others if number % 2 else rng.sample([target, *others], 4)
        gold = [] if number % 2 else [{target.name: {"city": ["Oslo"]}}]
        request = [{"role": "user", "content": _request(target, rng)}]
        found.append(Item(f"{category}_{number}", category, request, [tool.to_function() for tool in offered], gold))
    return found


def test_learns_from_sixty_dialogues_and_reports_intervals() -> None:
    result = probe(_dialogues(60), None, seed=0, limit=1000, items=_items())
    trained = result["trained"]
    assert trained["choice"]["n"] == trained["irrelevance"]["n"] == 100
    assert trained["choice"]["accuracy"] > 0.9
    assert trained["irrelevance"]["accuracy"] > 0.8
    low, high = trained["choice"]["interval"]
    assert low < trained["choice"]["accuracy"] <= high
    assert result["untrained"]["choice"]["n"] == 100
    gain = result["difference"]["choice"]
    assert gain["value"] == pytest.approx(
        trained["choice"]["accuracy"] - result["untrained"]["choice"]["accuracy"], abs=1e-6
    )
    assert gain["low"] <= gain["value"] <= gain["high"]
    assert gain["n"] == 100
    assert result["items"]["scored"] == {"total": 200, "irrelevance": 100, "multiple": 100}


def test_spoiled_labels_are_seen() -> None:
    clean = probe(_dialogues(150), None, items=_items())["trained"]
    wrong = probe(_dialogues(150, noise=1.0), None, items=_items())["trained"]
    assert clean["ranking"]["interval"][0] > wrong["ranking"]["interval"][1]


def test_data_without_irrelevance_teaches_no_abstention_and_says_so() -> None:
    result = probe(_dialogues(60, no_call=0.0), None, items=_items())
    assert result["trained"]["irrelevance"]["correct"] == 0
    assert "never abstains" in result["reason"]


def test_same_input_same_result_and_the_seed_draws_the_items() -> None:
    dialogues, items = _dialogues(60), _items()
    first = probe(dialogues, None, seed=5, limit=50, items=items)
    assert first == probe(dialogues, None, seed=5, limit=50, items=items)
    assert [item.id for item in draw(items, 50, 5)] != [item.id for item in draw(items, 50, 6)]
    assert first["items"]["scored"] == {"total": 50, "irrelevance": 25, "multiple": 25}


@pytest.mark.parametrize(
    "disguise",
    [
        lambda tool: tool,
        lambda tool: replace(tool, description="Something else entirely, in other words."),
        lambda tool: replace(tool, name=tool.name.replace("_", ".").upper(), description="Something else."),
        lambda tool: replace(tool, name="renamed", original_name=tool.name, description="Something else."),
        lambda tool: replace(tool, name="renamed"),
    ],
    ids=["same", "same-name", "name-in-another-spelling", "original-name", "same-description"],
)
def test_items_with_a_seen_tool_are_left_out(disguise: object) -> None:
    dialogues = _dialogues(60)
    leak = disguise(_NEW[0])  # type: ignore[operator]
    dialogues[0] = replace(dialogues[0], tools=(*dialogues[0].tools, leak))
    items = _items()
    offering = {item.id for item in items if any(f["name"] == _NEW[0].name for f in item.functions)}
    result = probe(dialogues, None, items=items)
    assert offering
    assert result["items"]["without_pool_tools"]["total"] == len(items) - len(offering)


def test_nothing_left_or_nothing_to_learn_is_said_not_scored() -> None:
    none_left = probe(_dialogues(60), None, items=_items(tools=_KNOWN))
    assert none_left["trained"] is None
    assert none_left["untrained"] is None
    assert "no item is left" in none_left["reason"]
    nothing = probe([], None, items=_items())
    assert nothing["trained"] is None
    assert nothing["untrained"]["choice"]["n"] == 100
    assert "nothing to learn" in nothing["reason"]


def test_a_missing_parameter_is_no_lesson_in_abstention() -> None:
    dialogue = _dialogues(1, no_call=1.0)[0]
    assert [lesson.answer for lesson in from_dialogue(dialogue)] == [None]
    asks = replace(dialogue, scenario=Scenario("simple", "multi", "single", "miss_param"))
    assert from_dialogue(asks) == []


def test_each_calling_turn_is_a_lesson_on_its_own_words() -> None:
    first, second = _KNOWN[0], _KNOWN[9]
    dialogue = Dialogue(
        "d",
        (first, second),
        (
            Message("user", "Book a hotel."),
            Message("assistant", "Where?"),
            Message("user", "In Lima."),
            Message("assistant", "", (ToolCall("c1", first.name, {"city": "Lima"}),)),
            Message("tool", "{}", tool_call_id="c1"),
            Message("assistant", "Done."),
            Message("user", "Now cancel my flight."),
            Message("assistant", "", (ToolCall("c2", second.name, {"city": "Lima"}),)),
        ),
    )
    lessons = from_dialogue(dialogue)
    assert [lesson.answer for lesson in lessons] == [0, 1]
    assert lessons[0].request == "Book a hotel.\nIn Lima."
    assert lessons[1].request.endswith("Now cancel my flight.")


def test_features_stand_odd_schemas() -> None:
    odd = [
        {},
        {"name": "a", "description": None, "parameters": None},
        {
            "name": "b",
            "parameters": {"properties": {"x": "text", "y": {"enum": "no list", "type": ["string", "null"]}}},
        },
    ]
    rows = pair_features([Pair("book", function, 0) for function in odd])
    assert rows.shape == (3, 15)
    assert ((rows >= -1) & (rows <= 1)).all()


def test_on_the_real_benchmark_without_training_data() -> None:
    result = probe([], None, seed=0, limit=300)
    assert result["items"]["all"] == {
        "total": 2377,
        "irrelevance": 240,
        "live_irrelevance": 884,
        "live_multiple": 1053,
        "multiple": 200,
    }
    assert 280 <= result["items"]["scored"]["total"] <= 300
    assert result["untrained"]["ranking"]["accuracy"] > 0.7
    assert 0.7 < result["untrained"]["auroc"] < 1
