"""What a trained probe gets right, item by item, on BFCL's single-turn Python categories and the irrelevance ones.

============== ==================================================================================================
measure        of an item
============== ==================================================================================================
arguments      share of the parameters that must be given whose greedy value is allowed; right tool and number of
               calls given, calls compared without order. The primary measure
arguments_p    the same, by the probability of an allowed value: what sampling would get on average
choice         the tools called are the right ones
count          as many calls as the gold holds
ast            the official checker's verdict on the greedy calls
ast_sampled    its mean verdict on SAMPLES sampled answers
abstained      no call (only where no tool fits)
============== ==================================================================================================

Read ``abstained`` with ``choice``: a worse student abstains more. Never pool scenarios: taking one out of the training
data makes the others better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.benchmarks.item import Item
from genesis.downstream import bfcl
from genesis.downstream.asking import make_task
from genesis.downstream.pointer import decode
from genesis.downstream.pointer.examples import MOST_CALLS, Example, Function, function_of, make
from genesis.downstream.pointer.train import Trained
from genesis.downstream.pointer.values import standard
from genesis.downstream.predictions import Prediction
from genesis.text import stable_hash

SCENARIOS = {
    "one call": ("simple_python", "multiple", "live_simple", "live_multiple"),
    "several calls": ("parallel", "parallel_multiple", "live_parallel", "live_parallel_multiple"),
    "no call": ("irrelevance", "live_irrelevance"),
}
"""Scenario -> BFCL categories; figures of different scenarios are never pooled."""
CATEGORIES = tuple(category for part in SCENARIOS.values() for category in part)
MEASURES = ("arguments", "arguments_p", "choice", "count", "ast", "ast_sampled", "abstained")
SAMPLES = 4
_KEPT = 24
"""Likeliest answers kept a parameter, for probabilities and samples."""
Outcomes = dict[str, NDArray[np.float64]]
"""Measure -> a value an item in [0, 1], NaN where the measure does not apply."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A benchmark's item, ready for the probe."""

    item: Item
    example: Example
    gold: tuple[tuple[int, dict[str, list[Any]]], ...]
    """(function, parameter -> allowed values) of each call."""


def scenario_of(category: str) -> str:
    """Return the scenario that a BFCL category belongs to."""
    return next(name for name, categories in SCENARIOS.items() if category in categories)


def prepare(items: Sequence[Item]) -> list[Scored]:
    """Read items as examples; one without tools on offer, or whose gold calls a tool not on offer, is left out."""
    tools: dict[str, Function] = {}
    found = []
    for item in items:
        task = make_task("bfcl", item)
        functions = [tools.setdefault(str(tool), function_of(tool)) for tool in task.inputs["tools"]]
        names = [function.name for function in functions]
        gold = [next(iter(call.items())) for call in item.gold or ()]
        if not functions or any(name not in names for name, _ in gold):
            continue
        request = "\n".join(line.content for line in task.inputs["conversation"] if line.role == "user")
        calls = tuple((names.index(name), dict(allowed)) for name, allowed in gold)
        found.append(Scored(item, make(request, functions), calls))
    return found


def outcomes(trained: Trained, scored: Sequence[Scored], seed: int, *, sample: bool = True) -> Outcomes:
    """Return every measure of every item. ``sample=False`` leaves ``ast_sampled`` out (NaN)."""
    examples = [one.example for one in scored]
    ranked = decode.rank(trained, examples)
    greedy = [decode.chosen(one) for one in ranked]
    rng = np.random.default_rng(stable_hash("sampled", seed))
    drawn = [[decode.chosen(one, rng) for one in ranked] for _ in range(SAMPLES if sample else 0)]
    asked: dict[tuple[int, int], int] = {}
    for picks in [greedy, *drawn, [_of_gold(one) for one in scored]]:
        for e, pick in enumerate(picks):
            for f, count in pick:
                asked[e, f] = max(count, asked.get((e, f), 0))
    filled = decode.fill(trained, examples, [(e, f, count) for (e, f), count in asked.items()], most=_KEPT)
    found = {name: np.full(len(scored), np.nan) for name in MEASURES}
    for e, one in enumerate(scored):
        _fill_outcomes(found, e, one, greedy[e], [picks[e] for picks in drawn], filled, rng)
    return found


