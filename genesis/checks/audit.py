"""What a check is worth, as tables: the curves behind the two thresholds, and everything about one file.

rows = grounding_curve(gold("bfcl"), seed=0)     threshold -> false flags on clean values, recall of wrong ones
rows = alignment_curve(gold("bfcl"), seed=0)     margin -> the same for swapped slots
rows = golds_table("../shared/data")             benchmark -> false alarms, items that break their own schema listed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from genesis import formats
from genesis.checks import align, mutate, rules
from genesis.checks.gold import gold
from genesis.checks.grounding import placed, support
from genesis.checks.intervals import wilson
from genesis.checks.view import View
from genesis.dialogue import Dialogue
from genesis.errors import RowError

THRESHOLDS = (0.05, 0.2, 0.28, 0.33, 0.45, 0.55, 0.65, 0.75, 0.85, 0.96)
MARGINS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.5)
WRONG = ("wrong_text", "wrong_number", "wrong_date", "wrong_item", "invented_optional")
OWN_SCHEMA = tuple(f"rule:{number}-" for number in range(1, 11))
"""Rules by which an item's own definition or calls are broken: no false alarms of ours."""


def supports(dialogue: Dialogue) -> Iterator[float]:
    """Yield the support of every argument of a dialogue, as rule 32 computes it."""
    view = View(dialogue)
    for spot in view.calls:
        if spot.schema is None:
            continue
        said = view.said(spot.at)
        for name, value in spot.call.arguments.items():
            if placed(value, said.flat)[1] >= 0:
                yield 1.0
            else:
                needed = name in spot.schema.required
                yield support(value, said, spot.schema.properties.get(name), required=needed, name=name)


def planted(dialogues: Sequence[Dialogue], kinds: Sequence[str], seed: int, most: int) -> list[Dialogue]:
    """Return dialogues with one defect each, at most ``most`` of each kind."""
    given = mutate.donors(dialogues)
    found: list[Dialogue] = []
    for kind in mutate.KINDS:
        if kind.name not in kinds:
            continue
        made = 0
        for dialogue in dialogues:
            row = mutate.plant(dialogue, kind, seed, given) if made < most else None
            if row is None:
                continue
            try:
                found.append(formats.parse(msgspec.json.encode(row), "messages"))
            except RowError:
                continue
            made += 1
    return found


def grounding_curve(
    dialogues: Sequence[Dialogue], seed: int = 0, *, most: int = 300, thresholds: Sequence[float] = THRESHOLDS
) -> list[dict[str, float]]:
    """Return one row a threshold: the share of clean dialogues flagged, and of dialogues with a wrong value caught.

    Keys: threshold, false_flags, recall. Wrong values are WRONG's kinds, at most ``most`` of each.
    """
    clean = [min(supports(dialogue), default=1.0) for dialogue in dialogues]
    wrong = [min(supports(dialogue), default=1.0) for dialogue in planted(dialogues, WRONG, seed, most)]
    return [
        {"threshold": value, "false_flags": _below(clean, value), "recall": _below(wrong, value)}
        for value in thresholds
    ]


def _below(values: Sequence[float], threshold: float) -> float:
    return sum(value < threshold for value in values) / len(values) if values else 0.0


def misfits(dialogue: Dialogue) -> Iterator[float]:
    """Yield the misfit of every pair of slots that could be swapped."""
    view = View(dialogue)
    for spot in view.calls:
        if spot.schema is None:
            continue
        text = view.said(spot.at).flat
        places = []
        for name, value in spot.call.arguments.items():
            words, at = placed(value, text)
            if at >= 0 and name in spot.schema.properties:
                places.append((name, words, type(value) is str, at))
        for _, _, misfit in align.swapped(spot.schema.properties, places, text, margin=-99.0):
            yield misfit


def alignment_curve(
    dialogues: Sequence[Dialogue], seed: int = 0, *, most: int = 500, margins: Sequence[float] = MARGINS
) -> list[dict[str, float]]:
    """Return one row a margin: the share of clean dialogues flagged, and of dialogues with swapped slots caught.

    Keys: margin, false_flags, recall.
    """
    clean = [max(misfits(dialogue), default=-99.0) for dialogue in dialogues]
    wrong = [max(misfits(dialogue), default=-99.0) for dialogue in planted(dialogues, ("swapped_slots",), seed, most)]
    return [{"margin": value, "false_flags": _above(clean, value), "recall": _above(wrong, value)} for value in margins]


def _above(values: Sequence[float], margin: float) -> float:
    return sum(value > margin for value in values) / len(values) if values else 0.0


def golds(data: str | Path) -> dict[str, list[Dialogue]]:
    """Return the benchmarks' gold by name; ``data`` holds ``acebench_en`` and ``apibank``."""
    folder = Path(data)
    return {
        "bfcl": gold("bfcl"),
        "acebench": gold("acebench", folder / "acebench_en"),
        "apibank": gold("apibank", folder / "apibank"),
    }


def gold_alarms(name: str, dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """Return what the rules say about a benchmark's gold.

    Keys: benchmark, items, own_schema (ids of items that break their own schema, reason beside), failed (the others
    that fail), fail_rate over the others, low and high (95 % Wilson), grounding_flags (share flagged by rules 31, 32),
    flagged (share that any rule flags and none fails).
    """
    broken: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []
    grounding = flagged = 0
    for dialogue in dialogues:
        verdicts = rules.check(dialogue)
        fails = [verdict for verdict in verdicts if verdict.outcome == "fail"]
        own = [verdict for verdict in fails if verdict.check.startswith(OWN_SCHEMA)]
        if own:
            broken.append((dialogue.id, f"{own[0].check}: {own[0].reasons[0]}"))
        elif fails:
            failed.append((dialogue.id, f"{fails[0].check}: {fails[0].reasons[0]}"))
        grounding += any(verdict.check.startswith(("rule:31-", "rule:32-")) for verdict in verdicts)
        flagged += not fails and any(verdict.outcome == "flag" for verdict in verdicts)
    rest = len(dialogues) - len(broken)
    low, high = wilson(len(failed), rest)
    return {
        "benchmark": name,
        "items": len(dialogues),
        "own_schema": broken,
        "failed": failed,
        "fail_rate": len(failed) / rest if rest else None,
        "low": low,
        "high": high,
        "grounding_flags": grounding / len(dialogues) if dialogues else None,
        "flagged": flagged / len(dialogues) if dialogues else None,
    }


def golds_table(data: str | Path) -> list[dict[str, Any]]:
    """Return `gold_alarms` of every benchmark."""
    return [gold_alarms(name, dialogues) for name, dialogues in golds(data).items()]
