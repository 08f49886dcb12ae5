"""The data sets of the instrument checks: small runs of the real pipeline on the offline (simulated) LM.

A set is 150 planned dialogues (50 tools, three each) at N = 1. ``PLANTS`` says what is planted in the second arm of a
check, ``WATCHED`` which measure should see it: near-repeats in the finished set (memory), call defects while the
dialogues are made (judge), spoiled arguments in the finished set, which the rules then screen (evaluation).
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from genesis import lm, pipeline, record
from genesis.checks import rules
from genesis.checks.noise import noisy
from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.metrics.columns import from_dialogues
from genesis.metrics.compare import Side
from genesis.params import OfflineParams, from_dict
from genesis.text import stable_hash
from genesis.tools.build import build_pool
from genesis.tools.pool import ToolPool

TOOLS, ROUNDS = 50, 3
QUIET = {part.name: 0.0 for part in fields(OfflineParams)}
CALL_DEFECTS = ("wrong_type", "missing_param", "unknown_tool")
PLANTS: dict[str, tuple[float, ...]] = {
    "memory": (0.03, 0.06, 0.1, 0.2),
    "judge": (0.02, 0.05, 0.1, 0.15),
    "evaluation": (0.01, 0.02, 0.05, 0.15),
}
"""What is planted in the second arm, from a small to a large effect: share of near-repeats in the set; probability of
each call defect; share of the arguments that are spoiled."""
PLANTED = {
    "memory": "near-repeats in the set",
    "judge": "each call defect",
    "evaluation": "spoiled arguments",
}
WATCHED = {"memory": "duplicates_near", "judge": "acceptance", "evaluation": "acceptance"}


@cache
def pool() -> ToolPool:
    """Return the tools of every set."""
    return build_pool(["bfcl"], TOOLS, 0)[0]


def make(work: Path, knobs: dict[str, float], seed: int, tools: ToolPool) -> Path:
    """Make a set, or take the one that is there; return its folder with dialogues.jsonl and rejected.jsonl."""
    name = "-".join([*(f"{knob}_{share}" for knob, share in knobs.items() if share), f"seed_{seed}"])
    if (work / name).is_dir():
        return work / name
    params = from_dict(
        {
            "memory": False,
            "dialogues_per_tool": ROUNDS,
            "seed": seed,
            "n": 1,
            "offline": {**QUIET, **knobs},
            "checker": {"confidence": "off"},
        }
    )
    with tempfile.TemporaryDirectory(dir=work) as place:
        run = record.create(params, place)

        async def through() -> None:
            async with lm.open(params, run.journal_path) as caller:
                await pipeline.generate(tools, params, run, caller)

        asyncio.run(through())
        kept = Path(place) / "kept"
        kept.mkdir()
        for part in ("dialogues", "rejected"):
            file = run.path / f"{part}.jsonl"
            if file.exists():
                shutil.move(file, kept)
        kept.rename(work / name)
    return work / name


def side(check: str, share: float, work: Path, seed: int, tools: ToolPool, first: int | None = None) -> Side:
    """Return the arm of a check with ``share`` planted, as ``genesis compare`` sees it.

    A set that is not there is made first. ``first``: only so many of the planned dialogues, the same in both arms of
    a pair of seeds (2k, 2k + 1).
    """
    folder = make(work, dict.fromkeys(CALL_DEFECTS, share) if check == "judge" else {}, seed, tools)
    accepted, rejected = (_rows(folder / f"{part}.jsonl") for part in ("dialogues", "rejected"))
    if first is not None:
        ids = sorted(row.id for row in (*accepted, *rejected))
        drawn = set(sorted(ids, key=lambda name: stable_hash("draw", seed // 2, name))[:first])
        accepted, rejected = ([row for row in rows if row.id in drawn] for rows in (accepted, rejected))
    if check == "memory":
        accepted = near_repeats(accepted, share, seed)
    if check == "evaluation":
        accepted, failed = screened(noisy(accepted, share, seed))
        rejected = [*rejected, *failed]
    return Side(from_dialogues(accepted), from_dialogues(rejected))


def screened(dialogues: Sequence[Dialogue]) -> tuple[list[Dialogue], list[Dialogue]]:
    """Return the dialogues that pass the rules, and those that fail."""
    parts: tuple[list[Dialogue], list[Dialogue]] = ([], [])
    for dialogue in dialogues:
        parts[any(verdict.outcome == "fail" for verdict in rules.check(dialogue))].append(dialogue)
    return parts


def near_repeats(dialogues: Sequence[Dialogue], share: float, seed: int) -> list[Dialogue]:
    """Return the dialogues, a share of them replaced by copies of others whose request has one word more."""
    rng = Random(stable_hash("repeats", seed))
    rows = list(dialogues)
    order = rng.sample(range(len(rows)), len(rows))
    count = round(share * len(rows))
    for place, source in zip(order[:count], order[count:], strict=False):
        copied = rows[source]
        messages = tuple(
            replace(message, content=f"{message.content} Thanks") if message.role == "user" else message
            for message in copied.messages
        )
        rows[place] = replace(copied, id=rows[place].id, messages=messages)
    return rows


def _rows(file: Path) -> list[Dialogue]:
    if not file.exists():
        return []
    lines: list[dict[str, Any]] = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    return [dialogue_from_row(line) for line in lines]
