"""The model checker over a run: what passed the rules, the flagged ones first; confidence stated or by samples.

    found = await model.check(run, params)      # writes model.jsonl, moves what fails, returns counts

A dialogue's confidence is that of its weakest aspect; it passes above ``params.checker.threshold``. A dialogue on
which no usable reply came is not decided: it keeps a flag and goes to people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec

from genesis import record
from genesis.agents.checker import ASPECTS, CheckerAgent
from genesis.agents.crew import crew, crew_of
from genesis.agents.wire import Line
from genesis.checks import calibration
from genesis.dialogue import Dialogue, Verdict
from genesis.errors import BudgetError, RejectedLMError, RetryableLMError
from genesis.params import CheckerParams, Params
from genesis.record import Run
from genesis.review import settle
from genesis.review.decisions import digest
from genesis.review.judged import Judged, judgements
from genesis.scenario import Scenario
from genesis.text import stable_hash

if TYPE_CHECKING:
    from genesis.lm.caller import Caller, Reply

SUMMARY = "parts/model.json"
_SPECIALS = {
    "irrelevance": "no offered tool fits: the assistant says so and calls nothing",
    "miss_param": "a required parameter is missing: the assistant asks for exactly that, then calls",
    "bad_param": "a value that was given cannot be right: the assistant says so and does not call with it",
    "tool_error": "a call fails: the assistant tries again rightly or tells the user",
}


def task_words(scenario: Scenario | None) -> str:
    """Return what a dialogue is meant to show, as the checker is told."""
    if scenario is None:
        return "unknown"
    if scenario.special != "none":
        return f"{scenario.special}: {_SPECIALS[scenario.special]}"
    calls = "several calls in one message" if "parallel" in scenario.kind else "one call at a time"
    chained = "; a later call needs an earlier result" if scenario.chained else ""
    return f"{scenario.label}: {scenario.turns} turn, {scenario.tasks} task, {calls}{chained}"


def inputs_of(dialogue: Dialogue) -> dict[str, Any]:
    """Return what the checker is shown of a dialogue: what a reader sees, and what the rules flagged."""
    return {
        "tools": [tool.to_function() for tool in dialogue.tools],
        "task": task_words(dialogue.scenario),
        "system": "\n".join(message.content for message in dialogue.messages if message.role == "system"),
        "conversation": [
            Line(
                message.role,
                message.content,
                [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls],
                message.tool_call_id or "",
            )
            for message in dialogue.messages
            if message.role != "system"
        ],
        "doubts": [
            reason
            for verdict in dialogue.verdicts
            if verdict.outcome == "flag" and not verdict.check.startswith(("model", "human"))
            for reason in verdict.reasons
        ],
    }


async def judge(dialogue: Dialogue, agent: CheckerAgent, caller: Caller, how: CheckerParams, *, seed: int) -> Judged:
    """Ask the checker about one dialogue. Raises what stops a run (FatalLMError, BudgetError, ...)."""
    n = how.samples if how.confidence == "consistency" else 1
    try:
        replies = await agent.ask(caller, inputs_of(dialogue), seed=stable_hash("checker", seed, dialogue.id), n=n)
    except (RejectedLMError, RetryableLMError) as error:
        return Judged(dialogue.id, {}, {}, fault=str(error), version=digest(dialogue), calls=1)
    used = [reply for reply in replies if reply.good]
    tokens = sum(reply.prompt_tokens for reply in replies), sum(reply.completion_tokens for reply in replies)
    calls = 1 + sum(reply.resamples for reply in replies)
    if not used:
        fault = f"{replies[0].outcome}: {replies[0].reason}"
        return Judged(dialogue.id, {}, {}, 0, fault, digest(dialogue), calls, *tokens)
    return Judged(
        dialogue.id,
        {aspect: _confidence(used, aspect, how) for aspect in ASPECTS},
        {aspect: _reason(used, aspect) for aspect in ASPECTS},
        len(used),
        "",
        digest(dialogue),
        calls,
        *tokens,
    )


def _confidence(replies: Sequence[Reply], aspect: str, how: CheckerParams) -> float:
    """Stated: what the reply says, turned round where the aspect does not hold. Consistency: the share that holds."""
    findings = [reply.fields[aspect] for reply in replies]
    if how.confidence == "consistency":
        return round(float(sum(bool(finding.holds) for finding in findings)) / len(findings), 6)
    finding = findings[0]
    sure: float = min(max(float(finding.confidence), 0.5), 1.0)
    return round(sure if finding.holds else 1.0 - sure, 6)


def _reason(replies: Sequence[Reply], aspect: str) -> str:
    findings = [reply.fields[aspect] for reply in replies]
    return str(next((finding for finding in findings if not finding.holds), findings[0]).reason)[:500]


def verdicts(judged: Judged, how: CheckerParams, fitted: calibration.Calibration | None = None) -> tuple[Verdict, ...]:
    """Return one verdict an aspect, its confidence calibrated; a dialogue without a usable reply is flagged."""
    if not judged.confidences:
        return (Verdict("model", "flag", (f"no usable reply: {judged.fault}",)),)
    raw = [judged.confidences[aspect] for aspect in ASPECTS]
    shown = [round(float(value), 6) for value in (fitted.apply(raw) if fitted else raw)]
    return tuple(
        Verdict(f"model:{aspect}", "pass", (), confidence)
        if confidence > how.threshold
        else Verdict(f"model:{aspect}", "fail", (judged.reasons[aspect],), confidence)
        for aspect, confidence in zip(ASPECTS, shown, strict=True)
    )


async def judge_all(
    dialogues: Iterable[Dialogue],
    params: Params,
    caller: Caller,
    *,
    agent: CheckerAgent | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Judged], str]:
    """Judge dialogues, those with flags first; returns what was judged, in that order, and why it stopped early."""
    order = sorted(dialogues, key=lambda dialogue: not _flagged(dialogue))
    agent = agent or crew(params.prompts).checker
    if params.checker.confidence == "stated":
        agent.predict.config = {**agent.predict.config, "temperature": 0.0}
    found: dict[int, Judged] = {}
    stopped: list[BudgetError] = []
    left = iter(enumerate(order))

    async def work() -> None:
        for place, dialogue in left:
            if stopped:
                return
            try:
                found[place] = await judge(dialogue, agent, caller, params.checker, seed=params.seed)
            except BudgetError as error:
                stopped.append(error)
                return
            if progress is not None:
                progress(len(found), len(order))

    workers = [asyncio.ensure_future(work()) for _ in range(min(params.concurrency, max(1, len(order))))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [found[place] for place in sorted(found)], str(stopped[0]) if stopped else ""


def _flagged(dialogue: Dialogue) -> bool:
    return any(verdict.outcome == "flag" for verdict in dialogue.verdicts)


async def check(
    run: Run,
    params: Params,
    *,
    caller: Caller | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Judge every dialogue of a run that passed the rules; write model.jsonl and move what fails to the rejected ones.

    ``caller``: None opens the models of ``params`` on the run's own journal.
    Can be called again: it replaces what it wrote, and the journal pays nothing twice. Returns counts and cost;
    ``checker.confidence: off``, or no ``evaluation``, takes earlier verdicts away. Raises LMError's kinds; a
    budget that ends leaves the rest unjudged, and says so.
    """
    how = params.checker
    fitted = calibration.load(how.calibration) if how.calibration else None
    todo = settle.to_judge(run) if how.confidence != "off" and params.evaluation else []
    known = _known(run, params)
    judged = [known[dialogue.id, digest(dialogue)] for dialogue in todo if (dialogue.id, digest(dialogue)) in known]
    fresh = [dialogue for dialogue in todo if (dialogue.id, digest(dialogue)) not in known]
    stopped = ""
    if fresh:
        from genesis import lm
        from genesis.lm.usage import to_json, total

        async with nullcontext(caller) if caller is not None else lm.open(params, run.journal_path) as caller:
            try:
                asked, stopped = await judge_all(
                    fresh, params, caller, agent=crew_of(run, params).checker, progress=progress
                )
                judged += asked
            finally:
                spent = total(caller.usage)
                tokens = {"prompt": spent.prompt_tokens, "completion": spent.completion_tokens}
                run.update(calls=spent.calls, tokens=tokens, usage=to_json(caller.usage))
    judged.sort(key=lambda one: one.id)
    run.replace_rows(settle.MODEL, [_row(one, how, fitted) for one in judged])
    settled = settle.settle(run)
    found = {
        "asked": _asked(params),
        **_summary(judged, how, fitted),
        "unjudged": len(todo) - len(judged),
        "stopped": stopped,
        **settled,
    }
    run.write_json(SUMMARY, found)
    return found


