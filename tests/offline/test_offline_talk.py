"""What the user, the assistant and the tools say: values that can be read off, questions, refusals, results quoted."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from offline_talk import AREA, PERSONAS, RENT, WEATHER, ask, user_inputs, wish

from genesis.agents.assistant import Assistant
from genesis.agents.function import Function
from genesis.agents.tool import ToolReply
from genesis.agents.user import User
from genesis.agents.wire import Line, Stated
from genesis.memory import INTENTS


def say(*wishes: Any, seed: int = 0, **more: Any) -> dict[str, Any]:
    return ask(User, user_inputs(list(wishes), **more), seed=seed)


# --- the user -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_value_stands_in_the_message_and_no_technical_name(persona: str) -> None:
    for seed in range(20):
        fields = say(wish(RENT), seed=seed, persona=f"{persona}: words")
        message, values = fields["message"], fields["stated"][0].values
        assert values.keys() == {"city", "room_type", "nights"}
        assert all(re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", message) for value in values.values()), message
        assert "_" not in message


def test_only_what_is_asked_for_is_said() -> None:
    for seed in range(20):
        fields = say(wish(RENT, "city"), seed=seed)
        assert fields["stated"][0].values.keys() == {"city"}
        assert not re.search(r"\d", fields["message"])


def test_dates_are_valid_and_said_as_people_say_them() -> None:
    forms = set()
    for seed in range(30):
        fields = say(wish(WEATHER, "date"), seed=seed)
        year, month, day = fields["stated"][0].values["date"].split("-")
        assert 1 <= int(month) <= 12
        assert 1 <= int(day) <= 31
        assert year in fields["message"]
        forms.add(bool(re.search("[A-Z][a-z]+ \\d|\\d [A-Z][a-z]+", fields["message"])))
    assert forms == {True, False}


def test_voices_are_audible() -> None:
    def texts(persona: str) -> str:
        inputs = {"persona": f"{persona}: x", "semantic_type": "travel: plan ahead"}
        return "\n".join(say(wish(RENT), seed=seed, **inputs)["message"] for seed in range(40))

    plain, terse, chatty, typos = (texts(voice) for voice in ("plain", "terse", "chatty", "typos"))
    assert len(terse) < 0.75 * len(plain) < len(plain) < 0.75 * len(chatty)
    words = set(re.findall("[a-z]{5,}", plain + terse + chatty))
    strange = [word for word in re.findall("[a-z]{5,}", typos) if word not in words]
    assert len(strange) > 20


def test_a_situation_follows_topic_intent_and_guidance() -> None:
    steered = {"semantic_type": "food: prepare an event", "guidance": "Show a family situation."}
    texts = [say(wish(RENT), seed=seed, **steered)["message"] for seed in range(40)]
    assert sum(bool(re.search("dinner|potluck|lunch", text)) for text in texts) >= 15
    assert len({text[:40] for text in texts}) >= 30


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_of_the_memory_has_situations_of_its_own(intent: str) -> None:
    from genesis.lm.offline.vocabulary import sections

    assert f"intent: {intent}" in sections("situations")


def test_wishes_for_one_tool_are_one_request_and_its_variation() -> None:
    for seed in range(20):
        fields = say(wish(AREA, task=1), wish(AREA, task=2), seed=seed)
        first, second = (entry.values for entry in fields["stated"])
        assert first != second
        assert fields["message"].lower().count("triangle") == 1


def test_a_part_of_a_wish_says_only_what_differs() -> None:
    for seed in range(10):
        more = wish(RENT, "city", task=2, same_as=1)
        fields = say(wish(RENT, task=1), more, seed=seed)
        assert fields["stated"][1].values.keys() == {"city"}
        assert fields["stated"][1].values["city"] in fields["message"]


def test_an_answer_gives_what_was_asked_for() -> None:
    talk = [Line("user", "Book me a room."), Line("assistant", "What is the city?")]
    fields = say(wish(RENT, "city", opens=False), conversation=talk)
    assert fields["stated"][0].values["city"] in fields["message"]
    assert len(fields["message"]) < 80


def test_a_bad_value_is_said_noticed_and_corrected() -> None:
    for tool, name in ((RENT, "nights"), (RENT, "room_type"), (WEATHER, "date")):
        for seed in range(15):
            fields = say(wish(tool, bad=name), seed=seed)
            message, stated = fields["message"], fields["stated"]
            assert str(stated[0].values[name]) in message
            inputs = {"tools": [tool], "conversation": [Line("user", message)], "stated": stated}
            answer = ask(Assistant, inputs, seed=seed)
            assert (answer["act"], ask(Function, inputs)["calls"]) == ("answer", []), stated
            talk = [Line("user", message), Line("assistant", answer["message"])]
            said = dict(stated[0].values)
            again = say(wish(tool, name, opens=False, said=said), conversation=talk, seed=seed)
            fixed = [Stated(1, tool["name"], {**said, **again["stated"][0].values})]
            inputs = {"tools": [tool], "conversation": [*talk, Line("user", again["message"])], "stated": fixed}
            assert ask(Assistant, inputs)["act"] == "call"


# --- the assistant ------------------------------------------------------------------------------------------------


def assist(tools: list[Any], stated: list[Stated], *lines: Line, seed: int = 0) -> dict[str, Any]:
    return ask(Assistant, {"tools": tools, "conversation": list(lines), "stated": stated}, seed=seed)


def test_the_question_is_for_exactly_what_is_missing() -> None:
    for seed in range(12):
        fields = assist([AREA, RENT], [Stated(1, "book_hotel", {"city": "Oslo"})], Line("user", "x"), seed=seed)
        assert fields["act"] == "ask"
        assert "nights" in fields["message"]
        assert "city" not in fields["message"]
        assert "?" in fields["message"]


def test_no_tool_on_offer_no_call_no_question() -> None:
    for tool in ("", "book_flight"):
        fields = assist([AREA], [Stated(1, tool, {"city": "Oslo"})], Line("user", "x"))
        assert fields["act"] == "answer"
        assert "?" not in fields["message"]
        assert re.search("can't|none|no tool|nothing|outside", fields["message"], re.IGNORECASE)


def test_parallel_tasks_are_called_together_and_in_order() -> None:
    stated = [
        Stated(1, "triangle_area", {"base": 3, "height": 4}),
        Stated(2, "book_hotel", {"city": "Oslo", "nights": 2}),
        Stated(3, "triangle_area", {"base": 5, "height": 6}),
    ]
    calls = ask(Function, {"tools": [RENT, AREA], "conversation": [Line("user", "x")], "stated": stated})["calls"]
    assert [call.name for call in calls] == ["triangle_area", "book_hotel", "triangle_area"]
    assert [call.arguments for call in calls] == [entry.values for entry in stated]


def test_a_chained_task_waits_and_takes_its_value_from_the_result() -> None:
    stated = [
        Stated(1, "triangle_area", {"base": 3, "height": 4}),
        Stated(2, "book_hotel", {"city": "Oslo"}, {"nights": 1}),
    ]
    talk = [Line("user", "x")]
    inputs = {"tools": [AREA, RENT], "conversation": talk, "stated": stated}
    (first,) = ask(Function, inputs)["calls"]
    made = {"id": "call_1", "name": first.name, "arguments": first.arguments}
    give = {"nights": RENT["parameters"]["properties"]["nights"]}
    called = [*talk, Line("assistant", "", [made])]
    results = ask(ToolReply, {"tools": [AREA], "conversation": called, "calls": [made], "failing": [], "give": give})
    content = results["results"][0].content
    answered = [*called, Line("tool", msgspec.json.encode(content).decode(), answers="call_1")]
    inputs = {"tools": [AREA, RENT], "conversation": answered, "stated": stated}
    assert ask(Assistant, inputs)["act"] == "call"
    (second,) = ask(Function, inputs)["calls"]
    assert second.arguments == {"city": "Oslo", "nights": content["nights"]}


@pytest.mark.parametrize(("error", "attempts"), [("Request timed out after 30 seconds", 2), ("Access denied", 1)])
def test_a_failure_that_may_pass_is_tried_once_more_then_told(error: str, attempts: int) -> None:
    stated = [Stated(1, "triangle_area", {"base": 3, "height": 4})]
    talk = [Line("user", "x")]
    for number in range(1, attempts + 1):
        call = {"id": f"call_{number}", "name": "triangle_area", "arguments": {"base": 3, "height": 4}}
        assert assist([AREA], stated, *talk)["act"] == "call"
        talk += [
            Line("assistant", "", [call]),
            Line("tool", msgspec.json.encode({"error": error}).decode(), [], call["id"]),
        ]
    fields = assist([AREA], stated, *talk)
    assert fields["act"] == "answer"
    assert error in fields["message"]
    assert ask(Function, {"tools": [AREA], "conversation": talk, "stated": stated})["calls"] == []


def test_the_answer_quotes_numbers_dates_and_names_unchanged() -> None:
    content = {
        "total": 1234.5,
        "count": 3,
        "day": "2025-04-09",
        "hotel": "Hotel Miramar",
        "ok": True,
        "tags": ["a", "b"],
    }
    call = {"id": "c", "name": "book_hotel", "arguments": {"city": "Oslo", "nights": 2}}
    talk = [
        Line("user", "x"),
        Line("assistant", "", [call]),
        Line("tool", msgspec.json.encode(content).decode(), [], "c"),
    ]
    for seed in range(10):
        message = assist([RENT], [Stated(1, "book_hotel", call["arguments"])], *talk, seed=seed)["message"]
        assert all(text in message for text in ("1234.5", "3", "2025-04-09", "Hotel Miramar", "a and b"))
        assert not set(re.findall(r"\d+(?:\.\d+)?", message)) - {"1234.5", "3", "2025", "04", "09", "2"}


# --- the tools ----------------------------------------------------------------------------------------------------


def results(tool: dict[str, Any], *arguments: dict[str, Any], failing: tuple[str, ...] = (), **more: Any) -> list[Any]:
    calls = [{"id": f"c{number}", "name": tool["name"], "arguments": one} for number, one in enumerate(arguments)]
    talk = [Line("user", "x"), Line("assistant", "", calls)]
    inputs = {"tools": [tool], "conversation": talk, "calls": calls, "failing": list(failing), "give": {}, **more}
    found = ask(ToolReply, inputs)["results"]
    assert [result.id for result in found] == [call["id"] for call in calls]
    return [result.content for result in found]


def test_results_fail_only_where_they_must() -> None:
    good, bad = results(RENT, {"city": "Oslo", "nights": 2}, {"city": "Rome", "nights": 1}, failing=("c1",))
    assert "error" not in good
    assert bad.keys() == {"error"}
    assert good["city"] == "Oslo"


def test_the_same_call_gives_the_same_result() -> None:
    one, two, other = results(WEATHER, {"city": "Oslo"}, {"city": "Oslo"}, {"city": "Rome"})
    assert one == two != other


def test_given_fields_stand_in_every_result_as_their_schema_says() -> None:
    schema = {"type": "string", "enum": ["x", "y"]}
    found = results(RENT, {"city": "Oslo", "nights": 2}, {"city": "Rome", "nights": 1}, give={"code": schema})
    assert all(content["code"] in ("x", "y") and len(content) <= 8 for content in found)


FORMULAS = [
    ("Calculate the area of a triangle given its base and height.", {"base": 10, "height": 5}, {"area": 25.0}),
    ("Calculates the least common multiple of two numbers.", {"num1": 12, "num2": 18}, {"lcm": 36}),
    ("Calculate the factorial of a given number.", {"number": 6}, {"factorial": 720}),
    ("Find the roots of a quadratic equation ax^2 + bx + c = 0.", {"a": 1, "b": -3, "c": 2}, {"roots": [2.0, 1.0]}),
    ("Calculate the Body Mass Index (BMI)", {"weight": 80, "height": 2}, {"bmi": 20.0}),
    ("Calculate compound interest", {"principal": 1000, "rate": 0.1, "time": 2}, {"final_amount": 1210.0}),
    ("Calculate the median of a list", {"numbers": [3, 9, 4]}, {"median": 4}),
    ("Calculate the angle between the hour and minute hands of a clock", {"hours": 3, "minutes": 0}, {"angle": 90.0}),
]


@pytest.mark.parametrize(("about", "arguments", "expected"), FORMULAS)
def test_what_can_be_worked_out_is_right(about: str, arguments: dict[str, Any], expected: dict[str, Any]) -> None:
    tool = {"name": "worked_out", "description": about, "parameters": {"type": "object", "properties": {}}}
    assert results(tool, arguments) == [expected]


def test_a_formula_outside_its_domain_raises_nothing() -> None:
    tool = {**AREA, "description": "Calculate the probability of an event."}
    assert len(results(tool, {"total_outcomes": 0, "favorable_outcomes": 3})) == 1
