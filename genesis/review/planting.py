"""The model checker's row in the mutation table: defects planted in good dialogues, and how many of them it sees.

    rows = await mutation_rows(dialogues, params, caller)     # one row a kind, the last one "clean": its false alarms
    confidences, labels = labelled(rows)                      # what a calibration can be fitted on, without people

Only what the rules do not fail comes to the model; the rest never reaches it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from genesis import formats
from genesis.checks import mutate
from genesis.checks.intervals import clopper_pearson
from genesis.dialogue import Dialogue
from genesis.params import Params
from genesis.review.model import judge_all
from genesis.text import stable_hash

if TYPE_CHECKING:
    from genesis.lm.caller import Caller

CLEAN = "clean"


async def mutation_rows(
    dialogues: Sequence[Dialogue],
    params: Params,
    caller: Caller,
    *,
    seed: int = 0,
    most: int = 30,
    kinds: Collection[str] | None = None,
) -> list[dict[str, Any]]:
    """Plant each kind of defect in at most ``most`` dialogues and have what passes the rules judged.

    Keys of a row: kind, group, planted, judged, caught (not passed by the model), rate with its 95 % Clopper-Pearson
    interval (recall; for ``clean`` the false-alarm rate), confidences, undecided. Raises LMError's kinds.
    """
    order = sorted(dialogues, key=lambda dialogue: stable_hash(seed, "model rows", dialogue.id))
    given = mutate.donors(order)
    off = params.rules_off
    todo: list[Dialogue] = []
    planted: dict[str, int] = {}
    for kind in mutate.KINDS:
        if kinds is not None and kind.name not in kinds:
            continue
        planted[kind.name] = 0
        for dialogue in order:
            row = mutate.plant(dialogue, kind, seed, given)
            if row is None:
                continue
            planted[kind.name] += 1
            verdicts = mutate.verdicts_of(row, off)
            if not any(verdict.outcome == "fail" for verdict in verdicts):
                bad = formats.parse(msgspec.json.encode(row), "messages")
                todo.append(replace(bad, id=f"{kind.name}:{dialogue.id}", verdicts=verdicts))
            if planted[kind.name] == most:
                break
    todo += [replace(dialogue, id=f"{CLEAN}:{dialogue.id}") for dialogue in order[: 4 * most]]
    judged, stopped = await judge_all(todo, params, caller)
    found: dict[str, list[float | None]] = {name: [] for name in (*planted, CLEAN)}
    for one in judged:
        found[one.id.partition(":")[0]].append(one.confidence)
    groups = {kind.name: kind.group for kind in mutate.KINDS}
    return [
        _row(name, groups.get(name, CLEAN), planted.get(name, len(values)), values, params.checker.threshold, stopped)
        for name, values in found.items()
    ]


def _row(
    name: str, group: str, planted: int, values: Sequence[float | None], threshold: float, stopped: str
) -> dict[str, Any]:
    stated = [value for value in values if value is not None]
    caught = sum(value <= threshold for value in stated)
    low, high = clopper_pearson(caught, len(stated))
    return {
        "kind": name,
        "group": group,
        "planted": planted,
        "judged": len(stated),
        "undecided": len(values) - len(stated),
        "caught": caught,
        "rate": caught / len(stated) if stated else None,
        "low": low if stated else None,
        "high": high if stated else None,
        "confidences": stated,
        "stopped": stopped,
    }


def labelled(rows: Sequence[dict[str, Any]]) -> tuple[list[float], list[bool]]:
    """Return confidences and whether the dialogue was right: clean ones are, planted ones are not."""
    pairs = [(value, row["kind"] == CLEAN) for row in rows for value in row["confidences"]]
    return [value for value, _ in pairs], [right for _, right in pairs]
