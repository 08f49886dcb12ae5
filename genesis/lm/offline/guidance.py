"""Composing a tool list (Sample) and steering the next dialogue (Guide)."""

from __future__ import annotations

from random import Random
from typing import Any

from genesis.lm.offline.slots import slot_of
from genesis.lm.offline.vocabulary import entries
from genesis.text import words


def sample_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Choose targets and distractors from the candidates, most related first."""
    first = str(inputs["first_tool"].get("name"))
    names = list(dict.fromkeys(str(tool.get("name")) for tool in inputs["candidates"] if tool.get("name") != first))
    targets = max(0, int(inputs["target_count"]) - 1)
    hard, easy = int(inputs["hard_count"]), int(inputs["easy_count"])
    near = names[: max(targets + hard, (targets + hard) * 2)]
    chosen = rng.sample(near[: max(targets * 2, targets)], min(targets, len(near)))
    rest = [name for name in names if name not in chosen]
    confusing = rest[:hard]
    rest = [name for name in rest if name not in confusing]
    far = rest[-max(easy * 2, 1) :] if easy else []
    return {
        "targets": [first, *chosen],
        "hard_distractors": confusing,
        "easy_distractors": rng.sample(far, min(easy, len(far))),
        "reasoning": "The most related tools go together or confuse; the least related are easy to tell apart.",
    }


def guide_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Pick an open semantic type that suits the tool and say what is still missing."""
    tool, open_types = inputs["tool"], [str(label) for label in inputs["open_types"]]
    about = set(words(f"{tool.get('name')} {tool.get('description')}"))
    scored = [(len(about & set(words(label))), index) for index, label in enumerate(open_types)]
    best = max((score for score, _ in scored), default=0)
    suitable = [open_types[index] for score, index in scored if score == best]
    semantic_type = rng.choice(suitable) if suitable else "general: ask"
    properties = (tool.get("parameters") or {}).get("properties") or {}
    rare = [
        slot_of(name, properties.get(name) or {}, str(tool.get("description") or "")).noun
        for name in inputs["rare_parameters"][:2]
    ]
    parts = [rng.choice(entries("guidance", "situation"))]
    if rare:
        parts.append(rng.choice(entries("guidance", "rare")).replace("{what}", " and ".join(rare)))
    if inputs["nearest_requests"]:
        parts.append(
            rng.choice(entries("guidance", "nearest")).replace("{what}", str(inputs["nearest_requests"][0])[:60])
        )
    return {"semantic_type": semantic_type, "guidance": " ".join(parts), "reasoning": "It is hardly shown so far."}
