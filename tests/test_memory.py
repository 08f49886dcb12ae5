"""Memory: canonical types, coverage, bounded guidance, near-repeats, and no dependence on arrival order."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import dspy
import pytest
from doubles import make_pool

from genesis.agents.memory import MemoryAgent
from genesis.chat import Message
from genesis.dialogue import Dialogue
from genesis.lm.render import plan_for, render
from genesis.memory import COVERED, INTENTS, NEAREST, OPEN, RARE, Memory
from genesis.params import from_dict
from genesis.planner import plan
from genesis.scenario import Task

POOL = make_pool(8)
PLAN = plan(POOL.tools, from_dict({"dialogues_per_tool": 200}))
OF_TOOL = {tool.name: [one for one in PLAN if one.tool == tool.name] for tool in POOL.tools}
NAME = POOL.tools[0].name
TOOL = POOL.by_name[NAME]


def dialogue(planned, request, semantic_type, parameters=("city",)):
    scenario = replace(planned.scenario, slots=(Task(planned.tool, 0, dict.fromkeys(parameters, 0)),))
    provenance = {"semantic_type": semantic_type}
    return Dialogue(planned.id, (), (Message("user", request), Message("assistant", "")), scenario, (), provenance)


def filled(count, order=None):
    """A memory that has seen the first ``count`` dialogues of every tool, taken in at a given order."""
    memory = Memory(POOL.tools)
    seen = [one for one in PLAN if one.round <= count]
    for one in order(seen) if order else seen:
        label = memory.labels(one.tool)[stable(one.id) % len(INTENTS)]
        memory.close(one, dialogue(one, f"Request number {one.index} about {one.id} and more of it", label))
    return memory


def stable(text):
    return sum(map(ord, text))


def test_types_are_the_tools_domain_and_an_intent():
    labels = Memory(POOL.tools).labels(NAME)
    assert labels[0] == "travel: plan ahead"
    assert len(labels) == len(set(labels)) == len(INTENTS)


def test_guidance_names_what_is_missing():
    memory = Memory(POOL.tools)
    first, second = OF_TOOL[NAME][:2]
    assert memory.brief(first, TOOL, ["city"]).nearest_requests == []
    memory.close(first, dialogue(first, "Find me a hotel in Oslo", "travel: plan ahead", ("city", "days")))
    brief = memory.brief(second, TOOL, ["city"])
    assert brief.covered == ["travel: plan ahead (1)"]
    assert "travel: plan ahead" not in brief.open_types
    assert brief.rare_parameters[0] == "unit"
    assert "days" not in brief.rare_parameters[:2]
    assert brief.nearest_requests == ["Find me a hotel in Oslo"]


def test_the_requests_shown_are_those_with_the_same_slots():
    memory = Memory(POOL.tools)
    for number, parameters in enumerate([("city",), ("city", "days"), ("city", "days", "unit"), ("city",), ("city",)]):
        one = OF_TOOL[NAME][number]
        memory.close(one, dialogue(one, f"request {number}", "travel: plan ahead", parameters))
    brief = memory.brief(OF_TOOL[NAME][5], TOOL, ["city", "days"])
    assert brief.nearest_requests[0] == "request 1"
    assert brief.nearest_requests[1] == "request 2"


def test_open_types_are_the_least_covered_here_then_everywhere():
    memory = Memory(POOL.tools)
    labels = memory.labels(NAME)
    for number, label in enumerate(labels[:-6]):
        memory.close(OF_TOOL[NAME][number], dialogue(OF_TOOL[NAME][number], f"r {number}", label))
    other = next(name for name in OF_TOOL if name != NAME and POOL.by_name[name].domain == TOOL.domain)
    memory.close(OF_TOOL[other][0], dialogue(OF_TOOL[other][0], "another", labels[-1]))
    brief = memory.brief(OF_TOOL[NAME][20], TOOL, ["city"])
    assert set(brief.open_types) == set(labels[-6:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("travel: compare options", "travel: compare options"),
        ("Compare options", "travel: compare options"),
        ("Comparing several options for a trip", "travel: compare options"),
        ("saving money on the road", "travel: save money"),
    ],
)
def test_free_text_is_mapped_onto_the_labels(text, expected):
    memory = Memory(POOL.tools)
    assert memory.canonical(text, memory.brief(OF_TOOL[NAME][0], TOOL, []), NAME) == expected


def test_text_that_names_no_type_gives_the_most_open_one():
    memory = Memory(POOL.tools)
    brief = memory.brief(OF_TOOL[NAME][0], TOOL, [])
    assert memory.canonical("zzz", brief, NAME) == brief.open_types[0]


def test_guidance_does_not_depend_on_the_order_of_arrival():
    one, other = filled(6), filled(6, order=lambda seen: list(reversed(seen)))
    for planned in [one_of for one_of in PLAN if one_of.round == 7]:
        tool = POOL.by_name[planned.tool]
        assert one.brief(planned, tool, ["city"]) == other.brief(planned, tool, ["city"])


def test_rounds_that_may_still_run_do_not_show():
    early, late = filled(5), filled(6)
    planned = OF_TOOL[NAME][6]
    for other in [one for one in PLAN if one.round == 6 and one.tool == NAME]:
        early.close(
            other,
            dialogue(
                other,
                f"Request number {other.index} about {other.id} and more of it",
                early.labels(NAME)[stable(other.id) % len(INTENTS)],
            ),
        )
    assert early.brief(planned, TOOL, []) == late.brief(planned, TOOL, [])


def test_the_prompt_of_the_200th_dialogue_is_as_short_as_that_of_the_5th():
    memory, agent = filled(199), MemoryAgent()
    sizes = {}
    for number in (5, 200):
        brief = memory.brief(OF_TOOL[NAME][number - 1], TOOL, ["city"])
        inputs = {"tool": TOOL.to_function(), **{name: getattr(brief, name) for name in brief.__dataclass_fields__}}
        prompt = render(plan_for(agent.predict.signature, "chat"), agent.predict.signature, [], inputs)
        sizes[number] = sum(len(message["content"]) for message in prompt)
        assert len(brief.covered) <= COVERED
        assert len(brief.open_types) == OPEN
        assert len(brief.rare_parameters) <= RARE
        assert len(brief.nearest_requests) <= NEAREST
    assert abs(sizes[200] - sizes[5]) <= 0.1 * sizes[5]


def test_a_near_repeat_of_the_same_tool_is_found():
    memory = Memory(POOL.tools)
    first, second = OF_TOOL[NAME][:2]
    memory.close(
        first,
        dialogue(first, "Could you find me a quiet hotel in Oslo for three days in May please", "travel: plan ahead"),
    )
    assert memory.repeats(second, "could you find me a quiet hotel in Oslo, for three days in May, please?") == first.id
    assert memory.repeats(second, "I would like to know about the weather in Bergen over the weekend") is None


def test_what_the_neighbour_round_made_of_another_tool_is_left_to_settling():
    memory = Memory(POOL.tools)
    text = "Could you find me a quiet hotel in Oslo for three days in May please"
    other = next(name for name in OF_TOOL if name != NAME)
    made, same_round, later = OF_TOOL[other][0], OF_TOOL[NAME][0], OF_TOOL[NAME][2]
    memory.close(made, dialogue(made, text, "travel: plan ahead"))
    assert memory.repeats(same_round, text) is None
    assert memory.repeats(later, text) == made.id, "rounds before k-1 are frozen"


async def test_within_a_round_the_first_of_the_plan_wins_whoever_comes_first():
    memory = Memory(POOL.tools)
    text = "Could you find me a quiet hotel in Oslo for three days in May please"
    first, second, third = PLAN[:3]
    memory.open(third, text)
    waiting = asyncio.ensure_future(memory.settle(third))
    await asyncio.sleep(0)
    memory.open(second, "Something else entirely that nobody has said before")
    await asyncio.sleep(0)
    assert not waiting.done(), "the first dialogue's request is not known yet"
    memory.open(first, text)
    await asyncio.sleep(0)
    assert not waiting.done(), "whether the first is accepted is not known yet"
    memory.close(first, dialogue(first, text, "travel: plan ahead"))
    assert await waiting == first.id


async def test_a_repeat_of_a_rejected_dialogue_is_none():
    memory = Memory(POOL.tools)
    text = "Could you find me a quiet hotel in Oslo for three days in May please"
    memory.open(PLAN[1], text)
    memory.open(PLAN[0], text)
    memory.close(PLAN[0], None)
    assert await memory.settle(PLAN[1]) is None


def test_the_agent_reads_a_brief_as_it_is():
    fields = set(MemoryAgent().predict.signature.input_fields)
    assert fields == {"tool", *Memory(POOL.tools).brief(PLAN[0], TOOL, []).__dataclass_fields__}
    assert isinstance(MemoryAgent(), dspy.Module)
