"""What becomes of every planted defect: the stage that ended it, or that it survived.

The offline engine's planted replies are noted where it writes them, and the candidates of every turn where the
pipeline drops, doubts, passes over or takes them; user messages tie the two together. Nothing of it changes a run.
Stages, in order: ``parse`` (mended by a fresh sample, or the candidate ends), ``rules`` and ``plan`` (the cheap
checks of a candidate), ``doubt`` (a less doubted candidate went on), ``judge`` (another candidate was preferred),
``dialogue`` (the dialogue was rejected for another reason or by the final rules), ``checker`` (the model checker).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, ...]
"""All user messages of a dialogue so far."""


@dataclass(slots=True)
class Trace:
    """What was planted, and what happened to the candidates of all turns."""

    planted: list[tuple[Key, str]] = field(default_factory=list)
    """User messages, and what the reply leaves in a dialogue."""
    spoiled: int = 0
    """Replies that no adapter parses."""
    mended: int = 0
    """Replies that a fresh sample put right."""
    again: int = 0
    """Fresh samples that were spoiled too."""
    ended: Counter[str] = field(default_factory=Counter)
    """Replies that stayed unusable, by agent."""
    fates: dict[Key, tuple[str, str]] = field(default_factory=dict)
    """Stage and reason of each candidate."""

    def fate(self, key: Key, words: str, accepted: set[tuple[Key, str]]) -> tuple[str, str]:
        """Return the stage that ended a planted reply; ``survived`` where it stands in an accepted dialogue."""
        if (key, words) in accepted:
            return "survived", ""
        stage, reason = self.fates.get(key, ("unknown", ""))
        return ("dialogue", "rejected at another turn or place") if stage == "taken" else (stage, reason)


@contextmanager
def traced(kind: str) -> Iterator[Trace]:
    """Note what the offline engine plants of ``kind`` and what becomes of candidates, while the block runs."""
    from genesis import converse, tally
    from genesis.lm import offline
    from genesis.lm.offline import errors

    trace = Trace()
    kept = dict(errors._OF_AGENT), offline.spoil, tally.Tally.ask, converse.candidates, converse._judge
    changes, spoil, ask, candidates, judge = kept

    def noting(change: Any) -> Any:
        def changed(fields: Any, inputs: Any, rng: Any) -> Any:
            found = change(fields, inputs, rng)
            if found and found != fields:
                users = [line["content"] for line in inputs["conversation"] if line["role"] == "user"]
                trace.planted.append((tuple(users), words_of(found)))
            return found

        return changed

    def spoiling(text: str, knobs: Any, rng: Any) -> str:
        found: str = spoil(text, knobs, rng)
        trace.spoiled += found != text
        return found

    async def asking(self: Any, agent: Any, *rest: Any, **named: Any) -> Any:
        replies = await ask(self, agent, *rest, **named)
        for reply in replies:
            good = reply.outcome == "good"
            trace.mended += good and reply.resamples > 0
            trace.again += reply.resamples - (good and reply.resamples > 0)
            trace.ended[agent.name] += not good
        return replies

    async def making(talk: Any, turn: int, attempt: int, before: Sequence[Any], notes: Any) -> Any:
        batch = await candidates(talk, turn, attempt, before, notes)
        for one in batch:
            if one.messages:
                trace.fates[_users([*before, *one.messages])] = _stage(one.reasons)
        return batch

    async def judging(talk: Any, turn: int, before: Sequence[Any], alive: Sequence[Any]) -> Any:
        winner = await judge(talk, turn, before, alive)
        for one in alive:
            key = _users([*before, *one.messages])
            trace.fates[key] = ("taken", "") if one is winner else ("judge", "another was preferred")
        return winner

    errors._OF_AGENT.update(
        {
            agent: tuple((name, noting(change) if name == kind else change) for name, change in row)
            for agent, row in changes.items()
        }
    )
    offline.spoil, tally.Tally.ask = spoiling, asking  # type: ignore[method-assign]
    converse.candidates, converse._judge = making, judging
    try:
        yield trace
    finally:
        errors._OF_AGENT.update(changes)
        offline.spoil, tally.Tally.ask, converse.candidates, converse._judge = spoil, ask, candidates, judge  # type: ignore[method-assign]


def _stage(reasons: Sequence[str]) -> tuple[str, str]:
    """Return the stage that dropped a candidate, from its first reason; none yet: a less doubted one may go on."""
    if not reasons:
        return "doubt", "another was doubted less"
    first = reasons[0]
    if first.startswith("rule:"):
        return "rules", first.split(":")[1]
    if first.split(":")[0] in ("user", "assistant", "function", "tool") and ": unparsable" in first[:24]:
        return "parse", first.split(":")[0]
    return "plan", first.removeprefix("plan: ").split("'")[0][:60].strip() or "a value against the plan"


def _users(messages: Sequence[Any]) -> Key:
    return tuple(message.content for message in messages if message.role == "user")


def words_of(fields: dict[str, Any]) -> str:
    """Return what a reply leaves in a dialogue."""
    if "calls" in fields:
        return json.dumps([[call["name"], call["arguments"]] for call in fields["calls"]], sort_keys=True)
    return str(fields["message"]).strip()


def said_in(row: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    """Yield what each message of a dialogue's two sides says or calls, after which user messages."""
    users: Key = ()
    for message in row["messages"]:
        if message["role"] == "user":
            yield users, message["content"]
            users = (*users, message["content"])
        elif message["role"] == "assistant":
            calls = [
                [call["function"]["name"], call["function"]["arguments"]] for call in message.get("tool_calls", ())
            ]
            yield users, json.dumps(calls, sort_keys=True) if calls else message["content"]
