"""Tables and figure of the runs that are there: how each arm differs from clean data, and what can be told at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import run as experiment

from genesis import figures
from genesis.downstream.pointer import probe, spread
from genesis.downstream.pointer.score import MEASURES, SCENARIOS

ORDER = ("noise 5 %", "noise 10 %", "noise 25 %", "noise 50 %", "noise 100 %")
"""Arms that stand first in the figure, by dose; the others follow as ``run.ARMS`` has them."""


def write(work: Path, folder: Path) -> None:
    """Write runs.csv, table.csv, detectable.csv and response.png/.pdf."""
    held = experiment.held_out(work)
    arms = {name: arm for name, (_, _, seeds) in experiment.ARMS.items() if (arm := experiment.load(work, name, seeds))}
    pd.DataFrame(_runs(arms, held)).to_csv(folder / "runs.csv", index=False, lineterminator="\n")
    detectable = pd.DataFrame(_detectable(arms["clean"], held))
    detectable.to_csv(folder / "detectable.csv", index=False, lineterminator="\n")
    table = pd.DataFrame(_table(arms, held))
    table.to_csv(folder / "table.csv", index=False, lineterminator="\n")
    _draw(table, folder)


def _runs(arms: dict[str, probe.Arm], held: probe.HeldOut) -> list[dict[str, Any]]:
    rows = []
    for name, arm in arms.items():
        for scenario in SCENARIOS:
            for measure in MEASURES:
                values = arm.values(measure)[:, held.rows(scenario)]
                known = values[:, ~np.isnan(values).any(axis=0)]
                rows += [
                    {"arm": name, "run": number, "scenario": scenario, "measure": measure, "n": known.shape[1]}
                    | {"value": round(float(value), 5)}
                    for number, value in enumerate(known.mean(axis=1) if known.size else ())
                ]
    return rows


def _table(arms: dict[str, probe.Arm], held: probe.HeldOut) -> list[dict[str, Any]]:
    rows = []
    for name, arm in arms.items():
        base = arms.get(experiment.BASE.get(name, "clean"), arms["clean"])
        if base is arm or (name in experiment.BASE and experiment.BASE[name] not in arms):
            continue
        for scenario, measures in probe.compare(base, arm, held, prior={}).items():  # RUN_SD comes from these runs
            for measure, row in measures.items():
                rows.append({"arm": name, "runs": len(arm.runs), "scenario": scenario, "measure": measure} | row)
    return rows


def _detectable(clean: probe.Arm, held: probe.HeldOut) -> list[dict[str, Any]]:
    """Return the smallest difference found in four of five experiments at p < 0.05, uncorrected, by Student's t with
    the degrees of freedom of the clean runs, which are independent sets of equal quality."""
    rows = []
    for scenario in SCENARIOS:
        for measure in MEASURES:
            values = clean.values(measure)[:, held.rows(scenario)]
            values = values[:, ~np.isnan(values).any(axis=0)]
            if values.shape[1] < 2:
                continue
            pairs = [(i, j) for i in range(len(values)) for j in range(i)]
            items = np.mean([(values[i] - values[j]).var(ddof=1) for i, j in pairs]) / values.shape[1]
            sd = float(values.mean(axis=1).std(ddof=1))
            row = {"scenario": scenario, "measure": measure, "mean": round(float(values.mean()), 4)}
            row |= {"n": values.shape[1], "sd of a run": round(sd, 5)}
            for runs in (1, 3):
                parts = float(np.sqrt(items / runs)), float(np.sqrt(2 * sd**2 / runs)), len(values) - 1
                seen = spread.half_width(*parts) + spread.half_width(*parts, share=0.6)  # two-sided 5 %, power 80 %
                row[f"detectable, {runs} run{'s' * (runs > 1)} an arm"] = round(seen, 4)
            rows.append(row)
    return rows


def _draw(table: pd.DataFrame, folder: Path) -> None:
    import matplotlib.pyplot as plt

    shown = table[(table["scenario"] == "one call") & table["measure"].isin(["arguments", "arguments_p"])]
    names = sorted(dict.fromkeys(shown["arm"]), key=lambda arm: ORDER.index(arm) if arm in ORDER else len(ORDER))
    with figures.style():
        figure, axes = plt.subplots(figsize=(4.2, 0.7 + 0.3 * len(names)))
        for number, (measure, part) in enumerate(shown.groupby("measure", sort=False)):
            places = [-names.index(arm) - 0.15 + 0.3 * number for arm in part["arm"]]
            wide = (part["high"] - part["low"]) / 2
            axes.errorbar(part["difference"], places, xerr=wide, fmt="o", ms=3, capsize=2, lw=0.8, label=measure)
        axes.axvline(0, color="#888888", lw=0.8)
        axes.set_yticks([-place for place in range(len(names))], names)
        axes.set_xlabel("difference from clean data of equal size, 95 % interval")
        axes.set_title("Argument accuracy, one call (offline, simulated data)", loc="left")
        axes.legend()
        for kind in ("png", "pdf"):
            extra = {"Software": None} if kind == "png" else {"CreationDate": None, "Producer": None, "Creator": None}
            figure.savefig(folder / f"response.{kind}", metadata=extra)
        plt.close(figure)
