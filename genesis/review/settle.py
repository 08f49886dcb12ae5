"""Rules, model and people together: which dialogues stand, which are rejected, which a fixed version replaces.

    settle(run)     ->  {"accepted": 116, "rejected": 4, "fixed": 1, "overruled": 2, "disagreed": 0, "stale": 0}

A function of the run's dialogues, ``model.jsonl`` and ``decisions.jsonl``: called again it gives the same files. People
outrank the model: what one of them accepts stands, with the model's doubt as a flag. A fixed version keeps its id,
passes the rules again, and the version it replaces stays in ``replaced.jsonl``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from genesis.checks import rules
from genesis.dialogue import COLUMNS, Dialogue, Verdict, dialogue_from_row
from genesis.record import Run
from genesis.review.decisions import Consensus, Decision, consensus, current, digest, edited, read
from genesis.store import write_parquet

MODEL = "model"
REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Entry:
    """One generated dialogue, as it stood before model and people."""

    dialogue: Dialogue
    """The original version, with the rules' verdicts only."""
    row: dict[str, Any]
    rejected_before: bool
    """By generation or by a rule: neither model nor people bring it back."""


def entries(run: Run) -> list[Entry]:
    """Return every dialogue of a run in plan order."""
    originals = {row["id"]: row for row in run.rows(REPLACED)}
    found = []
    seen: set[str] = set()  # a settling that was cut short may have left a row on both sides
    for name in ("dialogues", "rejected"):
        for row in run.rows(name):
            if row["id"] in seen:
                continue
            seen.add(row["id"])
            row = originals.get(row["id"], row)
            dialogue = dialogue_from_row(row)
            kept = tuple(verdict for verdict in dialogue.verdicts if not _later(verdict))
            dialogue = replace(dialogue, verdicts=kept)
            before = name == "rejected" and bool(dialogue.failed or dialogue.provenance.get("reason"))
            found.append(Entry(dialogue, row, before))
    return sorted(found, key=lambda entry: _place(entry.dialogue))


def _place(dialogue: Dialogue) -> int:
    index = dialogue.provenance.get("index")
    return index if isinstance(index, int) else 1 << 60


def _later(verdict: Verdict) -> bool:
    return verdict.check.partition(":")[0] in ("model", "human")


def model_verdicts(run: Run) -> dict[tuple[str, str], tuple[Verdict, ...]]:
    """Return the model checker's verdicts by (id, version)."""
    return {
        (row["id"], row["version"]): msgspec.convert(row["verdicts"], tuple[Verdict, ...]) for row in run.rows(MODEL)
    }


def screened(run: Run) -> list[Entry]:
    """Return the entries with the model's verdicts too: what people are shown, and what they have not touched."""
    said = model_verdicts(run)
    return [
        replace(
            entry,
            dialogue=replace(
                entry.dialogue,
                verdicts=entry.dialogue.verdicts + said.get((entry.dialogue.id, digest(entry.dialogue)), ()),
            ),
        )
        for entry in entries(run)
    ]


def settled_by_people(run: Run, dialogues: dict[str, Dialogue]) -> tuple[dict[str, Consensus], int]:
    """Return what people came to, by dialogue, and how many decisions speak of a version that is not there."""
    made = read(run)
    versions = {name: digest(dialogue) for name, dialogue in dialogues.items()}
    fresh = [decision for decision in made if _fits(decision, versions)]
    return {name: consensus(raters) for name, raters in current(fresh).items()}, len(made) - len(fresh)


def _fits(decision: Decision, versions: dict[str, str]) -> bool:
    return versions.get(decision.id) == decision.version


def to_judge(run: Run) -> list[Dialogue]:
    """Return what the model checker is to judge: what passed the rules, fixed versions in place of their originals."""
    open_entries = [entry.dialogue for entry in entries(run) if not entry.rejected_before]
    people, _ = settled_by_people(run, {dialogue.id: dialogue for dialogue in open_entries})
    return [fixed_version(run, dialogue, people.get(dialogue.id)) for dialogue in open_entries]


