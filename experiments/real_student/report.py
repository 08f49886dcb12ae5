"""Tables and figure of the arms that are there: losses, scores by scenario, and differences from the untouched model.

    python experiments/real_student/report.py WORK

Of an arm that was stopped, the losses come from WORK/JOB.log (4 digits); it has no score.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from run import SCENARIOS

from genesis import figures
from genesis.benchmarks import bfcl
from genesis.benchmarks.item import Item
from genesis.downstream.scoring import accuracy
from genesis.metrics.significance import holm, paired_rates_smoothed

HERE = Path(__file__).parent
MEASURES = ("right", "tools", "calls")
"""Official verdict; the tools called are the right ones; anything is called."""
ROWS_A_STEP = {"short": 4}
"""Of an arm; else 16."""
NAMES = {
    "clean-0": "clean",
    "spoiled-0": "25 % of arguments spoiled",
    "part-0": "clean, 800 alone",
    "short-0": "60 short ones (CPU)",
}
"""What the figure calls the arms."""


def losses(work: Path) -> pd.DataFrame:
    """Return the loss of every step of every arm."""
    rows: list[dict[str, Any]] = []
    for job in sorted({path.stem for path in work.glob("*.log")} | {path.name for path in (work / "arms").glob("*")}):
        file, text = work / "arms" / job / "log.jsonl", work / f"{job}.log"
        if file.exists():
            logged = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
            found = [row["loss"] for row in logged if "loss" in row]
        else:
            found = [float(one) for one in re.findall(r"'loss': '([\d.]+)'", text.read_text())] if text.exists() else []
        size = ROWS_A_STEP.get(job.split("-")[0], 16)
        rows += [{"arm": job, "step": n, "rows": n * size, "loss": round(x, 4)} for n, x in enumerate(found, 1)]
    return pd.DataFrame(rows)


def outcomes(folder: Path, items: dict[str, Item]) -> pd.DataFrame:
    """Return of every scored item whether it is right, has the right tools, calls at all."""
    verdicts = {row["id"]: row["correct"] for row in _lines(folder / "verdicts.jsonl")}
    rows = []
    for row in _lines(folder / "predictions.jsonl"):
        item = items[row["id"]]
        called = sorted(call["name"].replace(".", "_") for call in row.get("tool_calls") or ())
        wanted = sorted(name.replace(".", "_") for call in item.gold or () for name in call)
        scenario = next(name for name, part in SCENARIOS.items() if item.category in part)
        known = {"id": item.id, "scenario": scenario, "category": item.category}
        rows.append({**known, "right": bool(verdicts[item.id]), "tools": called == wanted, "calls": bool(called)})
    return pd.DataFrame(rows)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]


def scores(arms: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return each arm's rates by scenario with Wilson's intervals."""
    rows = []
    for arm, table in arms.items():
        for scenario, part in table.groupby("scenario", sort=False):
            for measure in MEASURES:
                one = accuracy(part[measure].tolist())
                low, high = one["interval"]
                row = {"arm": arm, "scenario": scenario, "measure": measure, "n": one["n"], "hits": one["correct"]}
                rows.append({**row, "value": one["accuracy"], "low": low, "high": high})
    return pd.DataFrame(rows)


def differences(arms: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return each arm less the untouched model on the same items; p corrected for all rows (Holm)."""
    base = arms["base-0"].set_index("id")
    rows = []
    for arm, table in arms.items():
        if arm == "base-0":
            continue
        for scenario, part in table.groupby("scenario", sort=False):
            before = base.loc[part["id"]]
            for measure in MEASURES:
                found = paired_rates_smoothed(np.array(before[measure], bool), np.array(part[measure], bool)).to_json()
                rows.append({"arm": arm, "scenario": scenario, "measure": measure, **found})
    corrected = holm([row["p"] for row in rows])
    return pd.DataFrame([{**row, "p_corrected": p} for row, p in zip(rows, corrected, strict=True)])


def draw(table: pd.DataFrame) -> None:
    """Draw the mean loss of ten steps over the rows seen, one run an arm."""
    import matplotlib.pyplot as plt

    with figures.style():
        figure, axes = plt.subplots(figsize=(4.2, 2.6))
        for arm, part in table.groupby("arm", sort=False):
            smooth = part.groupby((part["step"] - 1) // 10).mean(numeric_only=True)
            axes.plot(smooth["rows"], smooth["loss"], marker="o", ms=2.5, lw=0.9, label=NAMES.get(arm, arm))
        axes.set_xlabel("dialogues seen (offline (simulated) LM)")
        axes.set_ylabel("loss on what the assistant says")
        axes.set_ylim(bottom=0)
        axes.legend()
        for kind in ("png", "pdf"):
            extra = {"Software": None} if kind == "png" else {"CreationDate": None, "Producer": None, "Creator": None}
            figure.savefig(HERE / f"loss.{kind}", metadata=extra)
        plt.close(figure)


def main() -> None:
    """Write loss.csv, scores.csv, differences.csv, loss.png and .pdf."""
    work = Path(sys.argv[1])
    items = {item.id: item for part in SCENARIOS.values() for name in part for item in bfcl.items(name)}
    folders = [path.parent for path in sorted((work / "arms").glob("*/score/score.json"))]
    arms = {folder.parent.name: outcomes(folder, items) for folder in folders}
    table = losses(work)
    tables = {"loss": table, "scores": scores(arms), "differences": differences(arms)}
    for name, made in tables.items():
        if len(made):
            made.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
    draw(table)


if __name__ == "__main__":
    main()
