"""The calls to make now: every ready task, in the user's order, with exactly the values that are known."""

from __future__ import annotations

from random import Random
from typing import Any

from genesis.lm.offline.state import work


def function_turn(inputs: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Write the calls that the conversation now needs; none twice."""
    calls: list[dict[str, Any]] = []
    for task in work(inputs["tools"], inputs["conversation"], inputs["stated"]):
        if task.ready and task.tool:
            schema = (task.tool.get("parameters") or {}).get("properties") or {}
            arguments = {name: task.arguments[name] for name in schema if name in task.arguments}
            call = {"name": task.tool["name"], "arguments": arguments}
            if call not in calls:
                calls.append(call)
    return {"calls": calls, "reasoning": f"{len(calls)} task(s) can be done now with what is known."}
