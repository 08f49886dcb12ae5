"""Choosing the best candidate: grounded calls, faithful answers, a request that somebody would make."""

from __future__ import annotations

from random import Random
from typing import Any

from genesis.lm.offline.state import made


def judge_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return the number of the best candidate and one sentence why."""
    scored = []
    for choice in inputs["candidates"]:
        score, why = _score([*(inputs.get("conversation") or []), *(choice.get("conversation") or [])])
        scored.append((score, rng.random(), choice.get("number"), why))
    if not scored:
        return {"reason": "There is no candidate.", "best": 1, "reasoning": ""}
    best = max(scored, key=lambda row: (row[0], row[1]))
    return {
        "reason": f"Candidate {best[2]}: {best[3]}",
        "best": best[2],
        "reasoning": "Compared calls, values and answers.",
    }


def _score(conversation: list[dict[str, Any]]) -> tuple[float, str]:
    said = " ".join(str(line.get("content")) for line in conversation if line.get("role") in ("user", "tool")).lower()
    answer = str(conversation[-1].get("content")) if conversation else ""
    lost = 0
    for call in made(conversation):
        for value in call.arguments.values():
            for leaf in _leaves(value):
                if str(leaf).lower().replace("_", " ") not in said.replace(",", "").replace("_", " "):
                    lost += 1
    score = -float(lost) + (0.5 if answer else 0)
    why = (
        "its calls use what was said and the answer reports it."
        if not lost
        else "it has the fewest values that nobody said."
    )
    return score, why


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [] if isinstance(value, bool) or value is None else [value]
