"""The model checker: what it is asked, what it decides, and how often its offline twin is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from review_cases import dialogue, make_run

from genesis import params
from genesis.agents.checker import ASPECTS, CheckerAgent, Finding
from genesis.checks import calibration
from genesis.dialogue import Verdict
from genesis.lm import open_caller
from genesis.lm.testing import Reaction, Server, offline_script
from genesis.params import CheckerParams
from genesis.record import Run
from genesis.review import model, settle


def reply(holds: tuple[bool, bool, bool], confidence: float, outcome: str = "good") -> Any:
    from types import SimpleNamespace

    found = {name: Finding(f"about {name}", good, confidence) for name, good in zip(ASPECTS, holds, strict=True)}
    return SimpleNamespace(
        outcome=outcome,
        good=outcome == "good",
        fields=found if outcome == "good" else {},
        reason="",
        prompt_tokens=100,
        completion_tokens=20,
        resamples=0,
    )


class Scripted:
    """A caller with written replies that remembers what it was asked."""

    def __init__(self, *replies: Any) -> None:
        self.replies = replies
        self.asked: list[dict[str, Any]] = []

    async def ask(self, agent: str, predictor: Any, inputs: dict[str, Any], *, seed: int, n: int = 1) -> list[Any]:
        self.asked.append({"agent": agent, "inputs": inputs, "n": n, "seed": seed})
        return list(self.replies)


STATED = CheckerParams()
SAMPLED = CheckerParams(confidence="consistency", samples=5)
GOOD = (True, True, True)


async def decide(how: CheckerParams, *replies: Any) -> tuple[model.Judged, tuple[Verdict, ...]]:
    judged = await model.judge(dialogue(0), CheckerAgent(), Scripted(*replies), how, seed=0)  # type: ignore[arg-type]
    return judged, model.verdicts(judged, how)


async def test_a_stated_confidence_counts_against_what_does_not_hold() -> None:
    judged, verdicts = await decide(STATED, reply((False, True, True), 0.9))
    assert judged.confidences == {"faithfulness": 0.1, "satisfaction": 0.9, "compliance": 0.9}
    assert judged.confidence == 0.1
    assert [verdict.outcome for verdict in verdicts] == ["fail", "pass", "pass"]
    assert verdicts[0].reasons == ("about faithfulness",)


async def test_it_passes_above_the_threshold_and_not_at_it() -> None:
    _, at = await decide(STATED, reply(GOOD, 0.75))
    _, above = await decide(STATED, reply(GOOD, 0.76))
    assert {verdict.outcome for verdict in at} == {"fail"}
    assert {verdict.outcome for verdict in above} == {"pass"}


async def test_consistency_is_the_share_of_usable_samples() -> None:
    bad = reply((False, True, True), 0.6)
    judged, verdicts = await decide(SAMPLED, reply(GOOD, 0.6), bad, reply(GOOD, 0.6), reply(GOOD, 0, "empty"), bad)
    assert judged.confidences["faithfulness"] == 0.5
    assert judged.samples == 4
    assert verdicts[0].outcome == "fail"
    assert verdicts[1].confidence == 1.0


async def test_no_usable_reply_is_no_verdict_but_a_flag_for_people() -> None:
    judged, verdicts = await decide(STATED, reply(GOOD, 1, "refused"))
    assert judged.confidence is None
    assert [(verdict.check, verdict.outcome) for verdict in verdicts] == [("model", "flag")]
    assert "refused" in verdicts[0].reasons[0]


async def test_the_checker_sees_the_flags_and_no_goal() -> None:
    caller = Scripted(reply(GOOD, 1))
    flagged = replace(dialogue(0), verdicts=(Verdict("rule:32-values-grounded", "flag", ("nothing gives 'city'",)),))
    await model.judge(flagged, CheckerAgent(), caller, SAMPLED, seed=0)  # type: ignore[arg-type]
    assert caller.asked[0]["n"] == 5
    inputs = caller.asked[0]["inputs"]
    assert inputs["doubts"] == ["nothing gives 'city'"]
    assert "goal" not in str(inputs)
    assert inputs["task"].startswith("single/single/simple")


async def test_flagged_dialogues_come_first() -> None:
    flagged = replace(dialogue(3), verdicts=(Verdict("rule:32-values-grounded", "flag", ("why",)),))
    caller = Scripted(reply(GOOD, 1))
    one = params.from_dict({"concurrency": 1})
    judged, stopped = await model.judge_all([dialogue(1), dialogue(2), flagged], one, caller)  # type: ignore[arg-type]
    assert [row.id for row in judged] == ["d0003", "d0001", "d0002"]
    assert not stopped


async def test_calibration_moves_every_aspect_and_keeps_the_order() -> None:
    judged, _ = await decide(STATED, reply(GOOD, 0.9))
    fitted = calibration.Calibration("isotonic", ((0.5, 0.2), (1.0, 0.7)))
    assert {verdict.outcome for verdict in model.verdicts(judged, STATED, fitted)} == {"fail"}
    assert model.verdicts(judged, STATED, fitted)[0].confidence == pytest.approx(0.6)


# --- the whole step, on the offline (simulated) LM ----------------------------------------------------------------

EXACT = {"checker_miss": 0.0, "checker_alarm": 0.0, "unparsable": 0.0}


async def checked(folder: Path, dialogues: list[Any], **chosen: Any) -> tuple[Run, dict[str, Any]]:
    run = make_run(folder, dialogues, **chosen)
    return run, await model.check(run, run.params)


async def test_what_fails_moves_to_the_rejected_and_comes_back_when_the_check_is_off(tmp_path: Path) -> None:
    some = [dialogue(0), dialogue(1, answered=44), dialogue(2)]
    run, found = await checked(tmp_path, some, offline=EXACT)
    assert [row["id"] for row in run.rows("dialogues")] == ["d0000", "d0002"]
    (row,) = run.rows("rejected")
    assert [v["check"] for v in row["verdicts"] if v["outcome"] == "fail"] == ["model:faithfulness"]
    assert "44" in next(v["reasons"][0] for v in row["verdicts"] if v["outcome"] == "fail")
    assert found["failed_by_aspect"]["faithfulness"] == 1
    assert found["cost_per_dialogue"]["calls"] == 1
    assert run.read_json("run.json")["counts"]["rejected"] == 1
    assert run.read_json("run.json")["usage"]["checker"]["calls"] == 3
    off = params.from_dict({"experiment": "review", "checker": {"confidence": "off"}})
    await model.check(run, off)
    assert [row["id"] for row in run.rows("dialogues")] == ["d0000", "d0001", "d0002"]


async def test_checking_again_pays_nothing_and_gives_the_same_bytes(tmp_path: Path) -> None:
    run, _ = await checked(tmp_path, [dialogue(number) for number in range(6)])
    before = {name: (run.path / f"{name}.jsonl").read_bytes() for name in ("dialogues", "rejected", "model")}
    calls = run.read_json("run.json")["calls"]
    await model.check(run, run.params)
    assert {name: (run.path / f"{name}.jsonl").read_bytes() for name in before} == before
    assert run.read_json("run.json")["calls"] == calls


async def test_a_budget_that_ends_leaves_the_rest_unjudged_and_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path, [dialogue(number) for number in range(8)])
    with Server(offline_script()) as server:
        chosen = {"lm": "openai/any", "api_base": server.url, "budget": {"calls": 3}, "concurrency": 1}
        found = await model.check(run, params.from_dict({"experiment": "review", **chosen}))
        assert server.calls == 3
    assert found["judged"] + found["unjudged"] == 8
    assert found["judged"] == 3
    assert "budget" in found["stopped"].lower()
    assert sum(1 for _ in run.rows("dialogues")) + sum(1 for _ in run.rows("rejected")) == 8


@pytest.mark.parametrize("adapter", ["chat", "json"])
async def test_the_twin_errs_at_the_rate_of_its_knobs(adapter: str, tmp_path: Path) -> None:
    right = [dialogue(number, degrees=10 + number % 80) for number in range(300)]
    wrong = [dialogue(number, degrees=10, answered=44 + number) for number in range(300)]
    errors = {"checker_miss": 0.2, "checker_alarm": 0.1, "unparsable": 0.0}
    chosen = params.from_dict({"offline": errors, "adapter": adapter})
    async with open_caller(chosen) as caller:
        good, _ = await model.judge_all(right, chosen, caller)
        bad, _ = await model.judge_all([replace(d, id=f"w{d.id}") for d in wrong], chosen, caller)
    alarms = sum((row.confidence or 0) <= 0.75 for row in good) / 300
    misses = sum((row.confidence or 0) > 0.75 for row in bad) / 300
    assert alarms == pytest.approx(0.1, abs=0.05)
    assert misses == pytest.approx(0.2, abs=0.07)
    doubted = calibration.assess(
        [row.confidence or 0 for row in [*good, *bad]], [True] * 300 + [False] * 300, method="isotonic"
    )
    assert doubted["ece"] <= doubted["ece_bias"] + 0.03


async def test_it_runs_over_http_with_an_untidy_reply(tmp_path: Path) -> None:
    text = (
        "Sure, here is my verdict:\n```json\n"
        '{"faithfulness": {"reason": "fine", "holds": true, "confidence": 0.97},'
        ' "satisfaction": {"reason": "fine", "holds": true, "confidence": 0.9},'
        ' "compliance": {"reason": "fine", "holds": true, "confidence": 0.88}}\n```'
    )
    run = make_run(tmp_path, [dialogue(0)])
    with Server(lambda _: Reaction(text)) as server:
        found = await model.check(
            run, params.from_dict({"experiment": "review", "lm": "openai/any", "api_base": server.url})
        )
    assert (found["judged"], found["failed"], server.calls) == (1, 0, 1)
    (row,) = run.rows(settle.MODEL)
    assert row["confidences"]["compliance"] == 0.88
