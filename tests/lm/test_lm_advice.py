"""What the counts of unusable replies say to try next."""

from __future__ import annotations

from pathlib import Path

import dspy

from genesis.lm.advice import UNREAD, Patience, advice
from genesis.lm.caller import open_caller
from genesis.lm.testing import Call, Reaction, Server
from genesis.lm.usage import UNUSABLE
from genesis.params import from_dict


def test_each_frequent_kind_is_told_with_its_share_and_what_to_set() -> None:
    def told(adapter: str = "chat", **outcomes: int) -> list[str]:
        return advice(outcomes, 50, adapter=adapter, max_tokens=600)

    assert told() == told(unparsable=4) == []
    assert advice({}, 0, adapter="chat", max_tokens=600) == []
    (format_,) = told(unparsable=46)
    assert format_.startswith("92% of the replies are not in the format asked for: try adapter: json")
    (json_,) = told("json", unparsable=46)
    assert "try adapter: json" not in json_
    assert "lm check" in json_
    cut, empty, refused = told(cut=5, empty=10, refused=10)
    assert "10% of the replies reached max_tokens (600): raise it" in cut
    assert "20% of the replies are empty" in empty
    assert "20% of the replies are refusals" in refused


def test_patience_ends_only_where_nothing_could_be_used_from_the_start() -> None:
    params = from_dict({})
    lost = ("user: unparsable: no field", "user: cut: the reply reached max_tokens")
    patience = Patience(params)
    assert [bool(patience.note(lost)) for _ in range(UNREAD)] == [False] * (UNREAD - 1) + [True]
    for other in ((), ("user: task 1 leaves out 'city'",), (*lost, "rule:9-types: a number is text")):
        patience = Patience(params)
        assert not patience.note(other)
        assert not any(patience.note(lost) for _ in range(3 * UNREAD))


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


async def test_outcomes_are_counted_by_agent_and_again_when_the_run_goes_on(tmp_path: Path) -> None:
    replies = {
        "cut": Reaction("[[ ## colour ## ]]\nbl", finish="length"),
        "empty": Reaction(" "),
        "refused": Reaction("", refusal="I cannot name colours."),
        "odd": Reaction("When we're asked to write a message with a certain task, we format it as a list[Stated]."),
        "sky": Reaction("[[ ## colour ## ]]\nblue"),
    }

    def script(call: Call) -> Reaction:
        return next(told for thing, told in replies.items() if f"\n{thing}\n" in call.messages[-1]["content"])

    with Server(script) as server:
        params = from_dict({"lm": "openai/any", "api_base": server.url})
        async with open_caller(params, tmp_path) as caller:
            for thing in replies:
                await caller.ask("user", dspy.Predict(Colour), {"thing": thing}, seed=1)
            counted = caller.usage["user"]
    assert {kind: getattr(counted, kind) for kind in UNUSABLE} == {"empty": 1, "refused": 1, "cut": 1, "unparsable": 3}
    assert counted.completions == 7, "two fresh samples for the one that could not be parsed"
    async with open_caller(params, tmp_path, check=False) as caller:
        assert caller.usage["user"] == counted
