"""Which differences between a sweep's arms and its baseline are real: paired by seed, over seeds, Holm-corrected.

Each seed gives one difference: arm minus baseline, diversity at one size for all arms of that seed. Their mean has a
t interval over seeds (Student 1908; n - 1 degrees of freedom), and all p-values are corrected together. With one seed
there is no spread to measure and nothing is called real: the interval of one run speaks of its dialogues only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genesis.errors import FormatError
from genesis.metrics import compare as within
from genesis.metrics import significance as test
from genesis.metrics.source import open_source
from genesis.metrics.statistics import Measured
from genesis.record import Run
from genesis.sweep import summary

COMPARISON = "comparison.json"
OF_DIALOGUES = ("acceptance", "grounding", "tool_entropy", "slot_entropy", "distinct_3", "duplicates_near")
"""Measured on the dialogues of both arms together, diversity at their common size."""
OF_RUNS = ("error_left", "probe_choice", "probe_irrelevance", "calls_per_accepted", "tokens_per_accepted")
"""Numbers each run has by itself."""
Differences = dict[tuple[str, str], dict[int, tuple[float, float, float]]]
"""(arm, measure) -> seed -> (baseline's value, arm's value, their difference)."""


def compare(folder: str | Path) -> dict[str, Any]:
    """Compare a sweep's arms with its baseline, write comparison.json into its folder and return it.

    Keys: ``baseline``, ``lm``, ``seeds``, ``note`` (what cannot be said, and why; empty: nothing) and ``rows``: arm,
    measure, first, second, value, low, high, p, p_corrected, real, n (seeds), method, by_seed.
    Raises RecordError for what is no sweep, FormatError where nothing can be compared.
    """
    state = summary.read_state(folder)
    baseline = next((one["arm"] for one in state["points"] if one["overrides"] == state["baseline"]), "")
    done = [point for point in state["points"] if point["status"] == "done"]
    arms = list(dict.fromkeys(point["arm"] for point in done if point["arm"] != baseline))
    if not arms or not any(point["arm"] == baseline for point in done):
        raise FormatError(f"{folder}: nothing to compare: a finished baseline ({baseline}) and another arm are needed")
    differences = _differences(Path(folder), done, baseline)
    rows = [_row(arm, name, found) for (arm, name), found in differences.items()]
    for row, corrected in zip(rows, test.holm([row["p"] for row in rows]), strict=True):
        row["p_corrected"] = None if corrected is None else round(corrected, 6)
        row["real"] = corrected is not None and corrected < within.LEVEL
    seeds = sorted({point["seed"] for point in done})
    found = {
        "baseline": baseline,
        "lm": state["lm"],
        "simulated": state["simulated"],
        "seeds": seeds,
        "note": _note(state, seeds),
        "rows": rows,
    }
    Run(Path(folder)).write_json(COMPARISON, found)
    return found


def over_seeds(by_seed: Mapping[int, tuple[float, float, float]]) -> test.Difference:
    """Return the mean difference over seeds with its t interval; untested with fewer than two, or without spread.

    ``by_seed``: seed -> (baseline's value, arm's value, difference). Equal differences at every seed say nothing of how
    far they would spread, unless there is no difference at all.
    """
    values = np.array([found[2] for found in by_seed.values()])
    first, second = (float(np.mean([found[side] for found in by_seed.values()])) for side in (0, 1))
    n, mean = len(values), float(values.mean())
    error = float(values.std(ddof=1)) / np.sqrt(n) if n > 1 else None
    if error is None or (error <= test.TINY and abs(mean) > test.TINY):
        return test.Difference(
            first, second, mean, None, None, None, n, "one seed" if n < 2 else "no spread over seeds"
        )
    measured = Measured(mean, float(error), n - 1, n, None, "t over seeds")
    return test.paired_diversities(first, second, measured)


def _differences(folder: Path, done: Sequence[Mapping[str, Any]], baseline: str) -> Differences:
    """Return every measure's difference, arm by arm and seed by seed."""
    found: Differences = {}
    for seed in sorted({point["seed"] for point in done}):
        runs = {point["arm"]: folder / point["id"] for point in done if point["seed"] == seed}
        if baseline not in runs or len(runs) < 2:
            continue
        ordered = {baseline: runs[baseline], **runs}
        for arm, name, one in [*_of_dialogues(ordered), *_of_runs(ordered)]:
            found.setdefault((arm, name), {})[seed] = one
    return dict(sorted(found.items(), key=lambda pair: _place(pair[0])))


def _place(key: tuple[str, str]) -> tuple[str, int]:
    return key[0], (*OF_DIALOGUES, *OF_RUNS).index(key[1])


def _of_dialogues(runs: Mapping[str, Path]) -> list[tuple[str, str, tuple[float, float, float]]]:
    sides = {}
    for arm, path in runs.items():
        source = open_source(path)
        if source.accepted.n:
            sides[arm] = within.Side(source.accepted, source.rejected)
    if len(sides) < 2 or next(iter(sides)) != next(iter(runs)):
        return []
    return [
        (row["run"], row["measure"], (row["first"], row["second"], row["value"]))
        for row in within.compare(sides)
        if row["measure"] in OF_DIALOGUES and row["value"] is not None
    ]


def _of_runs(runs: Mapping[str, Path]) -> list[tuple[str, str, tuple[float, float, float]]]:
    places = {**summary.MEASURES, **summary.PLAIN}
    values = {arm: Run(path).read_json("metrics.json") for arm, path in runs.items()}
    baseline, *others = runs
    found = []
    for arm in others:
        for name in OF_RUNS:
            first, second = (summary.value_of(summary.at(values[one], places[name])) for one in (baseline, arm))
            if first is not None and second is not None:
                found.append((arm, name, (float(first), float(second), float(second) - float(first))))
    return found


def _row(arm: str, measure: str, by_seed: Mapping[int, tuple[float, float, float]]) -> dict[str, Any]:
    apart = {str(seed): round(found[2], 6) for seed, found in by_seed.items()}
    return {"arm": arm, "measure": measure, **over_seeds(by_seed).to_json(), "by_seed": apart}


def _note(state: Mapping[str, Any], seeds: Sequence[int]) -> str:
    parts = []
    if len(seeds) < 2:
        parts.append("one seed: whether a difference is real cannot be said; give the sweep more seeds")
    missing = sum(point["status"] != "done" for point in state["points"])
    if missing:
        parts.append(f"{missing} of {len(state['points'])} points are not finished and left out")
    return "; ".join(parts)
