"""How small a difference in training data the pointer probe sees: dose and response on the offline generator's data.

    python experiments/probe_sensitivity/run.py --work DIR [--workers 2] [--only 'clean,noise 10 %'] [--report]

Makes two runs of 6,000 dialogues (N = 1, no errors) over 400 tools, trains every arm on them, scores on the BFCL items
that offer none of the 400, keeps each run under DIR (a run that is there is not repeated), and writes runs.csv,
table.csv, detectable.csv and response.png/.pdf beside this file. All data is from the offline (simulated) LM: it
shows what the instrument sees, not what a model learns.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from random import Random

import numpy as np

from genesis import formats, record, steps
from genesis import params as parameters
from genesis.checks.noise import noisy
from genesis.dialogue import Dialogue
from genesis.downstream.pointer import probe
from genesis.downstream.pointer.score import MEASURES
from genesis.downstream.pointer.train import Settings
from genesis.downstream.probe import draw, seen_tools
from genesis.text import stable_hash
from genesis.tools.build import build_pool
from genesis.tools.pool import load_pool, save_pool

HERE = Path(__file__).parent
SETTINGS = Settings()
N = 3000
"""Dialogues a run, drawn from the 12,000 anew for every seed."""
NO_CALLS = 300
"""Irrelevance items scored; of the others, all."""
Change = Callable[[list[Dialogue], int], list[Dialogue]]
"""What an arm does to the data: all dialogues, in a run's order, and the run's seed -> those it draws from."""


def patterns(dialogue: Dialogue) -> list[tuple[str, ...]]:
    """Return tool and parameters of each call."""
    return [(c.name, *sorted(c.arguments)) for message in dialogue.messages for c in message.tool_calls]


def clean(dialogues: list[Dialogue], _seed: int) -> list[Dialogue]:
    """Change nothing."""
    return dialogues


def half(seed: int, *what: object) -> bool:
    """Return whether something belongs to the half of a run; every seed has another half (another bit of a hash)."""
    return (stable_hash(*what) >> seed) % 2 == 0


def half_patterns(dialogues: list[Dialogue], seed: int) -> list[Dialogue]:
    """Use only dialogues whose calls all have slot patterns of one half."""

    def kept(pattern: tuple[str, ...]) -> bool:
        return half(seed, "half", *pattern)

    return same_mix(dialogues, [one for one in dialogues if all(map(kept, patterns(one)))])


def half_types(dialogues: list[Dialogue], seed: int) -> list[Dialogue]:
    """Use only dialogues whose semantic type belongs to one half."""
    return same_mix(dialogues, [one for one in dialogues if half(seed, "type", one.provenance.get("semantic_type"))])


def same_mix(dialogues: list[Dialogue], kept: list[Dialogue]) -> list[Dialogue]:
    """Put, in each dialogue's place, the next kept one of its kind, so that the mix stays (again from the first where
    none is left): a dialogue with many calls is kept less often than one without."""
    found: dict[tuple[str, str], list[Dialogue]] = {}
    for one in kept:
        found.setdefault(label(one), []).append(one)
    rows = {name: cycle(part) for name, part in found.items()}
    return [next(rows[label(one)]) for one in dialogues]


def label(dialogue: Dialogue) -> tuple[str, str]:
    """Return kind and special label of a dialogue's scenario."""
    return (dialogue.scenario.kind, dialogue.scenario.special) if dialogue.scenario else ("", "")


def few_templates(dialogues: list[Dialogue], _seed: int) -> list[Dialogue]:
    """Keep one of the seven personas: the others' openings, fillers and answers are gone."""
    return [one for one in dialogues if one.scenario and one.scenario.persona == "expert"]


def without(*labels: str) -> Change:
    """Return a change that leaves scenarios out: label of the mix, or a kind of call."""

    def change(dialogues: list[Dialogue], _seed: int) -> list[Dialogue]:
        return [
            d for d in dialogues if d.scenario and d.scenario.kind not in labels and d.scenario.special not in labels
        ]

    return change


def spoiled(share: float) -> Change:
    """Return a change that spoils a share of the arguments."""
    return lambda dialogues, _seed: noisy(dialogues, share, seed=5)


ARMS: dict[str, tuple[Change, int, Sequence[int]]] = {
    "clean": (clean, N, range(6)),
    "noise 10 %": (spoiled(0.10), N, range(3)),
    "half the slot patterns": (half_patterns, N, range(3)),
    "half the semantic types": (half_types, N, range(3)),
    "no irrelevance": (without("irrelevance"), N, range(1)),
    "no parallel": (without("parallel", "parallel_multiple"), N, range(1)),
    "noise 25 %": (spoiled(0.25), N, range(2)),
    "noise 100 %": (spoiled(1.0), N, range(1)),
    "size 250": (clean, 250, range(1)),
    "size 1200": (clean, 1200, range(2)),
    "one persona": (few_templates, 1200, range(2)),
    "noise 5 %": (spoiled(0.05), N, range(3)),
    "noise 50 %": (spoiled(0.50), N, range(1)),
    "size 750": (clean, 750, range(1)),
    "size 6000": (clean, 6000, range(1)),
}
"""Arm -> (what is done to the data, dialogues a run, seeds); in order of importance."""
BASE = {"one persona": "size 1200"}
"""Arm -> the arm of equal size that it is compared with; clean where none stands here."""


