"""The bench: a fixed set of scenarios on which prompts are tried, and what each prompt makes of it.

    bench = open_bench("user", params)
    side = await make(bench, prompt("user"), caller)          # a run under experiments/prompts, reported if complete

All sides of a bench share plan, pool, seeds and one journal: the same request gets the same reply on every side and is
paid for once, so that sides differ by the prompt alone. A side is a run folder like any other, named by its content.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from genesis import lm, pipeline, record, steps
from genesis import params as parameters
from genesis.agents.crew import NAMES, crew_of, save_prompt
from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.errors import LMConfigError, ParamsError
from genesis.params import Params
from genesis.planner import Planned, plan
from genesis.prompts.versions import Prompt, prompt
from genesis.record import Run
from genesis.review import model
from genesis.text import stable_hash
from genesis.tools.build import build_pool
from genesis.tools.pool import ToolPool, load_pool, save_pool

if TYPE_CHECKING:
    from genesis.lm.caller import Caller

EXPERIMENT = record.TRIALS


@dataclass(frozen=True, slots=True)
class Bench:
    """What stays the same while a prompt changes."""

    agent: str
    params: Params
    """``prompts`` names the other agents' versions; the one of ``agent`` is what is tried."""
    pool: ToolPool
    plan: tuple[Planned, ...]
    root: Path
    """The folder of experiments."""

    @property
    def id(self) -> str:
        """The same for the same scenarios, models and settings, whatever the prompt."""
        return f"{stable_hash(parameters.params_hash(replace(self.params, prompts={})), self.pool.hash):016x}"[:12]

    @property
    def folder(self) -> Path:
        """Where what all sides share lies."""
        return self.root / EXPERIMENT / "sets" / self.id

    @property
    def simulated(self) -> bool:
        """Whether any agent is the offline (simulated) LM."""
        return record.simulated(self.params)

    def words(self) -> str:
        """Return what stays the same, in one line."""
        prompts = ", ".join(f"{agent} {version}" for agent, version in self.params.prompts.items())
        others = f"; prompts: {prompts}" if prompts else ""
        lm_words = record.lm_words(self.params)
        return f"{len(self.plan)} scenarios, {len(self.pool.tools)} tools, seed {self.params.seed}; {lm_words}{others}"

    def base(self) -> Prompt:
        """Return the prompt that the parameters name for the agent: where changes start."""
        version = self.params.prompts.get(self.agent)
        reasoning = self.params.reasoning
        return prompt(self.agent, version, reasoning=reasoning) if version else self.built_in()

    def built_in(self) -> Prompt:
        """Return the prompt that the workbench comes with."""
        return prompt(self.agent, reasoning=self.params.reasoning)

    def open_caller(self) -> AbstractAsyncContextManager[Caller]:
        """Open the models on the journal that all sides share. Raises LMConfigError, LockedError and their like."""
        return lm.open(self.params, self.folder / "journal")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scenario."""

    outcome: str
    """accepted, rejected, errored (by the LM), or unmade (the run was stopped before)."""
    reasons: tuple[str, ...] = ()
    dialogue: Dialogue | None = None
    spent: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Agent -> calls, prompt tokens and completion tokens, the model check included."""
    usd: float | None = 0.0
    """None: a model's price is not known."""

    @property
    def calls(self) -> int:
        """All agents together."""
        return sum(calls for calls, _, _ in self.spent.values())

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return sum(asked + written for _, asked, written in self.spent.values())


@dataclass(frozen=True, slots=True)
class Side:
    """What one prompt made of the scenarios."""

    prompt: Prompt
    run: Run
    outcomes: dict[str, Outcome]
    """By the scenario's id, in plan order."""
    reused: bool
    """The run was complete before: nothing was asked."""


def open_bench(agent: str, params: Params, root: Path, *, pool: ToolPool | None = None) -> Bench:
    """Return the bench of ``params`` for an agent; the pool is built where none is given.

    Raises ParamsError, PoolError, PlanError.
    """
    if params.data:
        raise ParamsError("prompts: 'data' names a data set; prompts are tried on scenarios that are generated")
    params = replace(params, experiment=EXPERIMENT, agent="user")
    tools = pool or _pool(params)
    bench = Bench(agent, params, tools, tuple(plan(tools.tools, params)), root)
    bench.base()
    return bench


def _pool(params: Params) -> ToolPool:
    wanted = params.pool
    if wanted.path:
        return load_pool(wanted.path)
    decisions = wanted.decisions or None
    return build_pool(wanted.sources, wanted.size, params.seed, fill=tuple(wanted.fill), decisions=decisions)[0]


def side_run(bench: Bench, told: Prompt) -> tuple[Run, Params]:
    """Return the run folder of a prompt on the bench, made where it is new, and the run's parameters."""
    texts = {name: prompt(name, version) for name, version in bench.params.prompts.items() if name != bench.agent}
    texts[bench.agent] = told
    params = replace(bench.params, prompts={name: text.name for name, text in sorted(texts.items())})
    run = record.create(params, bench.root)
    if run.complete and not _still_true(run, bench):
        run = record.create(params, bench.root, again=True)
    for text in texts.values():
        if not (run.path / record.PROMPTS / f"{text.name}.json").exists():
            save_prompt(text.to_agent(), text.name, run.path / record.PROMPTS)
    if not (run.path / "pool.jsonl").exists():
        save_pool(bench.pool, run.file("pool.jsonl"))
        run.update(pool={"tools": len(bench.pool.tools), "hash": bench.pool.hash})
    return run, params


def _still_true(run: Run, bench: Bench) -> bool:
    """Whether a complete run holds: made from this pool and, where it costs nothing to make, by this code."""
    meta = run.read_json("run.json")
    same_pool = (meta.get("pool") or {}).get("hash") == bench.pool.hash
    return same_pool and (not bench.simulated or meta.get("code_hash") == record.code_hash())