def fixed_version(run: Run, dialogue: Dialogue, said: Consensus | None) -> Dialogue:
    """Return the version that a fix makes, checked by the rules again; without a fix the dialogue itself."""
    if said is None or said.outcome != "fix":
        return dialogue
    made = edited(dialogue, said.decision.edits)
    provenance = {**dialogue.provenance, "version": 2, "fixed_by": said.decision.rater, "replaces": digest(dialogue)}
    return replace(made, verdicts=rules.check(made, off=frozenset(run.params.rules_off)), provenance=provenance)


def settle(run: Run) -> dict[str, int]:
    """Bring the run's files in line with rules, model and people; returns what became of the dialogues."""
    said_by_model = model_verdicts(run)
    known = entries(run)
    people, stale = settled_by_people(run, {entry.dialogue.id: entry.dialogue for entry in known})
    accepted: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    replaced: list[dict[str, Any]] = []
    counts = {"fixed": 0, "overruled": 0, "disagreed": 0, "stale": stale}
    for entry in known:
        said = people.get(entry.dialogue.id)
        if entry.rejected_before:
            rejected.append(entry.row)
            continue
        dialogue = fixed_version(run, entry.dialogue, said)
        model = said_by_model.get((dialogue.id, digest(dialogue)), ())
        if dialogue is not entry.dialogue:
            replaced.append(entry.row)
            counts["fixed"] += 1
        counts["disagreed"] += said is not None and said.outcome == "disagree"
        if said is not None and said.outcome in ("accept", "fix"):
            counts["overruled"] += any(verdict.outcome == "fail" for verdict in model)
            model = tuple(_doubt(verdict) for verdict in model)
        dialogue = replace(dialogue, verdicts=(*dialogue.verdicts, *model, *human_verdicts(said)))
        (rejected if dialogue.failed else accepted).append(dialogue.to_row())
    _write(run, accepted, rejected, replaced)
    return {"accepted": len(accepted), "rejected": len(rejected), **counts}


def _doubt(verdict: Verdict) -> Verdict:
    """Turn the model's failure into a flag: a person has decided otherwise."""
    return replace(verdict, outcome="flag") if verdict.outcome == "fail" else verdict


def human_verdicts(said: Consensus | None) -> tuple[Verdict, ...]:
    """Return what people came to as verdicts: one a reason where they reject."""
    if said is None:
        return ()
    if said.outcome == "disagree":
        return (Verdict("human", "flag", (f"raters disagree ({said.words})",)),)
    if said.outcome in ("accept", "fix"):
        return (Verdict("human", "pass", (said.words,)),)
    why = (said.decision.note or said.words,)
    return tuple(Verdict(f"human:{reason}", "fail", why) for reason in said.decision.reasons) or (
        Verdict("human", "fail", why),
    )


def _write(
    run: Run, accepted: list[dict[str, Any]], rejected: list[dict[str, Any]], replaced: list[dict[str, Any]]
) -> None:
    """Write the files one by one so that at no moment a dialogue is in none of them."""
    returning = {row["id"] for row in run.rows("rejected")} & {row["id"] for row in accepted}
    known = {row["id"] for row in replaced}
    run.replace_rows(REPLACED, [*replaced, *(row for row in run.rows(REPLACED) if row["id"] not in known)])
    run.replace_rows("rejected", [*rejected, *(row for row in accepted if row["id"] in returning)])
    run.replace_rows("dialogues", accepted)
    run.replace_rows("rejected", rejected)
    run.replace_rows(REPLACED, replaced)
    both = [*accepted, *rejected]
    run.replace_rows("verdicts", [{"id": row["id"], "verdicts": row.get("verdicts") or []} for row in both])
    counts = run.read_json("run.json").get("counts")
    if counts:
        run.update(counts={**counts, "accepted": len(accepted), "rejected": len(rejected)})
    for name, rows in (("dialogues", accepted), ("rejected", rejected)):
        write_parquet(rows, run.path / f"{name}.parquet", COLUMNS)
