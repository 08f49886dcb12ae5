"""The agents: their fields, their prompts, and prompt versions saved and loaded as JSON."""

from __future__ import annotations

import dspy
import msgspec
import pytest

from genesis.agents.crew import NAMES, crew, load_prompt, save_prompt
from genesis.agents.user import UserAgent, persona_words
from genesis.errors import ParamsError
from genesis.lm.render import plan_for, render
from genesis.scenario import PERSONAS


@pytest.mark.parametrize("name", NAMES)
def test_each_agent_is_a_module_with_one_predictor_and_its_own_name(name):
    agent = getattr(crew(), name)
    assert isinstance(agent, dspy.Module)
    assert agent.name == name
    assert [key for key, _ in agent.named_predictors()] == ["predict"]


@pytest.mark.parametrize("name", NAMES)
def test_each_prompt_says_who_it_speaks_to_and_names_only_fields_that_exist(name):
    signature = getattr(crew(), name).predict.signature
    assert signature.instructions.startswith("You ")
    fields = {*signature.input_fields, *signature.output_fields}
    for field in ("say_now", "guidance", "best", "failing", "give", "stated", "targets", "open_types"):
        if f"`{field}`" in signature.instructions and field != "say_now":
            assert field in fields, f"{name}: the prompt speaks of {field}"
    assert len(signature.instructions) < 3500, "a prompt is paid for at every call"


def test_reasoning_comes_before_the_act():
    assert list(crew(reasoning=True).assistant.predict.signature.output_fields) == ["reasoning", "act", "message"]
    assert list(crew().assistant.predict.signature.output_fields) == ["act", "message"]


def test_every_persona_has_words():
    assert {persona_words(persona).partition(":")[0] for persona in PERSONAS} == set(PERSONAS)


def test_a_prompt_version_comes_back_as_it_was_saved(tmp_path):
    agent = UserAgent()
    agent.predict.signature = agent.predict.signature.with_instructions("You play a person. Be brief.")
    agent.predict.demos = [dspy.Example(persona="plain: x", message="Hi", stated=[]).with_inputs("persona")]
    path = save_prompt(agent, "user-brief", tmp_path)
    assert msgspec.json.decode(path.read_bytes())["agent"] == "user"
    again = crew({"user": "user-brief"}, folder=tmp_path).user
    assert again.predict.signature.instructions == "You play a person. Be brief."
    assert again.predict.demos[0].toDict() == agent.predict.demos[0].toDict()
    assert again.predict.demos[0].inputs().toDict() == {"persona": "plain: x"}
    assert crew(folder=tmp_path).user.predict.signature.instructions != "You play a person. Be brief."


def test_a_prompt_version_is_what_the_model_reads(tmp_path):
    agent = UserAgent()
    agent.predict.signature = agent.predict.signature.with_instructions("Speak like a pirate.")
    save_prompt(agent, "pirate", tmp_path)
    loaded = crew({"user": "pirate"}, folder=tmp_path).user.predict.signature
    inputs = {"persona": "", "wishes": [], "conversation": [], "guidance": "", "semantic_type": ""}
    assert "Speak like a pirate." in render(plan_for(loaded, "chat"), loaded, [], inputs)[0]["content"]


@pytest.mark.parametrize(
    ("prompts", "words"),
    [
        ({"usr": "v1"}, "unknown agent 'usr'; agents are sample, memory, user"),
        ({"user": "v9"}, r"prompts.user: no version 'v9' in .* \(known: judge-v1\)"),
        ({"user": "judge-v1"}, "is a prompt of agent 'judge'"),
        ({"user": "../judge-v1"}, "'../judge-v1' is no version name"),
        ({"user": ".hidden"}, "'.hidden' is no version name"),
    ],
)
def test_a_prompt_that_is_not_there_or_not_its_own_is_refused(tmp_path, prompts, words):
    save_prompt(crew().judge, "judge-v1", tmp_path)
    with pytest.raises(ParamsError, match=words):
        crew(prompts, folder=tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"agent": "user"}', b'{"agent": "user", "instructions": 3}'])
def test_a_damaged_prompt_is_refused(tmp_path, content):
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(ParamsError, match=r"prompts.user: .*bad.json"):
        load_prompt(UserAgent(), "bad", tmp_path)
