"""What there is of the paper's experiments: arms with their means over seeds, scores beside reported figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genesis.downstream.reference import tables
from genesis.paper.run import NAMES
from genesis.record import Run
from genesis.sweep import summary

if TYPE_CHECKING:
    from pandas import DataFrame

SCORED = ("main_bfcl", "main_ood", "tool_expansion", "rl")
"""Experiments that the paper reports figures of."""
LABELS: Mapping[str, str] = {
    "probe_choice": "probe: right tool",
    "probe_irrelevance": "probe: abstains",
    "acceptance": "accepted",
    "error_left": "error left",
    "tool_entropy": "tool entropy, bits",
    "slot_entropy": "slot entropy, bits",
    "distinct_3": "distinct-3",
    "duplicates_near": "near duplicates",
    "calls_per_accepted": "calls a dialogue",
}
"""Measures a figure may show, in order of preference after benchmark scores, and their names on an axis."""


@dataclass(frozen=True, slots=True)
class Found:
    """One experiment, as far as it has been run."""

    name: str
    folder: Path
    state: Mapping[str, Any]
    rows: list[dict[str, Any]]

    @property
    def lm(self) -> str:
        """The LM as captions show it; small scale says so."""
        return str(self.state["lm"]) + (", small scale" if self.folder.name.startswith("small_") else "")

    @property
    def simulated(self) -> bool:
        """Whether an offline (simulated) LM took part: such results never stand beside reported ones."""
        return bool(self.state["simulated"])


def collect(root: str | Path) -> tuple[list[Found], list[str]]:
    """Return the experiments that have a finished run, and one line for each that is missing, with its command.

    A full-scale sweep is preferred to a small one. Raises RecordError for a damaged sweep.json.
    """
    found, missing = [], []
    for name in NAMES:
        folder = next((path for path in (Path(root) / name, Path(root) / f"small_{name}") if _begun(path)), None)
        if folder is None:
            missing.append(f"{name}: not run; genesis sweep params/{name}.yaml")
            continue
        state = summary.read_state(folder)
        rows = [row for row in summary.rows(folder, state) if row["status"] == "done"]
        if rows:
            found.append(Found(name, folder, state, rows))
        unfinished = len(state["points"]) - len(rows)
        if unfinished:
            missing.append(f"{name}: {unfinished} of {len(state['points'])} points are not finished")
        if name in SCORED and not any((folder / row["run"] / "scores").is_dir() for row in rows):
            missing.append(f"{name}: no run has benchmark scores; put `genesis score --json` into its scores/ folder")
    return found, missing


def _begun(folder: Path) -> bool:
    return (folder / summary.STATE).is_file()


def arms(found: Found, most: int = 3) -> DataFrame:
    """Return one row an arm and measure: arm, measure, label, value, low, high, seeds.

    ``value`` is the mean over seeds with a t interval (Student 1908); with one seed, that run's own value and interval.
    ``most`` measures that every finished run has: benchmark scores first, then in the order of LABELS.
    """
    import pandas as pd

    rows = []
    for measure in measures(found)[:most]:
        for arm in dict.fromkeys(row["arm"] for row in found.rows):
            own = [row for row in found.rows if row["arm"] == arm]
            value, low, high = mean_interval([row[measure] for row in own])
            if len(own) == 1:
                low, high = own[0].get(f"{measure}_low"), own[0].get(f"{measure}_high")
            rows.append((arm, measure, LABELS.get(measure, measure.replace("_", " ")), value, low, high, len(own)))
    return pd.DataFrame(rows, columns=["arm", "measure", "label", "value", "low", "high", "seeds"])


def steps(found: Found) -> dict[str, float]:
    """Return each arm's place on an axis where one number is all that varies, in three arms or more; else nothing."""
    varied = found.state["varied"]
    places = {row["arm"]: row[varied[0]] for row in found.rows} if len(varied) == 1 else {}
    numbers = all(isinstance(place, (int, float)) and not isinstance(place, bool) for place in places.values())
    return places if numbers and len(places) > 2 else {}


def measures(found: Found) -> list[str]:
    """Return the measures that every finished run of an experiment has, best first."""
    scores = [name.removesuffix("_low") for name in found.rows[0] if name.endswith("_low")]
    scores = [name for name in scores if name not in summary.MEASURES]
    return [name for name in (*scores, *LABELS) if all(row.get(name) is not None for row in found.rows)]


def mean_interval(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Return the mean and its 95 % t interval; no interval for one value.

    >>> [round(x, 3) for x in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    """
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, None, None
    spread = float(stdtrit(len(values) - 1, 0.975)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return mean, mean - spread, mean + spread


def _system(found: Found, row: Mapping[str, Any], student: str) -> str:
    """Return a student's name, with what its data differ in from those of the experiment's other runs."""
    several = {name: len({other[name] for other in found.rows}) > 1 for name in ("arm", "seed")}
    return ", ".join(
        [student, *([row["arm"]] if several["arm"] else []), *([f"seed {row['seed']}"] if several["seed"] else [])]
    )


def beside_reported(found: Sequence[Found], name: str) -> DataFrame:
    """Return the paper's figures of an experiment and, under them, the scores of real or replayed models' runs.

    Scores of simulated models are left out, whatever file they come from.
    """
    import pandas as pd

    scores = []
    for one in found:
        if one.name == name and not one.simulated:
            for row in one.rows:
                run = Run(one.folder / row["run"])
                for file in sorted((run.path / "scores").glob("*.json")):
                    score = run.read_json(f"scores/{file.name}")
                    if "benchmark" in score:  # others, as the probe's, are no benchmark's
                        scores.append({**score, "lm": _system(one, row, str(score.get("lm", "student")))})
    columns = ["benchmark", "metric", "system", "value", "low", "high", "kind", "comparable", "formula"]
    return pd.DataFrame(tables(name.replace("_", "-"), scores)["results"], columns=columns)
