"""What each notebook of the main path does, as one call on a run's folder: read what came before, work, write.

``tool_pool`` -> ``generate`` -> ``check`` -> ``measure`` -> ``teach``; then ``genesis.report.build`` makes the page.
Each can be called again: it replaces what it wrote.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from genesis import record
from genesis.agents.crew import crew_of
from genesis.checks import rules
from genesis.dialogue import COLUMNS, Dialogue, dialogue_from_row
from genesis.errors import ParamsError
from genesis.lm.usage import Usage, to_json, total
from genesis.params import Params
from genesis.record import Run
from genesis.store import write_parquet
from genesis.text import stable_hash
from genesis.tools.build import PoolReport, build_pool
from genesis.tools.pool import ToolPool, load_pool, save_pool

if TYPE_CHECKING:
    from genesis.pipeline import Counts

DETERMINISTIC = ("calls", "completions", "prompt_tokens", "completion_tokens")
"""What usage says that does not depend on interruptions, retries and waits."""
PLANTED = 30
"""Dialogues a kind of defect is planted in, for a run's own mutation table."""
PLANTED_IN = 200
"""First rows of an audited file that defects are planted in, for its mutation table."""
SHOWN = 10
"""Dialogues of an audited file that its page shows."""
LOOKED_AT = 1000
"""Rows of an audited file that are looked at for a mark that they are simulated."""


def tool_pool(run: Run, params: Params, *, allow_exec: bool = False) -> tuple[ToolPool, PoolReport | None]:
    """Build the pool the parameters ask for, or take the ready one (its report is None); write pool.jsonl.

    Raises PoolError.
    """
    wanted = params.pool
    if wanted.path:
        pool, report = load_pool(wanted.path), None
    else:
        pool, report = build_pool(
            wanted.sources,
            wanted.size,
            params.seed,
            fill=tuple(wanted.fill),
            decisions=wanted.decisions or None,
            allow_exec=allow_exec,
        )
    save_pool(pool, run.file("pool.jsonl"))
    run.update(pool={"tools": len(pool.tools), "hash": pool.hash})
    return pool, report


def pool_of(run: Run, params: Params) -> ToolPool:
    """Return the run's pool, built first where the run has none yet."""
    if not (run.path / "pool.jsonl").exists():
        return tool_pool(run, params)[0]
    return load_pool(run.path / "pool.jsonl")


async def generate(run: Run, params: Params, *, progress: Any = None, scheduler: str = "") -> dict[str, int]:
    """Generate what is still missing of the plan; write dialogues.jsonl, rejected.jsonl, and counts into run.json.

    ``scheduler``: make them on the workers of a Dask cluster (``tcp://HOST:PORT`` or ``local:K``).
    Returns planned, accepted, rejected and errored. Raises PlanError (empty plan), LMError and its kinds.
    """
    from genesis import lm, pipeline
    from genesis.lm import live

    pool = pool_of(run, params)
    for name in ("dialogues", "rejected"):
        run.mend(name)
    if scheduler:
        return await _generate_on(scheduler, pool, run, params, progress)
    async with lm.open(params, run.journal_path) as caller:
        run.update(simulated=caller.simulated)
        tell = progress and (lambda counts, dialogue: progress(counts, dialogue, live.status(caller)))
        try:
            made = await pipeline.generate(pool, params, run, caller, agents=crew_of(run, params), progress=tell)
        finally:
            _account(run, caller.usage, live.status(caller)["usd"], caller.notices)
    return _generated(run, made)


async def _generate_on(scheduler: str, pool: ToolPool, run: Run, params: Params, progress: Any) -> dict[str, int]:
    from genesis import cluster, pipeline
    from genesis.shards import Shards

    with cluster.connect(scheduler) as client:
        maker = Shards(run, params, client)
        tell = progress and (lambda counts, dialogue: progress(counts, dialogue, maker.status()))
        try:
            await maker.check()
            agents = crew_of(run, params)
            made = await pipeline.generate(pool, params, run, None, agents=agents, progress=tell, maker=maker)
        finally:
            await maker.close()
            _account(run, maker.usage, maker.status()["usd"], maker.notices)
    return _generated(run, made)


