"""What people decided: append-only, durable before it counts, undone by a further record and never by deleting.

    append(run, make("ann", dialogue, "reject", reasons=("wrong-value",)))
    by_rater = current(read(run))["d000017"]        # {"ann": Decision(...)}
    consensus(by_rater).outcome                     # "accept", "reject", "fix" or "disagree"

One line of ``decisions.jsonl`` each. A decision speaks of one version of a dialogue, named by its digest: of other
text under the same id it says nothing.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import msgspec

from genesis.chat import Message, ToolCall
from genesis.checks.view import canonical
from genesis.dialogue import Dialogue
from genesis.errors import FormatError, RecordError
from genesis.record import Run

FILE = "decisions"
Kind = Literal["accept", "reject", "fix", "skip", "undo"]
LONGEST = 300.0
"""Seconds that one decision counts at most: who takes longer has left the desk."""
REASONS: Mapping[str, str] = {
    "wrong-tool": "wrong tool called",
    "wrong-value": "wrong argument value",
    "invented-value": "value nobody gave",
    "missing-call": "a call is missing",
    "needless-call": "a call too many",
    "unfaithful-answer": "answer differs from the result",
    "bad-question": "needless or wrong question",
    "unnatural": "nobody would say this",
    "off-scenario": "does not show what was planned",
}
"""Why a dialogue is rejected: id -> words; keys 1 to 9 in the panel, in this order."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing one person decided."""

    uid: str
    at: str
    """UTC, ISO 8601."""
    rater: str
    id: str
    """The dialogue's."""
    version: str
    """Digest of the version that was read."""
    decision: Kind
    reasons: tuple[str, ...] = ()
    note: str = ""
    edits: tuple[dict[str, Any], ...] = ()
    """Fix only: ``{"message": 3, "call": 0, "arguments": {...}}`` or ``{"message": 5, "content": "..."}``."""
    seconds: float = 0.0
    """From showing to deciding, at most LONGEST."""
    queue: str = "doubt"
    """Where it was read; what is decided among the disagreements is final."""
    undoes: str = ""
    """Undo only: the uid of the decision taken back."""


def digest(dialogue: Dialogue) -> str:
    """Return 12 hex digits of what a reader judges: messages and tools, not verdicts."""
    text = msgspec.json.encode(
        ([message.to_hf() for message in dialogue.messages], [tool.to_function() for tool in dialogue.tools]),
        order="sorted",
    )
    return hashlib.sha256(text).hexdigest()[:12]


def make(rater: str, dialogue: Dialogue, decision: Kind, **more: Any) -> Decision:
    """Return a new decision about a dialogue, made now. Raises FormatError where it is not complete."""
    made = Decision(uuid.uuid4().hex[:16], _now(), rater.strip(), dialogue.id, digest(dialogue), decision, **more)
    return check(replace(made, seconds=round(min(made.seconds, LONGEST), 1)))


def undo(decision: Decision) -> Decision:
    """Return the record that takes a decision back."""
    return Decision(
        uuid.uuid4().hex[:16],
        _now(),
        decision.rater,
        decision.id,
        decision.version,
        "undo",
        queue=decision.queue,
        undoes=decision.uid,
    )


def check(decision: Decision) -> Decision:
    """Return the decision. Raises FormatError where something is missing or unknown."""
    where = f"decision on {decision.id or '(no id)'}"
    if not decision.rater:
        raise FormatError(f"{where}: no rater; a decision carries a name")
    if not decision.id or not decision.version:
        raise FormatError(f"{where}: id and version name what was read; one is missing")
    if unknown := [reason for reason in decision.reasons if reason not in REASONS]:
        raise FormatError(f"{where}: unknown reason {unknown[0]!r}; known are {', '.join(REASONS)}")
    if decision.decision == "fix" and not decision.edits:
        raise FormatError(f"{where}: a fix without edits")
    if decision.decision == "undo" and not decision.undoes:
        raise FormatError(f"{where}: an undo that names no decision")
    return decision


