"""The funnel: generated -> candidates and plan -> rules -> model -> people, with counts and intervals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from genesis.checks.intervals import wilson
from genesis.record import Run
from genesis.review import settle

if TYPE_CHECKING:
    from pandas import DataFrame

STAGES = ("generation", "rules", "model", "human")


def stage_of(verdicts: Any, *, rejected_before: bool) -> str:
    """Return the stage that rejected a dialogue; empty where none did."""
    failed = {verdict.check.partition(":")[0] for verdict in verdicts if verdict.outcome == "fail"}
    for name, stage in (("human", "human"), ("rule", "rules"), ("model", "model")):
        if name in failed:
            return stage
    return "generation" if rejected_before else ""


def counts(run: Run) -> dict[str, Any]:
    """Return how many dialogues were made, and how many each stage rejected, by reason."""
    rows: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}
    people, _ = settle.settled_by_people(
        run, {entry.dialogue.id: entry.dialogue for entry in settle.screened(run) if not entry.rejected_before}
    )
    made = 0
    returned = 0
    for entry in settle.screened(run):
        made += 1
        said = people.get(entry.dialogue.id)
        verdicts = (*entry.dialogue.verdicts, *settle.human_verdicts(said))
        if said is not None and said.outcome in ("accept", "fix"):
            returned += entry.dialogue.failed
            continue
        stage = stage_of(verdicts, rejected_before=entry.rejected_before)
        if not stage:
            continue
        rows[stage] += 1
        failed = [verdict.check for verdict in verdicts if verdict.outcome == "fail"]
        reasons[stage].update(failed or [str(entry.dialogue.provenance.get("reason", "no reason was recorded"))])
    return {
        "generated": made,
        "rejected": {stage: rows[stage] for stage in STAGES},
        "returned": returned,
        "reasons": {stage: dict(sorted(found.items())) for stage, found in reasons.items() if found},
    }


def funnel(run: Run) -> DataFrame:
    """Return one row a stage: dialogues left after it, their share of all generated with a 95 % Wilson interval.

    ``stage`` holds the count, as a figure shows it: ``after rules (116)``. What people brought back from the model's
    rejections counts as passed by the model.
    """
    import pandas as pd

    found = counts(run)
    made = left = found["generated"]
    rows = [(f"generated ({left})", left, 0, 1.0, 1.0, 1.0)] if made else []
    for stage in STAGES if made else ():
        lost = found["rejected"][stage]
        left -= lost
        low, high = wilson(left, made)
        rows.append((f"after {stage} ({left})", left, lost, left / made, low, high))
    return pd.DataFrame(rows, columns=["stage", "left", "rejected", "share", "low", "high"])
