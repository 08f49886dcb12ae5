"""The whole path on the offline (simulated) LM: every scenario, planted defects, the ablation arms, the same bytes."""

from __future__ import annotations

import asyncio

import pytest
from doubles import make_pool

from genesis import lm, record
from genesis.dialogue import dialogue_from_row
from genesis.params import OfflineParams, from_dict
from genesis.pipeline import generate
from genesis.scenario import labels

POOL = make_pool(21)
MIX = dict.fromkeys(labels(), 1)
QUIET = dict.fromkeys(OfflineParams.__dataclass_fields__, 0.0)


def made(folder, **data):
    params = from_dict({"seed": 1, "mix": MIX, "offline": QUIET, "n": 1, "dialogues_per_tool": 2, **data})
    run = record.create(params, folder)

    async def work():
        async with lm.open(params) as caller:
            return await generate(POOL, params, run, caller), caller.usage

    counts, usage = asyncio.run(work())
    return run, counts, usage


def test_every_scenario_is_accepted_without_planted_errors(tmp_path):
    run, counts, _ = made(tmp_path)
    reasons = [(row["id"], row["reasons"]) for row in run.rows("rejected")]
    assert counts.accepted >= 41, reasons
    assert {dialogue_from_row(row).scenario.label for row in run.rows("dialogues")} == set(labels())
    for row in run.rows("dialogues"):
        assert row["provenance"]["lm"] == "offline (simulated) LM"
        assert row["provenance"]["simulated"] is True


def test_one_and_sixty_four_in_flight_write_the_same_bytes(tmp_path):
    texts = set()
    for concurrency in (1, 64):
        run, _, _ = made(tmp_path / str(concurrency), n=4, offline={}, concurrency=concurrency)
        texts.add(run.file("dialogues.jsonl").read_bytes())
    assert len(texts) == 1


@pytest.mark.parametrize("kind", ["wrong_value", "wrong_type", "missing_param", "unknown_tool", "needless_ask"])
def test_planted_defects_are_dropped_before_they_are_judged(tmp_path, kind):
    run, _, _ = made(tmp_path, n=4, dialogues_per_tool=1, offline={**QUIET, kind: 0.3})
    rows = [dialogue_from_row(row) for row in run.rows("dialogues")]
    assert sum(one.provenance["candidates"]["dropped"] for one in rows) > 5
    for one in rows:
        calls = [(call.name, call.arguments) for message in one.messages for call in message.tool_calls]
        if one.scenario.special != "tool_error":
            key = repr
            assert sorted(calls, key=key) == sorted(
                [(goal.name, goal.arguments) for goal in one.scenario.goal], key=key
            )


def test_the_arms_of_the_ablations_differ_only_in_what_they_say(tmp_path):
    usage = {}
    for arm, data in {
        "llm": {},
        "random": {"judge": "random"},
        "one": {"n": 1},
        "forgetful": {"memory": False},
    }.items():
        _, counts, usage[arm] = made(tmp_path / arm, **{"n": 4, "dialogues_per_tool": 1, **data})
        assert counts.planned == 21
    assert usage["llm"]["judge"].calls > 0
    assert "judge" not in usage["random"]
    assert "judge" not in usage["one"]
    assert (
        usage["random"]["user"].completions == usage["llm"]["user"].completions > 3 * usage["one"]["user"].completions
    )
    assert "memory" not in usage["forgetful"]
    assert usage["forgetful"]["judge"].calls > 0


def test_reasoning_traces_stand_in_the_assistants_messages_only(tmp_path):
    run, _, _ = made(tmp_path, reasoning=True, dialogues_per_tool=1)
    rows = [row["messages"] for row in run.rows("dialogues")]
    assert rows
    for messages in rows:
        for message in messages:
            assert ("reasoning_content" in message) == (message["role"] == "assistant")


def test_the_json_adapter_makes_dialogues_too(tmp_path):
    _, counts, _ = made(tmp_path, adapter="json", dialogues_per_tool=1)
    assert counts.accepted >= 20
