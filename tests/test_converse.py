"""One dialogue, turn by turn: candidates, rules, judge; what the plan expects; what a bad reply does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import ObligingCaller, ScriptedCaller, bad, good, make_pool, make_tool

from genesis.agents.crew import crew
from genesis.agents.wire import Call, Result, Stated
from genesis.candidate import Stage
from genesis.checks import rules
from genesis.converse import converse
from genesis.errors import FatalLMError, RejectedLMError
from genesis.memory import Memory
from genesis.params import from_dict
from genesis.planner import plan
from genesis.scenario import labels
from genesis.tools.pool import ToolPool

WEATHER = make_tool("get_weather", ("city",))
POOL = ToolPool((WEATHER,))
CREW = crew()


def stage(caller, pool=POOL, memory=None, cast=CREW, **params):
    return Stage(
        caller,
        cast,
        pool.by_name,
        pool.related,
        from_dict({"n": 1, **params}),
        memory,
        lambda dialogue: (rules.candidate_reasons(dialogue), ()),
    )


def planned(label, pool=POOL, number=0, **params):
    return plan(pool.tools, from_dict({"counts": {label: number + 1}, **params}))[number]


def asks(city, text=None):
    return good(message=text or f"What is the weather in {city}?", stated=[Stated(1, "get_weather", {"city": city})])


CALLS = good(act="call", message="")
ANSWERS = good(act="answer", message="It is 7 degrees.")


def calls(city, name="get_weather"):
    return good(calls=[Call(name, {"city": city})])


def result(number=1, **content):
    return good(results=[Result(f"call_{number}", content or {"temperature": 7})])


async def test_a_single_turn_goes_from_request_to_answer():
    caller = ScriptedCaller(user=[asks("Oslo")], assistant=[CALLS, ANSWERS], function=[calls("Oslo")], tool=[result()])
    made = await converse(planned("single/single/simple"), stage(caller))
    assert made.reasons == ()
    assert caller.rest == {}
    messages = made.dialogue.messages
    assert [message.role for message in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[1].tool_calls[0].id == messages[2].tool_call_id == "call_1"
    assert messages[2].content == '{"temperature":7}'
    assert made.dialogue.scenario.goal[0].arguments == {"city": "Oslo"}
    assert made.dialogue.provenance["calls"] == {"assistant": 2, "function": 1, "tool": 1, "user": 1}
    assert made.dialogue.provenance["tokens"]["assistant"] == {"prompt": 20, "completion": 10}


async def test_a_candidate_with_an_invalid_call_loses_before_any_judging():
    caller = ScriptedCaller(
        user=[asks("Oslo"), asks("Rome", "Weather in Rome, please")],
        assistant=[CALLS, CALLS, ANSWERS],
        function=[calls("Oslo", "get_wether"), calls("Rome")],
        tool=[result()],
    )
    made = await converse(planned("single/single/simple"), stage(caller, n=2))
    assert made.reasons == ()
    assert caller.rest == {}, "one survivor needs no judge, and the loser got no result"
    assert made.dialogue.messages[0].content == "Weather in Rome, please"
    (dropped,) = made.dialogue.provenance["candidates"]["reasons"]
    assert dropped["candidate"] == 1
    assert any("rule:6-offered-name" in reason for reason in dropped["reasons"])
    assert made.dialogue.provenance["candidates"]["made"] == 2


@pytest.mark.parametrize("best", [1, 2])
async def test_the_judge_decides_among_survivors_shown_in_a_shuffled_order(best):
    seen = set()
    for number in range(6):
        caller = ScriptedCaller(
            user=[asks("Oslo"), asks("Rome", "Weather in Rome, please")],
            assistant=[CALLS, ANSWERS, CALLS, ANSWERS],
            function=[calls("Oslo"), calls("Rome")],
            tool=[result(), result()],
            judge=[good(reason="clearer", best=best)],
        )
        made = await converse(planned("single/single/simple", number=number), stage(caller, n=2))
        shown = [choice.conversation[0].content for choice in caller.asked[-1][1]["candidates"]]
        assert made.dialogue.messages[0].content == shown[best - 1]
        seen.add(shown[0])
    assert len(seen) == 2, "no candidate always stands first"


async def test_a_random_pick_asks_no_judge_and_follows_the_seed():
    picked = set()
    for number in range(6):
        texts = set()
        for _ in range(2):
            caller = ScriptedCaller(
                user=[asks("Oslo"), asks("Rome", "Weather in Rome, please")],
                assistant=[CALLS, ANSWERS, CALLS, ANSWERS],
                function=[calls("Oslo"), calls("Rome")],
                tool=[result(), result()],
            )
            made = await converse(planned("single/single/simple", number=number), stage(caller, n=2, judge="random"))
            texts.add(made.dialogue.messages[0].content)
        assert len(texts) == 1
        picked |= texts
    assert len(picked) == 2


@pytest.mark.parametrize("verdict", [bad("empty"), good(reason="?", best=9), RejectedLMError("413: too long")])
async def test_a_judge_who_does_not_choose_costs_no_dialogue(verdict):
    caller = ScriptedCaller(
        user=[asks("Oslo"), asks("Rome", "Weather in Rome, please")],
        assistant=[CALLS, ANSWERS, CALLS, ANSWERS],
        function=[calls("Oslo"), calls("Rome")],
        tool=[result(), result()],
        judge=[verdict],
    )
    made = await converse(planned("single/single/simple"), stage(caller, n=2))
    assert made.reasons == ()
    assert made.fault is None
    assert "took the first of a shuffled order" in made.dialogue.provenance["notes"][0]


async def test_a_missing_parameter_is_asked_for_then_called_with():
    caller = ScriptedCaller(
        user=[
            good(message="What's the weather like?", stated=[Stated(1, "get_weather", {})]),
            good(message="In Oslo.", stated=[Stated(1, "get_weather", {"city": "Oslo"})]),
        ],
        assistant=[good(act="ask", message="In which city?"), CALLS, ANSWERS],
        function=[calls("Oslo")],
        tool=[result()],
    )
    made = await converse(planned("miss_param"), stage(caller))
    assert made.reasons == ()
    roles = [message.role for message in made.dialogue.messages]
    assert roles == ["user", "assistant", "user", "assistant", "tool", "assistant"]


async def test_a_call_instead_of_the_question_rejects_with_the_reason():
    opening = good(message="What's the weather like?", stated=[Stated(1, "get_weather", {})])
    caller = ScriptedCaller(user=[opening, opening], assistant=[CALLS, CALLS], function=[calls("Oslo"), calls("Oslo")])
    made = await converse(planned("miss_param"), stage(caller))
    assert "plan: calls 'get_weather' where no call can be made" in made.reasons
    assert [message.role for message in made.dialogue.messages] == ["user", "assistant"], "as far as it came"
    assert made.dialogue.provenance["repairs"] == 1, "one fresh batch, then no more"
    assert made.fault is None


@pytest.mark.parametrize("outcome", ["empty", "refused", "cut", "unparsable"])
@pytest.mark.parametrize("agent", ["user", "assistant", "function", "tool"])
async def test_a_bad_reply_is_a_reason_and_never_a_success(agent, outcome):
    script = {
        "user": [asks("Oslo")] * 2,
        "assistant": [CALLS, ANSWERS] * 2,
        "function": [calls("Oslo")] * 2,
        "tool": [result()] * 2,
    }
    if agent in ("function", "tool"):
        script["assistant"] = [CALLS] * 2
    script[agent] = [bad(outcome, "said no")] * 2
    made = await converse(planned("single/single/simple"), stage(ScriptedCaller(**script)))
    assert made.reasons == (f"{agent}: {outcome}: said no",)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (good(results=[]), "tool: results for []; calls are ['call_1']"),
        (good(results=[Result("call_9", {"t": 1})]), "tool: results for ['call_9']; calls are ['call_1']"),
        (good(results=[Result("call_1", {"error": "down"})]), "tool: call_1 fails, against the plan"),
    ],
)
async def test_results_belong_to_calls_by_id(reply, reason):
    caller = ScriptedCaller(
        user=[asks("Oslo")] * 2, assistant=[CALLS] * 2, function=[calls("Oslo")] * 2, tool=[reply] * 2
    )
    made = await converse(planned("single/single/simple"), stage(caller))
    assert made.reasons == (reason,)


async def test_a_refused_request_ends_the_candidate_and_is_told_apart_from_a_bad_dialogue():
    error = RejectedLMError("400: no such model")
    made = await converse(planned("single/single/simple"), stage(ScriptedCaller(user=[error])))
    assert made.reasons == ("lm: 400: no such model",)
    assert made.fault is error


async def test_a_fatal_error_stops_at_once():
    caller = ScriptedCaller(user=[asks("Oslo")], assistant=[FatalLMError("401: bad key")])
    with pytest.raises(FatalLMError, match="bad key"):
        await converse(planned("single/single/simple"), stage(caller))


async def test_a_near_repeat_is_dropped_before_more_is_spent_on_it():
    memory = Memory(POOL.tools)
    text = "Tell me what the weather will be like tomorrow in the city of Oslo"
    guide = good(semantic_type="plan ahead", guidance="something new")
    first, second = plan(POOL.tools, from_dict({"counts": {"single/single/simple": 2}}))
    one = ScriptedCaller(
        memory=[guide], user=[asks("Oslo", text)], assistant=[CALLS, ANSWERS], function=[calls("Oslo")], tool=[result()]
    )
    made = await converse(first, stage(one, memory=memory))
    memory.close(first, made.dialogue)
    again = ScriptedCaller(memory=[guide], user=[asks("Oslo", text), asks("Oslo", text)])
    repeated = await converse(second, stage(again, memory=memory))
    assert repeated.reasons == (f"memory: near-repeat of {first.id}",)
    assert again.rest == {}


async def test_equal_samples_are_played_once():
    caller = ScriptedCaller(
        user=[asks("Oslo"), asks("Oslo")], assistant=[CALLS, ANSWERS], function=[calls("Oslo")], tool=[result()]
    )
    made = await converse(planned("single/single/simple"), stage(caller, n=2))
    assert made.reasons == ()
    assert caller.rest == {}


async def test_reasoning_is_kept_in_the_assistants_messages():
    thinks = {"reasoning": "The city is known."}
    caller = ScriptedCaller(
        user=[asks("Oslo")],
        assistant=[good(act="call", message="", **thinks), good(act="answer", message="7 degrees", **thinks)],
        function=[calls("Oslo")],
        tool=[result()],
    )
    made = await converse(planned("single/single/simple"), stage(caller, cast=crew(reasoning=True), reasoning=True))
    assert [message.reasoning for message in made.dialogue.messages] == [
        None,
        *["The city is known."] * 1,
        None,
        "The city is known.",
    ]


async def test_a_doubtful_candidate_goes_on_only_where_there_is_no_better():
    def script():
        return ScriptedCaller(
            user=[asks("Oslo"), asks("Rome", "Weather in Rome, please")],
            assistant=[CALLS, good(act="answer", message="It is 31 degrees."), CALLS, ANSWERS],
            function=[calls("Oslo"), calls("Rome")],
            tool=[result(), result()],
            judge=[good(reason="", best=1)],
        )

    careful = replace(stage(script(), n=2), findings=rules.candidate_findings)
    made = await converse(planned("single/single/simple"), careful)
    assert made.dialogue.messages[-1].content == "It is 7 degrees."
    (dropped,) = made.dialogue.provenance["candidates"]["reasons"]
    assert dropped["reasons"][0].startswith("doubt: rule:34-answer-states-result")
    everything_goes = replace(stage(script(), n=2), findings=lambda dialogue: ((), ["doubtful"]))
    assert (await converse(planned("single/single/simple"), everything_goes)).reasons == ()


BIG = make_pool(28)


@pytest.mark.parametrize("label", labels())
async def test_every_scenario_comes_out_right_with_a_cast_that_does_what_it_is_told(label):
    for number in range(8):
        one = planned(label, BIG, number)
        made = await converse(one, stage(ObligingCaller(), BIG, Memory(BIG.tools), n=2))
        dialogue = made.dialogue
        assert made.reasons == (), (one, made.reasons)
        assert rules.check(replace(dialogue, verdicts=())), one
        assert (
            len([message for message in dialogue.messages if message.role == "user"]) == dialogue.scenario.last_turn + 1
        )
        offered = {tool.name for tool in dialogue.tools}
        called = [call.name for message in dialogue.messages for call in message.tool_calls]
        if label == "irrelevance":
            assert not called
            assert one.tool not in offered, "the tool that fits is withheld"
        else:
            assert set(dialogue.scenario.targets) | set(dialogue.scenario.distractors) == offered
        if label == "bad_param" and dialogue.scenario.turns == "single":
            assert not called
        if label == "tool_error":
            assert '"error"' in next(message.content for message in dialogue.messages if message.role == "tool")
        if label.endswith(("/parallel", "/parallel_multiple")):
            assert max(len(message.tool_calls) for message in dialogue.messages) >= 2


async def test_the_right_tool_does_not_always_stand_first():
    places = set()
    for number in range(20):
        made = await converse(planned("single/single/multiple", BIG, number), stage(ObligingCaller(), BIG))
        names = [tool.name for tool in made.dialogue.tools]
        places.add(names.index(made.dialogue.scenario.targets[0]))
        assert len(names) == 6, "one target, three hard and two easy distractors"
    assert len(places) >= 5


async def test_hard_distractors_are_among_the_closest_tools():
    made = await converse(planned("single/single/multiple", BIG), stage(ObligingCaller(), BIG))
    scenario = made.dialogue.scenario
    closest = [name for name, cosine in BIG.related(scenario.targets[0], 16)]
    assert set(scenario.distractors[:3]) <= set(closest)


async def test_a_sample_agent_who_invents_tools_is_put_right_from_the_index():
    def invents(agent, inputs, seed, reply):
        if agent != "sample":
            return reply
        return good(targets=["no_such_tool"], hard_distractors=["find_hotel_0"] * 9, easy_distractors=[])

    one = planned("single/multi/parallel_multiple", BIG)
    made = await converse(one, stage(ObligingCaller(invents), BIG))
    assert made.reasons == ()
    names = [*made.dialogue.scenario.targets, *made.dialogue.scenario.distractors]
    assert len(names) == len(set(names)) == one.target_count + 5
    assert set(names) <= set(BIG.by_name)
    assert any(note.startswith("sample: targets") for note in made.dialogue.provenance["notes"])
