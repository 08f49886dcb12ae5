"""The tools of one dialogue: its targets, and distractors beside them, chosen by the Sample Agent from an index.

Candidates come from the pool's similarity index, so the prompt does not hold the whole pool.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from genesis.params import Params
from genesis.planner import Planned
from genesis.scenario import Scenario
from genesis.slots import may_follow
from genesis.tally import Tally
from genesis.text import stable_hash
from genesis.tools.tool import Tool

if TYPE_CHECKING:
    from genesis.candidate import Stage

RELATED = 12
OTHERS = 6
"""Candidates: the most related tools, and a seeded draw of the rest."""
TOO_CLOSE = 0.8
"""Cosine from which another tool might do the same job: no distractor."""
DESCRIPTION = 160
"""Characters of a description that the Sample Agent is shown."""


async def compose(planned: Planned, stage: Stage, tally: Tally) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Return targets, distractors, and notes on what the agent's choice lacked and the index filled in."""
    tools = stage.tools
    scenario = planned.scenario
    hard, easy = _distractor_counts(planned, stage.params)
    more = planned.target_count - 1
    if not more and not hard and not easy:
        return (planned.tool,), (), []
    near, far = _candidates(planned, stage)
    candidates = [*near, *far]
    if scenario.special == "irrelevance":
        # The tool itself is withheld, so what stands there must be confusable: the closest, no choice needed.
        return (planned.tool,), tuple(candidates[: hard + easy]), []
    followers = _followers(scenario, stage, candidates, planned.tool, more)
    inputs = {
        "first_tool": _shown(tools[planned.tool]),
        "candidates": [_shown(tools[name]) for name in candidates],
        "target_count": planned.target_count,
        "hard_count": hard,
        "easy_count": easy,
    }
    reply = await tally.one(stage.crew.sample, inputs, stable_hash(scenario.seed, "sample"))
    fields = reply.fields if reply.outcome == "good" else {}
    taken = {planned.tool}
    notes: list[str] = [] if fields else [f"sample: {reply.outcome}"]
    targets = _take(fields.get("targets", ()), followers, followers, more, taken, notes, "targets")
    hard_names = _take(
        fields.get("hard_distractors", ()), candidates, near + far, hard, taken, notes, "hard_distractors"
    )
    easy_names = _take(
        fields.get("easy_distractors", ()), candidates, far + near, easy, taken, notes, "easy_distractors"
    )
    return (planned.tool, *targets), (*hard_names, *easy_names), notes


def _candidates(planned: Planned, stage: Stage) -> tuple[list[str], list[str]]:
    """Return the most related tools but those that might do the same job, and a seeded draw of the others."""
    close = dict(stage.related(planned.tool, RELATED + 4))
    near = [name for name in close if close[name] < TOO_CLOSE][:RELATED]
    rng = random.Random(stable_hash(planned.scenario.seed, "candidates"))
    return near, _drawn(stage.names, close.keys() | {planned.tool}, rng)


def _drawn(names: Sequence[str], out: Collection[str], rng: random.Random) -> list[str]:
    """Draw from sorted names without those that are ``out``; the rest is never listed, for pools are large."""
    gaps = sorted(bisect_left(names, name) for name in out)
    rest = len(names) - len(gaps)
    found = []
    for place in rng.sample(range(rest), min(OTHERS, rest)):
        for gap in gaps:
            place += gap <= place
        found.append(names[place])
    return found


def _followers(scenario: Scenario, stage: Stage, candidates: Sequence[str], first: str, more: int) -> list[str]:
    """Return the candidates that may be a later target; where they are too few, others of the pool after them."""
    followers = [name for name in candidates if may_follow(scenario, stage.tools[name])]
    if len(followers) < more:
        others = (name for name in stage.names if name not in candidates and name != first)
        followers += [name for name in others if may_follow(scenario, stage.tools[name])]
    return followers


def _distractor_counts(planned: Planned, params: Params) -> tuple[int, int]:
    """Return how many hard and easy distractors stand beside the targets; one offered tool leaves room for none."""
    scenario = planned.scenario
    irrelevant = scenario.special == "irrelevance"
    if scenario.kind in ("simple", "parallel"):
        return (1, 0) if irrelevant else (0, 0)
    least = 2 if irrelevant else max(0, 2 - planned.target_count)
    hard = max(params.hard_distractors, least - params.easy_distractors)
    return hard, params.easy_distractors


def _take(
    chosen: Sequence[str],
    allowed: Sequence[str],
    fallback: Sequence[str],
    count: int,
    taken: set[str],
    notes: list[str],
    what: str,
) -> list[str]:
    """Return ``count`` names: the agent's legal choices in its order, then the index's."""
    names: list[str] = []
    for name in [*chosen, None, *fallback]:
        if name is None:
            if len(names) < count:
                notes.append(f"sample: {what}: {count - len(names)} of {count} from the index")
        elif len(names) < count and name in allowed and name not in taken:
            names.append(name)
            taken.add(name)
    return names


def _shown(tool: Tool) -> dict[str, str]:
    return {"name": tool.name, "description": tool.description[:DESCRIPTION]}
