"""Every rule on a dialogue that breaks it, and none on dialogues that are right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from samples import (
    TRAIN,
    WEATHER,
    call,
    inserted,
    irrelevant,
    missing,
    planned,
    result,
    says,
    train,
    user,
    weather,
    with_message,
    with_schema,
    without_message,
)

from genesis.chat import Message
from genesis.checks.rules import PASS, RULES, candidate_flags, candidate_reasons, check
from genesis.dialogue import Dialogue
from genesis.errors import ParamsError
from genesis.tools.tool import Tool

OBJECT: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}


def deep(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def retry(**second: Any) -> Dialogue:
    first = {"city": "Oslo", "days": 3}
    messages = (
        user("What will the weather be like in Oslo over the next 3 days? Celsius, not fahrenheit."),
        says("", call("get_weather", first)),
        result('{"error":"days must be below 3"}'),
        says("", call("get_weather", second, 1)),
        result('{"forecast":"rain"}', 1),
        says("The first try failed; now it says rain."),
    )
    return Dialogue("retry", (WEATHER, TRAIN), messages)


def gap_is_optional() -> Dialogue:
    dialogue = missing()
    assert dialogue.scenario is not None
    task = replace(dialogue.scenario.slots[0], reveal={"city": 0, "days": 1})
    return replace(dialogue, scenario=replace(dialogue.scenario, slots=(task,)))


def goal_of(city: str) -> Dialogue:
    dialogue = planned()
    assert dialogue.scenario is not None
    goal = (call("get_weather", {"city": city, "days": 3}),)
    return replace(dialogue, scenario=replace(dialogue.scenario, goal=goal))


def matching_irrelevance() -> Dialogue:
    tool = Tool("translate_poem", "Translate a poem into another language, for instance French.", OBJECT)
    return replace(irrelevant(), tools=(tool,))


def renumbered(answer: str) -> Dialogue:
    """Return a dialogue whose result names things with digits, and whose answer is ``answer``."""
    told = with_message(
        weather(),
        2,
        content='{"source":"station_5","by":"kenji88","high":17,"from":"8am","rgb":[64,224,208],"b":1.8e-7}',
    )
    return with_message(told, 3, content=answer)


BROKEN: list[tuple[int, str, Dialogue, str]] = [
    (1, "fail", with_schema(weather(), {"type": "dict", "properties": OBJECT["properties"]}), "dict"),
    (
        1,
        "fail",
        with_schema(weather(), {**OBJECT, "allOf": [{"$ref": "http://127.0.0.1:9/x.json"}]}),
        "$ref|fetch|retriev",
    ),
    (1, "fail", with_schema(weather(), deep(400)), "deep"),
    (2, "fail", with_schema(weather(), OBJECT, description=""), "description"),
    (2, "fail", with_schema(weather(), {**OBJECT, "required": ["town"]}), "'town' has no property"),
    (3, "fail", with_schema(weather(), {"type": "object", "properties": {"city": {"type": "wibble"}}}), "wibble"),
    (4, "fail", replace(weather(), tools=(WEATHER, WEATHER)), "twice"),
    (5, "fail", weather(city="Oslo", days=float("nan")), "nan"),
    (5, "fail", weather(city={1: 2}), "1 is no text"),
    (6, "fail", replace(weather(), tools=(TRAIN,)), "get_weather: not on offer"),
    (7, "fail", weather(days=3), "'city' is missing"),
    (8, "fail", weather(city="Oslo", days=3, town="Oslo"), "'town'"),
    (9, "fail", weather(city="Oslo", days="3"), "'3' \\(string\\); the schema wants integer"),
    (9, "fail", weather(city="Oslo", days=True), "True \\(boolean\\)"),
    (9, "fail", weather(city="Oslo", days=2.5), "2.5 \\(number\\)"),
    (10, "fail", weather(city="Oslo", days=30), "maximum"),
    (10, "fail", weather(city="Oslo", unit="kelvin"), "kelvin"),
    (11, "fail", inserted(planned(), 2, says("", call("get_weather", {"city": "Rome"}, 1))), "2 calls"),
    (12, "fail", goal_of("Rome"), "Rome"),
    (13, "fail", without_message(without_message(planned(), 1), 1), "get_weather"),
    (14, "flag", with_message(weather(), 2, content='{"error":"down"}'), "down"),
    (15, "flag", with_message(planned(), 1, tool_calls=(call("get_weather", {"city": "Oslo"}),)), "days"),
    (16, "fail", with_message(weather(), 1, tool_calls=(weather().messages[1].tool_calls[0],) * 2), "already"),
    (17, "fail", Dialogue("empty", (WEATHER,), ()), "no messages"),
    (18, "fail", inserted(weather(), 1, user("Hello?")), "follows a user message"),
    (18, "fail", inserted(weather(), 1, Message("system", "Be brief.")), "system message after"),
    (19, "fail", without_message(weather(), 2), "no tool message answers"),
    (20, "fail", with_message(weather(), 2, tool_call_id="other"), "names 'other'"),
    (21, "fail", with_message(weather(), 0, content=" "), "user message is empty"),
    (22, "fail", with_message(weather(), 3, content='<tool_call>{"name": "x"}</tool_call>'), "mark"),
    (22, "fail", with_message(weather(), 3, content=""), "neither"),
    (23, "flag", inserted(weather(), 0, Message("system", "Respond only with valid JSON.")), "JSON only"),
    (24, "fail", with_message(weather(), 3, content="rain " * 30_000), "at most"),
    (25, "fail", with_message(weather(), 3, content="Rain.\x1b[31m"), "U\\+001B"),
    (26, "fail", with_message(weather(), 3, content="奥斯陆未来三天有雨，气温十七度。"), "Chinese"),
    (26, "flag", with_message(weather(), 3, content="Il va pleuvoir dans les rues pour vous et nous."), "French"),
    (27, "fail", replace(weather(), messages=weather().messages[:3]), "ends with a tool message"),
    (27, "fail", with_message(weather(), 3, content="Expect rain in Oslo with highs of"), "cut off"),
    (28, "fail", without_message(without_message(planned(), 1), 1), "no call at all"),
    (29, "fail", with_message(planned(), 2, content='{"error":"down"}'), "not tool_error"),
    (29, "fail", with_message(weather(), 2, content='{"file":"/home/bob/x.json","high":17}'), "/home/bob"),
    (30, "fail", with_message(weather(), 3, content="Expect rain in Oslo tomorrow morning. " * 4), "4 times"),
    (31, "flag", weather(city="Oslo", unit="celsius"), "default 'celsius'"),
    (32, "flag", weather(city="Marseille", days=3), "'city' = 'Marseille'"),
    (32, "flag", train(origin="Oslo", destination="Bergen"), "look swapped"),
    (33, "flag", with_message(weather(), 2, content='{"city":"Rome","high":17}'), "'Rome'"),
    (34, "flag", with_message(weather(), 3, content="Expect rain in Oslo with highs of 25 degrees."), "25"),
    (34, "flag", with_message(weather(), 2, content='{"error":"down"}'), "is an error"),
    (34, "flag", renumbered("By station_25, 17 degrees."), "'station_25'; the results say 'station_5'"),
    (34, "flag", renumbered("By the station of kenji8, 17 degrees."), "'kenji8'; the results say 'kenji88'"),
    (35, "fail", replace(weather(), provenance={"results": {"call_0": "other"}}), "recorded"),
    (36, "flag", retry(city="Bergen", days=2, unit="celsius"), "also changes"),
    (37, "flag", with_message(weather(), 3, content="Expect rain; your code is ZQ1234."), "ZQ1234"),
    (38, "fail", gap_is_optional(), "'days' is optional"),
    (39, "flag", with_message(missing(), 0, content="I don't know where yet; the weather, for 3 days?"), "announces"),
    (40, "fail", with_message(missing(), 1, content="Thank you, noted."), "asks nothing"),
    (41, "flag", matching_irrelevance(), "translate_poem"),
    (42, "flag", with_message(irrelevant(), 1, content="I cannot. Which poem is it?"), "Which poem"),
    (43, "fail", replace(weather(), tools=()), "no tool is on offer"),
]


@pytest.mark.parametrize(
    "answer",
    [
        "By station_5 of Kenji88: 17 degrees, 3rd day.",
        "17degrees at station 5; 8am.",
        "CO2 is not told.",
        "Its colour is 64, 224 and 208, its field 1.8e-7.",
    ],
)
def test_names_with_digits_may_stand_in_an_answer_where_the_results_hold_them(answer: str) -> None:
    assert not [verdict for verdict in check(renumbered(answer)) if verdict.check.startswith("rule:34-")]


@pytest.mark.parametrize(("number", "outcome", "dialogue", "reason"), BROKEN, ids=lambda value: str(value)[:30])
def test_each_rule_finds_what_breaks_it(number: int, outcome: str, dialogue: Dialogue, reason: str) -> None:
    import re

    found = {verdict.check: verdict for verdict in check(dialogue)}
    rule = next(rule for rule in RULES if rule.number == number)
    assert rule.id in found, found
    assert found[rule.id].outcome == outcome
    assert re.search(reason, "; ".join(found[rule.id].reasons)), found[rule.id].reasons


def test_every_rule_up_to_43_is_broken_above() -> None:
    assert {number for number, *_ in BROKEN} == set(range(1, 44)) == {rule.number for rule in RULES}


@pytest.mark.parametrize(
    "dialogue", [weather(), train(), planned(), missing(), irrelevant(), retry(city="Oslo", days=2)], ids=lambda d: d.id
)
def test_right_dialogues_pass_without_a_failure(dialogue: Dialogue) -> None:
    verdicts = check(dialogue)
    assert not [verdict for verdict in verdicts if verdict.outcome == "fail"]
    if dialogue.id != "retry":
        assert verdicts == (PASS,)


def test_one_point_zero_is_an_integer_as_json_schema_has_it() -> None:
    assert check(weather(city="Oslo", days=3.0)) == (PASS,)


def test_an_item_that_ends_with_its_calls_is_complete() -> None:
    assert check(replace(weather(), messages=weather().messages[:2])) == (PASS,)


def test_nested_objects_are_checked() -> None:
    bad = with_message(
        train(),
        1,
        tool_calls=(call("book_train", {"origin": "Bergen", "destination": "Oslo", "passenger": {"age": "3"}}),),
    )
    found = {verdict.check for verdict in check(bad) if verdict.outcome == "fail"}
    assert found == {"rule:7-required-parameters", "rule:9-types"}


def test_a_repeated_call_is_right_after_an_error_and_flagged_in_a_later_turn() -> None:
    assert "rule:16-duplicate-call" not in {verdict.check for verdict in check(retry(city="Oslo", days=3))}
    again = replace(
        weather(),
        messages=(
            *weather().messages,
            user("And once more, please: Oslo, 3 days?"),
            says("", call("get_weather", {"city": "Oslo", "days": 3}, 1)),
            result('{"forecast":"rain","high":17}', 1),
            says("Still rain in Oslo."),
        ),
    )
    assert {v.check: v.outcome for v in check(again)} == {"rule:16-duplicate-call": "flag"}


def test_switching_a_rule_off_by_id_number_or_name() -> None:
    bad = weather(city="Oslo", days="3")
    for name in ("rule:9-types", "9", "types"):
        assert "rule:9-types" not in {verdict.check for verdict in check(bad, off={name})}
    with pytest.raises(ParamsError, match="no rule 'wibble'"):
        check(bad, off={"wibble"})


def test_a_point_inside_a_number_or_a_file_name_ends_no_sentence() -> None:
    text = "For a rate of 0.08: 456.59 in all. For a rate of 0.095: 416.93. For a rate of 0.1: 466.62 in theme.wav."
    verdicts = check(with_message(weather(), 3, content=text))
    assert "rule:30-repetition" not in {verdict.check for verdict in verdicts}


def test_candidates_lose_for_what_a_rule_can_decide_and_keep_their_flags_apart() -> None:
    unfinished = replace(missing(), messages=missing().messages[:2])
    assert candidate_reasons(unfinished) == []
    bad = replace(missing(), messages=(user("In Oslo?"), says("", call("get_wether", {"city": "Oslo"}))))
    assert any("get_wether: not on offer" in reason for reason in candidate_reasons(bad))
    invented = replace(weather(city="Marseille"), messages=weather(city="Marseille").messages)
    assert candidate_reasons(invented) == []
    assert any("Marseille" in reason for reason in candidate_flags(invented))


def test_hostile_arguments_end_in_a_verdict_in_bounded_time() -> None:
    nested: Any = "x"
    for _ in range(900):
        nested = [nested]
    found = {verdict.check for verdict in check(weather(city=nested))}
    assert "rule:5-call-parses" in found
    pattern = {"type": "object", "properties": {"city": {"type": "string", "pattern": "^(a+)+$"}}}
    bad = with_message(
        with_schema(weather(), pattern), 1, tool_calls=(call("get_weather", {"city": "a" * 50_000 + "!"}),)
    )
    assert "rule:10-formats-enums-ranges" in {verdict.check for verdict in check(bad)}


@pytest.mark.parametrize(
    "filler", ["a" * 99_000, "a, " * 33_000, "1" * 99_000, "a. " * 33_000, "Ab " * 33_000, '"' * 99_000]
)
def test_long_texts_of_any_shape_take_linear_time(filler: str) -> None:
    import signal

    def hang(*_: object) -> None:
        raise AssertionError("the rules hang on a long text")

    dialogue = with_message(with_message(missing(), 0, content=filler), 1, content=filler + "?")
    dialogue = with_message(dialogue, 5, content=filler)
    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(60)  # a guard, not a measure: quadratic time would be many minutes
    try:
        assert check(dialogue)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
