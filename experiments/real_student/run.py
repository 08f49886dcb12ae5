"""What a real language model learns from the workbench's data: SFT of SmolLM2-135M-Instruct, scored on BFCL.

    python experiments/real_student/folder.py MODEL.gguf WORK/base
    python experiments/real_student/run.py --work WORK [--workers 3] [--seconds 400] [--only clean-0,base]
    python experiments/real_student/run.py --work WORK --only short-0       # on a CPU: 60 short rows and items
    python experiments/real_student/report.py WORK

Makes 6,000 dialogues (offline (simulated) LM, N = 1, no errors) over 400 of BFCL's tools, trains every arm on them with
``genesis train sft`` (all weights), and scores it, as ``genesis train score`` does, on the python BFCL items that offer
none of the 400 tools. An arm's folder under WORK/arms keeps log, predictions and verdicts; one that is there is not
repeated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import msgspec

from genesis import formats, record, steps
from genesis import params as parameters
from genesis.benchmarks import bfcl
from genesis.benchmarks.item import Item
from genesis.checks.noise import noisy
from genesis.dialogue import Dialogue
from genesis.downstream.predict import draw
from genesis.downstream.probe import seen_tools, touches
from genesis.downstream.training.rows import sft_rows
from genesis.text import stable_hash
from genesis.tools.build import build_pool
from genesis.tools.pool import load_pool, save_pool

N = 4000
"""Dialogues of a whole arm, drawn anew for every seed."""
SCENARIOS = {
    "one call": ("simple_python", "multiple", "live_simple", "live_multiple"),
    "several calls": ("parallel", "parallel_multiple", "live_parallel", "live_parallel_multiple"),
    "no call": ("irrelevance", "live_irrelevance"),
}
MOST = 300
"""Items scored of a category."""
ARMS: dict[str, tuple[int, float]] = {
    "base": (0, 0.0),
    "clean": (N, 0.0),
    "spoiled": (N, 0.25),
    "quarter": (N // 4, 0.0),
    "short": (60, 0.0),
}
"""Arm -> (dialogues, share of arguments spoiled)."""
JOBS = ("base-0", "clean-0", "spoiled-0", "quarter-0", "clean-1", "spoiled-1", "quarter-1")
"""Arm and seed, in order of importance."""
TRAIN = {"method": "full", "learning_rate": 3e-4, "epochs": 1, "batch": 16, "micro_batch": 8, "save_steps": 100_000}
SHORT = {"learning_rate": 5e-4, "batch": 4, "micro_batch": 4}
"""What the arm for a CPU has otherwise."""
MAX_COMPLETION, BATCH = 256, 128
LETTERS = 1000
"""Most characters of a row (messages and tools as JSON) or prompt in the arm for a CPU."""


def data(work: Path) -> list[Dialogue]:
    """Return the 6,000 dialogues, made first where they are not there."""
    pool, run = work / "pool.jsonl", record.Run(work / "run")
    if not pool.exists():
        save_pool(build_pool(["bfcl"], 400, 0)[0], pool)
    file = run.path / "dialogues.parquet"
    if not file.exists():
        run.path.mkdir(parents=True, exist_ok=True)
        run.write_json("run.json", {})
        errors = dict.fromkeys(parameters.to_dict(parameters.Params())["offline"], 0.0)
        wanted = {"seed": 11, "pool": {"path": str(pool)}, "dialogues_per_tool": 15, "n": 1, "offline": errors}
        asyncio.run(steps.generate(run, parameters.from_dict({**wanted, "checker": {"confidence": "off"}})))
    return formats.dialogues(file)


def held_out(work: Path, dialogues: list[Dialogue]) -> list[Item]:
    """Return the scored items: no tool of the pool, by name or by definition, and no request word for word."""
    seen = seen_tools([], load_pool(work / "pool.jsonl"))
    said = {message.content.strip() for one in dialogues for message in one.messages if message.role == "user"}
    found: list[Item] = []
    for name, categories in SCENARIOS.items():
        every = [item for category in categories for item in bfcl.items(category)]
        unseen = [item for item in every if not any(touches(function, seen) for function in item.functions)]
        left = [item for item in unseen if not any(str(one["content"]).strip() in said for one in item.messages)]
        print(f"{name}: {len(every)} items, {len(unseen)} without a seen tool, {len(left)} without a seen request")
        for category in categories:
            found += draw([item for item in left if item.category == category], MOST, 0)
    return found


def part(dialogues: list[Dialogue], arm: str, seed: int) -> list[Dialogue]:
    """Return an arm's dialogues; of one seed, every arm draws from the same order."""
    size, share = ARMS[arm]
    drawn = Random(stable_hash("part", seed)).sample(dialogues, len(dialogues))
    if arm == "short":
        drawn = [one for one in drawn if len(msgspec.json.encode(sft_rows([one])[0])) <= LETTERS]
    return noisy(drawn[:size], share, seed=5) if share else drawn[:size]


