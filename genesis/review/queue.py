"""What to read next, and why: what the checks doubt, a stratified random sample, or what raters disagree on.

    items = queue(run, "doubt", rater="ann")        # flags first, then the least confident
    draw_audit(run, 60, seed=0)                     # once; recorded in audit.jsonl
    items = queue(run, "audit", rater="ann")

A queue is the same for every rater; what a rater has decided is marked, so that the panel opens at the first open item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from genesis.dialogue import Dialogue
from genesis.record import Run
from genesis.review import settle
from genesis.review.decisions import Decision, current, digest, read
from genesis.text import stable_hash

Kind = Literal["doubt", "audit", "disagreements"]
AUDIT = "audit"
SURE = 0.9
"""A model's confidence below which a dialogue counts as doubtful although it passed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One dialogue to read."""

    dialogue: Dialogue
    """With the verdicts of rules and model."""
    why: str
    """Why it is in the queue, in a few words."""
    mine: Decision | None
    """What this rater has decided, where it holds."""
    others: tuple[Decision, ...] = ()


def confidence(dialogue: Dialogue) -> float | None:
    """Return the model checker's confidence: that of the weakest aspect; None where it has said nothing."""
    stated = [v.confidence for v in dialogue.verdicts if v.check.startswith("model:") and v.confidence is not None]
    return min(stated) if stated else None


def stratum(dialogue: Dialogue) -> str:
    """Return the stratum of a dialogue that passed: by what the checks say, for that is what tells errors apart."""
    if any(v.outcome == "flag" for v in dialogue.verdicts):
        return "flagged"
    sure = confidence(dialogue)
    if sure is None:
        return "no model verdict"
    return f"model below {SURE:g}" if sure < SURE else f"model {SURE:g} and above"


def passed(run: Run) -> list[Dialogue]:
    """Return what rules and model let pass, before people: the population of an audit."""
    return [entry.dialogue for entry in settle.screened(run) if not entry.rejected_before and not entry.dialogue.failed]


def queue(run: Run, kind: Kind, *, rater: str = "") -> list[Item]:
    """Return a queue in reading order, decided items included."""
    decided = current(read(run))
    if kind == "disagreements":
        return _disagreements(run, decided, rater)
    if kind == "audit":
        known = {entry.dialogue.id: entry.dialogue for entry in settle.screened(run)}
        drawn = [row for row in run.rows(AUDIT) if row["id"] in known and digest(known[row["id"]]) == row["version"]]
        return [_item(known[row["id"]], f"random sample, stratum: {row['stratum']}", decided, rater) for row in drawn]
    ranked = [
        (rank, _item(entry.dialogue, why, decided, rater))
        for entry in settle.screened(run)
        if not entry.rejected_before
        for rank, why in [_doubt(entry.dialogue)]
        if why
    ]
    return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def _doubt(dialogue: Dialogue) -> tuple[tuple[int, float], str]:
    """Return how urgent a dialogue is and why; no words where nothing is doubtful."""
    sure = confidence(dialogue)
    flags = [verdict.check for verdict in dialogue.verdicts if verdict.outcome == "flag"]
    if flags:
        return (0, sure if sure is not None else 0.0), "flagged by " + ", ".join(flags)
    if sure is not None and dialogue.failed:
        return (1, sure), f"the model rejects it, confidence {sure:.2f}"
    if sure is not None and sure < SURE:
        return (1, sure), f"the model is not sure, confidence {sure:.2f}"
    return (2, 1.0), ""


def _disagreements(run: Run, decided: Mapping[str, Mapping[str, Decision]], rater: str) -> list[Item]:
    shown = {entry.dialogue.id: entry.dialogue for entry in settle.screened(run)}
    people, _ = settle.settled_by_people(run, shown)
    return [
        _item(shown[name], f"raters disagree: {said.words}", decided, rater, final=True)
        for name, said in people.items()
        if said.outcome == "disagree" or said.decision.queue == "disagreements"
    ]


def _item(
    dialogue: Dialogue,
    why: str,
    decided: Mapping[str, Mapping[str, Decision]],
    rater: str,
    *,
    final: bool = False,
) -> Item:
    version = digest(dialogue)
    here = [one for one in decided.get(dialogue.id, {}).values() if one.version == version]
    mine = next((one for one in here if one.rater == rater and (one.queue == "disagreements" or not final)), None)
    return Item(dialogue, why, mine, tuple(one for one in here if one.rater != rater))


def draw_audit(run: Run, size: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Draw the audit sample, at least ``size`` of what passed, and record it; what is drawn already stays drawn.

    Within a stratum the order is that of a seeded hash, so a larger sample holds a smaller one, and a dialogue's place
    does not depend on what else there is. Shares follow :func:`genesis.review.plan.allocate`. Returns the sample.
    """
    from genesis.review.plan import allocate

    strata = by_stratum(passed(run))
    wanted = allocate({name: len(members) for name, members in strata.items()}, size)
    drawn = list(run.rows(AUDIT))
    known = {(row["id"], row["version"]) for row in drawn}
    for name, members in strata.items():
        order = sorted(members, key=lambda dialogue: stable_hash("audit", seed, dialogue.id))
        for place, dialogue in enumerate(order[: wanted[name]]):
            row = {"id": dialogue.id, "version": digest(dialogue), "stratum": name, "place": place}
            if (row["id"], row["version"]) not in known:
                drawn.append(row)
    drawn.sort(key=lambda row: stable_hash("audit order", seed, row["id"]))
    run.replace_rows(AUDIT, drawn)
    return drawn


def by_stratum(dialogues: Iterable[Dialogue]) -> dict[str, list[Dialogue]]:
    """Return dialogues by stratum, names in alphabetical order."""
    found: dict[str, list[Dialogue]] = defaultdict(list)
    for dialogue in dialogues:
        found[stratum(dialogue)].append(dialogue)
    return dict(sorted(found.items()))
