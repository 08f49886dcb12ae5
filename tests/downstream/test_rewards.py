"""GRPO's two rewards, and the reading of completions they stand on: each by its table of cases."""

from __future__ import annotations

from typing import Any

import pytest

from genesis.downstream.replies import read_reply
from genesis.downstream.rewards import differences, format_compliance, function_correctness, same_value

CALL = '<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call>'

FORMAT = [
    ("one call", CALL, 1.0),
    ("two calls", f"{CALL}\n{CALL}", 1.0),
    ("words", "Which city?", 1.0),
    ("words, then a call", f"Let me look.\n{CALL}", 1.0),
    ("empty reasoning, then a call", f"<think>\n\n</think>\n\n{CALL}", 1.0),
    ("reasoning, then words", "<think>\nNo tool fits.\n</think>\n\nI cannot do that.", 1.0),
    ("arguments without a key", '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>', 1.0),
    ("line breaks inside JSON", '<tool_call>{"name": "f",\n "arguments": {"x": "a\\nb"}}</tool_call>', 1.0),
    ("nothing", "", 0.0),
    ("only white space", " \n", 0.0),
    ("reasoning alone", "<think>\nHm.\n</think>\n\n", 0.0),
    ("reasoning not closed", "<think>\nHm. " + CALL, 0.0),
    ("reasoning after the call", f"{CALL}<think>\nHm.\n</think>", 0.0),
    ("reasoning twice", f"<think>a</think><think>b</think>{CALL}", 0.0),
    ("call not closed", '<tool_call>\n{"name": "f", "arguments": {"x": 1}}', 0.0),
    ("call not opened", '{"name": "f", "arguments": {"x": 1}}\n</tool_call>', 0.0),
    ("not JSON", "<tool_call>\n{'name': 'f', 'arguments': {}}\n</tool_call>", 0.0),
    ("NaN is not JSON", '<tool_call>\n{"name": "f", "arguments": {"x": NaN}}\n</tool_call>', 0.0),
    ("a list, not an object", '<tool_call>\n[{"name": "f", "arguments": {}}]\n</tool_call>', 0.0),
    ("no name", '<tool_call>\n{"arguments": {}}\n</tool_call>', 0.0),
    ("name is a number", '<tool_call>\n{"name": 1, "arguments": {}}\n</tool_call>', 0.0),
    ("no arguments", '<tool_call>\n{"name": "f"}\n</tool_call>', 0.0),
    ("arguments as text", '<tool_call>\n{"name": "f", "arguments": "{}"}\n</tool_call>', 0.0),
    ("text after the call", f"{CALL}\nDone.", 0.0),
    ("one call right, one wrong", f"{CALL}\n<tool_call>\nf(x=1)\n</tool_call>", 0.0),
    ("nested beyond reading", "<tool_call>" + "[" * 100_000 + "</tool_call>", 0.0),
    ("endless", "a" * 200_001, 0.0),
]

F1: tuple[str, Any] = ("f", {"x": 1, "y": "a"})
G: tuple[str, Any] = ("g", {"z": [1, 2]})

CORRECT = [
    ("equal", [F1], [F1], 1.0),
    ("equal in another order", [G, F1], [F1, G], 1.0),
    ("keys in another order", [("f", {"y": "a", "x": 1})], [F1], 1.0),
    ("1 is 1.0", [("f", {"x": 1.0, "y": "a"})], [F1], 1.0),
    ("no call where none is right", [], [], 1.0),
    ("without arguments", [("h", {})], [("h", {})], 1.0),
    ("same call twice, both wanted", [F1, F1], [F1, F1], 1.0),
    ("a call where none is right", [F1], [], 0.0),
    ("no call where one is right", [], [F1], 0.0),
    ("another function", [("g", {"x": 1, "y": "a"})], [F1], 0.0),
    ("one value wrong", [("f", {"x": 2, "y": "a"})], [F1], 0.75),
    ("true is not 1", [("f", {"x": True, "y": "a"})], [F1], 0.75),
    ("text is not a number", [("f", {"x": "1", "y": "a"})], [F1], 0.75),
    ("one argument missing", [("f", {"x": 1})], [F1], 0.75),
    ("one argument too many", [("f", {"x": 1, "y": "a", "q": 0, "r": 0})], [F1], 0.75),
    ("all values wrong", [("f", {"x": 0, "y": "b"})], [F1], 0.5),
    ("arguments are no object", [("f", "x=1")], [F1], 0.5),
    ("one of two calls", [F1], [F1, G], 0.5),
    ("one call too many", [F1, G], [F1], 0.5),
    ("the same call twice, one wanted", [F1, F1], [F1], 0.5),
    ("lists in another order differ", [("g", {"z": [2, 1]})], [G], 0.5),
    ("paired for the best total", [("f", {"x": 2}), ("f", {"x": 1})], [("f", {"x": 1}), ("f", {"x": 3})], 0.75),
]


@pytest.mark.parametrize(("text", "reward"), [case[1:] for case in FORMAT], ids=[case[0] for case in FORMAT])
def test_format_compliance(text: str, reward: float) -> None:
    assert format_compliance(text) == reward


@pytest.mark.parametrize(("given", "gold", "reward"), [case[1:] for case in CORRECT], ids=[c[0] for c in CORRECT])
def test_function_correctness(given: list[Any], gold: list[Any], reward: float) -> None:
    assert function_correctness(given, gold) == pytest.approx(reward)
    assert (differences(given, gold) == []) == (reward == 1.0)


def test_null_and_missing_differ() -> None:
    assert function_correctness([("f", {"x": None})], [("f", {})]) == 0.5
    assert same_value(None, None)
    assert not same_value({"a": 1}, {"a": 1, "b": None})


def test_a_reply_that_is_no_call_stays_text() -> None:
    reply = read_reply("<tool_call>\nf(x=1)\n</tool_call>")
    assert reply.message.tool_calls == ()
    assert reply.message.content == "<tool_call>\nf(x=1)\n</tool_call>"


def test_words_calls_and_reasoning_come_apart() -> None:
    reply = read_reply(f"<think>\nTwo cities.\n</think>\n\nOne moment.\n{CALL}\n{CALL}")
    assert reply.message.reasoning == "Two cities."
    assert reply.message.content == "One moment."
    assert [(call.id, call.name, call.arguments) for call in reply.message.tool_calls] == [
        ("call_1", "f", {"x": 1}),
        ("call_2", "f", {"x": 1}),
    ]