def short(items: list[Item]) -> list[Item]:
    """Return 10 short items of each category that has so many."""
    found = [one for one in items if len(msgspec.json.encode([one.messages, one.functions])) <= LETTERS]
    by_category = [[one for one in found if one.category == name] for part in SCENARIOS.values() for name in part]
    return [one for part in by_category if len(part) >= 10 for one in part[:10]]


def do(work: Path, job: str) -> None:
    """Train (but for the base) and score one arm."""
    from genesis.downstream.interface import score_student
    from genesis.downstream.training.local import LocalStudent

    arm, seed = job.split("-")
    place, dialogues = work / "arms" / job, data(work)
    started = time.monotonic()
    model = work / "base" if arm == "base" else trained(work, job, part(dialogues, arm, int(seed)))
    done = time.monotonic()
    items, most, batch = held_out(work, dialogues), MAX_COMPLETION, BATCH
    if arm == "short":
        items, most, batch = short(items), 96, 10
    student = LocalStudent.load(str(model), max_completion=most, batch=batch)
    score_student(student, "bfcl", items, out=place / "score")
    seconds = {"train_seconds": round(done - started, 1), "score_seconds": round(time.monotonic() - done, 1)}
    (place / "seconds.json").write_text(json.dumps(seconds))


def trained(work: Path, job: str, dialogues: list[Dialogue]) -> Path:
    """Train a job's model, where it is not there, and return its folder."""
    from genesis.downstream.training.sft import sft

    file = work / f"{job}.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(one.to_row()) + b"\n" for one in dialogues))
    settings = {"model": str(work / "base"), "data": str(file), **TRAIN, **(SHORT if job.startswith("short") else {})}
    sft(parameters.from_dict({"seed": int(job.split("-")[1]), "train": settings}), work / "arms" / job)
    return work / "arms" / job / "model"


def work_through(work: Path, jobs: list[str], workers: int, seconds: float) -> None:
    """Do the jobs, so many at once, each in a process; none is begun after ``seconds``."""
    data(work)
    end = time.monotonic() + seconds
    running: dict[str, subprocess.Popen[bytes]] = {}
    left = [job for job in jobs if not (work / "arms" / job / "seconds.json").exists()]
    try:
        while running or (left and time.monotonic() < end):
            while left and len(running) < workers and time.monotonic() < end:
                job = left.pop(0)
                command = [sys.executable, __file__, "--work", str(work), "--job", job]
                with (work / f"{job}.log").open("wb") as log:
                    running[job] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            for job, process in list(running.items()):
                if process.poll() is not None:
                    print(f"{job}: ended with {process.returncode}, {end - time.monotonic():.0f} s left", flush=True)
                    del running[job]
            time.sleep(0.5)
    finally:
        for process in running.values():
            process.kill()
    if left:
        print(f"no time for {', '.join(left)}")


def main() -> None:
    """Do one job, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder of the base model (base/), data and arms")
    parser.add_argument("--workers", type=int, default=1, help="arms at once on the device")
    parser.add_argument("--seconds", type=float, default=86400.0, help="begin no arm after so many seconds")
    parser.add_argument("--only", default="", help="jobs, separated by commas")
    parser.add_argument("--job", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        do(given.work, given.job)
    else:
        only = [job for job in given.only.split(",") if job]
        work_through(given.work, only or list(JOBS), given.workers, given.seconds)


if __name__ == "__main__":
    main()
