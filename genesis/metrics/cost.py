"""What the data cost: calls and tokens per accepted dialogue, by agent and by scenario.

A dialogue's own share stands in its provenance: ``{"calls": {"user": 3, ...}, "tokens": {"user": 512, ...}}``; a token
count may also be ``{"prompt": 480, "completion": 32}``. What the whole run spent (rejected dialogues, planning,
retries) comes as ``usage``, agent by agent, from the caller.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from genesis.dialogue import Dialogue
from genesis.metrics.statistics import mean


def cost(
    accepted: Sequence[Dialogue], rejected: Sequence[Dialogue] = (), usage: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return calls and tokens per accepted dialogue; None where they were not recorded (imported data), never 0.

    ``calls_per_accepted`` divides all that was spent, rejected dialogues included, by the accepted ones: what one
    more usable dialogue costs. ``calls_of_accepted`` is the mean over accepted dialogues, with a bootstrap interval.
    """
    spent = _usage(usage) if usage is not None else _spent((*accepted, *rejected))
    kept = len(accepted)
    result: dict[str, Any] = {}
    for unit in ("calls", "tokens"):
        total = sum(of_agent[unit] for of_agent in spent.values()) if spent else None
        per = total / kept if total is not None and kept else None
        result[unit] = total
        result[f"{unit}_per_accepted"] = None if per is None else round(per, 3)
        found = mean([_total(dialogue, unit) for dialogue in accepted if unit in dialogue.provenance])
        result[f"{unit}_of_accepted"] = found.to_json() if found else None
    result["by_agent"] = {
        agent: {
            **dict(sorted(counts.items())),
            **({f"{unit}_per_accepted": round(counts[unit] / kept, 3) for unit in ("calls", "tokens")} if kept else {}),
        }
        for agent, counts in sorted(spent.items())
    }
    result["by_scenario"] = _by_scenario(accepted)
    return result


def _total(dialogue: Dialogue, unit: str) -> int:
    return sum(_count(value) for value in dialogue.provenance[unit].values())


def _count(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(int(part) for part in value.values())
    return sum(map(int, value)) if isinstance(value, (list, tuple)) else int(value)


def _spent(dialogues: Sequence[Dialogue]) -> dict[str, Counter[str]]:
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for dialogue in dialogues:
        for unit in ("calls", "tokens"):
            for agent, value in dialogue.provenance.get(unit, {}).items():
                spent[agent][unit] += _count(value)
    return spent


def _usage(usage: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Return calls and tokens by agent from what a caller counted (``prompt_tokens`` and ``completion_tokens``)."""
    spent: dict[str, Counter[str]] = {}
    for agent, counts in usage.items():
        whole = Counter({key: int(value) for key, value in counts.items() if isinstance(value, int)})
        whole.setdefault("tokens", whole["prompt_tokens"] + whole["completion_tokens"])
        spent[agent] = whole
    return spent


def _by_scenario(accepted: Sequence[Dialogue]) -> dict[str, Any]:
    groups: dict[str, list[Dialogue]] = defaultdict(list)
    for dialogue in accepted:
        if dialogue.scenario and "calls" in dialogue.provenance and "tokens" in dialogue.provenance:
            groups[dialogue.scenario.label].append(dialogue)
    rows = {}
    for label, members in sorted(groups.items()):
        found = {unit: mean([_total(dialogue, unit) for dialogue in members]) for unit in ("calls", "tokens")}
        rows[label] = {unit: estimate.to_json() if estimate else None for unit, estimate in found.items()}
    return rows
