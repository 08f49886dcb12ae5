"""Predictions of any LM on a benchmark, through the engine: journalled, within a budget, resumable, then scored.

::

    FOLDER/predict.json      what was asked of which model, how; simulated or not
    FOLDER/journal/          every paid reply: the same command continues where it stopped
    FOLDER/optimize/         where the instructions were improved first (``genesis.downstream.optimize``)
    FOLDER/predictions.jsonl
    FOLDER/verdicts.jsonl
    FOLDER/score.json        written last: its presence means complete
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from genesis import record
from genesis.benchmarks.item import Item
from genesis.downstream.asking import Task, make_task
from genesis.downstream.predictions import Prediction, to_row
from genesis.downstream.program import Program, prepare, rest_of
from genesis.downstream.score import Report, load_items, report, scorer_of
from genesis.downstream.score import to_row as verdict_row
from genesis.downstream.student import AGENT, Mode, use_mode
from genesis.errors import BenchmarkError, GenesisError, RecordError, RejectedLMError, RetryableLMError
from genesis.lm.caller import Caller, Reply, open_caller
from genesis.params import Params
from genesis.text import stable_hash

_USAGE = ("calls", "completions", "prompt_tokens", "completion_tokens", "estimated")
"""What the same answers always cost; attempts and waiting depend on the day."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one item: a prediction, or why there is none."""

    prediction: Prediction | None
    outcome: str
    """The reply's outcome (good, empty, refused, cut, unparsable), or ``failed``."""
    reason: str = ""


