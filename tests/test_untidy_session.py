"""A whole session over HTTP on loopback with a model that answers as untidily as real ones do."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import msgspec
import pytest
from doubles import MemoryRun, make_pool

from genesis import lm
from genesis.dialogue import dialogue_from_row
from genesis.lm.offline import reply as well_behaved
from genesis.lm.testing import Call, Reaction, Server
from genesis.params import from_dict
from genesis.pipeline import generate
from genesis.text import stable_hash

POOL = make_pool(14)
HEADER = re.compile(r"\[\[ ## (\w+) ## \]\]\n")
GOOD_WAYS = ("plain", "prose", "fence", "bare fence", "think", "no end")
BAD_WAYS = ("missing field", "wrong json", "no json", "refusal", "cut", "empty", "native call", "wrong type")


def fields_of(text: str) -> dict[str, str]:
    parts = HEADER.split(text.replace("[[ ## completed ## ]]", ""))[1:]
    return {name: value.strip() for name, value in zip(parts[::2], parts[1::2], strict=True)}


def as_json(text: str) -> str:
    fields = {}
    for name, value in fields_of(text).items():
        fields[name] = msgspec.json.decode(value) if value.startswith(("[", "{")) or name == "best" else value
    return msgspec.json.encode(fields).decode()


def untidy(way: str, text: str) -> Reaction:
    """The same answer, written in one of the ways models have."""
    if way == "prose":
        return Reaction("Sure! Here is what you asked for.\n\n" + text + "\n\nLet me know if you need more.")
    if way == "fence":
        return Reaction("Of course:\n\n```json\n" + as_json(text) + "\n```\nHope this helps!")
    if way == "bare fence":
        return Reaction("```\n" + text + "\n```")
    if way == "think":
        return Reaction("<think>\nThe user wants {something}. [[ ## act ## ]]?\n</think>\n\n" + text)
    if way == "no end":
        return Reaction(text.replace("[[ ## completed ## ]]", "").rstrip())
    if way == "missing field":
        return Reaction("[[ ## " + list(fields_of(text))[-1] + " ## ]]".join(text.split("]]")[1:2]) + "\n")
    if way == "wrong json":
        return Reaction(as_json(text)[: len(as_json(text)) // 2].rstrip('"}]'))
    if way == "no json":
        return Reaction("I think the best way to go about this is to call the tool with the city.")
    if way == "refusal":
        return Reaction("", refusal="I can't help with that.")
    if way == "cut":
        return Reaction(text[: len(text) // 2], finish="length")
    if way == "empty":
        return Reaction("")
    if way == "wrong type":
        return Reaction(HEADER.sub(lambda match: match.group() + "[[[", text))
    if way == "native call":
        call = {"id": "x1", "type": "function", "function": {"name": "find_hotel_0", "arguments": '{"city": "Oslo"}'}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return Reaction(
            body=msgspec.json.encode({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})
        )
    return Reaction(text)


class Untidy:
    """Answers as the offline engine would, untidily; how often each way came up is counted."""

    def __init__(self, bad_share: float) -> None:
        self.bad_share = bad_share
        self.ways: Counter[str] = Counter()

    def __call__(self, call: Call) -> Reaction:
        seed = int(call.body["seed"])
        pick = stable_hash("way", seed, call.messages[-1]["content"])
        ways = BAD_WAYS if pick % 1000 < 1000 * self.bad_share else GOOD_WAYS
        way = ways[pick // 1000 % len(ways)]
        self.ways[way] += 1
        texts = [well_behaved(call.messages, seed=seed, sample=sample, errors={}) for sample in range(call.n)]
        if call.n == 1 or way == "plain":
            return untidy(way, texts[0]) if call.n == 1 else Reaction(texts)
        made = [untidy("prose" if way in BAD_WAYS else way, text).text for text in texts]
        return Reaction([str(text) for text in made])


def session(script: Untidy, **data):
    run = MemoryRun()
    with Server(script) as server:
        params = from_dict(
            {"lm": "openai/any", "api_base": server.url, "concurrency": 32, "dialogues_per_tool": 2, "n": 2, **data}
        )

        async def work():
            async with lm.open(params) as caller:
                return await generate(POOL, params, run, caller), caller.usage

        counts, usage = asyncio.run(work())
        return run, counts, usage, server.calls


@pytest.fixture(scope="module")
def untidy_session():
    script = Untidy(bad_share=0.12)
    return script, *session(script)


def test_every_untidy_way_came_up(untidy_session):
    script = untidy_session[0]
    assert set(script.ways) == {*GOOD_WAYS, *BAD_WAYS}


def test_the_session_ends_with_accepted_dialogues_and_honest_counts(untidy_session):
    _, run, counts, _, _ = untidy_session
    assert counts.planned == 28 == counts.accepted + counts.rejected
    assert counts.errored == 0
    assert counts.accepted >= 20
    assert len(run.rows("dialogues")) == counts.accepted
    for row in run.rows("rejected"):
        assert row["reasons"]


def test_no_second_hidden_call_is_paid_for(untidy_session):
    _, run, _, usage, calls = untidy_session
    assert calls == sum(row.calls for row in usage.values()) == sum(row.attempts for row in usage.values())
    spent = Counter()
    for name in ("dialogues", "rejected"):
        for row in run.rows(name):
            spent.update(row["provenance"]["calls"])
    fresh = sum(row.resamples for row in usage.values())
    assert fresh > 0, "what did not parse was asked for again, within bounds"
    assert calls == spent.total() + fresh


def test_nothing_untidy_is_left_in_what_is_accepted(untidy_session):
    for row in untidy_session[1].rows("dialogues"):
        dialogue = dialogue_from_row(row)
        text = "\n".join(message.content for message in dialogue.messages)
        assert not re.search(r"```|<think>|\[\[ ##|Hope this helps|Let me know if you need more", text)
        assert dialogue.provenance["lm"].endswith("any")
        assert dialogue.provenance["simulated"] is False


def test_tidy_and_untidy_good_replies_make_the_same_dialogues():
    class Tidy(Untidy):
        def __call__(self, call):
            super().__call__(call)
            texts = [
                well_behaved(call.messages, seed=int(call.body["seed"]), sample=sample, errors={})
                for sample in range(call.n)
            ]
            return Reaction(texts)

    def messages(run):
        return [row["messages"] for row in run.rows("dialogues")]

    one = session(Tidy(0.0), dialogues_per_tool=1)
    other = session(Untidy(0.0), dialogues_per_tool=1)
    assert messages(one[0]) == messages(other[0])
    assert one[1] == other[1]


def test_a_model_that_only_ever_refuses_makes_no_data():
    class Refuses(Untidy):
        def __call__(self, call):
            return untidy("refusal", "")

    run, counts, _, calls = session(Refuses(0.0), dialogues_per_tool=1, memory=False)
    assert counts.accepted == 0
    assert counts.rejected == 14
    assert not run.rows("dialogues")
    assert all("user: refused: I can't help with that." in row["reasons"] for row in run.rows("rejected"))
    assert calls <= 14 * 3
