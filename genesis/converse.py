"""One dialogue, turn by turn: N candidates -> rules -> judge -> go on from the winner.

A candidate extends the dialogue by one user turn: the user's message, then assistant, calls and results up to the next
user turn. The N user messages come from one request; what follows runs at once for all of them. A candidate that the
rules, or the plan, find wanting never reaches the judge; one survivor needs no judging. A dialogue without survivors
is rejected: that is data, with its reasons.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from genesis import turns
from genesis.agents.crew import Crew
from genesis.agents.user import persona_words
from genesis.agents.wire import Choice
from genesis.chat import Message, ToolCall
from genesis.compose import compose
from genesis.dialogue import Dialogue
from genesis.errors import RejectedLMError, RetryableLMError
from genesis.memory import Memory
from genesis.params import Params
from genesis.planner import Planned
from genesis.scenario import Scenario
from genesis.slots import draw
from genesis.tally import REPAIRS, Tally
from genesis.text import stable_hash
from genesis.tools.tool import Tool

if TYPE_CHECKING:
    from genesis.lm.caller import Caller, Reply

MAX_CALLING = 6
"""Messages with calls in one turn, at most."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What all dialogues of a run share."""

    caller: Caller
    crew: Crew
    tools: Mapping[str, Tool]
    related: Callable[[str, int], Sequence[tuple[str, float]]]
    params: Params
    memory: Memory | None
    candidate_reasons: Callable[[Dialogue], Sequence[str]]
    """The cheap rules: why a dialogue so far cannot stand."""


@dataclass(frozen=True, slots=True)
class Made:
    """How a dialogue came out: accepted if there are no reasons against it."""

    dialogue: Dialogue
    reasons: tuple[str, ...] = ()
    fault: Exception | None = None
    """The LM's error, where that and nothing else ended it."""


@dataclass(slots=True)
class _Candidate:
    number: int
    messages: list[Message]
    notes: dict[int, dict[str, Any]]
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Talk:
    """One dialogue under way: what does not change from turn to turn."""

    planned: Planned
    stage: Stage
    tally: Tally
    scenario: Scenario
    offered: tuple[Tool, ...]
    shown: list[dict[str, Any]]
    semantic_type: str = ""
    guidance: str = ""

    def so_far(self, messages: Sequence[Message]) -> Dialogue:
        return Dialogue(self.planned.id, self.offered, tuple(messages), self.scenario)


async def converse(planned: Planned, stage: Stage) -> Made:
    """Make one dialogue. Raises only what stops the run (FatalLMError, BudgetError, ReplayMissError, ...)."""
    tally = Tally(stage.caller)
    reasons: list[str] = []
    talk = _Talk(planned, stage, tally, planned.scenario, (), [])
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


async def _prepare(planned: Planned, stage: Stage, tally: Tally) -> _Talk:
    """Choose the tools, draw the slots, ask for guidance."""
    targets, distractors, notes = await compose(
        planned, stage.tools, stage.related, stage.params, tally, stage.crew.sample
    )
    tally.notes += notes
    scenario = replace(planned.scenario, targets=targets, distractors=distractors)
    scenario = draw(scenario, stage.tools, planned.calls)
    names = [*distractors] if scenario.special == "irrelevance" else [*targets, *distractors]
    random.Random(stable_hash(scenario.seed, "order")).shuffle(names)
    offered = tuple(stage.tools[name] for name in names)
    talk = _Talk(planned, stage, tally, scenario, offered, [tool.to_function() for tool in offered])
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