def _account(run: Run, usage: dict[str, Usage], usd: float | None, notices: list[str]) -> None:
    """Write into run.json what the run has used."""
    spent = total(usage)
    tokens = {"prompt": spent.prompt_tokens, "completion": spent.completion_tokens}
    run.update(calls=spent.calls, tokens=tokens, usd=usd, usage=to_json(usage), notices=notices)


def account(run: Run) -> None:
    """Write into run.json what the run's journal says it has used, for a run that was stopped before it could.

    Attempts that nothing in the journal tells of are not counted. Raises RecordError, LMConfigError.
    """
    from genesis.lm import live
    from genesis.lm.caller import Caller
    from genesis.lm.lanes import open_lanes
    from genesis.lm.rows import scan, shards

    caller = Caller(open_lanes(run.params))
    caller.count(body for shard in shards(run.journal_path) for _, body in scan(shard))
    _account(run, caller.usage, live.status(caller)["usd"], caller.notices)


def _generated(run: Run, made: Counts) -> dict[str, int]:
    counts = made.to_dict()
    run.update(counts=counts)
    _compact(run)
    return counts


def check(run: Run, params: Params) -> dict[str, Any]:
    """Check every dialogue anew by the rules; an accepted one that fails is moved to the rejected ones.

    Without ``evaluation`` none is moved, and the dialogues carry no verdicts; what the rules find is still written.

    Writes verdicts.jsonl and the Parquet files, and brings the counts in run.json up to date. Returns the number of
    failures and flags by rule, and how many dialogues moved.
    """
    off = frozenset(params.rules_off)
    accepted, rejected = list(dialogues(run)), list(dialogues(run, "rejected"))
    checked = [replace(dialogue, verdicts=rules.check(dialogue, off=off)) for dialogue in accepted]
    kept = [dialogue for dialogue in checked if not dialogue.failed] if params.evaluation else accepted
    moved = [dialogue for dialogue in checked if dialogue.failed] if params.evaluation else []
    run.replace_rows("dialogues", [dialogue.to_row() for dialogue in kept])
    run.replace_rows("rejected", [dialogue.to_row() for dialogue in [*rejected, *moved]])
    run.replace_rows("verdicts", [_verdict_row(dialogue) for dialogue in [*checked, *rejected]])
    counts = run.read_json("run.json").get("counts")
    if counts:
        run.update(counts={**counts, "accepted": len(kept), "rejected": len(rejected) + len(moved)})
    _compact(run)
    found: dict[str, Any] = {"checked": len(checked), "moved_to_rejected": len(moved), "failed": {}, "flagged": {}}
    for dialogue in [*checked, *rejected]:
        for verdict in dialogue.verdicts:
            if verdict.outcome != "pass":
                group = found["failed" if verdict.outcome == "fail" else "flagged"]
                group[verdict.check] = group.get(verdict.check, 0) + 1
    run.write_json("parts/checks.json", found)
    run.write_json("parts/mutations.json", mutations(kept, params))
    return found


def mutations(clean: Sequence[Dialogue], params: Params) -> dict[str, Any]:
    """Return what the rules catch of each kind of defect, planted in at most PLANTED good dialogues a kind.

    Keys are kinds of defect; each has ``value`` (the recall; None where it could not be planted), ``low``, ``high``,
    ``n``, ``group``, ``flagged`` and ``rules`` (rule id -> times it caught).
    """
    from genesis.checks.mutate import mutation_table

    return {
        row["kind"]: {
            "value": row["recall"],
            "low": row["low"],
            "high": row["high"],
            "n": row["planted"],
            **{name: row[name] for name in ("group", "flagged", "rules")},
        }
        for row in mutation_table(clean, params.seed, most=PLANTED, off=params.rules_off)
    }


