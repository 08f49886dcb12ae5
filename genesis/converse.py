"""One dialogue, turn by turn: N candidates -> rules -> judge -> go on from the winner.

A candidate extends the dialogue by one user turn: the user's message, then assistant, calls and results up to the next
user turn. The N user messages come from one request; what follows runs at once for all of them. A candidate that the
rules, or the plan, find wanting never reaches the judge; one survivor needs no judging. A dialogue without survivors
is rejected: that is data, with its reasons.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from genesis import turns
from genesis.agents.wire import Choice
from genesis.candidate import Candidate, Stage, Talk, candidates
from genesis.chat import Message
from genesis.compose import compose
from genesis.dialogue import Dialogue
from genesis.errors import RejectedLMError, RetryableLMError
from genesis.lm.render import Fixed
from genesis.planner import Planned
from genesis.slots import draw
from genesis.tally import REPAIRS, Tally
from genesis.text import stable_hash


@dataclass(frozen=True, slots=True)
class Made:
    """How a dialogue came out: accepted if there are no reasons against it."""

    dialogue: Dialogue
    reasons: tuple[str, ...] = ()
    fault: Exception | None = None
    """The LM's error, where one took part in ending it: it may go better next time."""


async def converse(planned: Planned, stage: Stage) -> Made:
    """Make one dialogue. Raises only what stops the run (FatalLMError, BudgetError, ReplayMissError, ...)."""
    tally = Tally(stage.caller)
    reasons: list[str] = []
    talk = Talk(planned, stage, tally, planned.scenario, (), [])
    messages: list[Message] = []
    try:
        talk = await _prepare(planned, stage, tally)
        messages, notes, reasons = await _turns(talk)
        if not reasons:
            scenario = replace(talk.scenario, goal=tuple(turns.goal(talk.scenario, notes, messages)))
            talk = replace(talk, scenario=scenario)
    except (RejectedLMError, RetryableLMError) as error:
        tally.fault = error
        reasons = [f"lm: {error}"]
    dialogue = replace(talk.so_far(messages), provenance=_provenance(talk))
    return Made(dialogue, tuple(reasons), tally.fault if reasons else None)


async def _prepare(planned: Planned, stage: Stage, tally: Tally) -> Talk:
    """Choose the tools, draw the slots, ask for guidance."""
    targets, distractors, notes = await compose(planned, stage, tally)
    tally.notes += notes
    scenario = replace(planned.scenario, targets=targets, distractors=distractors)
    scenario = draw(scenario, stage.tools, planned.calls)
    names = [*distractors] if scenario.special == "irrelevance" else [*targets, *distractors]
    random.Random(stable_hash(scenario.seed, "order")).shuffle(names)
    offered = tuple(stage.tools[name] for name in names)
    talk = Talk(planned, stage, tally, scenario, offered, [Fixed(tool.to_function()) for tool in offered])
    if stage.memory is None:
        return talk
    tool = stage.tools[planned.tool]
    used = [name for task in scenario.slots if task.tool == tool.name for name in task.reveal]
    brief = stage.memory.brief(planned, tool, used)
    inputs = {"tool": tool.to_function(), **{name: getattr(brief, name) for name in brief.__dataclass_fields__}}
    reply = await tally.one(stage.crew.memory, inputs, stable_hash(scenario.seed, "memory"))
    if reply.outcome != "good":
        tally.notes.append(f"memory: {reply.outcome}; went on without guidance")
        return replace(talk, semantic_type=brief.open_types[0])
    label = stage.memory.canonical(str(reply.fields["semantic_type"]), brief, tool.name)
    return replace(talk, semantic_type=label, guidance=str(reply.fields["guidance"])[:400])


async def _turns(talk: Talk) -> tuple[list[Message], dict[int, dict[str, Any]], list[str]]:
    """Play all user turns; returns the messages, the notes and, where a turn had no survivors, why."""
    messages: list[Message] = []
    notes: dict[int, dict[str, Any]] = {}
    for turn in range(talk.scenario.last_turn + 1):
        reasons: list[str] = []
        winner = None
        for attempt in range(REPAIRS + 1):
            talk.tally.fault = None
            batch = await candidates(talk, turn, attempt, messages, notes)
            alive = [candidate for candidate in batch if not candidate.reasons]
            if alive:
                winner = await _judge(talk, turn, messages, _undoubted(talk, turn, alive))
                break
            reasons = [reason for candidate in batch for reason in candidate.reasons]
            talk.tally.repairs += attempt < REPAIRS
        if winner is None:
            # For review, a rejected dialogue shows how far its last attempt came.
            furthest = max(batch, key=lambda candidate: len(candidate.messages))
            return [*messages, *furthest.messages], notes, list(dict.fromkeys(reasons))
        messages, notes = [*messages, *winner.messages], winner.notes
        if turn == 0 and talk.stage.memory is not None:
            talk.stage.memory.open(talk.planned, messages[0].content)
    return messages, notes, []


def _undoubted(talk: Talk, turn: int, alive: list[Candidate]) -> list[Candidate]:
    """Return the candidates the rules doubt least; a doubtful one goes on only where there is no better."""
    least = min(len(candidate.doubts) for candidate in alive)
    for candidate in alive:
        if len(candidate.doubts) > least:
            talk.tally.drop(turn, candidate.number, [f"doubt: {doubt}" for doubt in candidate.doubts])
    return [candidate for candidate in alive if len(candidate.doubts) == least]


async def _judge(talk: Talk, turn: int, before: Sequence[Message], alive: Sequence[Candidate]) -> Candidate:
    """Pick the candidate to go on from; the order shown is shuffled against position bias."""
    rng = random.Random(stable_hash(talk.scenario.seed, "judge", turn))
    order: list[Candidate] = rng.sample(list(alive), len(alive))
    if len(order) == 1 or talk.stage.params.judge == "random":
        return order[0]
    inputs = {
        "tools": talk.shown,
        "conversation": turns.lines(before),
        "candidates": [Choice(number, turns.lines(candidate.messages)) for number, candidate in enumerate(order, 1)],
    }
    try:
        reply = await talk.tally.one(talk.stage.crew.judge, inputs, stable_hash(talk.scenario.seed, "judge", turn))
    except (RejectedLMError, RetryableLMError) as error:
        talk.tally.notes.append(f"judge: {error}; took the first of a shuffled order")
        return order[0]
    best = reply.fields.get("best", 0)
    if reply.outcome == "good" and 1 <= best <= len(order):
        return order[int(best) - 1]
    why = f"{reply.outcome} {reply.reason}" if reply.outcome != "good" else f"best is {best}"
    talk.tally.notes.append(f"judge: {why}; took the first of a shuffled order")
    return order[0]


def _provenance(talk: Talk) -> dict[str, Any]:
    """Return how the dialogue was made; times and attempts are in run.json, for they differ from run to run."""
    params, planned, tally = talk.stage.params, talk.planned, talk.tally
    caller = talk.stage.caller
    names = {agent: caller.lm_name(agent) for agent in sorted(tally.calls)}
    return {
        "lm": names if len(set(names.values())) > 1 else next(iter(names.values()), ""),
        "simulated": caller.simulated,
        "index": planned.index,
        "round": planned.round,
        "tool": planned.tool,
        "semantic_type": talk.semantic_type,
        "guidance": talk.guidance,
        "n": params.n,
        "judge": params.judge,
        "candidates": {"made": tally.made, "dropped": tally.drops, "reasons": tally.dropped},
        "repairs": tally.repairs,
        "notes": tally.notes,
        "calls": dict(sorted(tally.calls.items())),
        "tokens": dict(sorted(tally.tokens.items())),
    }
