"""What notebook 50 shows of the pointer probe: figures by scenario, a learning curve, and against another data set.

    >>> found = try_out(run, params)                                      # doctest: +SKIP
    >>> found["scenarios"]["one call"]["arguments"]["value"]              # doctest: +SKIP
    0.312

A small configuration by default (a minute of CPU): enough to see the instrument work. ``genesis probe`` runs the whole.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from genesis import record
from genesis.downstream.pointer import probe, source
from genesis.downstream.pointer.network import INSTALL
from genesis.downstream.pointer.score import MEASURES, SCENARIOS
from genesis.downstream.pointer.train import Settings
from genesis.errors import BenchmarkError, FormatError
from genesis.params import Params, from_dict, to_dict
from genesis.record import Run

FILE = "students/pointer.json"
SHARES = (0.25, 0.5, 1.0)
"""Shares of the dialogues at which the learning curve is measured."""


def with_probe(params: Params, given: Mapping[str, Any]) -> Params:
    """Return the parameters with ``given`` in their group ``probe``. Raises ParamsError."""
    data = to_dict(params)
    data["probe"] |= given
    return from_dict(data, "the parameters cell")


def try_out(run: Run, params: Params) -> dict[str, Any]:
    """Train and score the pointer probe on the run's dialogues; write ``students/pointer.json`` and return it.

    ``{"reason"}`` where it cannot be had: torch is not installed, it is not wanted (``probe.updates: 0``), or the
    dialogues hold nothing to learn. With ``probe.against``, both sets are cut to the smaller one's number of dialogues
    and neither's tools are scored; ``differences`` are this run less the other. Raises FormatError for a second set
    that is none.
    """
    if importlib.util.find_spec("torch") is None:
        return {"reason": INSTALL}
    if not params.probe.updates:
        return {"reason": "probe.updates is 0"}
    other = source.load(params.probe.against, root=run.path.parent.parent) if params.probe.against else None
    try:
        own = source.load(run.path)
        found = {**_measured(own, other, params), "lm": own.lm, "simulated": record.simulated(run.params)}
    except (FormatError, BenchmarkError) as error:
        return {"reason": str(error)}
    run.write_json(FILE, found)
    return found


def _measured(own: source.TrainingSet, other: source.TrainingSet | None, params: Params) -> dict[str, Any]:
    settings, runs = Settings(updates=params.probe.updates), params.probe.runs
    seeds = range(params.seed, params.seed + runs)
    sets = [own, *([other] if other else [])]
    held = probe.held_out(frozenset().union(*(one.seen for one in sets)), most=params.probe.items, seed=params.seed)
    n = min(len(one.dialogues) for one in sets)
    arms = [probe.run_arm(one.dialogues, held, settings, seeds=seeds, n=n) for one in sets]
    curve = []
    for size in sorted({max(1, round(n * share)) for share in SHARES}):
        arm = arms[0] if size == n else probe.run_arm(own.dialogues, held, settings, seeds=seeds, n=size, sample=False)
        curve += [{"dialogues": size, **row} for row in rows(probe.summary(arm, held))]
    return {
        "dialogues": n,
        "runs": runs,
        "settings": asdict(settings),
        "items": held.counts,
        "scenarios": probe.summary(arms[0], held),
        "curve": curve,
        "against": None if other is None else {"name": other.name, "lm": other.lm or None},
        "against_scenarios": None if other is None else probe.summary(arms[1], held),
        "differences": None if other is None else probe.compare(arms[1], arms[0], held),
        "changed": None if other is None else probe.changed(arms[1], arms[0], held),
    }


def rows(scenarios: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a summary as rows: scenario, measure, value, low, high, n."""
    return [
        {"scenario": scenario, "measure": measure}
        | {name: scenarios[scenario][measure][name] for name in ("value", "low", "high", "n")}
        for scenario in SCENARIOS
        for measure in MEASURES
        if measure in scenarios.get(scenario, {})
    ]


def told(found: Mapping[str, Any]) -> str:
    """Return what came of :func:`try_out` in a line or two."""
    if "reason" in found:
        return f"No pointer probe: {found['reason']}"
    items, settings = found["items"]["total"], found["settings"]
    text = (
        f"Pointer probe: {found['dialogues']} dialogues, {settings['updates']} updates, {found['runs']} run(s), "
        f"{items['scored']} of {items['without_seen_tools']} BFCL items without any tool of the data."
    )
    if found["differences"] is None:
        return f"{text}\nNo second data set: name one in probe.against (a file, a run)."
    real = [
        f"{s}: {m} {r['difference']:+.3f}"
        for s, part in found["differences"].items()
        for m, r in part.items()
        if r["real"]
    ]
    return f"{text}\nAgainst {found['against']['name']}: {'; '.join(real) or 'no difference is real'} (p < 0.05, Holm)."
