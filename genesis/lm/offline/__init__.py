"""The offline (simulated) LM: a seeded grammar that answers every agent's signature from the prompt's text alone.

No key, no network, no weights. It does not read instructions: no prompt is better or worse for it. It errs on demand::

    reply(messages, seed=7, sample=0, errors={"wrong_value": 0.02})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from genesis.errors import LMConfigError
from genesis.lm.offline.acts import assistant_turn
from genesis.lm.offline.calls import function_turn
from genesis.lm.offline.checking import check_turn
from genesis.lm.offline.errors import plant, spoil
from genesis.lm.offline.guidance import guide_turn, sample_turn
from genesis.lm.offline.judging import judge_turn
from genesis.lm.offline.prompt import Prompt, read, write
from genesis.lm.offline.requests import user_turn
from genesis.lm.offline.results import tool_turn
from genesis.lm.offline.student import student_turn
from genesis.text import stable_hash

Skill = Callable[[dict[str, Any], Random], dict[str, Any]]

SKILLS: dict[frozenset[str], tuple[str, frozenset[str], Skill]] = {
    # output fields: (agent, input fields it needs, skill)
    frozenset({"targets", "hard_distractors", "easy_distractors"}): (
        "sample",
        frozenset({"first_tool", "candidates", "target_count", "hard_count", "easy_count"}),
        sample_turn,
    ),
    frozenset({"semantic_type", "guidance"}): (
        "memory",
        frozenset({"tool", "open_types", "rare_parameters", "nearest_requests"}),
        guide_turn,
    ),
    frozenset({"message", "stated"}): (
        "user",
        frozenset({"persona", "wishes", "conversation", "guidance", "semantic_type"}),
        user_turn,
    ),
    frozenset({"act", "message"}): ("assistant", frozenset({"tools", "conversation", "stated"}), assistant_turn),
    frozenset({"calls"}): ("function", frozenset({"tools", "conversation", "stated"}), function_turn),
    frozenset({"results"}): ("tool", frozenset({"tools", "conversation", "calls", "failing"}), tool_turn),
    frozenset({"reason", "best"}): ("judge", frozenset({"candidates"}), judge_turn),
    frozenset({"calls", "message"}): ("student", frozenset({"tools", "conversation"}), student_turn),
    frozenset({"faithfulness", "satisfaction", "compliance"}): (
        "checker",
        frozenset({"tools", "task", "system", "conversation", "doubts"}),
        check_turn,
    ),
}


def reply(messages: list[dict[str, str]], *, seed: int, sample: int, errors: Mapping[str, float]) -> str:
    """Answer a rendered prompt; the same arguments give the same text, on every machine.

    ``errors`` holds the probability of each kind of planted defect, named as the fields of OfflineParams.
    Raises LMConfigError for a prompt that no known agent writes.
    """
    prompt = read(messages)
    agent, skill = recognise(prompt)
    rng = Random(stable_hash("offline", seed, sample, prompt.text))
    fields = skill(prompt.inputs, rng)
    fields = plant(agent, fields, prompt.inputs, errors, Random(stable_hash("defects", seed, sample, prompt.text)))
    return spoil(write(prompt.layout, fields), errors, Random(stable_hash("format", seed, sample, prompt.text)))


def recognise(prompt: Prompt) -> tuple[str, Skill]:
    """Return the agent that wrote a prompt and the skill that answers it, by its field names. Raises LMConfigError."""
    outputs = frozenset(prompt.layout.outputs) - {"reasoning"}
    if outputs not in SKILLS:
        known = "; ".join(f"{agent}: {', '.join(sorted(names))}" for names, (agent, _, _) in SKILLS.items())
        raise LMConfigError(
            f"offline (simulated) LM: no skill answers a signature with the output fields "
            f"{', '.join(sorted(outputs)) or '(none)'}; known are {known}"
        )
    agent, needed, skill = SKILLS[outputs]
    if absent := needed - prompt.inputs.keys():
        raise LMConfigError(f"offline (simulated) LM: the prompt of agent '{agent}' lacks {', '.join(sorted(absent))}")
    return agent, skill