async def _turns(talk: _Talk) -> tuple[list[Message], dict[int, dict[str, Any]], list[str]]:
    """Play all user turns; returns the messages, the notes and, where a turn had no survivors, why."""
    messages: list[Message] = []
    notes: dict[int, dict[str, Any]] = {}
    for turn in range(talk.scenario.last_turn + 1):
        reasons: list[str] = []
        winner = None
        for attempt in range(REPAIRS + 1):
            candidates = await _candidates(talk, turn, attempt, messages, notes)
            alive = [candidate for candidate in candidates if not candidate.reasons]
            if alive:
                winner = await _judge(talk, turn, messages, alive)
                break
            reasons = [reason for candidate in candidates for reason in candidate.reasons]
            talk.tally.repairs += attempt < REPAIRS
        if winner is None:
            return messages, notes, list(dict.fromkeys(reasons))
        messages, notes = [*messages, *winner.messages], winner.notes
        talk.tally.fault = None
        if turn == 0 and talk.stage.memory is not None:
            talk.stage.memory.open(talk.planned, messages[0].content)
    return messages, notes, []


async def _candidates(
    talk: _Talk, turn: int, attempt: int, messages: Sequence[Message], notes: Mapping[int, dict[str, Any]]
) -> list[_Candidate]:
    """Return the N candidates of a turn, played to its end or dropped with reasons."""
    scenario = talk.scenario
    inputs = {
        "persona": persona_words(scenario.persona),
        "wishes": turns.wishes(scenario, talk.stage.tools, turn, notes),
        "conversation": turns.lines(messages),
        "guidance": talk.guidance,
        "semantic_type": talk.semantic_type,
    }
    seed = stable_hash(scenario.seed, "user", turn, attempt)
    replies = await talk.tally.ask(talk.stage.crew.user, inputs, seed, talk.stage.params.n)
    texts: set[str] = set()
    candidates = []
    for number, reply in enumerate(replies, 1):
        candidates.append(_open(talk, turn, number, reply, notes, texts))
    talk.tally.made += len(candidates)
    await _together(
        [_play(talk, turn, attempt, messages, candidate) for candidate in candidates if not candidate.reasons]
    )
    for candidate in candidates:
        if candidate.reasons:
            talk.tally.drop(turn, candidate.number, candidate.reasons)
    return candidates


def _open(
    talk: _Talk, turn: int, number: int, reply: Reply, notes: Mapping[int, dict[str, Any]], texts: set[str]
) -> _Candidate:
    """Start a candidate from a user's reply; what is wrong with that alone is found before more is spent."""
    if reply.outcome != "good":
        return _Candidate(number, [], dict(notes), [f"user: {reply.outcome}: {reply.reason}"])
    text = str(reply.fields["message"]).strip()
    after, reasons = turns.heard(talk.scenario, turn, notes, reply.fields["stated"])
    if not text:
        reasons.append("user: empty message")
    elif text in texts:
        reasons.append("user: same message as another candidate")
    elif turn == 0 and talk.stage.memory is not None:
        earlier = talk.stage.memory.repeats(talk.planned, text)
        if earlier:
            reasons.append(f"memory: near-repeat of {earlier}")
    texts.add(text)
    return _Candidate(number, [Message("user", text)], after, reasons)


async def _play(talk: _Talk, turn: int, attempt: int, before: Sequence[Message], candidate: _Candidate) -> None:
    """Play the assistant's side of a turn onto the candidate: act, calls, results, until it asks or answers."""
    try:
        act = await _assist(talk, turn, attempt, before, candidate)
    except (RejectedLMError, RetryableLMError) as error:
        talk.tally.fault = error
        candidate.reasons.append(f"lm: {error}")
        return
    if not candidate.reasons:
        steps = sum(bool(message.tool_calls) for message in candidate.messages)
        candidate.reasons += turns.end_misfits(talk.scenario, turn, steps, act)
        candidate.reasons += talk.stage.candidate_reasons(talk.so_far([*before, *candidate.messages]))


