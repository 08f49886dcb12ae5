"""Answers that state what results say, with their numbers, dates and names unchanged."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from genesis.lm.offline.state import Done, made
from genesis.lm.offline.values import listed
from genesis.lm.offline.vocabulary import entries
from genesis.text import split_name


def fresh_results(conversation: list[dict[str, Any]]) -> list[Done]:
    """Return the calls that were answered since the user spoke last, a failed one only where none after it succeeded."""
    last = max((index for index, line in enumerate(conversation) if line.get("role") == "user"), default=-1)
    calls = {str(call.get("id")) for line in conversation[last + 1 :] for call in line.get("calls") or []}
    done = [call for call in made(conversation) if call.id in calls and call.result is not None]
    good = [(call.name, call.arguments) for call in done if not call.failed]
    kept: list[Done] = []
    for call in done:
        if call.failed and (
            (call.name, call.arguments) in good
            or any(k.failed and k.name == call.name and k.arguments == call.arguments for k in kept)
        ):
            continue
        kept.append(call)
    return kept


def report(done: list[Done], tools: list[dict[str, Any]], rng: Random) -> str:
    """State what the results say."""
    parts = []
    for call in done:
        if call.failed:
            parts.append(
                rng.choice(entries("assistant", "failure")).replace("{why}", str((call.result or {})["error"]))
            )
        else:
            parts.append(_facts(call))
    return f"{rng.choice(entries('assistant', 'answer lead'))} {' '.join(parts)}"


def _facts(call: Done) -> str:
    facts = [f"{' '.join(split_name(name))} is {shown(value)}" for name, value in (call.result or {}).items()]
    text = listed(facts)
    return f"the {text}." if text else "it is done."


def shown(value: Any) -> str:
    """Write a result's value in a sentence, digits unchanged."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return listed([shown(item) for item in value]) or "empty"
    if isinstance(value, dict):
        return ", ".join(f"{' '.join(split_name(k))} {shown(v)}" for k, v in value.items())
    return msgspec.json.encode(value).decode()
