"""The paper's tables: reported figures beside what this workbench's scorers measured, each row saying what it is.

    >>> tables("main-bfcl", [])["results"][0]["system"], tables("main-bfcl", [])["results"][0]["kind"]
    ('GenesisFunc-8B', 'reported')

Two rules. A figure made by another formula than the scorers' says so in ``formula`` and is not ``comparable``: the
paper's Non-Live aggregate is not BFCL v4's. A simulated result never stands in one table with others: :func:`tables`
returns it apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from genesis.errors import BenchmarkError

EXPERIMENTS = (
    "main-bfcl",
    "main-ood",
    "ablate-judge",
    "ablate-memory",
    "dialogues-per-tool",
    "ablate-evaluation",
    "tool-expansion",
    "rl",
)
_NO_FIGURES = ("ablate-judge", "ablate-memory", "dialogues-per-tool", "ablate-evaluation")
SOURCE = "Xu et al., GenesisFunc, ACL 2026"
LEADERBOARD = "Berkeley Function-Calling Leaderboard v4"
OFFICIAL = {
    "BFCL Non-Live": "BFCL v4: mean of simple, multiple, parallel, parallel_multiple",
    "BFCL Live": "BFCL v4: all items of the four live categories",
    "API-Bank": "any call exact; all 597 items",
    "ACEBench Normal": "official rule; mean of 12 categories",
    "ACEBench Special": "official rule; mean of 3 categories",
}
_MEASURED: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    # (benchmark, metric) of the paper: benchmark and place of the figure in a score
    ("BFCL Non-Live", "overall accuracy"): ("bfcl", ("aggregates", "non_live")),
    ("BFCL Non-Live", "simple accuracy"): ("bfcl", ("aggregates", "simple")),
    ("BFCL Live", "overall accuracy"): ("bfcl", ("aggregates", "live")),
    ("BFCL Live", "simple accuracy"): ("bfcl", ("categories", "live_simple")),
    ("API-Bank", "overall accuracy"): ("apibank", ("aggregates", "overall")),
    ("API-Bank", "level-1 accuracy"): ("apibank", ("categories", "L1")),
    ("ACEBench Normal", "overall accuracy"): ("acebench", ("aggregates", "normal")),
    ("ACEBench Normal", "multi-turn accuracy"): ("acebench", ("aggregates", "multi_turn")),
    ("ACEBench Special", "overall accuracy"): ("acebench", ("aggregates", "special")),
}
COLUMNS = (
    "system",
    "benchmark",
    "metric",
    "value",
    "low",
    "high",
    "n",
    "kind",
    "formula",
    "comparable",
    "source",
    "note",
)


def reported(experiment: str) -> list[dict[str, Any]]:
    """Return the paper's figures of an experiment, in percent, as rows with COLUMNS; none where it shows curves only.

    ``low`` and ``high`` are the paper's mean plus and minus what it states. Raises BenchmarkError for another name.
    """
    if experiment not in EXPERIMENTS:
        raise BenchmarkError(f"the paper has no experiment {experiment!r}; it has {', '.join(EXPERIMENTS)}")
    rows = []
    for row in _csv("paper.csv"):
        if row["experiment"] != experiment:
            continue
        value, spread = float(row["value"]), float(row["plus_minus"]) if row["plus_minus"] else None
        other = row["benchmark"].startswith("BFCL") and row["benchmark"] != "BFCL Live"
        formula = "the paper's own aggregate, not BFCL v4's formula" if other else "as the paper scored it"
        rows.append(
            _row(
                system=row["system"],
                benchmark=row["benchmark"],
                metric=row["metric"],
                value=value,
                low=None if spread is None else round(value - spread, 2),
                high=None if spread is None else round(value + spread, 2),
                kind="reported",
                formula=formula,
                source=SOURCE,
                note=row["note"],
            )
        )
    return rows


def leaderboard(part: str, models: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return BFCL v4's own leaderboard (``non_live`` or ``live``) as rows with COLUMNS; ``models`` picks some by name.

    These are comparable with our scores: one formula. Raises BenchmarkError for an unknown part or model.
    """
    files = {"non_live": ("BFCL Non-Live", "Non-Live Overall Acc"), "live": ("BFCL Live", "Live Overall Acc")}
    if part not in files:
        raise BenchmarkError(f"the leaderboard has no part {part!r}; it has {', '.join(files)}")
    benchmark, column = files[part]
    rows = {
        row["Model"]: _row(
            system=row["Model"],
            benchmark=benchmark,
            metric="overall accuracy",
            value=float(row[column].rstrip("%")),
            kind="reported",
            formula=OFFICIAL[benchmark],
            comparable=True,
            source=LEADERBOARD,
            note=f"rank {row['Rank']}",
        )
        for row in _csv(f"bfcl_v4_{part}.csv")
    }
    wanted = list(models)
    unknown = [name for name in wanted if name not in rows]
    if unknown:
        raise BenchmarkError(f"the leaderboard has no model {unknown[0]!r}, for instance {next(iter(rows))!r}")
    return [rows[name] for name in wanted] if wanted else list(rows.values())


def measured(experiment: str, score: Mapping[str, Any], system: str = "") -> list[dict[str, Any]]:
    """Return what a score (of ``genesis predict`` or ``genesis score``) says to an experiment's figures, in percent."""
    wanted = {(row["benchmark"], row["metric"]) for row in reported(experiment)} or set(_MEASURED)
    rows = []
    for (benchmark, metric), (name, place) in _MEASURED.items():
        if (benchmark, metric) not in wanted or name != score["benchmark"]:
            continue
        figure = score[place[0]][place[1]]
        if figure["accuracy"] is None:
            continue
        low, high = figure["interval"]
        partial = f"partial: {score['predicted']} of {score['items']} items" if score.get("partial") else ""
        rows.append(
            _row(
                system=system or str(score.get("lm", "predictions")),
                benchmark=benchmark,
                metric=metric,
                value=round(100 * figure["accuracy"], 2),
                low=round(100 * low, 2),
                high=round(100 * high, 2),
                n=figure.get("n"),
                kind="simulated" if score.get("simulated") else "measured",
                formula=OFFICIAL[benchmark],
                comparable=not partial,
                source="this workbench",
                note=partial,
            )
        )
    return rows


def tables(experiment: str, scores: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return ``{"results": reported and measured rows, "simulated": the simulated ones}``, by benchmark and metric."""
    rows = [*reported(experiment), *(row for score in scores for row in measured(experiment, score))]
    order = list(dict.fromkeys((row["benchmark"], row["metric"]) for row in rows))
    rows.sort(key=lambda row: order.index((row["benchmark"], row["metric"])))
    return {
        "results": [row for row in rows if row["kind"] != "simulated"],
        "simulated": [row for row in rows if row["kind"] == "simulated"],
    }


def notes(experiment: str) -> list[str]:
    """Return what must stand under an experiment's table."""
    found = [f"Reported figures: {SOURCE}; measured ones with 95 % intervals."]
    if experiment in _NO_FIGURES:
        found.append("The paper shows curves only for this experiment: the reported column is empty.")
    if any(row["benchmark"].startswith("BFCL") for row in reported(experiment)):
        found.append(
            "The paper's BFCL Non-Live aggregate is not the official v4 formula (it lies above every entry of the "
            "leaderboard): compare only rows marked comparable."
        )
    return found


def _csv(name: str) -> list[dict[str, str]]:
    text = resources.files("genesis").joinpath("data", "reference", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _row(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(COLUMNS) | {"comparable": False, "note": ""} | values
