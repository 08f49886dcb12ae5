"""All experiments of the paper, one sweep each: what they cost, and running or resuming them.

Experiments share arms: five of them contain the method as it stands. What is made for one is copied to the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genesis import record
from genesis.downstream.reference import EXPERIMENTS
from genesis.errors import ParamsError
from genesis.params import Params
from genesis.record import Run
from genesis.sweep import spec
from genesis.sweep.execute import Board, Watch, execute
from genesis.sweep.spec import Point, Sweep, result_of

NAMES = tuple(name.replace("-", "_") for name in EXPERIMENTS)
"""The experiments, as their files and folders are called."""
SMALL: dict[str, Any] = {"pool.size": 6, "dialogues_per_tool": 1, "notebooks": ["20_generate", "40_metrics"]}
"""What ``--scale small`` sets: every arm once, on a few tools, to see that all of it runs."""
SMALL_ARMS: dict[str, dict[str, Any]] = {
    "dialogues_per_tool": {"grid": {"dialogues_per_tool": [1, 2]}, "baseline": {"dialogues_per_tool": 1}},
    "tool_expansion": {"list": [{}, {"pool.size": 8}], "baseline": {}},
    "rl": {"set": SMALL},
}
"""What the small scale changes in an experiment's own file; the added tools are BFCL's: no data beside the package."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The sweeps to run, and where each file stands."""

    sweeps: tuple[Sweep, ...]
    files: tuple[str, ...]


def plan(
    folder: str | Path = "params", *, only: Sequence[str] = (), small: bool = False, overrides: Sequence[str] = ()
) -> Plan:
    """Read the experiments' sweep files. Raises ParamsError for an unknown name or a file that is wrong."""
    for name in only:
        if name not in NAMES:
            raise ParamsError(f"paper: no experiment '{name}'; the paper has {', '.join(NAMES)}")
    files = [str(Path(folder) / f"{name}.yaml") for name in NAMES if not only or name in only]
    sweeps = [_small(spec.read(file), file, overrides) if small else spec.read(file, overrides) for file in files]
    return Plan(tuple(sweeps), tuple(files))


def _small(sweep: Sweep, file: str, overrides: Sequence[str]) -> Sweep:
    """Return the same arms, scaled down, in a folder of their own."""
    data = {**sweep.spec, "set": {**sweep.spec.get("set", {}), **SMALL}, "seeds": 1, **SMALL_ARMS.get(sweep.name, {})}
    return spec.build({**data, "name": f"small_{sweep.name}"}, file, overrides=overrides)


def validate(planned: Plan, *, allow_exec: bool = False) -> None:
    """Validate every point of every sweep before the first runs. Raises ParamsError and its like."""
    for sweep, file in zip(planned.sweeps, planned.files, strict=True):
        spec.validate(sweep, file, allow_exec=allow_exec)


def costs(planned: Plan, root: str | Path = "experiments", *, rehearsed: int = 1) -> list[dict[str, Any]]:
    """Return what each experiment has still to pay: points, runs to make, dialogues, calls, tokens, usd.

    Runs that are complete, or that an earlier experiment of the list makes, cost nothing. Seeds are taken to cost the
    same: each arm is rehearsed once (see ``genesis.estimate``). usd is None where a price is unknown.
    """
    from genesis.estimate import estimate, pool_for

    known: dict[str, dict[str, Any]] = {}
    made: set[str] = set()
    rows = []
    for sweep in planned.sweeps:
        row: dict[str, Any] = {"experiment": sweep.name, "points": len(sweep.points), "to_make": 0}
        row |= {"dialogues": 0, "calls": 0, "tokens": 0, "usd": 0.0}
        for point in sweep.points:
            result = result_of(point.params)
            if result in made or (Path(root) / sweep.name / point.id / record.METRICS).is_file():
                made.add(result)
                continue
            made.add(result)
            arm = result_of(replace(point.params, seed=0))
            if arm not in known:
                known[arm] = estimate(pool_for(point.params), point.params, rehearsed=rehearsed)
            _add(row, known[arm])
        rows.append(row)
    return rows


def _add(row: dict[str, Any], found: dict[str, Any]) -> None:
    total = found["total"]
    row["to_make"] += 1
    row["dialogues"] += found["dialogues"]
    row["calls"] += total["calls"]
    row["tokens"] += total["prompt_tokens"] + total["completion_tokens"]
    known = row["usd"] is not None and total["usd"] is not None
    row["usd"] = round(row["usd"] + total["usd"], 4) if known else None


def run(
    planned: Plan,
    root: str | Path = "experiments",
    *,
    jobs: int = 1,
    scheduler: str = "",
    watch: Callable[[Sweep], Watch | None] = lambda _sweep: None,
    allow_exec: bool = False,
) -> list[Board]:
    """Run or resume every sweep, one after the other; a run that another experiment has is copied, not made.

    Raises what :func:`genesis.sweep.execute.execute` raises.
    """
    complete: dict[str, Run] = {}

    def donor(point: Point) -> Run | None:
        return complete.get(result_of(point.params))

    boards = []
    for sweep in planned.sweeps:
        board = execute(
            sweep, root, jobs=jobs, scheduler=scheduler, watch=watch(sweep), allow_exec=allow_exec, donors=donor
        )
        for state in board.states:
            if state.status == "done":
                complete.setdefault(result_of(state.point.params), state.run)
        boards.append(board)
    return boards


def is_offline(planned: Plan) -> bool:
    """Whether no experiment asks a model that could cost anything."""
    return all(set(_models(point.params)) == {"offline"} for sweep in planned.sweeps for point in sweep.points)


def _models(params: Params) -> list[str]:
    return list(params.lm.values()) if isinstance(params.lm, dict) else [params.lm]


def commands(planned: Plan) -> list[str]:
    """Return the commands that train and score a student on the data, which need a GPU and are not run here."""
    names = {sweep.name for sweep in planned.sweeps}
    if "rl" not in names:
        return []
    found = []
    for recipe in ("sft", "rl_part", "rl_all"):
        common = f"--data experiments/rl/RUN/dialogues.jsonl -p train.recipe={recipe}"
        found.append(f"genesis train sft {common} --out students/{recipe}")
        if recipe != "sft":
            found.append(f"genesis train grpo {common} --model students/{recipe}/model --out students/{recipe}-rl")
    return found


def parameters_of(lm: str, api_base: str) -> list[str]:
    """Return ``-p`` overrides for the options ``--lm`` and ``--api-base``."""
    pairs = (("lm", lm), ("api_base", api_base))
    return [f"{name}={json.dumps(value)}" for name, value in pairs if value]
