"""What is really wrong with an offline dialogue: the planted defects, read off the plan's goal and the results.

Only the offline (simulated) LM's dialogues have a truth: their goal holds the values the user said, and their answers
state figures unchanged. What passes the generator's own gates is an answer that contradicts its result, or a value that
a person's edit made wrong. Exact but for a planted figure that happens to stand elsewhere in the dialogue.
Measured on 150 dialogues with one candidate a turn: none wrong without planted contradictions, 41 with 30 % of answers.
"""

from __future__ import annotations

import re
from collections import Counter

from genesis.checks.view import canonical
from genesis.dialogue import Dialogue

_FIGURE = re.compile(r"\d+(?:\.\d+)?")


def is_right(dialogue: Dialogue) -> bool | None:
    """Whether an offline dialogue has no planted defect; None for any other dialogue."""
    if not dialogue.provenance.get("simulated") or dialogue.scenario is None:
        return None
    return _calls_right(dialogue) and _answers_right(dialogue)


def _calls_right(dialogue: Dialogue) -> bool:
    """Whether the distinct calls are the goal's (a retry after an error is the same call again)."""
    assert dialogue.scenario is not None
    made = {canonical(call) for message in dialogue.messages for call in message.tool_calls}
    return made == set(Counter(canonical(call) for call in dialogue.scenario.goal))


def _answers_right(dialogue: Dialogue) -> bool:
    """Whether every figure in an answer after a result stands before it, or numbers the results ("Number 2: ...")."""
    before = ""
    after_result = False
    results = 0
    for message in dialogue.messages:
        results += message.role == "tool"
        if message.role == "assistant" and message.content and after_result:
            known = {*_FIGURE.findall(before), *map(str, range(1, results + 1))}
            if any(figure not in known for figure in _FIGURE.findall(message.content)):
                return False
        before += f" {message.content} " + " ".join(str(call.arguments) for call in message.tool_calls)
        after_result = message.role == "tool"
    return True