async def make(
    bench: Bench, told: Prompt, caller: Caller | None, *, progress: Callable[[Any, Any], None] | None = None
) -> Side:
    """Return what a prompt makes of the bench's scenarios; what is recorded already is not made again.

    Raises what stops a run (FatalLMError, BudgetError, LockedError, ...): what is finished is kept, and the next call
    goes on from there. A complete run needs no ``caller``.
    """
    run, params = side_run(bench, told)
    if run.complete:
        return Side(told, run, outcomes(bench, run), reused=True)
    if caller is None:
        raise LMConfigError(f"{run.path}: not complete, and no model is open to go on")
    with run.lock():
        for name in ("dialogues", "rejected"):
            run.mend(name)
        run.update(status="running", prices=_prices(caller))
        counts = await pipeline.generate(
            bench.pool, params, run, caller, agents=crew_of(run, params), progress=progress
        )
        run.update(counts=counts.to_dict())
        if params.checker.confidence != "off":
            await model.check(run, params, caller=caller)
        made = outcomes(bench, run)
        _finish(run, params, made)
    return Side(told, run, made, reused=False)


def _prices(caller: Caller) -> dict[str, list[float] | None]:
    """Return agent -> US dollars per million prompt and completion tokens; None where the price is not known."""
    found: dict[str, list[float] | None] = {}
    for agent in NAMES:
        lane = caller.lane(agent)
        each = [lane.budget.price(lane.engine.name, *tokens) for tokens in ((1_000_000, 0), (0, 1_000_000))]
        found[agent] = [0.0, 0.0] if lane.engine.free else None if None in each else [float(usd or 0) for usd in each]
    return found


def _finish(run: Run, params: Params, made: dict[str, Outcome]) -> None:
    """Write the run's totals, and metrics.json where every scenario has an outcome of its own."""
    values = list(made.values())
    count = {how: sum(one.outcome == how for one in values) for how in ("accepted", "rejected", "errored", "unmade")}
    usage = {
        agent: dict(zip(("calls", "completions", "prompt_tokens", "completion_tokens"), counts, strict=True))
        for agent, counts in sorted(_by_agent(values).items())
    }
    usd = [one.usd for one in values if one.usd is not None]
    run.update(
        counts={"planned": len(values), **{name: count[name] for name in ("accepted", "rejected", "errored")}},
        calls=sum(one.calls for one in values),
        tokens={unit: sum(row[f"{unit}_tokens"] for row in usage.values()) for unit in ("prompt", "completion")},
        usage=usage,
        usd=round(sum(usd), 6) if len(usd) == len(values) else None,
    )
    if count["errored"] + count["unmade"]:
        run.update(status="interrupted")
        return
    run.update(status="complete")
    run.write_json(record.METRICS, steps.measure(run, params))


def _by_agent(made: list[Outcome]) -> dict[str, tuple[int, int, int, int]]:
    found: dict[str, tuple[int, int, int, int]] = {}
    for one in made:
        for agent, (calls, asked, written) in one.spent.items():
            before = found.get(agent, (0, 0, 0, 0))
            found[agent] = (before[0] + calls, before[1] + calls, before[2] + asked, before[3] + written)
    return found


def outcomes(bench: Bench, run: Run) -> dict[str, Outcome]:
    """Return what came of every scenario of the plan, by id in plan order."""
    judged = {row["id"]: row for row in run.rows("model")}
    prices = run.read_json("run.json").get("prices", {})
    found: dict[str, Outcome] = {row["id"]: Outcome("errored", tuple(row["reasons"])) for row in run.rows("errored")}
    for name, outcome in (("rejected", "rejected"), ("dialogues", "accepted")):
        for row in run.rows(name):
            dialogue = dialogue_from_row(row)
            spent = spent_of(dialogue, judged.get(row["id"]))
            said = [] if outcome == "accepted" else [*row.get("reasons", ()), *reasons_of(dialogue)]
            reasons = tuple(dict.fromkeys(said))
            found[row["id"]] = Outcome(outcome, reasons, dialogue, spent, _usd(spent, prices))
    return {planned.id: found.get(planned.id, Outcome("unmade")) for planned in bench.plan}


def reasons_of(dialogue: Dialogue) -> tuple[str, ...]:
    """Return why the checks reject a dialogue; none: they do not."""
    failed = [verdict for verdict in dialogue.verdicts if verdict.outcome == "fail"]
    return tuple(f"{verdict.check}: {why}" for verdict in failed for why in verdict.reasons or ("fails",))


def spent_of(dialogue: Dialogue, judged: dict[str, Any] | None) -> dict[str, tuple[int, int, int]]:
    """Return agent -> calls, prompt and completion tokens of a dialogue and, where there is one, of its model check."""
    origin = dialogue.provenance
    calls = origin.get("calls", {})
    spent = {
        agent: (calls.get(agent, 0), tokens["prompt"], tokens["completion"])
        for agent, tokens in origin.get("tokens", {}).items()
    }
    if judged is not None:
        spent["checker"] = (judged["calls"], judged["prompt_tokens"], judged["completion_tokens"])
    return spent


def _usd(spent: dict[str, tuple[int, int, int]], prices: dict[str, list[float] | None]) -> float | None:
    total = 0.0
    for agent, (_, asked, written) in spent.items():
        price = prices.get(agent)
        if price is None:
            return None
        total += (asked * price[0] + written * price[1]) / 1e6
    return total


def save_summary(bench: Bench, name: str, content: dict[str, Any]) -> Path:
    """Write a JSON file beside the shared journal, whole or not at all, and return its path."""
    file = bench.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=2) + b"\n")
    temporary.replace(file)
    return file
