"""From the parameters to the lanes: which agent asks which model, under which limits."""

from __future__ import annotations

from pathlib import Path

from genesis.lm.budget import Budget
from genesis.lm.calls import Lane
from genesis.lm.facts import Facts, facts_of
from genesis.lm.names import api_base_of, lm_names, make_engine
from genesis.lm.rows import VERSION, Header
from genesis.params import Params


def open_lanes(params: Params, *, root: Path | None = None) -> dict[str, Lane]:
    """Return the lane of every agent that ``params`` names a model for; equal models share one.

    Raises LMConfigError: a name, an endpoint or a key that cannot work, a budget in money for a price unknown.
    """
    budget = Budget(params.budget, {})
    lanes: dict[str, Lane] = {}
    opened: dict[tuple[str, str, str], Lane] = {}
    for agent, name in lm_names(params).items():
        base = api_base_of(params, agent)
        place = (name, base, agent if name.startswith("replay:") else "")
        if place not in opened:
            opened[place] = _open_lane(params, name, base, agent, budget, root)
        lanes[agent] = opened[place]
    return lanes


def _open_lane(params: Params, name: str, base: str, agent: str, budget: Budget, root: Path | None) -> Lane:
    engine = make_engine(
        name,
        api_base=base,
        api_key_env=params.api_key_env,
        timeout=params.timeout,
        max_open=params.concurrency,
        offline=params.offline,
        agent=agent,
        root=root,
    )
    facts = facts_of(name, params, api_base=base) if not engine.free else Facts()
    if facts.price is not None:
        budget.prices[engine.name] = facts.price
    if not engine.free:
        budget.require_price(engine.name)
    keys = (name, engine.name)
    return Lane(
        engine,
        budget,
        concurrency=params.concurrency,
        retries=params.retries,
        rpm=next((params.rpm[key] for key in keys if key in params.rpm), 0),
        tpm=next((params.tpm[key] for key in keys if key in params.tpm), 0),
        context=facts.context,
    )


def header_for(lanes: dict[str, Lane]) -> Header:
    """Return the journal header of a caller's models."""
    return Header(
        VERSION,
        {agent: lane.engine.identity for agent, lane in lanes.items()},
        {agent: lane.engine.name for agent, lane in lanes.items()},
        [agent for agent, lane in lanes.items() if lane.engine.simulated],
    )
