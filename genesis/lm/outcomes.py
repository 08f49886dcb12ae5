"""Outcomes: what became of each sample an engine gave, and its way into the journal and back."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from genesis.errors import ReplyError
from genesis.lm.engine import Answer, Completion
from genesis.lm.parse import parse
from genesis.lm.render import Plan
from genesis.lm.rows import Entry, Sample

TAIL = 600
"""Last characters of a cut reply that are looked at for repetition."""
LOOP = 0.2
"""Compressed to less than this share, they are one: prose comes to about 0.5, a list of similar objects to 0.3."""
Outcome = Literal["good", "empty", "refused", "cut", "unparsable"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Reply:
    """One sample, as an agent sees it."""

    outcome: Outcome
    fields: dict[str, Any] = field(default_factory=dict)
    """The signature's output fields; empty unless the outcome is good."""
    text: str = ""
    reason: str = ""
    """Why the outcome is not good."""
    reasoning: str = ""
    prompt_tokens: int = 0
    """Tokens of the request, counted at its first sample; 0 at the others."""
    completion_tokens: int = 0
    resamples: int = 0
    """Fresh samples it took."""

    @property
    def good(self) -> bool:
        """Whether the fields can be used."""
        return self.outcome == "good"


def judge(
    answer: Answer, key: str, first: int, agent: str, fresh: int, plan: Plan, signature: Any
) -> tuple[Entry, list[Reply]]:
    """Return the journal entry of an answer, and its replies: each sample with its outcome."""
    samples, replies = [], []
    for completion in answer.completions:
        outcome, fields, reason = _outcome(completion, plan, signature)
        samples.append(Sample(outcome, completion.text, reason, completion.reasoning))
        replies.append((outcome, fields, completion.text, reason, completion.reasoning))
    entry = Entry(key, first, agent, samples, answer.prompt_tokens, answer.completion_tokens, answer.estimated, fresh)
    return entry, [Reply(*parts, *tokens) for parts, tokens in zip(replies, _split(entry), strict=True)]


def _split(entry: Entry) -> list[tuple[int, int]]:
    """Return (prompt, completion) tokens by sample; the completion's are split by length, to the last token."""
    sizes = [len(sample.t) + len(sample.g) + 1 for sample in entry.s]
    whole, done, shares = sum(sizes), 0, []
    for number, size in enumerate(sizes):
        upto = entry.c * (sum(sizes[:number]) + size) // whole
        shares.append((entry.p if number == 0 else 0, upto - done))
        done = upto
    return shares


def _outcome(completion: Completion, plan: Plan, signature: Any) -> tuple[Outcome, dict[str, Any], str]:
    if completion.fault:
        return "unparsable", {}, completion.fault
    if completion.refusal or completion.finish == "filter":
        return "refused", {}, completion.refusal[:200] or "stopped by the content filter"
    if completion.finish == "length":
        loops = ", repeating itself" if repeats_itself(completion.text) else ""
        return "cut", {}, f"the reply reached max_tokens{loops}"
    if not completion.text.strip():
        return "empty", {}, "the reply is empty"
    try:
        return "good", parse(plan, signature, completion.text), ""
    except ReplyError as error:
        return "unparsable", {}, str(error)


def repeats_itself(text: str) -> bool:
    """Whether the end of a text says the same over and over, so that more room would not end it.

    >>> repeats_itself("Use a statement; use a question. " + "use a statement; " * 60)
    True
    """
    end = text[-TAIL:].encode()
    return len(text) >= TAIL and len(zlib.compress(end)) < LOOP * len(end)


def read_entry(entry: Entry, plan: Plan, signature: Any) -> list[Reply]:
    """Return the replies of a recorded entry with their recorded outcomes."""
    replies = []
    for sample, tokens in zip(entry.s, _split(entry), strict=True):
        outcome, reason, fields = sample.o, sample.r, {}
        if outcome == "good":
            try:
                fields = parse(plan, signature, sample.t)
            except ReplyError as error:  # recorded by other code
                outcome, reason = "unparsable", str(error)
        replies.append(Reply(outcome, fields, sample.t, reason, sample.g, *tokens))  # type: ignore[arg-type]
    return replies
