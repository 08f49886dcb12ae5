"""What the data cost: calls, tokens, money and seconds per accepted dialogue, by agent, scenario and round.

A dialogue's own share stands in its provenance: ``{"calls": {"user": 3, ...}, "tokens": {"user": 512, ...}}``; a token
count may also be ``{"prompt": 480, "completion": 32}``. What the whole run spent (rejected dialogues, planning,
retries) comes as ``usage``, agent by agent, from the caller.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.metrics.columns import Columns, Facet
from genesis.metrics.statistics import mean

Prices = Mapping[str, "tuple[float, float]"]
"""Agent -> US dollars per million prompt and completion tokens."""


def cost(
    accepted: Columns,
    rejected: Columns | None = None,
    usage: Mapping[str, Any] | None = None,
    *,
    seconds: float | None = None,
    prices: Prices | None = None,
) -> dict[str, Any]:
    """Return calls and tokens per accepted dialogue; None where they were not recorded (imported data), never 0.

    ``calls_per_accepted`` divides all that was spent, rejected dialogues included, by the accepted ones: what one
    more usable dialogue costs. ``calls_of_accepted`` is the mean over accepted dialogues, with its interval. Money is
    sum over agents of (prompt tokens x price + completion tokens x price) / 1e6, known only where ``usage`` splits
    tokens and every agent that spent any has a price. Pitfall: ``*_of_accepted`` leaves out what rejected dialogues
    spent, so it makes a strict check look free.
    """
    sides = [accepted] if rejected is None else [accepted, rejected]
    spent = _usage(usage) if usage is not None else _spent(sides)
    kept = accepted.n if rejected is not None else int((np.diff(accepted.failed.starts) == 0).sum())
    money = _money(spent, prices or {})
    result: dict[str, Any] = {}
    for unit in ("calls", "tokens"):
        total = sum(of_agent[unit] for of_agent in spent.values()) if spent else None
        result[unit] = total
        result[f"{unit}_per_accepted"] = _per(total, kept)
        found = mean(_totals(accepted, unit)[_recorded(accepted)])
        result[f"{unit}_of_accepted"] = found.to_json() if found else None
    result["usd"] = None if money is None else round(money, 6)
    result["usd_per_accepted"] = _per(money, kept, 6)
    result["seconds"] = seconds
    result["seconds_per_accepted"] = _per(seconds, kept)
    result["by_agent"] = {
        agent: {
            **dict(sorted(counts.items())),
            **{f"{unit}_per_accepted": _per(counts[unit], kept) for unit in ("calls", "tokens")},
        }
        for agent, counts in sorted(spent.items())
    }
    result["by_scenario"] = _by(accepted, accepted.scenarios)
    result["by_round"] = _by(accepted, accepted.rounds, key=int)
    return result


def _recorded(columns: Columns) -> NDArray[np.bool_]:
    return np.diff(columns.agents.starts) > 0


def _totals(columns: Columns, unit: str) -> NDArray[np.float64]:
    """Return what each dialogue spent, all agents together."""
    spent = columns.spent_calls if unit == "calls" else columns.spent_tokens
    rows = np.repeat(np.arange(columns.n), np.diff(columns.agents.starts))
    return np.bincount(rows, weights=spent, minlength=columns.n).astype(np.float64)


def _spent(sides: list[Columns]) -> dict[str, Counter[str]]:
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for side in sides:
        for unit, values in (("calls", side.spent_calls), ("tokens", side.spent_tokens)):
            sums = np.bincount(side.agents.codes, weights=values, minlength=len(side.agents.names))
            for agent, total in zip(side.agents.names, sums.tolist(), strict=True):
                spent[agent][unit] += int(total)
    return spent


def _usage(usage: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Return calls and tokens by agent from what a caller counted (``prompt_tokens`` and ``completion_tokens``)."""
    spent: dict[str, Counter[str]] = {}
    for agent, counts in usage.items():
        whole = Counter({key: value for key, value in counts.items() if isinstance(value, int)})
        whole.setdefault("tokens", whole["prompt_tokens"] + whole["completion_tokens"])
        spent[agent] = whole
    return spent


def _money(spent: Mapping[str, Counter[str]], prices: Prices) -> float | None:
    """Return US dollars; None where an agent's price or split of tokens is unknown: an unknown price is not 0."""
    total = 0.0
    for agent, counts in spent.items():
        if not counts["tokens"]:
            continue
        if agent not in prices or counts["prompt_tokens"] + counts["completion_tokens"] != counts["tokens"]:
            return None
        prompt, completion = prices[agent]
        total += (counts["prompt_tokens"] * prompt + counts["completion_tokens"] * completion) / 1e6
    return total if spent else None


def _by(columns: Columns, facet: Facet, key: Any = str) -> dict[str, Any]:
    """Return mean calls and tokens of accepted dialogues for each name of a facet of at most one item a dialogue."""
    recorded = _recorded(columns)
    owner = np.repeat(np.arange(columns.n), np.diff(facet.starts))
    totals = {unit: _totals(columns, unit) for unit in ("calls", "tokens")}
    found: dict[str, Any] = {}
    for number, name in sorted(enumerate(facet.names), key=lambda item: key(item[1])):
        rows = owner[facet.codes == number]
        rows = rows[recorded[rows]]
        if len(rows):
            estimates = {unit: mean(totals[unit][rows]) for unit in totals}
            found[name] = {unit: estimate.to_json() if estimate else None for unit, estimate in estimates.items()}
    return found


def _per(total: float | None, kept: int, digits: int = 3) -> float | None:
    return None if total is None or not kept else round(total / kept, digits)
