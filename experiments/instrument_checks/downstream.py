"""How often does ``genesis probe A --against B`` report a difference, with none there and with one?

    python experiments/instrument_checks/downstream.py --work FOLDER    # about an hour of one core; continues

An experiment has a seed; its arms are trained on disjoint draws from the same 12,000 dialogues with the same training
seed, as the product does. Clean data stands in two arms: compared with each other, nothing is planted. Compared with
the first of them: a share of the arguments spoiled, or fewer dialogues with as many updates.
Written: ``downstream.csv`` (share of experiments in which a difference is reported, by arm and measure),
``downstream_spread.csv`` (how much runs differ here and in the product's table, and the smallest difference that is
seen) and ``downstream.png/.pdf``. Everything is about this software: the data is the offline (simulated) LM's.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "probe_sensitivity"))

import run as sensitivity  # noqa: E402  the other experiment's data; beside this file stands another run.py

from genesis.checks.noise import noisy  # noqa: E402
from genesis.dialogue import Dialogue  # noqa: E402
from genesis.downstream.pointer import probe  # noqa: E402
from genesis.downstream.pointer.score import MEASURES  # noqa: E402
from genesis.downstream.pointer.train import Settings  # noqa: E402
from genesis.downstream.probe import seen_tools  # noqa: E402
from genesis.text import stable_hash  # noqa: E402
from genesis.tools.pool import load_pool  # noqa: E402

SETTINGS = Settings(updates=100)
N, ITEMS = 1000, 400
"""As ``genesis probe A --against B --seeds 1 --n 1000 --updates 100 --items 400``."""
Plant = Callable[[list[Dialogue], int], list[Dialogue]]
"""A thousand clean dialogues and the experiment's seed -> what the arm is trained on."""


def spoiled(share: float) -> Plant:
    """Plant label noise: a share of the arguments gets another value."""
    return lambda part, seed: noisy(part, share, seed)


def fewer(share: float) -> Plant:
    """Plant a smaller set."""
    return lambda part, _seed: part[: round(share * len(part))]


ARMS: dict[str, Plant] = {
    "clean": fewer(1),
    "nothing": fewer(1),
    "noise 10 %": spoiled(0.10),
    "size 1/10": fewer(0.10),
    "noise 25 %": spoiled(0.25),
    "size 1/4": fewer(0.25),
    "noise 50 %": spoiled(0.50),
    "size 1/2": fewer(0.50),
    "size 1/40": fewer(0.025),
}
"""Arm -> what is planted; each has its own block of an experiment's dialogues. "clean" is what the others are compared
with."""
WAVES = (
    ("clean", "nothing", "noise 10 %", "size 1/10"),
    ("noise 25 %", "size 1/40"),
    ("size 1/4",),
    ("noise 50 %",),
    ("size 1/2",),
)
"""Arms in order of importance; one of which a run is missing stands in no table."""
AGAIN = 12
"""Runs on one and the same data, the first experiment's clean one: what a training seed alone changes."""


def held_out(work: Path) -> probe.HeldOut:
    """Return the scored items: none offers a tool of the pool."""
    return probe.held_out(seen_tools([], load_pool(work / "pool.jsonl")), most=ITEMS)


def part_of(dialogues: Sequence[Dialogue], arm: str, seed: int) -> list[Dialogue]:
    """Return what an arm of an experiment is trained on."""
    order = Random(stable_hash("experiment", seed)).sample(list(dialogues), len(dialogues))
    first = N * list(ARMS).index(arm)
    return ARMS[arm](order[first : first + N], seed)


def jobs(seeds: int) -> Iterator[tuple[str, int, int]]:
    """Yield (arm, experiment, training seed), the comparisons that matter most first."""
    for some in WAVES[:2]:
        yield from ((arm, seed, seed) for seed in range(seeds) for arm in some)
    yield from (("clean", 0, 1000 + number) for number in range(AGAIN))
    for some in WAVES[2:]:
        yield from ((arm, seed, seed) for seed in range(seeds) for arm in some)


def place(work: Path, arm: str, seed: int, training: int) -> Path:
    """Return where a run's outcomes are kept."""
    name = arm.replace(" %", "pc").replace("/", "of").replace(" ", "_")
    return work / "downstream" / (f"{name}-{seed}.npz" if training == seed else f"again-{training}.npz")


def work_through(work: Path, seeds: int) -> None:
    """Do every run that is not there yet."""
    left = [job for job in jobs(seeds) if not place(work, *job).exists()]
    if not left:
        return
    dialogues, held = sensitivity.data(work), held_out(work)
    gc.freeze()  # a full collection walks every dialogue
    for number, (arm, seed, training) in enumerate(left, 1):
        started = time.process_time()
        made = probe.run_arm(part_of(dialogues, arm, seed), held, SETTINGS, seeds=[training])
        (outcomes,) = made.runs
        seconds = time.process_time() - started
        file = place(work, arm, seed, training)
        whole = file.with_suffix(".part.npz")
        np.savez(whole, seconds=np.array(seconds), dialogues=np.array(made.dialogues), **outcomes)
        whole.rename(file)
        print(f"{number}/{len(left)} {arm}, {seed}: {seconds:.0f} s CPU", file=sys.stderr, flush=True)


@cache
def load(work: Path, arm: str, seeds: tuple[int, ...], training: tuple[int, ...] = ()) -> probe.Arm | None:
    """Return an arm of one run an experiment in ``seeds``; None where a run is missing."""
    files = [place(work, arm, *pair) for pair in zip(seeds, training or seeds, strict=True)]
    if not all(file.exists() for file in files):
        return None
    found = [np.load(file) for file in files]
    runs = tuple({name: one[name] for name in MEASURES} for one in found)
    seconds = float(sum(one["seconds"] for one in found))
    return probe.Arm(int(found[0]["dialogues"]), 0, runs, (), seconds, SETTINGS.updates)


def main() -> None:
    """Make what is missing, write tables and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the data and runs; may be used again")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--report", action="store_true", help="train nothing: tables and figure of the runs at hand")
    given = parser.parse_args()
    (given.work / "downstream").mkdir(parents=True, exist_ok=True)
    if not given.report:
        sensitivity.data(given.work)
        work_through(given.work, given.seeds)
    import downstream_report

    downstream_report.write(given.work, given.seeds, HERE)


if __name__ == "__main__":
    main()
