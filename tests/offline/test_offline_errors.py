"""The error knobs: each plants its kind of defect, and nothing is planted where they are 0."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from offline_talk import ADAPTERS, AREA, PERSONAS, RENT, WEATHER, ask, user_inputs, wish

from genesis.agents.assistant import Assistant
from genesis.agents.function import Function
from genesis.agents.user import User
from genesis.agents.wire import Line, Stated
from genesis.lm.offline import reply
from genesis.lm.offline.errors import KINDS
from genesis.params import OfflineParams

VALUES = {"city": "Oslo", "nights": 3}
CALLING: dict[str, Any] = {
    "tools": [AREA, RENT],
    "conversation": [Line("user", "Book me a hotel in Oslo for 3 nights.")],
    "stated": [Stated(1, "book_hotel", VALUES)],
}
CALL = {"id": "call_1", "name": "book_hotel", "arguments": VALUES}
ANSWERING: dict[str, Any] = {
    **CALLING,
    "conversation": [
        *CALLING["conversation"],
        Line("assistant", "", [CALL]),
        Line("tool", '{"total_price": 412.5, "confirmation_number": "BK-77120"}', answers="call_1"),
    ],
}


def test_every_knob_of_the_parameters_is_known_here_and_the_other_way_round() -> None:
    knobs = set(msgspec.to_builtins(OfflineParams()))
    assert knobs == {"unparsable", *KINDS}


@pytest.mark.parametrize(
    "knob",
    ["wrong_value", "wrong_type", "missing_param", "unknown_tool", "wrong_tool", "extra_param", "duplicate_call"],
)
def test_a_knob_of_calls_spoils_them_in_its_own_way(knob: str) -> None:
    seen = []
    for seed in range(6):
        calls = ask(Function, CALLING, seed=seed, errors={knob: 1.0})["calls"]
        call = calls[0]
        seen.append(
            {
                "wrong_value": call.arguments.keys() == VALUES.keys() and call.arguments != VALUES,
                "wrong_type": any(type(call.arguments.get(name)) is not type(value) for name, value in VALUES.items()),
                "missing_param": call.arguments.keys() < VALUES.keys(),
                "unknown_tool": call.name not in ("book_hotel", "triangle_area"),
                "wrong_tool": call.name == "triangle_area",
                "extra_param": call.arguments.keys() == {*VALUES, "room_type"},
                "duplicate_call": len(calls) == 2 and calls[0] == calls[1],
            }[knob]
        )
    assert all(seen), seen


def test_needless_ask_asks_for_what_was_said() -> None:
    fields = ask(Assistant, CALLING, errors={"needless_ask": 1.0})
    assert fields["act"] == "ask"
    assert any(word in fields["message"] for word in ("city", "nights"))


def test_contradiction_changes_a_number_of_the_answer() -> None:
    right = ask(Assistant, ANSWERING, errors={})["message"]
    wrong = ask(Assistant, ANSWERING, errors={"contradiction": 1.0})["message"]
    assert "412.5" in right
    assert "BK-77120" in right
    assert right != wrong
    assert not ("412.5" in wrong and "BK-77120" in wrong)


@pytest.mark.parametrize("style", ["chat", "json"])
def test_unparsable_is_no_reply_of_the_adapter(style: str) -> None:
    messages = ADAPTERS[style].format(Function, [], CALLING)
    text = reply(messages, seed=1, sample=0, errors={"unparsable": 1.0})
    assert "calls" not in text


def test_repeat_says_the_same_whatever_guidance_persona_and_seed() -> None:
    texts = {
        ask(
            User,
            user_inputs(
                [wish(WEATHER)], persona=persona, guidance=f"Show {seed}.", semantic_type="weather: plan ahead"
            ),
            seed=seed,
            errors={"repeat": 1.0},
        )["message"]
        for seed, persona in enumerate(PERSONAS)
    }
    assert len(texts) == 1


def test_at_zero_nothing_is_planted() -> None:
    zero = dict.fromkeys([*KINDS, "unparsable"], 0.0)
    for seed in range(40):
        (call,) = ask(Function, CALLING, seed=seed, errors=zero)["calls"]
        assert (call.name, call.arguments) == ("book_hotel", VALUES)
        assert ask(Assistant, CALLING, seed=seed, errors=zero)["act"] == "call"


def test_a_knob_is_met_as_a_rate() -> None:
    spoiled = sum(
        ask(Function, CALLING, seed=seed, errors={"unknown_tool": 0.3})["calls"][0].name != "book_hotel"
        for seed in range(200)
    )
    assert 35 <= spoiled <= 85  # 60 expected; 4 standard deviations are 26
