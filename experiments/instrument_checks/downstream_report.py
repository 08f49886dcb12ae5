"""Tables and figure of ``downstream.py``: by the product's own comparison, run for every experiment that is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Any

import downstream
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genesis import figures
from genesis.checks.intervals import clopper_pearson
from genesis.downstream.pointer import probe, spread
from genesis.metrics.compare import LEVEL

RUNS = (1, 3)
"""Runs an arm; three are those of three experiments, which makes a third as many."""
PAIRS = 200
SHOWN = ("arguments", "arguments_p", "any")
Table = pd.DataFrame


def write(work: Path, seeds: int, folder: Path) -> None:
    """Write downstream.csv, downstream_spread.csv and downstream.png/.pdf."""
    held = downstream.held_out(work)
    found = Table([row for runs in RUNS for arm in downstream.ARMS for row in compared(work, arm, seeds, runs, held)])
    shares = Table(shared(found))
    spreads = Table(spread_rows(work, seeds, held, found))
    for name, table in (("downstream", shares), ("downstream_spread", spreads)):
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    draw(shares, folder)
    print(shares[shares["measure"].isin(SHOWN)].to_string(index=False), spreads.to_string(index=False), sep="\n\n")


def compared(work: Path, arm: str, seeds: int, runs: int, held: probe.HeldOut) -> Iterator[dict[str, Any]]:
    """Yield every measure's difference of every experiment with an arm, and whether any measure's is reported; nothing
    where a run of the arm is missing."""
    if arm == "clean" or downstream.load(work, arm, tuple(range(seeds))) is None:
        return
    for first in range(0, seeds - runs + 1, runs):
        group = tuple(range(first, first + runs))
        sides = [one for name in ("clean", arm) if (one := downstream.load(work, name, group)) is not None]
        head = {"arm": arm, "dialogues": sides[1].dialogues, "runs": runs, "experiment": first // runs}
        rows = [
            {"scenario": scenario, "measure": measure, **row}
            for scenario, part in probe.compare(sides[0], sides[1], held).items()
            for measure, row in part.items()
        ]
        yield from ({**head, **row} for row in rows)
        least = min(row["p"] for row in rows if row["p"] is not None)
        yield head | {"scenario": "any", "measure": "any", "p": least, "real": any(row["real"] for row in rows)}


def shared(found: Table) -> Iterator[dict[str, Any]]:
    """Yield the share of experiments with p < 0.05, alone and after Holm's correction, with exact 95 % intervals."""
    for key, group in found.groupby(["arm", "dialogues", "runs", "scenario", "measure"], sort=False):
        n = len(group)
        row: dict[str, Any] = dict(zip(("arm", "dialogues", "runs", "scenario", "measure"), key, strict=True))
        row |= {"experiments": n, "items": group["n"].max(), "first": _rounded(group["first"].mean())}
        row |= {"difference": _rounded(group["difference"].mean()), "sd": _rounded(group["difference"].std())}
        for name, hits in (("alone", int((group["p"] < LEVEL).sum())), ("corrected", int(group["real"].sum()))):
            low, high = clopper_pearson(hits, n)
            row |= {name: round(hits / n, 4), f"{name}_low": round(low, 4), f"{name}_high": round(high, 4)}
        yield row


def _rounded(value: float) -> float:
    return round(float(value), 5)


def spread_rows(work: Path, seeds: int, held: probe.HeldOut, found: Table) -> Iterator[dict[str, Any]]:
    """Yield, for each measure, how much runs differ, and the smallest difference seen in four of five experiments.

    ``full``: the product's RUN_SD; ``known``: what it goes by for runs as short as these; ``runs``: standard deviation
    of a run's mean over all clean runs, whose data and training seeds differ; ``net``: the same less what differs from
    item to item; ``one data set``: over the runs on the first one's data; ``pairs``: of the differences where
    nothing is planted, whose training seeds are equal, over sqrt 2. ``claimed``: the mean standard error of such a
    difference, as the product has it, to be held against ``found``, their standard deviation. ``detectable``: half the
    product's interval, and what lies above it in four of five (normal) differences. ``false, full`` and ``false,
    known``: share of PAIRS comparisons of two clean runs of different experiments with p < 0.05, by either spread.
    """
    pairs = [(arm, seed) for arm in ("clean", "nothing") for seed in range(seeds)]
    clean = [one for arm, seed in pairs if (one := downstream.load(work, arm, (seed,))) is not None]
    again = tuple(range(1000, 1000 + downstream.AGAIN))
    same = downstream.load(work, "clean", (0,) * downstream.AGAIN, again)
    rates = {name: false_rates(clean, held, prior) for name, prior in (("full", spread.RUN_SD), ("known", None))}
    yield {"scenario": "any", "measure": "real"} | {
        f"false, {name}": rate["any", "real"] for name, rate in rates.items()
    }
    nothing = found[(found["arm"] == "nothing") & (found["scenario"] != "any")]
    for key, group in nothing.groupby(["scenario", "measure"], sort=False):
        scenario, measure = str(key[0]), str(key[1])
        one = group[group["runs"] == 1]
        row: dict[str, Any] = {"scenario": scenario, "measure": measure, "items": int(one["n"].max())}
        row |= {
            "full": spread.RUN_SD[scenario, measure],
            "known": spread.known(downstream.N, downstream.SETTINGS.updates)[scenario, measure],
            "runs": _sd([_mean(a, held, key) for a in clean]),
        }
        row["net"] = _net([one.values(measure)[0, held.rows(scenario)] for one in clean])
        row["one data set"] = _sd(_means(same, held, key)) if same else None
        row["pairs"] = _rounded(one["difference"].std() / np.sqrt(2))
        row["claimed"] = _rounded(np.hypot(one["se_items"], one["se_runs"]).mean())
        row["found"] = _rounded(one["difference"].std())
        row |= {f"false, {name}": rate[scenario, measure] for name, rate in rates.items()}
        for runs, part in group.groupby("runs"):
            wide = float((part["high"] - part["low"]).mean()) / 2
            above = NormalDist().inv_cdf(0.8) * float(one["difference"].std()) / np.sqrt(runs)
            row[f"detectable, {runs} run{'s' * (runs > 1)} an arm"] = _rounded(wide + above)
        yield row


