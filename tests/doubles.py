"""Test doubles for the LM side: replies written out by hand, and an obliging cast that does what the plan wants."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from genesis.agents.wire import Call, Result, Stated
from genesis.text import stable_hash
from genesis.tools.pool import ToolPool
from genesis.tools.tool import Tool


def good(**fields: Any) -> SimpleNamespace:
    """A good reply with these fields."""
    return SimpleNamespace(
        outcome="good",
        fields=fields,
        text="",
        reason="",
        reasoning="",
        prompt_tokens=10,
        completion_tokens=5,
        resamples=0,
    )


def bad(outcome: str, reason: str = "") -> SimpleNamespace:
    """A reply that cannot be used."""
    return SimpleNamespace(
        outcome=outcome,
        fields={},
        text="",
        reason=reason,
        reasoning="",
        prompt_tokens=10,
        completion_tokens=0,
        resamples=0,
    )


class _Named:
    simulated = True

    def lm_name(self, agent: str = "default") -> str:
        return "a test double"


class ScriptedCaller(_Named):
    """Plays written replies, agent by agent; raises when one runs out. ``rest`` tells what nobody asked for."""

    def __init__(self, **script: list[Any]) -> None:
        self.script = {agent: list(replies) for agent, replies in script.items()}
        self.asked: list[tuple[str, dict[str, Any], int]] = []

    async def ask(self, agent: str, predictor: Any, inputs: dict[str, Any], *, seed: int, n: int = 1) -> list[Any]:
        self.asked.append((agent, inputs, n))
        replies = []
        for _ in range(n):
            if not self.script.get(agent):
                raise AssertionError(f"the script has no further reply of '{agent}'")
            reply = self.script[agent].pop(0)
            if isinstance(reply, Exception):
                raise reply
            replies.append(reply)
        return replies

    @property
    def rest(self) -> dict[str, int]:
        return {agent: len(replies) for agent, replies in self.script.items() if replies}


class ObligingCaller(_Named):
    """Does what is asked of each agent, from its inputs and seed alone; ``twist`` may change any reply.

    Replies come after a pseudo-random number of turns of the event loop, so that arrival order varies with ``jitter``.
    """

    def __init__(self, twist: Callable[[str, dict[str, Any], int, Any], Any] | None = None, jitter: int = 0) -> None:
        self.twist = twist or (lambda agent, inputs, seed, reply: reply)
        self.jitter = jitter
        self.calls: Counter[str] = Counter()

    async def ask(self, agent: str, predictor: Any, inputs: dict[str, Any], *, seed: int, n: int = 1) -> list[Any]:
        missing = set(predictor.signature.input_fields) ^ set(inputs)
        assert not missing, f"{agent}: inputs and signature differ in {missing}"
        self.calls[agent] += 1
        for _ in range(stable_hash(seed, self.jitter) % 7 if self.jitter else 0):
            await asyncio.sleep(0)
        replies = []
        for sample in range(n):
            rng = random.Random(stable_hash(seed, sample))
            reply = self.twist(agent, inputs, seed + sample, getattr(self, f"_{agent}")(inputs, rng))
            if isinstance(reply, Exception):
                raise reply
            replies.append(reply)
        return replies

    def _sample(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        names = [candidate["name"] for candidate in inputs["candidates"]]
        more, hard, easy = inputs["target_count"] - 1, inputs["hard_count"], inputs["easy_count"]
        return good(
            targets=[inputs["first_tool"]["name"], *names[:more]],
            hard_distractors=names[more : more + hard],
            easy_distractors=names[::-1][:easy],
        )

    def _memory(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        return good(semantic_type=inputs["open_types"][0], guidance="Ask in another way.")

    def _user(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        stated, parts = [], []
        for wish in inputs["wishes"]:
            values = {
                name: "!!" if name == wish.bad else value(schema, rng, name) for name, schema in wish.say_now.items()
            }
            stated.append(Stated(wish.task, wish.tool, values))
            parts.append(
                f"Wish {wish.task} of mine: {wish.does} " + " ".join(f"{name} is {v}." for name, v in values.items())
            )
        noise = " ".join(rng.choice(_NOISE) for _ in range(8))
        return good(message=" ".join(parts) + " " + noise, stated=stated)

    def _assistant(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        extra = {"reasoning": "Two facts are known."}
        pending, missing = self._pending(inputs)
        failed = [line for line in inputs["conversation"] if line.role == "tool" and '"error"' in line.content]
        if inputs["conversation"][-1].role == "tool" and failed and inputs["conversation"][-1] == failed[-1]:
            return good(act="answer", message="That failed: " + failed[-1].content, **extra)
        if any("!!" in entry.values.values() for entry in inputs["stated"]):
            return good(act="answer", message="'!!' cannot be right.", **extra)
        if any(not entry.tool for entry in inputs["stated"]):
            return good(act="answer", message="None of my tools can do that.", **extra)
        if missing:
            return good(act="ask", message="What is the " + " and ".join(missing) + "?", **extra)
        if pending:
            return good(act="call", message="", **extra)
        results = [line.content for line in inputs["conversation"] if line.role == "tool"]
        return good(act="answer", message="Done: " + "; ".join(results), **extra)

    def _pending(self, inputs: dict[str, Any]) -> tuple[list[Call], list[str]]:
        tools = {tool["name"]: tool for tool in inputs["tools"]}
        lines = inputs["conversation"]
        answered = {line.answers: line.content for line in lines if line.role == "tool"}
        made = Counter(
            repr((call["name"], sorted(call["arguments"].items(), key=repr))) for line in lines for call in line.calls
        )
        pending, missing = [], []
        for entry in inputs["stated"]:
            if not entry.tool:
                continue
            known = dict(entry.values)
            for name, source in entry.from_results.items():
                if source - 1 < len(answered):
                    known[name] = json.loads(list(answered.values())[source - 1])[name]
            required = tools[entry.tool]["parameters"].get("required", [])
            lacking = [name for name in required if name not in known]
            if [name for name in lacking if name not in entry.from_results]:
                missing += [name for name in lacking if name not in entry.from_results]
            elif not lacking:
                key = repr((entry.tool, sorted(known.items(), key=repr)))
                if made[key]:
                    made[key] -= 1
                else:
                    pending.append(Call(entry.tool, known))
        return pending, missing

    def _function(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        return good(calls=self._pending(inputs)[0])

    def _tool(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        results = []
        for call in inputs["calls"]:
            content: dict[str, Any] = {"result": rng.randrange(1000, 9999)}
            content |= {name: value(schema, rng, name) for name, schema in inputs["give"].items()}
            if call["id"] in inputs["failing"]:
                content = {"error": "service unavailable"}
            results.append(Result(call["id"], content))
        return good(results=results)

    def _judge(self, inputs: dict[str, Any], rng: random.Random) -> Any:
        return good(reason="it reads best", best=rng.randrange(len(inputs["candidates"])) + 1)


_NOISE = [
    "soon",
    "for my aunt",
    "again",
    "at the station",
    "by noon",
    "with care",
    "for the club",
    "near home",
    "twice",
]


def value(schema: dict[str, Any], rng: random.Random, name: str) -> Any:
    """A value that a simple schema allows."""
    if schema.get("enum"):
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "integer":
        return rng.randrange(int(schema.get("minimum", 100)), int(schema.get("maximum", 99_999)))
    if kind == "number":
        return round(rng.uniform(1, 500), 1)
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        return [value(schema.get("items", {"type": "string"}), rng, name) for _ in range(2)]
    if kind == "object":
        return {key: value(inner, rng, key) for key, inner in schema.get("properties", {}).items()}
    return f"{name.replace('_', ' ')} {rng.randrange(1000, 99_999)}"


def make_tool(
    name: str, required: tuple[str, ...] = ("city",), optional: tuple[str, ...] = (), domain: str = "travel"
) -> Tool:
    """A tool with parameters of the well-known kinds below."""
    properties = {parameter: PARAMETERS[parameter] for parameter in (*required, *optional)}
    words = name.replace("_", " ")
    return Tool(
        name,
        f"Do {words} for a place.",
        {"type": "object", "properties": properties, "required": list(required)},
        domain=domain,
    )


PARAMETERS: dict[str, dict[str, Any]] = {
    "city": {"type": "string", "description": "Name of the city."},
    "order_id": {"type": "string", "description": "Number of the order."},
    "days": {"type": "integer", "minimum": 1, "maximum": 90},
    "price": {"type": "number"},
    "unit": {"type": "string", "enum": ["metric", "imperial"]},
    "quiet": {"type": "boolean"},
    "notes": {"type": "array", "items": {"type": "string"}},
}


def make_pool(size: int = 20) -> ToolPool:
    """A pool of tools of different abilities; each seventh takes no parameters at all."""
    shapes: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        (("city",), ("days", "unit", "notes")),
        (("city", "days"), ("unit", "quiet")),
        (("order_id",), ()),
        ((), ("city", "price")),
        (("city", "days", "unit"), ("price", "notes")),
        (("unit",), ("quiet",)),
        ((), ()),
    ]
    tools = []
    for number in range(size):
        required, optional = shapes[number % len(shapes)]
        name = f"{_VERBS[number % len(_VERBS)]}_{_NOUNS[number % len(_NOUNS)]}_{number}"
        tools.append(make_tool(name, required, optional, ("travel", "finance", "maths")[number % 3]))
    return ToolPool(tuple(tools))


_VERBS = ("find", "book", "rate", "list", "plan")
_NOUNS = ("hotel", "train", "museum", "concert", "garden", "bridge", "market")


class MemoryRun:
    """A run folder without a disk: keeps rows in lists."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def append(self, name: str, row: dict[str, Any]) -> None:
        self.tables.setdefault(name, []).append(row)

    def rows(self, name: str) -> list[dict[str, Any]]:
        return list(self.tables.get(name, []))

    def order_rows(self, name: str, place: Callable[[dict[str, Any]], int]) -> None:
        if name in self.tables:
            self.tables[name].sort(key=place)
