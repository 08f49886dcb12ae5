"""Evidence for multi-agent generation on the offline (simulated) LM: what the instrument does, not what a model does.

    .venv/bin/python experiments/generation_evidence/measure.py            # all parts, about 15 minutes on 2 cores
    .venv/bin/python experiments/generation_evidence/measure.py scale defects --tools 200 --rounds 2

Parts: ``scale`` (N = 1, error knobs at 0: mix, acceptance, cost of every scenario, time, memory), ``candidates``
(N = 4, default knobs: the same), ``defects`` (each kind of planted defect alone: how many were planted, dropped, and
survived), ``same`` (1 and 64 in flight give the same bytes), ``memory`` (prompt tokens over a tool's dialogues).
Each part runs in a process of its own and is written to ``results.json`` beside this file.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import trace_defects as trace

from genesis.params import OfflineParams
from genesis.scenario import labels

HERE = Path(__file__).parent
QUIET = dict.fromkeys(OfflineParams.__dataclass_fields__, 0.0)
"""Every error knob at 0."""
CHECKER = {name: getattr(OfflineParams(), name) for name in ("checker_miss", "checker_alarm")}
KINDS = [name for name in OfflineParams.__dataclass_fields__ if name not in {*CHECKER, "repeat"}]
SPOILED = ("Sure! Here is what you asked for.", "I think the best way to do this is as follows:")
PARTS = ("scale", "candidates", "defects", "same", "memory")


def main() -> None:
    """Run the parts asked for, each in its own process, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="part", help=", ".join(PARTS))
    parser.add_argument("--tools", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        print(json.dumps(globals()[arguments.parts[0]](arguments.tools, arguments.rounds)))
        return
    file = HERE / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for part in arguments.parts:
        command = [sys.executable, __file__, part, "--inside"]
        command += ["--tools", str(arguments.tools), "--rounds", str(arguments.rounds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        results[part] = {"lm": "offline (simulated) LM", **json.loads(done.stdout)}
        file.write_text(json.dumps(results, indent=2) + "\n")
        show(part, results[part])


def pool_of(tools: int) -> Any:
    """Return the pool: that many real tools of the four core BFCL categories and irrelevance, curated."""
    from genesis.tools.build import build_pool

    return build_pool(["bfcl"], tools, 0)[0]


def generate(pool: Any, folder: str, **data: Any) -> tuple[Any, Any, Any]:
    """Run the real pipeline; return the run, its counts, and the caller's usage."""
    from genesis import lm, pipeline, record
    from genesis.params import from_dict

    params = from_dict({"mix": dict.fromkeys(labels(), 1), **data})
    run = record.create(params, folder)

    async def work() -> tuple[Any, Any]:
        async with lm.open(params, run.journal_path) as caller:
            return await pipeline.generate(pool, params, run, caller), caller.usage

    return run, *asyncio.run(work())


def scale(tools: int, rounds: int) -> dict[str, Any]:
    """N = 1, error knobs at 0."""
    return _large(tools, rounds, n=1, offline=QUIET)


def candidates(tools: int, rounds: int) -> dict[str, Any]:
    """N = 4, the default error knobs."""
    return _large(tools, rounds, n=4)


def _large(tools: int, rounds: int, **data: Any) -> dict[str, Any]:
    from genesis.params import from_dict
    from genesis.planner import largest_remainder

    pool = pool_of(tools)
    with tempfile.TemporaryDirectory() as folder:
        before, cpu = time.monotonic(), time.process_time()
        run, counts, usage = generate(pool, folder, dialogues_per_tool=rounds, **data)
        seconds, cpu = time.monotonic() - before, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        planned: Counter[str] = Counter()
        table: dict[str, Counter[str]] = defaultdict(Counter)
        reasons: Counter[str] = Counter()
        for name in ("dialogues", "rejected"):
            for row in run.rows(name):
                label = _label(row["scenario"])
                planned[label] += 1
                made = row["provenance"]
                cells = table[label]
                cells["accepted"] += name == "dialogues"
                cells["calls"] += sum(made["calls"].values())
                cells["tokens"] += sum(sum(parts.values()) for parts in made["tokens"].values())
                cells["made"] += made["candidates"]["made"]
                cells["dropped"] += made["candidates"]["dropped"]
                if name == "rejected":
                    reasons[made["reason"]] += 1
        size = sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file())
    wanted = largest_remainder(from_dict({"mix": dict.fromkeys(labels(), 1)}).mix, counts.planned)
    return {
        "tools": len(pool.tools),
        "rounds": rounds,
        "counts": counts.to_dict(),
        "mix_exact": dict(planned) == wanted,
        "acceptance": counts.accepted / counts.planned,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": round(peak),
        "disk_mb": round(size / 1e6),
        "calls": sum(row.calls for row in usage.values()),
        "completions": sum(row.completions for row in usage.values()),
        "scenarios": {
            label: {
                "planned": planned[label],
                "accepted": cells["accepted"],
                "calls_per_accepted": round(cells["calls"] / cells["accepted"], 1),
                "tokens_per_accepted": round(cells["tokens"] / cells["accepted"]),
                "candidates_dropped": round(cells["dropped"] / cells["made"], 4),
            }
            for label in labels()
            if (cells := table[label])["accepted"]
        },
        "rejected_for": dict(reasons.most_common(12)),
    }


def defects(tools: int, rounds: int) -> dict[str, Any]:
    """Each kind of planted defect alone, at a rate of 0.2, N = 4, then the model checker at its default knobs."""
    results = {kind: _defects(pool_of(min(tools, 200)), kind) for kind in KINDS}
    return {"rate": 0.2, "n": 4, "tools": min(tools, 200), "checker": CHECKER, "kinds": results}


def _defects(pool: Any, kind: str) -> dict[str, Any]:
    """Plant one kind; follow every planted reply to the stage that ended it (see trace_defects.py)."""
    from genesis.params import from_dict

    offline = {**QUIET, **CHECKER, kind: 0.2}
    with tempfile.TemporaryDirectory() as folder, trace.traced(kind) as found:
        run, counts, _ = generate(pool, folder, n=4, offline=offline)
        rows, rejected = list(run.rows("dialogues")), list(run.rows("rejected"))
    stood = {said: row["id"] for row in rows for said in trace.said_in(row)}
    fates = [found.fate(*planted, stood.keys()) for planted in found.planted]
    failed = _checked(rows, from_dict({"offline": {**QUIET, **CHECKER}}))
    survivors = {stood[said] for said in found.planted if said in stood}
    stages = Counter(stage for stage, _ in fates if stage != "survived")
    caught = sum(said in stood and stood[said] in failed for said in found.planted)
    flagged = {row["id"] for row in rows if any(one["outcome"] == "flag" for one in row["verdicts"])}
    return {
        "planted": len(found.planted),
        "ended_by": {**dict(stages), "checker": caught},
        "survived_rules": len(found.planted) - sum(stages.values()),
        "of_these_flagged": sum(said in stood and stood[said] in flagged for said in found.planted),
        "survived_all": len(found.planted) - sum(stages.values()) - caught,
        "survivors": sorted(survivors - failed),
        "reasons": dict(Counter(f"{stage}: {reason}" for stage, reason in fates if reason).most_common(5)),
        "spoiled_replies": found.spoiled,
        "fresh_samples_spoiled_too": found.again,
        "replies_mended": found.mended,
        "unusable_replies": dict(found.ended),
        "spoiled_text_accepted": sum(any(text in str(row) for text in SPOILED) for row in rows),
        "accepted": counts.accepted,
        "planned": counts.planned,
        "rejected_for": dict(Counter(row["provenance"]["reason"][:60] for row in rejected).most_common(3)),
        "clean_dialogues_failed_by_checker": len(failed - survivors),
    }


def _checked(rows: list[dict[str, Any]], params: Any) -> set[str]:
    """Return the ids of accepted dialogues that the model checker does not pass."""
    from genesis import lm
    from genesis.dialogue import dialogue_from_row
    from genesis.review import model

    async def work() -> Any:
        async with lm.open(params) as caller:
            return (await model.judge_all([dialogue_from_row(row) for row in rows], params, caller))[0]

    return {
        judged.id
        for judged in asyncio.run(work())
        if any(verdict.outcome != "pass" for verdict in model.verdicts(judged, params.checker))
    }


def same(tools: int, rounds: int) -> dict[str, Any]:
    """The same parameters with 1 and with 64 in flight: hashes of the rows."""
    pool = pool_of(min(tools, 200))
    hashes = {}
    for concurrency in (1, 64):
        with tempfile.TemporaryDirectory() as folder:
            run, _, _ = generate(pool, folder, dialogues_per_tool=min(rounds, 3), concurrency=concurrency)
            text = b"".join((run.path / f"{name}.jsonl").read_bytes() for name in ("dialogues",))
            hashes[str(concurrency)] = hashlib.sha256(text).hexdigest()
    return {"tools": len(pool.tools), "sha256": hashes, "identical": len(set(hashes.values())) == 1}


def memory(tools: int, rounds: int) -> dict[str, Any]:
    """Prompt tokens of the Memory Agent and of the User Agent over 200 dialogues of each of 3 tools."""
    from genesis.tools.pool import ToolPool

    pool = ToolPool(tuple(pool_of(60).tools[:3]))
    with tempfile.TemporaryDirectory() as folder:
        run, counts, _ = generate(
            pool, folder, n=1, dialogues_per_tool=200, offline=QUIET, mix={"single/single/simple": 1}
        )
        sizes: dict[int, list[int]] = defaultdict(list)
        types: dict[str, set[str]] = defaultdict(set)
        for name in ("dialogues", "rejected"):
            for row in run.rows(name):
                made = row["provenance"]
                sizes[made["round"]].append(made["tokens"]["memory"]["prompt"])
                types[made["tool"]].add(made["semantic_type"])
    means = {number: sum(values) / len(values) for number, values in sizes.items()}
    return {
        "memory_prompt_tokens": {str(number): round(means[number], 1) for number in (1, 2, 5, 20, 50, 100, 200)},
        "growth_5_to_200": round(means[200] / means[5] - 1, 4),
        "semantic_types_by_tool": {name: len(found) for name, found in types.items()},
        "counts": counts.to_dict(),
    }


def _label(scenario: dict[str, Any]) -> str:
    from genesis.scenario import Scenario

    names = ("kind", "turns", "tasks", "special", "chained")
    return Scenario(**{name: scenario[name] for name in names}).label


def show(part: str, result: dict[str, Any]) -> None:
    """Print one part's result, its scenarios as a table."""
    print(f"## {part}")
    for name, value in result.items():
        if name == "scenarios":
            print(f"{'scenario':34}{'planned':>9}{'accepted':>10}{'calls':>8}{'tokens':>8}{'dropped':>9}")
            for label, row in value.items():
                print(
                    f"{label:34}{row['planned']:9}{row['accepted']:10}{row['calls_per_accepted']:8}"
                    f"{row['tokens_per_accepted']:8}{row['candidates_dropped']:9.2%}"
                )
        elif isinstance(value, dict):
            print(f"{name}:")
            for key, entry in value.items():
                print(f"  {key}: {entry}")
        else:
            print(f"{name}: {value}")
    print(flush=True)


if __name__ == "__main__":
    main()