def false_rates(clean: list[probe.Arm], held: probe.HeldOut, prior: Any) -> dict[tuple[str, str], float]:
    """Return (scenario, measure) -> share of comparisons of clean runs with p < 0.05; ("any", "real"): with any
    difference after correction. A run stands in several pairs, so the shares have no simple interval."""
    half = len(clean) // 2
    every = [(i, j) for i in range(len(clean)) for j in range(i) if i - j != half]
    hits: dict[tuple[str, str], int] = {("any", "real"): 0}
    for i, j in Random(0).sample(every, min(PAIRS, len(every))):
        rows = [
            ((scenario, measure), row)
            for scenario, part in probe.compare(clean[i], clean[j], held, prior=prior).items()
            for measure, row in part.items()
        ]
        hits["any", "real"] += any(row["real"] for _, row in rows)
        for key, row in rows:
            hits[key] = hits.get(key, 0) + (row["p"] is not None and row["p"] < LEVEL)
    return {key: round(count / min(PAIRS, len(every)), 4) for key, count in hits.items()}


def _net(runs: list[Any]) -> float:
    """Return the standard deviation of runs' means less the part that items' own changes add to it."""
    table = np.array(runs)
    table = table[:, ~np.isnan(table).any(axis=0)]
    means = table.mean(axis=1, keepdims=True)
    rest = table - table.mean(axis=0) - means + table.mean()
    by_items = (rest**2).sum() / (len(table) - 1) / (table.shape[1] - 1) / table.shape[1]
    return _rounded(np.sqrt(max(0.0, means.var(ddof=1) - by_items)))


def _means(arm: probe.Arm, held: probe.HeldOut, key: Any) -> list[float]:
    """Return the mean of a (scenario, measure) in each run."""
    return [float(value) for value in np.nanmean(arm.values(key[1])[:, held.rows(key[0])], axis=1)]


def _mean(arm: probe.Arm, held: probe.HeldOut, key: Any) -> float:
    return _means(arm, held, key)[0]


def _sd(values: list[float]) -> float:
    return _rounded(np.std(values, ddof=1))


PANELS = {
    "share of arguments spoiled": {"nothing": 0.0, "noise 10 %": 0.1, "noise 25 %": 0.25, "noise 50 %": 0.5},
    "share of the data left": {"nothing": 1.0, "size 1/2": 0.5, "size 1/4": 0.25, "size 1/10": 0.1, "size 1/40": 0.025},
}
"""Axis -> arm -> place on it."""
NAMED = {"arguments": "argument accuracy", "arguments_p": "the same, by probability", "any": "any of 13 measures"}


def draw(shares: Table, folder: Path) -> None:
    """Write the figure: share of experiments in which a difference is reported, over the size of the effect."""
    one = shares[(shares["runs"] == 1) & shares["scenario"].isin(["one call", "any"])]
    with figures.style():
        figure, panels = plt.subplots(1, len(PANELS), figsize=(6.8, 2.4), sharey=True, layout="constrained")
        for axes, (title, arms) in zip(panels, PANELS.items(), strict=True):
            for number, measure in enumerate(SHOWN):
                part = one[(one["measure"] == measure) & one["arm"].isin(arms)]
                part = part.assign(place=part["arm"].map(arms)).sort_values("place")
                if measure != "any":
                    ends = [part["alone"] - part["alone_low"], part["alone_high"] - part["alone"]]
                    axes.errorbar(
                        part["place"], part["alone"], yerr=ends, marker="o", ms=3, capsize=2, color=f"C{number}",
                        label=NAMED[measure],
                    )  # fmt: skip
                label = NAMED[measure] if measure == "any" else None
                axes.plot(part["place"], part["corrected"], ls=":", color=f"C{number}", label=label)
            axes.axhline(LEVEL, color="#999999", lw=0.6)
            axes.set_xlabel(title)
        panels[1].set_xscale("log")
        panels[1].set_xticks([1, 0.5, 0.25, 0.1, 0.025], ["1", "1/2", "1/4", "1/10", "1/40"])
        panels[1].minorticks_off()
        panels[1].invert_xaxis()
        panels[0].set_ylabel("share of experiments")
        panels[1].legend(loc="upper left")
        figure.suptitle("Pointer probe: how often a difference is reported, one run an arm", x=0, ha="left")
        figure.supxlabel(
            f"{figures.SIMULATED}; bars: p < 0.05 with exact 95 % intervals; dotted: after correction; grey: nominal",
            fontsize=6,
        )
        figure.savefig(folder / "downstream.png", metadata={"Software": None})
        figure.savefig(folder / "downstream.pdf", metadata={"CreationDate": None, "Producer": None, "Creator": None})
        plt.close(figure)