async def _assist(talk: _Talk, turn: int, attempt: int, before: Sequence[Message], candidate: _Candidate) -> str:
    crew, tally, scenario = talk.stage.crew, talk.tally, talk.scenario
    names = {tool.name for tool in talk.offered}
    stated = turns.noted(scenario, turn, candidate.notes, names)
    for step in range(MAX_CALLING + 1):
        messages = [*before, *candidate.messages]
        inputs = {"tools": talk.shown, "conversation": turns.lines(messages), "stated": stated}
        seed = stable_hash(scenario.seed, turn, attempt, candidate.number, step)
        reply = await tally.one(crew.assistant, inputs, stable_hash(seed, "assistant"))
        if reply.outcome != "good":
            candidate.reasons.append(f"assistant: {reply.outcome}: {reply.reason}")
            return ""
        act = str(reply.fields["act"])
        reasoning = str(reply.fields["reasoning"]).strip() if talk.stage.params.reasoning else None
        if act != "call":
            candidate.messages.append(Message("assistant", str(reply.fields["message"]).strip(), reasoning=reasoning))
            return act
        if step == MAX_CALLING:
            break
        reply = await tally.one(crew.function, inputs, stable_hash(seed, "function"))
        if reply.outcome != "good" or not reply.fields["calls"]:
            candidate.reasons.append(f"function: {reply.outcome}: {reply.reason or 'no call written'}")
            return ""
        calls = _numbered(messages, reply.fields["calls"])
        candidate.messages.append(Message("assistant", "", calls, reasoning=reasoning))
        # Within a turn only the calls themselves can be judged: the plan speaks of whole turns.
        candidate.reasons += talk.stage.candidate_reasons(
            Dialogue(talk.planned.id, talk.offered, (*messages, candidate.messages[-1]))
        )
        candidate.reasons += turns.call_misfits(scenario, turn, candidate.notes, messages, step, calls)
        if not candidate.reasons:
            await _results(talk, turn, messages, candidate, calls, seed)
        if candidate.reasons:
            return ""
    candidate.reasons.append(f"assistant: still calls after {MAX_CALLING} messages with calls")
    return ""


def _numbered(messages: Sequence[Message], calls: Sequence[Any]) -> tuple[ToolCall, ...]:
    made = sum(len(message.tool_calls) for message in messages)
    return tuple(ToolCall(f"call_{made + number}", call.name, call.arguments) for number, call in enumerate(calls, 1))


async def _results(
    talk: _Talk, turn: int, before: Sequence[Message], candidate: _Candidate, calls: tuple[ToolCall, ...], seed: int
) -> None:
    """Let the Tool Agent answer the calls; the results are matched by id."""
    attempts = sum(bool(message.tool_calls) for message in candidate.messages) - 1
    called = {call.name for call in calls}
    failing = turns.failing(talk.scenario, turn, attempts, calls)
    inputs = {
        "tools": [shown for shown in talk.shown if shown["name"] in called],
        "conversation": turns.lines([*before, candidate.messages[-1]]),
        "calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls],
        "failing": failing,
        "give": turns.give(talk.scenario, talk.stage.tools, calls),
    }
    reply = await talk.tally.one(talk.stage.crew.tool, inputs, stable_hash(seed, "tool"))
    if reply.outcome != "good":
        candidate.reasons.append(f"tool: {reply.outcome}: {reply.reason}")
        return
    contents = {result.id: result.content for result in reply.fields["results"]}
    if sorted(contents) != sorted(call.id for call in calls):
        candidate.reasons.append(f"tool: results for {sorted(contents)}; calls are {[call.id for call in calls]}")
        return
    for call in calls:
        failed = "error" in contents[call.id]
        if failed != (call.id in failing):
            candidate.reasons.append(f"tool: {call.id} {'fails' if failed else 'succeeds'}, against the plan")
        candidate.messages.append(
            Message("tool", msgspec.json.encode(contents[call.id]).decode(), tool_call_id=call.id)
        )


async def _judge(talk: _Talk, turn: int, before: Sequence[Message], alive: Sequence[_Candidate]) -> _Candidate:
    """Pick the candidate to go on from; the order shown is shuffled against position bias."""
    rng = random.Random(stable_hash(talk.scenario.seed, "judge", turn))
    order: list[_Candidate] = rng.sample(list(alive), len(alive))
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


async def _together(jobs: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run jobs at once; the first error stops the others and is raised."""
    if len(jobs) == 1:
        await jobs[0]
        return
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _provenance(talk: _Talk) -> dict[str, Any]:
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
