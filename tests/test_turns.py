"""What a turn has to show: wishes, notes, and the reasons against a candidate that does not show it."""

from __future__ import annotations

import pytest
from doubles import make_tool

from genesis import misfits, turns
from genesis.agents.wire import Stated
from genesis.chat import Message, ToolCall
from genesis.scenario import Scenario, Task

HOTEL = make_tool("find_hotel", ("city", "days"), ("unit",))
TRAIN = make_tool("book_train", ("city",))
ORDER = make_tool("track_order", ("order_id",))
TOOLS = {tool.name: tool for tool in (HOTEL, TRAIN, ORDER)}
OFFERED = set(TOOLS)


def scenario(*slots, special="none", spans=("single", "single"), kind="multiple", chained=False, seed=0):
    return Scenario(kind, *spans, special, ("find_hotel",), (), "plain", tuple(slots), (), seed, chained)


ONE = scenario(Task("find_hotel", 0, {"city": 0, "days": 0}))
GRADUAL = scenario(Task("find_hotel", 1, {"city": 0, "days": 1}), spans=("multi", "single"))
TWO_CITIES = scenario(
    Task("find_hotel", 0, {"city": 0, "days": 0}),
    Task("find_hotel", 0, {"city": 0, "days": 0}, shares=("days",)),
    kind="parallel",
)
CHAIN = scenario(
    Task("find_hotel", 0, {"city": 0, "days": 0}),
    Task("track_order", 0, {}, needs={"order_id": 0}),
    spans=("single", "multi"),
    chained=True,
)
BAD = scenario(
    Task("find_hotel", 1, {"city": 0, "days": 1}, bad="days"), special="bad_param", spans=("multi", "single")
)
FAILS = scenario(Task("find_hotel", 0, {"city": 0, "days": 0}), special="tool_error")


def call(name="find_hotel", number=1, **arguments):
    return ToolCall(f"call_{number}", name, arguments)


def test_a_wish_carries_the_schema_of_what_is_to_be_said_now_and_nothing_else():
    (first,) = turns.wishes(GRADUAL, TOOLS, 0, {})
    assert first.opens
    assert first.say_now == {"city": HOTEL.properties["city"]}
    (second,) = turns.wishes(GRADUAL, TOOLS, 1, {0: {"city": "Oslo"}})
    assert not second.opens
    assert list(second.say_now) == ["days"]
    assert second.said == {"city": "Oslo"}


def test_what_is_shared_is_said_once():
    first, second = turns.wishes(TWO_CITIES, TOOLS, 0, {})
    assert list(first.say_now) == ["city", "days"]
    assert (list(second.say_now), second.same_as) == (["city"], 1)
    stated = [Stated(1, "find_hotel", {"city": "Oslo", "days": 2}), Stated(2, "find_hotel", {"city": "Rome"})]
    notes, reasons = turns.heard(TWO_CITIES, 0, {}, stated)
    assert reasons == []
    assert turns.values_of(TWO_CITIES, notes, 1) == {"city": "Rome", "days": 2}
    assert [entry.values for entry in turns.noted(TWO_CITIES, 0, notes, OFFERED)][1] == {"city": "Rome", "days": 2}


def test_a_bad_value_is_asked_for_first_and_put_right_later():
    (first,) = turns.wishes(BAD, TOOLS, 0, {})
    assert (first.bad, list(first.say_now)) == ("days", ["city", "days"])
    notes, reasons = turns.heard(BAD, 0, {}, [Stated(1, "find_hotel", {"city": "Oslo", "days": "many"})])
    assert reasons == []
    assert turns.ready(BAD, 0) == []
    assert turns.ending(BAD, 0) == "answer"
    (second,) = turns.wishes(BAD, TOOLS, 1, notes)
    assert (second.bad, list(second.say_now)) == ("", ["days"])
    notes, _ = turns.heard(BAD, 1, notes, [Stated(1, "find_hotel", {"days": 3})])
    assert turns.values_of(BAD, notes, 0) == {"city": "Oslo", "days": 3}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"city": "Oslo"}, "user: task 1 leaves out 'days'"),
        ({"city": "Oslo", "days": 2, "unit": "metric"}, "user: task 1 says 'unit', which the plan does not reveal now"),
    ],
)
def test_a_user_who_says_more_or_less_than_planned_is_told_so(values, reason):
    assert turns.heard(ONE, 0, {}, [Stated(1, "find_hotel", values)])[1] == [reason]


def test_a_user_who_speaks_of_other_tasks_is_told_so():
    stated = [Stated(1, "find_hotel", {"city": "Oslo", "days": 2}), Stated(7, "x", {"y": 1})]
    assert turns.heard(ONE, 0, {}, stated)[1] == ["user: states values for task 7, which there is not"]


def test_two_tasks_that_come_to_the_same_call_are_no_parallel_calls():
    stated = [Stated(1, "find_hotel", {"city": "Oslo", "days": 2}), Stated(2, "find_hotel", {"city": "oslo"})]
    assert turns.heard(TWO_CITIES, 0, {}, stated)[1] == ["user: task 2 says what an earlier one says"]


