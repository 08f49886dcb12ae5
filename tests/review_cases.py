"""Hand-made runs for the tests of checking by model and people: small, readable, without generation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genesis import params, record
from genesis.chat import Message, ToolCall
from genesis.checks import rules
from genesis.dialogue import Dialogue, Verdict
from genesis.scenario import Scenario, Task
from genesis.tools.tool import Tool

CITIES = ("Oslo", "Bergen", "Lima", "Quito", "Accra", "Perth", "Turin", "Lagos", "Kyoto", "Delhi")
WEATHER = Tool(
    "get_weather",
    "Current weather of a city.",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Name of the city."},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city"],
    },
)


def dialogue(
    number: int, *, said: str = "", called: str = "", degrees: int = 12, answered: int | None = None
) -> Dialogue:
    """A question about the weather; `called` other than `said` is a wrong value, `answered` a contradicted result."""
    said = said or CITIES[number % len(CITIES)]
    call = ToolCall("call_1", "get_weather", {"city": called or said})
    answer = degrees if answered is None else answered
    scenario = Scenario(
        "simple",
        "single",
        "single",
        targets=("get_weather",),
        slots=(Task("get_weather", 0, {"city": 0}),),
        goal=(ToolCall("goal_1", "get_weather", {"city": said}),),
    )
    return Dialogue(
        f"d{number:04d}",
        (WEATHER,),
        (
            Message("user", f"What is the weather like in {said} right now?"),
            Message("assistant", "", (call,)),
            Message("tool", f'{{"city": "{called or said}", "temperature": {degrees}}}', tool_call_id="call_1"),
            Message("assistant", f"It is {answer} degrees in {called or said}."),
        ),
        scenario,
        provenance={"simulated": True, "index": number, "lm": "offline (simulated) LM"},
    )


def sure(found: Dialogue, confidence: float) -> Dialogue:
    """The dialogue as rules and model left it."""
    from dataclasses import replace

    model = Verdict("model:faithfulness", "pass" if confidence > 0.75 else "fail", (), confidence)
    return replace(found, verdicts=(Verdict("rules", "pass"), model))


def make_run(folder: Path, dialogues: list[Dialogue], **chosen: Any) -> record.Run:
    """A run that holds these dialogues, checked by the rules."""
    from dataclasses import replace

    run = record.create(params.from_dict({"experiment": "review", **chosen}), folder)
    for found in dialogues:
        checked = replace(found, verdicts=rules.check(found))
        assert not checked.failed, checked.verdicts
        run.append("dialogues", checked.to_row())
    run.update(counts={"planned": len(dialogues), "accepted": len(dialogues), "rejected": 0, "errored": 0})
    return run


def with_model(run: record.Run, confidences: dict[str, float]) -> None:
    """Write what a model checker said, by dialogue."""
    from genesis.review import settle
    from genesis.review.decisions import digest

    rows = []
    for entry in settle.entries(run):
        value = confidences.get(entry.dialogue.id)
        if value is None:
            continue
        outcome = "pass" if value > 0.75 else "fail"
        verdict = {"check": "model:faithfulness", "outcome": outcome, "reasons": ["because"], "confidence": value}
        rows.append(
            {
                "id": entry.dialogue.id,
                "version": digest(entry.dialogue),
                "confidences": {"faithfulness": value},
                "reasons": {},
                "verdicts": [verdict],
            }
        )
    run.replace_rows(settle.MODEL, rows)
    settle.settle(run)