def _of_gold(one: Scored) -> list[tuple[int, int]]:
    counts: dict[int, int] = {}
    for function, _ in one.gold:
        counts[function] = min(MOST_CALLS, counts.get(function, 0) + 1)
    return list(counts.items())


def _fill_outcomes(
    found: Outcomes,
    e: int,
    one: Scored,
    greedy: list[tuple[int, int]],
    drawn: list[list[tuple[int, int]]],
    filled: Mapping[tuple[int, int, int], dict[str, decode.Answers]],
    rng: np.random.Generator,
) -> None:
    if scenario_of(one.item.category) == "no call":
        found["abstained"][e] = float(not greedy)
        return
    found["choice"][e] = float({f for f, _ in greedy} == {f for f, _ in one.gold})
    found["count"][e] = float(sum(count for _, count in greedy) == len(one.gold))
    found["ast"][e] = _ast(e, one, greedy, filled, None)
    if drawn:
        found["ast_sampled"][e] = float(np.mean([_ast(e, one, pick, filled, rng) for pick in drawn]))
    found["arguments"][e], found["arguments_p"][e] = _arguments(e, one, filled)


def _ast(
    e: int,
    one: Scored,
    pick: list[tuple[int, int]],
    filled: Mapping[tuple[int, int, int], dict[str, decode.Answers]],
    rng: np.random.Generator | None,
) -> float:
    if sum(count for _, count in pick) != len(one.gold):
        return 0.0  # the official checker's first rule, spared its work
    calls = tuple(
        (one.example.functions[f].name, decode.arguments(filled[e, f, k], rng))
        for f, count in pick
        for k in range(count)
    )
    return float(bool(bfcl.verdict(one.item, Prediction(one.item.id, calls)).correct))


def _arguments(
    e: int, one: Scored, filled: Mapping[tuple[int, int, int], dict[str, decode.Answers]]
) -> tuple[float, float]:
    """Return the share of parameters given right, greedily and by probability; NaN where none must be given."""
    shares: list[float] = []
    chances: list[float] = []
    for function in sorted({f for f, _ in one.gold}):
        wanted = [allowed for f, allowed in one.gold if f == function]
        made = [filled[e, function, k] for k in range(min(len(wanted), MOST_CALLS))]
        table = [[_call(allowed, answers) for answers in made] for allowed in wanted]
        for row, column in _assigned(table):
            hits, chance, _ = table[row][column]
            shares += hits
            chances += chance
        for row in range(len(wanted)):
            if len(made) < len(wanted) and row >= len(made):
                shares += [0.0] * len(_needed(wanted[row]))
                chances += [0.0] * len(_needed(wanted[row]))
    return (float(np.mean(shares)), float(np.mean(chances))) if shares else (float("nan"), float("nan"))


def _needed(allowed: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: values for name, values in allowed.items() if isinstance(values, list) and "" not in values}


def _call(
    allowed: Mapping[str, list[Any]], answers: Mapping[str, decode.Answers]
) -> tuple[list[float], list[float], float]:
    """Return hits and probabilities of the parameters of one gold call against one predicted call, and their sum."""
    hits, chances = [], []
    for name, values in _needed(allowed).items():
        found = answers.get(name)
        if found is None:
            hits.append(0.0)
            chances.append(0.0)
            continue
        right = [allows(values, value) for value in found.values]
        hits.append(float(right[0]))
        chances.append(float(np.sum(found.shares[np.array(right)])))
    return hits, chances, sum(hits)


def _assigned(table: list[list[tuple[list[float], list[float], float]]]) -> list[tuple[int, int]]:
    """Return which gold call goes with which predicted one, so that most parameters are right."""
    if len(table) == 1:
        return [(0, 0)]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-np.array([[cell[2] for cell in row] for row in table]))
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def allows(allowed: Sequence[Any], value: Any) -> bool:
    """Whether a value is among the allowed ones, compared as the official checker compares (texts by `standard`)."""
    if value is decode.ABSENT:
        return False
    return any(_same(one, value) for one in allowed)


def _same(gold: Any, value: Any) -> bool:
    if isinstance(gold, bool) or isinstance(value, bool):
        return gold is value
    if isinstance(gold, str) and isinstance(value, str):
        return standard(gold) == standard(value)
    if isinstance(gold, list) and isinstance(value, list):
        return len(gold) == len(value) and all(_same(one, other) for one, other in zip(gold, value, strict=True))
    return bool(gold == value)
