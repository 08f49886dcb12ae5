"""Small dialogues with known structure, for the tests of this folder."""

from __future__ import annotations

import random

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue, Verdict
from genesis.scenario import Scenario
from genesis.tools.tool import Tool

WORDS = [first + second for first in "bdfgklmnprstvz" for second in ("an", "el", "in", "or", "us")]


def dialogue(number: int, text: str, *calls: ToolCall, label: str = "", **provenance: object) -> Dialogue:
    """Make a dialogue of one request, its calls, their results and an answer."""
    messages = [Message("user", text)]
    if calls:
        messages.append(Message("assistant", "", calls))
        messages += [Message("tool", "{}", tool_call_id=call.id) for call in calls]
    messages.append(Message("assistant", "Done."))
    names = sorted({call.name for call in calls})
    tools = tuple(Tool(name, f"Does {name}.", {"type": "object", "properties": {}}) for name in names)
    scenario = Scenario("simple", "single", "single", targets=tuple(names)) if label != "none" else None
    return Dialogue(f"d{number}", tools, tuple(messages), scenario, provenance=dict(provenance))


def call(name: str, number: int = 0, **arguments: object) -> ToolCall:
    """Make a call."""
    return ToolCall(f"c{number}", name, dict(arguments))


def corpus(n: int, *, tools: int = 40, length: int = 12, seed: int = 0) -> list[Dialogue]:
    """Draw ``n`` independent dialogues over ``tools`` tools of unequal frequency."""
    generator = random.Random(seed)
    made = []
    for number in range(n):
        tool = min(int(generator.expovariate(4 / tools)), tools - 1)
        text = " ".join(generator.choice(WORDS) for _ in range(length))
        made.append(dialogue(number, text, call(f"tool_{tool}", city=generator.choice(WORDS))))
    return made


def failed(made: Dialogue, *checks: str) -> Dialogue:
    """Return the dialogue with failing verdicts."""
    verdicts = tuple(Verdict(check, "fail", ("because",)) for check in checks)
    return Dialogue(made.id, made.tools, made.messages, made.scenario, verdicts, made.provenance)