def _asked(params: Params) -> dict[str, Any]:
    """Return what the model's replies depend on: with the same, a dialogue is not asked about twice."""
    lm, how = params.lm, params.checker
    return {
        "lm": lm.get("checker", lm.get("default", "")) if isinstance(lm, dict) else lm,
        "confidence": how.confidence,
        "samples": how.samples if how.confidence == "consistency" else 1,
        "prompt": params.prompts.get("checker", ""),
        "offline": msgspec.to_builtins(params.offline) if record.simulated(params) else {},
        "seed": params.seed,
    }


def _known(run: Run, params: Params) -> dict[tuple[str, str], Judged]:
    """Return what was judged before in the same way, by (id, version); what got no usable reply is asked anew."""
    if not (run.path / SUMMARY).exists() or run.read_json(SUMMARY).get("asked") != _asked(params):
        return {}
    return {(name, found.version): found for name, found in judgements(run).items() if found.confidences}


def _row(judged: Judged, how: CheckerParams, fitted: calibration.Calibration | None) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(judged)
    row["verdicts"] = msgspec.to_builtins(verdicts(judged, how, fitted))
    return row


def _summary(judged: Sequence[Judged], how: CheckerParams, fitted: calibration.Calibration | None) -> dict[str, Any]:
    outcomes = [verdicts(one, how, fitted) for one in judged]
    failed = [aspects for aspects in outcomes if any(verdict.outcome == "fail" for verdict in aspects)]
    return {
        "confidence": how.confidence,
        "threshold": how.threshold,
        "calibrated": fitted is not None,
        "judged": len(judged),
        "failed": len(failed),
        "undecided": sum(not one.confidences for one in judged),
        "failed_by_aspect": {
            aspect: sum(any(v.check == f"model:{aspect}" and v.outcome == "fail" for v in some) for some in failed)
            for aspect in ASPECTS
        },
        "cost_per_dialogue": {
            name: round(sum(getattr(one, name) for one in judged) / len(judged), 3) if judged else None
            for name in ("calls", "prompt_tokens", "completion_tokens")
        },
    }
