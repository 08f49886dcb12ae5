"""What a run will do and cost, before anything is spent.

    genesis plan params/mine.yaml

The mix is exact: it is the plan itself. Calls and prompt sizes come from a rehearsal: some dialogues of every scenario
in the plan are made with the offline (simulated) LM by the real pipeline, and their calls and tokens are scaled up.
Its replies are short: a real model writes more, and thinks; completion tokens are a lower bound.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genesis.params import BudgetParams, Params
from genesis.planner import Planned, plan
from genesis.tools.pool import ToolPool

REHEARSED = 3
"""Dialogues rehearsed of every scenario."""
Counts = dict[str, dict[str, float]]


def estimate(pool: ToolPool, params: Params, *, rehearsed: int = REHEARSED) -> dict[str, Any]:
    """Return mix, tools left out, and by agent: model, calls, tokens, largest prompt, window, cost.

    A cost is None where the model's price is unknown. Raises PlanError, LMConfigError.
    """
    planned = plan(pool.tools, params)
    mix = Counter(one.scenario.label for one in planned)
    sample = _sample(planned, rehearsed)
    seen, largest = asyncio.run(_rehearse(pool, params, sample))
    counts = _scale(seen, sample, mix)
    agents, notes = _by_agent(counts, largest, params)
    costs = [row["usd"] for row in agents.values()]
    used = {one.tool for one in planned}
    total = {
        "calls": sum(row["calls"] for row in agents.values()),
        "prompt_tokens": sum(row["prompt_tokens"] for row in agents.values()),
        "completion_tokens": sum(row["completion_tokens"] for row in agents.values()),
        "usd": None if None in costs else round(sum(costs), 4),
    }
    return {
        "dialogues": len(planned),
        "mix": dict(sorted(mix.items())),
        "tools": len(used),
        "tools_left_out": sorted(tool.name for tool in pool.tools if tool.name not in used),
        "agents": agents,
        "total": total,
        "rehearsed": len(sample),
        "notes": [*notes, *_budget_notes(total, params)],
    }


def _sample(planned: Sequence[Planned], most: int) -> list[Planned]:
    """Return up to ``most`` dialogues of every label, spread over the plan."""
    by_label: dict[str, list[Planned]] = defaultdict(list)
    for one in planned:
        by_label[one.scenario.label].append(one)
    return [
        group[place * len(group) // min(most, len(group))]
        for group in by_label.values()
        for place in range(min(most, len(group)))
    ]


async def _rehearse(
    pool: ToolPool, params: Params, sample: Sequence[Planned]
) -> tuple[dict[str, list[Counts]], dict[str, int]]:
    """Make the sample offline; return calls and tokens by label and dialogue, and the largest prompt by agent."""
    from genesis.agents.crew import crew
    from genesis.candidate import Stage
    from genesis.checks import rules
    from genesis.converse import converse
    from genesis.lm.caller import Caller, open_caller
    from genesis.lm.engine import Request, prompt_estimate
    from genesis.memory import Memory

    largest: dict[str, int] = {}
    offline = replace(params, lm="offline", api_base="", budget=BudgetParams())
    off = frozenset(params.rules_off)
    seen: dict[str, list[Counts]] = defaultdict(list)
    async with open_caller(offline) as caller:
        stage = Stage(
            caller=caller,
            crew=crew(params.prompts, reasoning=params.reasoning),
            tools=pool.by_name,
            related=pool.related,
            params=offline,
            memory=Memory(pool.tools) if params.memory else None,
            findings=lambda dialogue: rules.candidate_findings(dialogue, off=off),
        )

        def note(agent: str, request: Request) -> None:
            largest[agent] = max(largest.get(agent, 0), prompt_estimate(request.messages))

        assert isinstance(caller, Caller)
        caller.watchers.append(note)
        for planned in sample:
            made = await converse(planned, stage)
            where = made.dialogue.provenance
            row: Counts = {
                agent: {"calls": calls, **where["tokens"].get(agent, {"prompt": 0, "completion": 0})}
                for agent, calls in where["calls"].items()
            }
            seen[planned.scenario.label].append(row)
    return seen, largest


def _scale(seen: dict[str, list[Counts]], sample: Sequence[Planned], mix: Counter[str]) -> Counts:
    """Return calls and tokens by agent for the whole mix: per label, the rehearsal's mean times the label's count."""
    whole: Counts = {}
    for label, rows in seen.items():
        for row in rows:
            for agent, counts in row.items():
                into = whole.setdefault(agent, {"calls": 0.0, "prompt": 0.0, "completion": 0.0})
                for key, value in counts.items():
                    into[key] += value * mix[label] / len(rows)
    return whole


def _by_agent(counts: Counts, largest: dict[str, int], params: Params) -> tuple[dict[str, Any], list[str]]:
    from genesis.lm.facts import facts_of
    from genesis.lm.names import api_base_of, lm_names

    names, agents, notes = lm_names(params), {}, []
    for agent, row in sorted(counts.items()):
        key = agent if agent in names else "default"
        name = names[key]
        facts = facts_of(name, params, api_base=api_base_of(params, key))
        cost = None
        if facts.price is not None:
            cost = round((row["prompt"] * facts.price[0] + row["completion"] * facts.price[1]) / 1e6, 4)
        agents[agent] = {
            "lm": name,
            "calls": round(row["calls"]),
            "prompt_tokens": round(row["prompt"]),
            "completion_tokens": round(row["completion"]),
            "largest_prompt": largest.get(agent, 0),
            "context": facts.context,
            "usd": cost,
        }
        needed = largest.get(agent, 0) + params.max_tokens
        if facts.context is not None and needed > facts.context:
            notes.append(
                f"{agent}: prompts of up to {largest[agent]} tokens and replies of {params.max_tokens} do not fit the "
                f"window of {facts.context} tokens of {name}: they will be trimmed, tools first"
            )
        if cost is None:
            notes.append(f"the price of {name} is unknown, so is its cost; add it to prices")
    return agents, list(dict.fromkeys(notes))


def _budget_notes(total: dict[str, Any], params: Params) -> list[str]:
    """Say which limit of the budget the expected use exceeds."""
    budget, notes = params.budget, []
    tokens = total["prompt_tokens"] + total["completion_tokens"]
    for name, limit, need in (
        ("calls", budget.calls, total["calls"]),
        ("tokens", budget.tokens, tokens),
        ("usd", budget.usd, total["usd"]),
    ):
        if limit is not None and need is not None and need > limit:
            notes.append(f"budget.{name} is {limit:g}, about {need:g} are expected: the run will stop there, resumable")
    return notes


def pool_for(params: Params, *, allow_exec: bool = False) -> ToolPool:
    """Return the pool a run with these parameters would use. Raises PoolError."""
    from genesis.tools.build import build_pool
    from genesis.tools.pool import load_pool

    wanted = params.pool
    if wanted.path:
        return load_pool(Path(wanted.path))
    return build_pool(
        wanted.sources,
        wanted.size,
        params.seed,
        fill=tuple(wanted.fill),
        decisions=wanted.decisions or None,
        allow_exec=allow_exec,
    )[0]
