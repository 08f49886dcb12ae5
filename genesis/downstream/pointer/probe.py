"""Arms and their comparison: train a few seeds on a data set, score them, and say which differences can be told.

    held = held_out(seen_tools(dialogues, pool))              # items that offer no tool that any arm has seen
    clean, noisy = (run_arm(one, held, Settings(), seeds=3) for one in (dialogues, spoiled))
    compare(clean, noisy)["one call"]["arguments"]            # {"difference", "low", "high", "z", ...}

Arms of a comparison have the same number of dialogues (a larger set is drawn from, anew for every seed), the same
number of updates, and the same items. The interval of a difference joins what items and what runs contribute; runs
differ in seed and draw, so it is as wide as an independent data set of equal quality makes it, not as narrow as a
rerun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.benchmarks.item import Item
from genesis.dialogue import Dialogue
from genesis.downstream.pointer import score, spread
from genesis.downstream.pointer.examples import from_dialogues
from genesis.downstream.pointer.score import MEASURES, SCENARIOS, Outcomes, Scored, scenario_of
from genesis.downstream.pointer.source import TrainingSet
from genesis.downstream.pointer.train import Settings, train
from genesis.downstream.probe import draw, touches
from genesis.errors import BenchmarkError
from genesis.metrics.compare import LEVEL
from genesis.metrics.significance import holm
from genesis.text import stable_hash

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The items that are scored, and how many there were before."""

    scored: tuple[Scored, ...]
    counts: dict[str, dict[str, int]]
    """Category -> ``all``, ``without_seen_tools`` and ``scored``."""

    def rows(self, scenario: str) -> NDArray[np.bool_]:
        """Return which items belong to a scenario."""
        return np.array([scenario_of(one.item.category) == scenario for one in self.scored], bool)


@dataclass(frozen=True, slots=True)
class Arm:
    """A data set's runs: one training seed each."""

    dialogues: int
    examples: int
    runs: tuple[Outcomes, ...]
    loss: tuple[tuple[float, ...], ...]
    seconds: float
    """CPU seconds of training and scoring, all runs."""
    updates: int = Settings().updates

    def values(self, measure: str) -> Values:
        """Return a measure, shape (runs, items)."""
        return np.array([run[measure] for run in self.runs])


def items() -> list[Item]:
    """Return BFCL's items of all scored categories. Raises MissingExtraError."""
    from genesis.benchmarks import bfcl

    return [item for category in score.CATEGORIES for item in bfcl.items(category)]


def held_out(
    seen: frozenset[str], *, most: int | None = None, seed: int = 0, found: Sequence[Item] | None = None
) -> HeldOut:
    """Return the items without any tool of ``seen``, at most ``most`` (in proportion to the categories).

    Raises BenchmarkError where none with a call is left.
    """
    every = items() if found is None else list(found)
    left = [item for item in every if not any(touches(function, seen) for function in item.functions)]
    chosen = left if most is None else draw(left, most, seed)
    scored = tuple(score.prepare(chosen))
    if not any(one.gold for one in scored):
        raise BenchmarkError("probe: no benchmark item with a call is left: each offers a tool that training has seen")
    parts = (("all", every), ("without_seen_tools", left), ("scored", [one.item for one in scored]))
    counts: dict[str, dict[str, int]] = {}
    for category in dict.fromkeys(item.category for item in every):
        counts[category] = {name: sum(item.category == category for item in part) for name, part in parts}
    counts["total"] = {name: len(part) for name, part in parts}
    return HeldOut(scored, counts)


