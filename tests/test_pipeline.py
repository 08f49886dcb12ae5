"""generate(): exact, resumable, the same whatever arrives first; faults are counted, not hidden."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from doubles import MemoryRun, ObligingCaller, bad, good, make_pool

from genesis import record
from genesis.dialogue import dialogue_from_row
from genesis.errors import BudgetError, FatalLMError, PlanError, RejectedLMError, RetryableLMError
from genesis.params import from_dict
from genesis.pipeline import Counts, generate
from genesis.planner import largest_remainder, plan
from genesis.scenario import labels

POOL = make_pool(14)
MIX = dict.fromkeys(labels(), 1)


def parameters(**data):
    return from_dict({"seed": 3, "n": 2, "dialogues_per_tool": 3, "mix": MIX, **data})


def made(caller=None, run=None, progress=None, **data):
    run = run or MemoryRun()
    counts = asyncio.run(generate(POOL, parameters(**data), run, caller or ObligingCaller(), progress=progress))
    return counts, run


def test_every_planned_dialogue_ends_somewhere_and_the_mix_is_met():
    seen = []
    counts, run = made(progress=lambda counts, dialogue: seen.append(counts) if dialogue else None)
    assert counts == Counts(42, 42, 0, 0)
    assert seen[-1] == counts
    assert len(seen) == 42
    dialogues = [dialogue_from_row(row) for row in run.rows("dialogues")]
    assert Counter(one.scenario.label for one in dialogues) == largest_remainder(MIX, 42)
    assert [one.provenance["index"] for one in dialogues] == list(range(42))
    assert all(one.provenance["simulated"] and one.provenance["lm"] == "a test double" for one in dialogues)
    assert all(one.provenance["semantic_type"] for one in dialogues)


@pytest.mark.parametrize("jitter", [0, 1, 2])
@pytest.mark.parametrize("concurrency", [2, 7, 64])
def test_the_rows_do_not_depend_on_what_arrives_first(concurrency, jitter):
    _, one = made(ObligingCaller(repeats), concurrency=1)
    _, other = made(ObligingCaller(repeats, jitter=jitter), concurrency=concurrency)
    assert one.rows("rejected"), "the test needs near-repeats"
    assert other.tables == one.tables


def repeats(agent, inputs, seed, reply):
    """Now and then a user says what others say too."""
    if agent == "user" and not inputs["conversation"] and seed % 3 == 0:
        reply.fields["message"] = "Could you please do for me what you did for my neighbour the other day " + (
            "with " + ", ".join(str(v) for entry in reply.fields["stated"] for v in list(entry.values.values())[:1])
        )
    return reply


def test_a_resumed_run_makes_what_is_missing_and_nothing_twice():
    class Stops(ObligingCaller):
        async def ask(self, *args, **more):
            if sum(self.calls.values()) >= 300:
                raise BudgetError("budget: 300 calls")
            return await super().ask(*args, **more)

    whole = made()[1]
    run = MemoryRun()
    with pytest.raises(BudgetError):
        made(Stops(jitter=3), run, concurrency=8)
    kept = [row["id"] for row in run.rows("dialogues")]
    assert 0 < len(kept) < 42
    counts, _ = made(run=run)
    assert counts == Counts(42, 42)
    assert run.rows("dialogues") == whole.rows("dialogues")
    fresh = ObligingCaller()
    assert made(fresh, run)[0] == Counts(42, 42)
    assert not fresh.calls, "a finished run asks nobody"


def test_a_run_folder_holds_the_same_bytes_whatever_arrives_first(tmp_path):
    texts = set()
    for number, concurrency in enumerate((1, 16, 64)):
        run = record.create(parameters(concurrency=concurrency), tmp_path / str(number))
        made(ObligingCaller(repeats, jitter=number), run, concurrency=concurrency)
        texts.add(run.file("dialogues.jsonl").read_bytes() + b"--" + run.file("rejected.jsonl").read_bytes())
    (text,) = texts
    assert text.count(b"\n") == 42


def test_a_slow_dialogue_holds_up_nobody():
    first = plan(POOL.tools, parameters())[0].tool

    class OneIsSlow(ObligingCaller):
        async def ask(self, agent, predictor, inputs, **more):
            if agent == "memory" and inputs["tool"]["name"] == first and not inputs["covered"]:
                while self.calls["memory"] < 13:
                    await asyncio.sleep(0)
            return await super().ask(agent, predictor, inputs, **more)

    caller = OneIsSlow()
    counts, run = made(caller, concurrency=2)
    assert counts == Counts(42, 42)
    assert run.rows("dialogues") == made()[1].rows("dialogues")


def test_without_memory_nobody_steers_and_repeats_stay():
    caller = ObligingCaller(repeats)
    counts, run = made(caller, memory=False)
    assert caller.calls["memory"] == 0
    assert counts.rejected == 0
    assert {row["provenance"]["guidance"] for row in run.rows("dialogues")} == {""}


@pytest.mark.parametrize(
    ("data", "judged"), [({"n": 1}, False), ({"judge": "random"}, False), ({"judge": "llm"}, True)]
)
def test_the_judging_arms_are_what_they_say(data, judged):
    caller = ObligingCaller()
    counts, _ = made(caller, **data)
    assert counts.accepted == 42
    assert bool(caller.calls["judge"]) is judged


def test_a_rejected_dialogue_is_kept_with_its_reasons():
    def contradicts(agent, inputs, seed, reply):
        wrong = agent == "function" and inputs["stated"][0].tool == POOL.tools[0].name
        if wrong:
            reply.fields["calls"] = [type(call)("no_such_tool", call.arguments) for call in reply.fields["calls"]]
        return reply

    counts, run = made(ObligingCaller(contradicts))
    rows = run.rows("rejected")
    assert counts.rejected == len(rows) > 0
    assert counts.accepted + counts.rejected == 42
    for row in rows:
        assert any("no_such_tool" in reason for reason in row["reasons"])
        assert row["provenance"]["reason"]
        assert dialogue_from_row(row).to_row()["provenance"]["reasons"] == list(row["reasons"]), "they outlive a check"
        assert dialogue_from_row(row).id == row["id"]


def test_errors_of_the_lm_are_counted_apart_and_tried_again_on_resume():
    def refuses(agent, inputs, seed, reply):
        if agent == "tool" and inputs["calls"][0]["name"] == POOL.tools[0].name:
            return RejectedLMError("400: content too long")
        return reply

    counts, run = made(ObligingCaller(refuses))
    assert counts.errored == len(run.rows("errored")) > 0
    assert counts.accepted + counts.rejected + counts.errored == 42
    assert run.rows("errored")[0]["reasons"] == ["lm: 400: content too long"]
    assert made(run=run)[0] == Counts(42, 42)


@pytest.mark.parametrize("error", [RejectedLMError("404: no such model"), RetryableLMError("connection refused")])
def test_an_endpoint_that_never_answers_stops_the_run_with_its_own_words(error):
    run = MemoryRun()
    caller = ObligingCaller(lambda agent, inputs, seed, reply: error)
    with pytest.raises(type(error), match=str(error)):
        made(caller, run)
    assert not run.rows("dialogues")
    assert sum(caller.calls.values()) < 80


def test_a_model_whose_replies_cannot_be_used_stops_the_run_early_and_says_what_to_try():
    caller = ObligingCaller(lambda agent, inputs, seed, reply: bad("unparsable", "field 'stated' is missing"))
    run = MemoryRun()
    with pytest.raises(FatalLMError, match=r"first 16 dialogues .* user unparsable \(16\).*'stated' is missing.*json"):
        made(caller, run, concurrency=1)
    assert len(run.rows("rejected")) == 16
    with pytest.raises(FatalLMError, match="first 16 dialogues"):
        made(caller, run, concurrency=1)
    assert len(run.rows("rejected")) == 32, "the same command tries sixteen more"
    assert made(caller, run)[0] == Counts(42, 0, 42), "with ten left there is nothing to save"


@pytest.mark.parametrize("outcome", ["good", "bad value"])
def test_one_dialogue_that_could_be_read_keeps_a_run_going(outcome):
    mix = {"single/single/simple": 1}
    first = plan(POOL.tools, parameters(mix=mix))[0].tool

    def unread(agent, inputs, seed, reply):
        if agent == "user" and inputs["wishes"][0].tool != first:
            return bad("cut", "the reply reached max_tokens")
        if outcome == "bad value" and agent == "function":
            reply.fields["calls"] = []
        return reply

    counts, _ = made(ObligingCaller(unread), concurrency=1, mix=mix)
    assert counts.accepted + counts.rejected == 42
    assert (counts.accepted > 0) is (outcome == "good")


def test_a_fatal_error_stops_all_that_is_in_flight():
    def dies(agent, inputs, seed, reply):
        return FatalLMError("401: bad key") if agent == "function" else reply

    caller = ObligingCaller(dies, jitter=1)
    with pytest.raises(FatalLMError):
        made(caller, concurrency=64)
    asked = sum(caller.calls.values())
    assert asked < 42 * 12


def test_an_empty_plan_spends_nothing():
    caller = ObligingCaller()
    with pytest.raises(PlanError, match="empty plan"):
        made(caller, mix={"irrelevance": 0.0})
    assert not caller.calls


def test_a_judge_that_rejects_the_best_changes_the_result():
    def best(number):
        return lambda agent, inputs, seed, reply: good(reason="", best=number) if agent == "judge" else reply

    assert made(ObligingCaller(best(1)))[1].rows("dialogues") != made(ObligingCaller(best(2)))[1].rows("dialogues")
