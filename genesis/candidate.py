"""The candidates of one user turn: N user messages, each played to the end of the turn or dropped with its reasons.

The N user messages come from one request; what follows runs at once for all of them: assistant, calls, results, until
the assistant asks or answers. What is wrong is found as early as it can be, before more is spent on it::

    alive = [one for one in await candidates(talk, 0, 0, [], {}) if not one.reasons]
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from genesis import misfits, turns
from genesis.agents.crew import Crew
from genesis.agents.user import persona_words
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import RejectedLMError, RetryableLMError
from genesis.memory import Memory
from genesis.params import Params
from genesis.planner import Planned
from genesis.scenario import Scenario
from genesis.tally import Tally
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
    findings: Callable[[Dialogue], tuple[Sequence[str], Sequence[str]]]
    """The cheap rules: why a dialogue so far cannot stand, and what they doubt but cannot decide."""
    names: Sequence[str] = field(init=False)
    """The tools' names, sorted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", sorted(self.tools))


@dataclass(slots=True)
class Candidate:
    """One continuation of a dialogue by a user turn."""

    number: int
    """From 1, in the order of the user messages."""
    messages: list[Message]
    """The turn's own."""
    notes: dict[int, dict[str, Any]]
    """What the user has said up to its end, by task number from 0."""
    reasons: list[str] = field(default_factory=list)
    """Why it is dropped; none: alive."""
    doubts: Sequence[str] = ()
    """What the rules doubt in it but cannot decide."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One dialogue under way: what does not change from turn to turn."""

    planned: Planned
    stage: Stage
    tally: Tally
    scenario: Scenario
    offered: tuple[Tool, ...]
    shown: Sequence[dict[str, Any]]
    """The same as agents read them."""
    semantic_type: str = ""
    guidance: str = ""

    def so_far(self, messages: Sequence[Message]) -> Dialogue:
        """Return the unfinished dialogue, as rules read it."""
        return Dialogue(self.planned.id, self.offered, tuple(messages), self.scenario)


async def candidates(
    talk: Talk, turn: int, attempt: int, messages: Sequence[Message], notes: Mapping[int, dict[str, Any]]
) -> list[Candidate]:
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
    talk: Talk, turn: int, number: int, reply: Reply, notes: Mapping[int, dict[str, Any]], texts: set[str]
) -> Candidate:
    """Start a candidate from a user's reply; what is wrong with that alone is found before more is spent."""
    if reply.outcome != "good":
        return Candidate(number, [], dict(notes), [f"user: {reply.outcome}: {reply.reason}"])
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
    return Candidate(number, [Message("user", text)], after, reasons)


async def _play(talk: Talk, turn: int, attempt: int, before: Sequence[Message], candidate: Candidate) -> None:
    """Play the assistant's side of a turn onto the candidate: act, calls, results, until it asks or answers."""
    try:
        act = await _assist(talk, turn, attempt, before, candidate)
    except (RejectedLMError, RetryableLMError) as error:
        talk.tally.fault = error
        candidate.reasons.append(f"lm: {error}")
        return
    if not candidate.reasons:
        steps = sum(bool(message.tool_calls) for message in candidate.messages)
        candidate.reasons += misfits.end_misfits(talk.scenario, turn, steps, act)
        found, candidate.doubts = talk.stage.findings(talk.so_far([*before, *candidate.messages]))
        candidate.reasons += found


async def _assist(talk: Talk, turn: int, attempt: int, before: Sequence[Message], candidate: Candidate) -> str:
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
        reasoning = _reasoning(reply) if talk.stage.params.reasoning else None
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
        candidate.reasons += talk.stage.findings(
            Dialogue(talk.planned.id, talk.offered, (*messages, candidate.messages[-1]))
        )[0]
        candidate.reasons += misfits.call_misfits(scenario, turn, candidate.notes, messages, step, calls)
        if not candidate.reasons:
            await _results(talk, turn, messages, candidate, calls, seed)
        if candidate.reasons:
            return ""
    candidate.reasons.append(f"assistant: still calls after {MAX_CALLING} messages with calls")
    return ""


def _reasoning(reply: Reply) -> str | None:
    """Return the model's own reasoning trace (thinking mode) where it gives one, else the one its prompt asks for."""
    return (reply.reasoning or str(reply.fields["reasoning"])).strip() or None


def _numbered(messages: Sequence[Message], calls: Sequence[Any]) -> tuple[ToolCall, ...]:
    made = sum(len(message.tool_calls) for message in messages)
    return tuple(ToolCall(f"call_{made + number}", call.name, call.arguments) for number, call in enumerate(calls, 1))


async def _results(
    talk: Talk, turn: int, before: Sequence[Message], candidate: Candidate, calls: tuple[ToolCall, ...], seed: int
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