def run_arm(
    dialogues: Sequence[Dialogue],
    held: HeldOut,
    settings: Settings,
    *,
    seeds: int | Iterable[int] = 1,
    n: int | None = None,
    sample: bool = True,
) -> Arm:
    """Train and score one run a seed. ``n``: dialogues of a run, drawn by its seed where the set has more.

    ``sample=False`` leaves sampled AST out. Raises FormatError where nothing can be learned, MissingExtraError.
    """
    started = time.process_time()
    runs, losses, examples = [], [], 0
    for seed in range(seeds) if isinstance(seeds, int) else seeds:
        part = list(dialogues)
        if n is not None and n < len(part):
            part = Random(stable_hash("draw", seed)).sample(part, n)
        learned = from_dialogues(part)
        trained = train(learned, settings, seed)
        runs.append(score.outcomes(trained, held.scored, seed, sample=sample))
        losses.append(tuple(trained.loss))
        examples += len(learned)
    size = min(n or len(dialogues), len(dialogues))
    return Arm(
        size, examples // max(1, len(runs)), tuple(runs), tuple(losses), time.process_time() - started, settings.updates
    )


def summary(arm: Arm, held: HeldOut) -> dict[str, Any]:
    """Return mean and 95 % interval of every measure by scenario and, inside, by category (``categories``).

    A scenario's intervals join what items and what runs contribute (see :func:`compare`). A category's know no spread
    of runs but the arm's own: with one run they are of the items alone.
    """
    found: dict[str, Any] = {}
    for scenario, categories in SCENARIOS.items():
        found[scenario] = _means(arm, held.rows(scenario), scenario) | {"categories": {}}
        for category in categories:
            rows = np.array([one.item.category == category for one in held.scored], bool)
            if rows.any():
                found[scenario]["categories"][category] = _means(arm, rows)
    return found


def _means(arm: Arm, rows: NDArray[np.bool_], scenario: str = "") -> dict[str, Any]:
    """Return mean and interval of every measure over some items; ``scenario``: whose spread of runs is known."""
    found = {}
    known = spread.known(arm.dialogues, arm.updates)
    for measure in MEASURES:
        table = arm.values(measure)[:, rows]
        table = table[:, ~np.isnan(table).any(axis=0)]
        if not table.shape[1]:
            continue
        value = float(table.mean())
        by_items = float(np.sqrt(table.mean(axis=0).var() / table.shape[1]))
        variance, freedom, _ = spread.run_variance([table], known.get((scenario, measure)))
        wide = spread.half_width(by_items, float(np.sqrt(variance / len(table))), freedom)
        found[measure] = {
            "value": round(value, 6),
            "low": round(max(0.0, value - wide), 6),
            "high": round(min(1.0, value + wide), 6),
            "n": table.shape[1],
            "runs": [round(float(mean), 6) for mean in table.mean(axis=1)],
        }
    return found


def compare(
    first: Arm, second: Arm, held: HeldOut, prior: Mapping[tuple[str, str], float] | None = None
) -> dict[str, dict[str, Any]]:
    """Return second minus first, scenario by scenario, measure by measure, paired by item.

    ``se_items``: of the mean paired difference over items (of the runs' means); ``se_runs``: of two arms' means, from
    the spread of their runs (the known one where an arm has one run: then ``assumed`` is true). ``low`` and ``high``:
    95 % with both, by Student's t: the spread of runs has few degrees of freedom even pooled with the known one
    (``df``, Satterthwaite's for the sum). ``p``: two-sided; ``p_corrected``: for all measures of all scenarios together
    (Holm). ``real``: ``p_corrected`` is under 0.05. An interval is of its measure alone.
    ``prior``: other spreads than the known ones (``spread.known``); empty: the runs at hand alone.
    """
    if prior is None:
        prior = spread.known(min(first.dialogues, second.dialogues), min(first.updates, second.updates))
    found: dict[str, dict[str, Any]] = {}
    for scenario in SCENARIOS:
        found[scenario] = {}
        for measure in MEASURES:
            row = _difference(first, second, held.rows(scenario), prior.get((scenario, measure)), measure)
            if row is not None:
                found[scenario][measure] = row
    rows = [row for part in found.values() for row in part.values()]
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_corrected"] = None if corrected is None else round(corrected, 6)
        row["real"] = corrected is not None and corrected < LEVEL
    return found


