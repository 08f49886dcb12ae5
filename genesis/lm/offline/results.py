"""What the tools return: small JSON objects that fit the description and the arguments."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import msgspec

from genesis.lm.offline.phrases import phrase
from genesis.lm.offline.values import draw
from genesis.lm.offline.vocabulary import entries, sections
from genesis.text import stable_hash


def tool_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Write one result for each call; the same call in the same conversation gives the same result."""
    tools = {str(tool.get("name")): tool for tool in inputs["tools"]}
    failing = set(inputs["failing"])
    base = rng.getrandbits(48)
    results = []
    for call in inputs["calls"]:
        tool = tools.get(str(call.get("name")), {"name": call.get("name"), "description": "", "parameters": {}})
        if call.get("id") in failing:
            content = {"error": rng.choice(entries("errors", "error"))}
        else:
            own = Random(
                stable_hash(base, call.get("name"), msgspec.json.encode(call.get("arguments"), order="sorted"))
            )
            content = result(tool, call.get("arguments") or {}, inputs["conversation"], own)
            for name, schema in (inputs.get("give") or {}).items():
                content[name] = draw(name, schema, str(tool.get("description") or ""), own).json
        results.append({"id": call.get("id"), "content": content})
    return {"results": results, "reasoning": "Each result fits its call."}


def result(
    tool: dict[str, Any], arguments: dict[str, Any], conversation: list[dict[str, Any]], rng: Random
) -> dict[str, Any]:
    """Return a believable result of one call."""
    about = str(tool.get("description") or "")
    content: dict[str, Any] = {}
    for name, value in list(arguments.items())[:2]:
        if isinstance(value, str) and len(value) <= 40:
            content[name] = value
    fields = _fields(about)
    if fields:
        for name, type_ in fields:
            content[name] = draw(name, {"type": type_}, about, rng).json
    else:
        core = phrase(about, str(tool.get("name")))
        noun = re.split(r" (?:of|for|in|from|between|about|on|by|with|to|using|at|as|and) ", core.object)[0]
        key = "_".join(re.findall(r"[a-z0-9]+", noun.lower())[-3:]) or "result"
        key = re.sub(r"^(?:the|a|an|some)_", "", key)
        if core.verb in (
            "calculate",
            "compute",
            "determine",
            "estimate",
            "predict",
            "convert",
            "count",
            "sum",
            "evaluate",
            "solve",
        ):
            content[key] = draw(key, {"type": "number"}, about, rng).json
        elif core.verb in (
            "book",
            "reserve",
            "order",
            "buy",
            "purchase",
            "create",
            "add",
            "send",
            "schedule",
            "rent",
            "register",
        ):
            content |= {"status": "confirmed", "confirmation_id": f"{key[:3].upper()}-{rng.randrange(10000, 99999)}"}
        else:
            content |= {"status": "ok", key: draw(key, {"type": "string"}, about, rng).json}
    return content


def _fields(about: str) -> list[tuple[str, str]]:
    for line in sections("results")["fields"]:
        pattern, _, spec = line.partition(" ; ")
        if re.search(pattern, about, re.IGNORECASE):
            return [(part.partition(":")[0].strip(), part.partition(":")[2].strip()) for part in spec.split(",")]
    return []