def append(run: Run, *decisions: Decision) -> None:
    """Append decisions durably: when this returns they are on the disk. Raises RecordError where it refuses.

    Several people may write at once: the file is locked for the write. What a dead process left torn is cut first.
    """
    file = run.file(f"{FILE}.jsonl")
    data = b"".join(msgspec.json.encode(asdict(decision)) + b"\n" for decision in decisions)
    try:
        with file.open("a+b") as stream:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(size - 1)
                if stream.read(1) != b"\n":
                    run.mend(FILE)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise RecordError(f"{file}: the decision is NOT saved: {error.strerror}") from error


def read(run: Run) -> list[Decision]:
    """Return all decisions of a run in the order made. Raises RecordError naming a damaged line."""
    found = []
    for number, row in enumerate(run.rows(FILE), 1):
        try:
            found.append(check(msgspec.convert(row, Decision)))
        except (msgspec.ValidationError, FormatError) as error:
            raise RecordError(f"{run.path / FILE}.jsonl:{number}: {error}") from error
    return found


def current(decisions: Iterable[Decision]) -> dict[str, dict[str, Decision]]:
    """Return what holds now: dialogue -> rater -> decision, in the order decided; undone and skipped ones are out."""
    made = list(decisions)
    undone = {decision.undoes for decision in made if decision.decision == "undo"}
    found: dict[str, dict[str, Decision]] = {}
    for decision in made:
        if decision.decision in ("skip", "undo") or decision.uid in undone:
            continue
        raters = found.setdefault(decision.id, {})
        raters.pop(decision.rater, None)
        raters[decision.rater] = decision
    return found


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the raters of a dialogue come to."""

    outcome: Literal["accept", "reject", "fix", "disagree"]
    decision: Decision
    """The one that counts: the last of those that agree."""
    words: str
    """Who said what, for a reason: ``ann: accept, bob: reject``."""


def consensus(raters: Mapping[str, Decision]) -> Consensus:
    """Return what one or more raters' decisions on a dialogue come to; the last one made as final settles it.

    A fix and a rejection agree that the dialogue is wrong: the fix counts.
    """
    made = list(raters.values())
    words = ", ".join(f"{decision.rater}: {decision.decision}" for decision in made)
    final = [decision for decision in made if decision.queue == "disagreements"]
    if final:
        return Consensus(final[-1].decision, final[-1], words)  # type: ignore[arg-type]
    if len({decision.decision == "accept" for decision in made}) > 1:
        return Consensus("disagree", made[-1], words)
    fixes = [decision for decision in made if decision.decision == "fix"]
    chosen = (fixes or made)[-1]
    return Consensus(chosen.decision, chosen, words)  # type: ignore[arg-type]


def edited(dialogue: Dialogue, edits: Sequence[Mapping[str, Any]]) -> Dialogue:
    """Return the dialogue with edits made, arguments and texts; the plan's goal follows an edited call.

    Raises FormatError where an edit names a message or call that is not there.
    """
    messages = list(dialogue.messages)
    scenario = dialogue.scenario
    for edit in edits:
        at, place = edit.get("message"), edit.get("call")
        if not isinstance(at, int) or not 0 <= at < len(messages):
            raise FormatError(f"edit of {dialogue.id}: no message {at!r}")
        message = messages[at]
        if "content" in edit:
            messages[at] = replace(message, content=str(edit["content"]))
            continue
        if not isinstance(place, int) or not 0 <= place < len(message.tool_calls):
            raise FormatError(f"edit of {dialogue.id}: message {at} has no call {place!r}")
        if not isinstance(edit.get("arguments"), dict):
            raise FormatError(f"edit of {dialogue.id}: message {at}: arguments are no object")
        old = message.tool_calls[place]
        new = replace(old, arguments=edit["arguments"])
        messages[at] = _with_call(message, place, new)
        if scenario is not None:
            goal = tuple(
                replace(wanted, arguments=new.arguments) if canonical(wanted) == canonical(old) else wanted
                for wanted in scenario.goal
            )
            scenario = replace(scenario, goal=goal)
    return replace(dialogue, messages=tuple(messages), scenario=scenario)


def _with_call(message: Message, place: int, call: ToolCall) -> Message:
    calls = (*message.tool_calls[:place], call, *message.tool_calls[place + 1 :])
    return replace(message, tool_calls=calls)


def minutes(decisions: Iterable[Decision]) -> float:
    """Return how long people worked, in minutes; time away counts LONGEST at most."""
    return round(sum(min(decision.seconds, LONGEST) for decision in decisions) / 60, 2)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
