"""How often does ``genesis compare`` report a difference, with none there and with one?

    python experiments/instrument_checks/run.py --work FOLDER    # about 15 minutes of CPU; continues where it stopped

Two arms of independent seeds are compared: nothing planted in the first; nothing, or an effect, in the second.
Written: ``power.csv`` (share of seeds in which a difference is reported, by check, effect and number of dialogues),
``null.csv`` (the same for every measure where nothing is planted) and ``power.png/.pdf``.
Everything is about this software: the LM is the offline (simulated) one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import sets

from genesis import figures
from genesis.checks.intervals import clopper_pearson
from genesis.metrics.compare import LEVEL, compare

HERE = Path(__file__).resolve().parent
SIZES = (50, 150)
ALIKE = {"memory": 0.0, "judge": 0.1, "evaluation": 0.05}
"""What both arms hold alike where no difference is planted: nothing, or as much of a defect."""
Job = tuple[str, float, float, int, int]
"""Check, share planted in the first arm, in the second, seed, planned dialogues."""


def comparison(work: Path, job: Job) -> list[dict[str, Any]]:
    """Return the rows of one comparison, kept in ``work``."""
    check, alike, effect, seed, n = job
    file = work / "compared" / f"{check}-{alike}-{effect}-{seed}-{n}.json"
    if not file.exists():
        tools = sets.pool()
        first = sets.side(check, alike, work, 2 * seed, tools, n)
        second = sets.side(check, effect, work, 2 * seed + 1, tools, n)
        rows = compare({"first": first, "second": second})
        file.parent.mkdir(exist_ok=True)
        kept = [{name: row[name] for name in ("measure", "value", "p", "p_corrected", "real")} for row in rows]
        whole = file.with_suffix(".part")
        whole.write_text(json.dumps(kept))
        whole.rename(file)
    found: list[dict[str, Any]] = json.loads(file.read_text())
    job_words = {"check": check, "alike": alike, "effect": effect, "seed": seed, "n": n}
    return [job_words | row for row in found]


def shares(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return, for each group, the share of seeds with p < 0.05, alone and corrected, with exact 95 % intervals."""
    return pd.DataFrame(_shares(rows, by))


def _shares(rows: pd.DataFrame, by: list[str]) -> Iterator[dict[str, Any]]:
    for key, group in rows.groupby(by, sort=False):
        seeds = int(group["p"].notna().sum())
        if not seeds:
            continue
        row: dict[str, Any] = dict(zip(by, key, strict=True)) | {"seeds": seeds}
        row["difference"] = round(float(group["value"].mean()), 4)
        for name, hits in (("alone", int((group["p"] < LEVEL).sum())), ("corrected", int(group["real"].sum()))):
            low, high = clopper_pearson(hits, seeds)
            row |= {name: round(hits / seeds, 4), f"{name}_low": round(low, 4), f"{name}_high": round(high, 4)}
        yield row


def draw(power: pd.DataFrame) -> None:
    """Write the figure: power over the size of the effect, for each check and number of dialogues."""
    with figures.style():
        figure, panels = plt.subplots(1, len(sets.PLANTS), figsize=(6.8, 2.2), sharey=True, layout="constrained")
        for axes, (check, rows) in zip(panels, power.groupby("check", sort=False), strict=True):
            for number, (n, part) in enumerate(rows.groupby("n")):
                ends = [part["alone"] - part["alone_low"], part["alone_high"] - part["alone"]]
                axes.errorbar(part["effect"], part["alone"], yerr=ends, marker="o", ms=3, capsize=2, label=f"n = {n}")
                axes.plot(part["effect"], part["corrected"], ls=":", color=f"C{number}")
            axes.axhline(LEVEL, color="#999999", lw=0.6)
            axes.set_title(f"{check}: {sets.WATCHED[check].replace('_', ' ')}", loc="left")
            axes.set_xlabel(sets.PLANTED[check])
        panels[0].set_ylabel("share of seeds with p < 0.05")
        panels[0].legend()
        figure.supxlabel(
            f"{figures.SIMULATED}, N = 1; bars: exact 95 % intervals; dotted: after correction; grey: nominal rate",
            fontsize=6,
        )
        figure.savefig(HERE / "power.png", metadata={"Software": None})
        figure.savefig(HERE / "power.pdf", metadata={"CreationDate": None, "Producer": None, "Creator": None})
        plt.close(figure)


def main() -> None:
    """Make what is missing, write tables and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the sets; may be used again")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--nulls", type=int, default=40, help="seeds of the comparison in which nothing is planted")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    jobs: list[Job] = [
        (check, 0.0, effect, seed, n)
        for seed in range(1, given.seeds + 1)
        for check, effects in sets.PLANTS.items()
        for effect in (0.0, *effects)
        for n in SIZES
    ]
    jobs += [
        (check, share, share, seed, SIZES[-1]) for check, share in ALIKE.items() for seed in range(1, given.nulls + 1)
    ]
    with ProcessPoolExecutor(given.workers) as workers:
        found = [row for part in workers.map(partial(comparison, given.work), dict.fromkeys(jobs)) for row in part]
    rows = pd.DataFrame(found)
    watched = rows[(rows["alike"] == 0) & (rows["measure"] == rows["check"].map(sets.WATCHED))]
    power = shares(watched, ["check", "measure", "effect", "n"])
    nothing = rows[
        (rows["alike"] == rows["effect"]) & (rows["alike"] == rows["check"].map(ALIKE)) & (rows["n"] == SIZES[-1])
    ]
    null = shares(nothing, ["check", "alike", "measure", "n"])
    for name, table in (("power", power), ("null", null)):
        table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
    draw(power)
    print(power.to_string(index=False), null.to_string(index=False), sep="\n\n")
    for check, part in nothing.groupby("check", sort=False):
        real = part.groupby("seed")["real"].any()
        alike = ALIKE[str(check)]
        print(
            f"\n{check}, {alike:g} planted in both arms: any difference real in {real.sum()} of {len(real)} comparisons"
        )


if __name__ == "__main__":
    main()