def _difference(
    first: Arm, second: Arm, rows: NDArray[np.bool_], prior: float | None, measure: str
) -> dict[str, Any] | None:
    a, b = first.values(measure)[:, rows], second.values(measure)[:, rows]
    known = ~(np.isnan(a).any(axis=0) | np.isnan(b).any(axis=0))
    a, b = a[:, known], b[:, known]
    if a.shape[1] < 2:
        return None
    paired = b.mean(axis=0) - a.mean(axis=0)
    value = float(paired.mean())
    by_items = float(paired.std(ddof=1) / np.sqrt(len(paired)))
    variance, freedom, assumed = spread.run_variance([a, b], prior)
    by_runs = float(np.sqrt(variance / len(a) + variance / len(b)))
    error = float(np.hypot(by_items, by_runs))
    wide = spread.half_width(by_items, by_runs, freedom)
    return {
        "first": round(float(a.mean()), 6),
        "second": round(float(b.mean()), 6),
        "difference": round(value, 6),
        "low": round(value - wide, 6),
        "high": round(value + wide, 6),
        "se_items": round(by_items, 6),
        "se_runs": round(by_runs, 6),
        "z": round(value / error, 3) if error else None,
        "df": round(spread.joined_freedom(by_items, by_runs, freedom), 1) if np.isfinite(freedom) and by_runs else None,
        "p": round(spread.p_value(value, by_items, by_runs, freedom), 6) if error else None,
        "assumed": assumed,
        "n": a.shape[1],
    }


def changed(first: Arm, second: Arm, held: HeldOut, measure: str = "arguments", most: int = 50) -> list[dict[str, Any]]:
    """Return the items whose mean over runs changed most, largest change first: id, category, request, both values."""
    a, b = first.values(measure).mean(axis=0), second.values(measure).mean(axis=0)
    change = b - a
    order = sorted(np.flatnonzero(np.nan_to_num(change)).tolist(), key=lambda index: (-abs(change[index]), index))
    return [
        {
            "id": held.scored[index].item.id,
            "category": held.scored[index].item.category,
            "first": round(float(a[index]), 4),
            "second": round(float(b[index]), 4),
            "request": held.scored[index].example.request[:200],
        }
        for index in order[:most]
    ]


def report(
    sets: Sequence[TrainingSet],
    settings: Settings,
    *,
    seeds: int = 3,
    n: int | None = None,
    most: int | None = None,
    found: Sequence[Item] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train on one set, or on two to be compared, and return what ``genesis probe --json`` prints.

    With two sets, both are cut to the smaller one's number of dialogues, the items offer no tool of either, and
    ``differences`` is the first less the second. ``most``: items scored at most; ``found`` replaces BFCL's.
    Raises FormatError, BenchmarkError, MissingExtraError.
    """
    held = held_out(frozenset().union(*(one.seen for one in sets)), most=most, found=found)
    size = min([*(len(one.dialogues) for one in sets), *([n] if n else [])])
    arms = []
    for one in sets:
        arms.append(run_arm(one.dialogues, held, settings, seeds=seeds, n=size))
        if progress is not None:
            progress(f"{one.name}: {seeds} runs, {arms[-1].seconds:.0f} s CPU")
    both = len(arms) == 2
    differences = compare(arms[1], arms[0], held) if both else None
    return {
        "arms": [
            {
                "name": one.name,
                "lm": one.lm or None,
                "dialogues": arm.dialogues,
                "examples": arm.examples,
                "loss": arm.loss,
                "scenarios": summary(arm, held),
            }
            for one, arm in zip(sets, arms, strict=True)
        ],
        "differences": differences,
        "changed": changed(arms[1], arms[0], held) if both else None,
        "items": held.counts,
        "seeds": seeds,
        "settings": asdict(settings),
        "assumed": any(row["assumed"] for part in (differences or {}).values() for row in part.values()),
        "seconds": round(sum(arm.seconds for arm in arms), 1),
    }
