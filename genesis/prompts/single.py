"""One scenario on its own: made, checked by the rules and by the model, without a run folder or a memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from genesis.agents.crew import Crew, crew
from genesis.candidate import Stage
from genesis.checks import rules
from genesis.converse import converse
from genesis.planner import Planned
from genesis.prompts.bench import Bench, Outcome, reasons_of, spent_of
from genesis.prompts.versions import Prompt
from genesis.review import model

if TYPE_CHECKING:
    from genesis.lm.caller import Caller


def cast(bench: Bench, told: Prompt) -> Crew:
    """Return the bench's agents, one of them told something of its own."""
    others = {agent: version for agent, version in bench.params.prompts.items() if agent != bench.agent}
    return replace(crew(others, reasoning=bench.params.reasoning), **{bench.agent: told.to_agent(bench.params)})


async def make_one(bench: Bench, planned: Planned, agents: Crew, caller: Caller) -> Outcome:
    """Make one scenario of the bench's plan. Raises what stops a run; an LM error of this dialogue is an outcome."""
    off = frozenset(bench.params.rules_off)
    stage = Stage(
        caller=caller,
        crew=agents,
        tools=bench.pool.by_name,
        related=bench.pool.related,
        params=bench.params,
        memory=None,
        findings=lambda dialogue: rules.candidate_findings(dialogue, off=off),
    )
    made = await converse(planned, stage)
    if made.fault is not None:
        return Outcome("errored", made.reasons)
    dialogue, reasons = made.dialogue, made.reasons
    if not reasons and bench.params.evaluation:
        dialogue = replace(dialogue, verdicts=tuple(rules.check(dialogue, off=off)))
        reasons = reasons_of(dialogue)
    if not reasons and bench.params.evaluation and bench.params.checker.confidence != "off":
        how = bench.params.checker
        judged = await model.judge(dialogue, agents.checker, caller, how, seed=bench.params.seed)
        dialogue = replace(dialogue, verdicts=(*dialogue.verdicts, *model.verdicts(judged, how)))
        reasons = reasons_of(dialogue)
    return Outcome("rejected" if reasons else "accepted", reasons, dialogue, spent_of(dialogue, None))
