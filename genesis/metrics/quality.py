"""How good the generated dialogues are: acceptance by scenario, rule and tool; flags; mix planned against got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from genesis.dialogue import Dialogue
from genesis.metrics.statistics import rate

UNKNOWN = "unknown"


def quality(accepted: Sequence[Dialogue], rejected: Sequence[Dialogue] = ()) -> dict[str, Any]:
    """Return acceptance rates with Wilson intervals, and what was rejected for which reason.

    A rejected dialogue counts once under every check that failed it, so reasons add up to more than the rejected.
    """
    planned = Counter(_label(dialogue) for dialogue in (*accepted, *rejected))
    got = Counter(_label(dialogue) for dialogue in accepted)
    tools = Counter(_owner(dialogue) for dialogue in (*accepted, *rejected))
    yielded = Counter(_owner(dialogue) for dialogue in accepted)
    flagged = sum(any(verdict.outcome == "flag" for verdict in dialogue.verdicts) for dialogue in accepted)
    return {
        "accepted": len(accepted),
        "rejected": len(rejected),
        "acceptance": _rate(len(accepted), len(accepted) + len(rejected)),
        "acceptance_by_scenario": {label: _rate(got[label], planned[label]) for label in sorted(planned)},
        "rejected_by_check": dict(sorted(_failures(rejected).items())),
        "failed_in_accepted": dict(sorted(_failures(accepted).items())),
        "flag_rate": _rate(flagged, len(accepted)),
        "mix": {
            label: {
                "planned": planned[label],
                "accepted": got[label],
                "planned_share": round(planned[label] / max(1, planned.total()), 6),
                "accepted_share": round(got[label] / max(1, got.total()), 6),
            }
            for label in sorted(planned)
        },
        "tools_without_dialogue": sorted(tool for tool in tools if tool and not yielded[tool]),
    }


def _failures(dialogues: Sequence[Dialogue]) -> Counter[str]:
    return Counter(
        check
        for dialogue in dialogues
        for check in {verdict.check for verdict in dialogue.verdicts if verdict.outcome == "fail"}
    )


def _label(dialogue: Dialogue) -> str:
    return dialogue.scenario.label if dialogue.scenario else UNKNOWN


def _owner(dialogue: Dialogue) -> str:
    """Return the tool a dialogue belongs to: its first target."""
    return dialogue.scenario.targets[0] if dialogue.scenario and dialogue.scenario.targets else ""


def _rate(hits: int, n: int) -> dict[str, Any] | None:
    found = rate(hits, n)
    return found.to_json() if found else None