def test_a_tool_that_is_not_on_offer_is_not_named_to_the_assistant():
    irrelevant = scenario(Task("find_hotel", 0, {"city": 0, "days": 0}), special="irrelevance")
    (entry,) = turns.noted(irrelevant, 0, {0: {"city": "Oslo", "days": 1}}, {"book_train"})
    assert entry.tool == ""


def test_the_turn_ends_with_a_question_while_something_is_missing():
    assert turns.ending(GRADUAL, 0) == "ask"
    assert turns.ending(GRADUAL, 1) == "answer"
    assert misfits.end_misfits(GRADUAL, 0, 0, "answer") == ["plan: the turn must end with 'ask', not 'answer'"]
    assert misfits.end_misfits(GRADUAL, 0, 0, "ask") == []


def test_a_call_where_the_assistant_should_ask_loses():
    found = misfits.call_misfits(GRADUAL, 0, {0: {"city": "Oslo"}}, [], 0, [call(city="Oslo", days=1)])
    assert found == ["plan: calls 'find_hotel' where no call can be made"]


NOTES = {0: {"city": "Oslo", "days": 2}}


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([call(city="Oslo")], "plan: 'find_hotel' leaves out 'days', which the user gave"),
        ([call(city="Rome", days=2)], "plan: 'find_hotel' has 'city' other than the user gave it"),
        ([call(city="Oslo", days="2")], "plan: 'find_hotel' has 'days' other than the user gave it"),
        ([call(city="Oslo", days=2, unit="metric")], "plan: 'find_hotel' fills 'unit', which nobody said"),
        ([call("book_train", city="Oslo")], "plan: no call of 'find_hotel' for task 1"),
        ([call(city="Oslo", days=2), call(city="Oslo", days=2)], "plan: a call of 'find_hotel' that no task asks for"),
    ],
)
def test_calls_that_are_not_what_was_said_lose_with_their_reason(calls, reason):
    assert reason in misfits.call_misfits(ONE, 0, NOTES, [], 0, calls)


def test_the_right_calls_pass_in_any_order():
    notes = {0: {"city": "Oslo", "days": 2}, 1: {"city": "Rome"}}
    calls = [call(city="Rome", days=2), call(city="oslo ", days=2.0)]
    assert misfits.call_misfits(TWO_CITIES, 0, notes, [], 0, calls) == []
    assert misfits.call_misfits(TWO_CITIES, 0, notes, [], 0, calls[:1]) == ["plan: no call of 'find_hotel' for task 1"]


def test_a_chain_takes_its_value_from_the_result_before():
    notes = {**NOTES, 1: {}}
    first = call(city="Oslo", days=2)
    result = [Message("assistant", "", (first,)), Message("tool", '{"order_id":"A-7","city":"B-9"}', (), "call_1")]
    assert misfits.call_misfits(CHAIN, 0, notes, [], 0, [first]) == []
    assert misfits.call_misfits(CHAIN, 0, notes, result, 1, [call("track_order", order_id="A-7")]) == []
    assert misfits.call_misfits(CHAIN, 0, notes, result, 1, [call("track_order", order_id="B-9")]) == [
        "plan: 'track_order' has a 'order_id' that the earlier result does not give"
    ]
    assert misfits.call_misfits(CHAIN, 0, notes, result, 1, [call("track_order")]) == [
        "plan: 'track_order' leaves out 'order_id', which an earlier result gives"
    ]
    elsewhere = [Message("assistant", "", (first,)), Message("tool", '{"order":{"number":"A-7"}}', (), "call_1")]
    assert misfits.call_misfits(CHAIN, 0, notes, elsewhere, 1, [call("track_order", order_id="A-7")]) == []
    assert misfits.end_misfits(CHAIN, 0, 1, "answer") == ["plan: no call of 'track_order'"]
    assert turns.give(CHAIN, TOOLS, [call()]) == {"order_id": ORDER.properties["order_id"]}


def test_a_failed_call_may_be_tried_again_once():
    calls = [call(city="Oslo", days=2)]
    assert turns.failing(FAILS, 0, 0, calls) == ["call_1"]
    assert misfits.call_misfits(FAILS, 0, NOTES, [], 1, calls) == []
    assert misfits.call_misfits(FAILS, 0, NOTES, [], 2, calls) == [
        "plan: calls again after 2 messages with calls; expected 1"
    ]
    outcomes = {
        bool(turns.failing(scenario(*FAILS.slots, special="tool_error", seed=n), 0, 1, calls)) for n in range(20)
    }
    assert outcomes == {True, False}, "some services recover, some do not"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Oslo", " oslo", True),
        (2, 2.0, True),
        (True, 1, False),
        (False, 0, False),
        ("2", 2, False),
        ([1, "A"], [1, "a"], True),
        ([1, 2], [2, 1], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        (None, None, True),
        (None, False, False),
    ],
)
def test_values_are_equal_without_being_coerced(one, other, equal):
    assert turns.same(one, other) is equal
    assert turns.same(other, one) is equal


def test_the_goal_is_what_was_said_and_what_results_gave():
    messages = [Message("assistant", "", (call(city="Oslo", days=2), call("track_order", 2, order_id="A-7")))]
    goal = turns.goal(CHAIN, {**NOTES, 1: {}}, messages)
    assert [(one.name, one.arguments) for one in goal] == [
        ("find_hotel", {"city": "Oslo", "days": 2}),
        ("track_order", {"order_id": "A-7"}),
    ]