def measure(run: Run, params: Params) -> dict[str, Any]:
    """Measure diversity, quality and cost; write parts/metrics.json and return it."""
    from genesis.metrics.summary import report

    spent = run.read_json("run.json").get("usage", {})
    usage = {agent: {unit: counts[unit] for unit in DETERMINISTIC} for agent, counts in spent.items()}
    pool = pool_of(run, params)
    found = report(dialogues(run), dialogues(run, "rejected"), usage or None, pool=pool.tools)
    run.write_json("parts/metrics.json", found)
    return found


def teach(run: Run, params: Params) -> dict[str, Any]:
    """Train the probe on the accepted dialogues, score it; write parts/downstream.json and return it."""
    from genesis.downstream.probe import probe

    found = probe(dialogues(run), pool_of(run, params), seed=params.seed, limit=params.downstream_items)
    found["simulated"] = record.simulated(params)
    run.write_json("parts/downstream.json", found)
    return found


def audit(run: Run, params: Params, *, against: Sequence[str] = ("bfcl",)) -> dict[str, Any]:
    """Check and measure a given data set (``params.data``), streaming; no pool, no model, no generation.

    Writes verdicts.jsonl, shown.jsonl, parts/checks.json and parts/metrics.json; ``against`` names benchmarks to look
    for overlap with. Returns checks, metrics and how many of the first rows say that they are simulated.
    Raises FormatError, ParamsError.
    """
    from genesis import formats
    from genesis.checks.stream import check_file
    from genesis.metrics.contamination import contamination
    from genesis.metrics.source import open_source

    if not params.data:
        raise ParamsError("data: no file is named; expected a data set, as in -p data=FILE")
    found = check_file(params.data, off=params.rules_off, out=run.file("verdicts.jsonl")).to_json()
    source = open_source(params.data)
    metrics = source.report()
    metrics["diversity"]["contamination"] = {name: contamination(source.accepted, name) for name in against}
    first = [row.dialogue for row in itertools.islice(formats.read(params.data), LOOKED_AT)]
    marked = sum(bool(dialogue and dialogue.provenance.get("simulated")) for dialogue in first)
    counts = {
        "planned": found["dialogues"],
        "accepted": found["dialogues"] - found["failed"],
        "rejected": found["failed"],
    }
    run.update(counts={**counts, "errored": 0}, simulated=marked > 0)
    run.write_json("parts/checks.json", found)
    read = [dialogue for dialogue in first if dialogue]
    run.write_json("parts/mutations.json", mutations([dialogue for dialogue in first[:PLANTED_IN] if dialogue], params))
    run.replace_rows("shown", _shown(read, params))
    run.write_json("parts/metrics.json", metrics)
    return {"checks": found, "metrics": metrics, "simulated": marked, "looked_at": len(first)}


def _shown(read: Sequence[Dialogue], params: Params) -> list[dict[str, Any]]:
    """Return the rows of an audited data set that its page shows, drawn by seed, with what the rules say of each.

    They are kept in the run's folder: the data set lies elsewhere.
    """
    drawn = random.Random(stable_hash("audit", params.seed)).sample(read, min(SHOWN, len(read)))
    off = frozenset(params.rules_off)
    return [replace(dialogue, verdicts=rules.check(dialogue, off=off)).to_row() for dialogue in drawn]


def dialogues(run: Run, name: str = "dialogues") -> Iterator[Dialogue]:
    """Yield the accepted (or the ``rejected``) dialogues of a run."""
    return (dialogue_from_row(row) for row in run.rows(name))


def _compact(run: Run) -> None:
    for name in ("dialogues", "rejected"):
        write_parquet(run.rows(name), run.path / f"{name}.parquet", COLUMNS)


def _verdict_row(dialogue: Dialogue) -> dict[str, Any]:
    row = dialogue.to_row()
    return {"id": row["id"], "verdicts": row["verdicts"]}