def data(work: Path) -> list[Dialogue]:
    """Return the 12,000 dialogues, made first where they are not there."""
    pool = work / "pool.jsonl"
    if not pool.exists():
        save_pool(build_pool(["bfcl"], 400, 0)[0], pool)
    found: list[Dialogue] = []
    for seed in (11, 12):
        run = record.Run(work / f"run{seed}")
        file = run.path / "dialogues.jsonl"
        if not file.exists():
            run.path.mkdir(parents=True, exist_ok=True)
            run.write_json("run.json", {})
            asyncio.run(steps.generate(run, made_with(seed, pool)))
        found += formats.dialogues(file)
    return found


def made_with(seed: int, pool: Path) -> parameters.Params:
    """Return the parameters of one of the two runs."""
    errors = dict.fromkeys(parameters.to_dict(parameters.Params())["offline"], 0.0)
    wanted = {"seed": seed, "pool": {"path": str(pool)}, "dialogues_per_tool": 15, "n": 1, "offline": errors}
    return parameters.from_dict({**wanted, "checker": {"confidence": "off"}})


def held_out(work: Path) -> probe.HeldOut:
    """Return the scored items."""
    every = probe.items()
    calls = [item for item in every if "irrelevance" not in item.category]
    pool = load_pool(work / "pool.jsonl")
    seen = seen_tools([], pool)
    others = probe.held_out(seen, found=every).scored
    none = draw([one.item for one in others if "irrelevance" in one.item.category], NO_CALLS, 0)
    return probe.held_out(seen, found=[*calls, *none])


def work_through(work: Path, share: int, of: int, only: Sequence[str]) -> None:
    """Do every ``of``-th run that is not there yet."""
    jobs = [(arm, seed) for arm in ARMS if not only or arm in only for seed in ARMS[arm][2]]
    left = [job for job in jobs if not place(work, *job).exists()][share::of]
    if not left:
        return
    dialogues, held = data(work), held_out(work)
    for arm, seed in left:
        change, n, _ = ARMS[arm]
        started = time.process_time()
        part = change(Random(stable_hash("part", seed)).sample(dialogues, len(dialogues)), seed)[:n]
        if len(part) < n:
            raise SystemExit(f"{arm}: only {len(part)} dialogues are left of {n}")
        made = probe.run_arm(part, held, SETTINGS, seeds=[seed])
        (outcomes,) = made.runs
        seconds = np.array(time.process_time() - started)
        np.savez(place(work, arm, seed), seconds=seconds, examples=np.array(made.examples), **outcomes)
        print(f"{arm}, run {seed}: {seconds:.0f} s CPU", file=sys.stderr, flush=True)


def place(work: Path, arm: str, seed: int) -> Path:
    """Return where a run's outcomes are kept."""
    return work / "arms" / f"{arm.replace(' ', '_').replace('%', 'pc')}-{seed}.npz"


def load(work: Path, arm: str, seeds: Sequence[int]) -> probe.Arm | None:
    """Return the runs of an arm that are there; None where there is none."""
    files = [place(work, arm, seed) for seed in seeds if place(work, arm, seed).exists()]
    found = [np.load(file) for file in files]
    runs = tuple({name: one[name] for name in MEASURES} for one in found)
    examples = int(np.mean([one["examples"] for one in found])) if found else 0
    seconds = float(np.mean([one["seconds"] for one in found])) if found else 0.0
    return probe.Arm(ARMS[arm][1], examples, runs, (), seconds) if runs else None


def main() -> None:
    """Run, or be one of the workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs (about 200 MB)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", default="", help="arms, separated by commas")
    parser.add_argument("--report", action="store_true", help="train nothing: tables and figure of the runs at hand")
    parser.add_argument("--share", type=int, default=-1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    only = [arm for arm in given.only.split(",") if arm]
    (given.work / "arms").mkdir(parents=True, exist_ok=True)
    if given.share >= 0:
        work_through(given.work, given.share, given.workers, only)
        return
    if not given.report:
        train(given)
    import report

    report.write(given.work, HERE)


def train(given: argparse.Namespace) -> None:
    """Do all runs that are not there yet, in ``given.workers`` processes."""
    data(given.work)
    command = [
        sys.executable,
        __file__,
        "--work",
        str(given.work),
        "--workers",
        str(given.workers),
        "--only",
        given.only,
    ]
    workers = [subprocess.Popen([*command, "--share", str(share)]) for share in range(given.workers)]
    codes = [worker.wait() for worker in workers]
    if any(codes):
        raise SystemExit("a worker failed")


if __name__ == "__main__":
    main()