async def predict(
    benchmark: str,
    params: Params,
    folder: str | Path,
    *,
    data: str | Path | None = None,
    limit: int | None = None,
    mode: Mode = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Ask ``params.lm`` about a benchmark's items, write predictions and score into ``folder``, return the score.

    ``limit``: items asked, drawn with ``params.seed`` in proportion to the categories. Greedy where ``params`` says
    temperature 0. An item whose call fails for good (after retries) has no prediction and is listed under ``failed``.
    With ``params.student``, demonstrations and better instructions come from a data set first, never from the items.
    Raises BenchmarkError, FormatError, RecordError and LMError's subclasses (budget, quota, configuration); what has
    been paid for is in the journal.
    """
    items = load_items(benchmark, data)
    chosen = draw(items, limit, params.seed)
    run = results_folder(folder)
    with run.lock():
        recipe = await prepare(params, run.path, mode, items)
        left = replace(params, budget=rest_of(params.budget, recipe.spent))
        async with open_caller(left, run.journal_path) as caller:
            program = recipe.program(await use_mode(caller, mode))
            tasks = [make_task(benchmark, item, legal_names=program.native) for item in chosen]
            about = {"benchmark": benchmark, **_about(caller, program, params), "limit": limit}
            about["program"] = recipe.about
            _check_same(run, about)
            asked = await ask_all(caller, program, tasks, params, progress)
            usage = {name: getattr(caller.usage[AGENT], name) for name in _USAGE} if AGENT in caller.usage else {}
        given = {found.prediction.id: found.prediction for found in asked if found.prediction is not None}
        found = report(benchmark, given, items, scorer_of(benchmark).gold(items))
        score = {**about, **found.summary, **_outcomes(tasks, asked), "usage": usage}
        write_results(run, given, found, score)
    return score


def results_folder(folder: str | Path) -> record.Run:
    """Return a folder for results, made where it is not there. Raises RecordError."""
    run = record.Run(Path(folder))
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{run.path}: cannot be written: {error.strerror}") from error
    return run


def write_results(run: record.Run, given: Mapping[str, Prediction], found: Report, score: Mapping[str, Any]) -> None:
    """Write predictions, verdicts and, last, the score."""
    run.replace_rows("predictions", [to_row(prediction) for prediction in given.values()])
    run.replace_rows("verdicts", [verdict_row(one) for one in found.scored])
    run.write_json("score.json", dict(score))


def _about(caller: Caller, program: Program, params: Params) -> dict[str, Any]:
    return {
        "lm": caller.lm_name(AGENT),
        "endpoint": caller.lane(AGENT).engine.identity,
        "simulated": caller.simulated,
        "mode": "native" if program.native else "text",
        "seed": params.seed,
        "temperature": params.temperature,
        "code_hash": record.code_hash(),
    }


def _outcomes(tasks: Sequence[Task], asked: Sequence[Asked]) -> dict[str, Any]:
    outcomes: dict[str, int] = {}
    for one in asked:
        outcomes[one.outcome] = outcomes.get(one.outcome, 0) + 1
    failed = [[task.id, one.reason] for task, one in zip(tasks, asked, strict=True) if one.prediction is None]
    return {"outcomes": outcomes, "failed": failed}


def draw(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """Return at most ``limit`` items in the order given: largest remainder over the categories, drawn by seed.

    The steps of one ACEBench dialogue stay together, so a limit may be passed by a few.
    """
    if limit is not None and limit < 1:
        raise BenchmarkError(f"limit is {limit}; expected at least 1")
    if limit is None or limit >= len(items):
        return list(items)
    groups: dict[str, dict[str, list[Item]]] = {}
    for item in items:
        unit = item.id.rsplit("_", 1)[0] if "multi_turn" in item.category else item.id
        groups.setdefault(item.category, {}).setdefault(unit, []).append(item)
    shares = {category: limit * sum(map(len, units.values())) / len(items) for category, units in groups.items()}
    sizes = {category: int(share) for category, share in shares.items()}
    for category in sorted(shares, key=lambda name: (sizes[name] - shares[name], name))[: limit - sum(sizes.values())]:
        sizes[category] += 1
    chosen: set[str] = set()
    for category, units in groups.items():
        order = sorted(units)
        Random(stable_hash("predict", seed, category)).shuffle(order)
        taken = 0
        for unit in order:
            if taken >= sizes[category]:
                break
            chosen |= {item.id for item in units[unit]}
            taken += len(units[unit])
    return [item for item in items if item.id in chosen]


async def ask_all(
    caller: Caller,
    program: Program,
    tasks: Sequence[Task],
    params: Params,
    progress: Callable[[int, int], None] | None = None,
) -> list[Asked]:
    """Ask every task, at most ``params.concurrency`` at once; answers in the tasks' order.

    What stops the run stops it after the calls in flight: they are paid for, so their answers are kept.
    """
    gate = asyncio.Semaphore(params.concurrency)
    stops: list[GenesisError] = []
    done = 0

    async def one(task: Task) -> Asked:
        nonlocal done
        async with gate:
            if stops:
                return Asked(None, "failed")
            try:
                found = await ask(caller, program, task, params.seed)
            except GenesisError as error:
                stops.append(error)
                return Asked(None, "failed", str(error))
        done += 1
        if progress is not None:
            progress(done, len(tasks))
        return found

    running = [asyncio.ensure_future(one(task)) for task in tasks]
    try:
        asked = await asyncio.gather(*running)
    finally:
        for waiting in running:
            waiting.cancel()
    if stops:
        raise stops[0]
    return list(asked)


async def ask(caller: Caller, program: Program, task: Task, seed: int) -> Asked:
    """Ask one task. What stops the run is raised; a call that fails for good gives no prediction."""
    predictor = program.predictor(task.inputs)
    try:
        (reply,) = await caller.ask(AGENT, predictor, task.inputs, seed=stable_hash("predict", seed, task.id))
    except (RejectedLMError, RetryableLMError) as error:
        return Asked(None, "failed", str(error))
    return Asked(to_prediction(task, reply), reply.outcome, reply.reason)


def to_prediction(task: Task, reply: Reply) -> Prediction:
    """Return a reply as a prediction; a bad one is what the model wrote, as text, and is scored as that."""
    if not reply.good:
        return Prediction(task.id, None, reply.text)
    calls = tuple((task.names.get(call.name, call.name), call.arguments) for call in reply.fields["calls"])
    return Prediction(task.id, calls, reply.fields["message"])


def _check_same(run: record.Run, about: dict[str, Any]) -> None:
    """Refuse to mix two models or settings in one folder; other code only replaces the note. Raises BenchmarkError."""
    file = run.path / "predict.json"
    if file.exists():
        before = run.read_json("predict.json")
        for key, value in about.items():
            if key not in ("code_hash", "limit") and before.get(key) != value:
                raise BenchmarkError(
                    f"{run.path}: made with {key} {before.get(key)!r}, now {value!r}; give another --out"
                )
    run.write_json("predict.json", about)
