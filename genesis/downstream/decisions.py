"""A dialogue as the decisions in it: at each, the tools, what was said so far, and what the assistant then did.

    >>> [decision.id for decision in decisions(dialogues)]        # doctest: +SKIP
    ['d0001:1', 'd0001:3', 'd0002:1']

Demonstrations, optimisation and reinforcement learning all learn from decisions; supervised training takes whole
dialogues. A dialogue that a check has failed teaches nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genesis.benchmarks.item import Item
from genesis.chat import Message
from genesis.dialogue import Dialogue
from genesis.downstream.interface import Question
from genesis.text import words


@dataclass(frozen=True, slots=True)
class Decision:
    """One place in a dialogue where the assistant acts."""

    id: str
    """``<dialogue id>:<index of the message>``."""
    dialogue: str
    question: Question
    answer: Message
    multi_turn: bool
    """Whether the dialogue has more than one message from the user."""

    @property
    def request(self) -> str:
        """What the user said last."""
        return next((one.content for one in reversed(self.question.messages) if one.role == "user"), "")


def decisions(dialogues: Iterable[Dialogue], *, after_results: bool = True) -> list[Decision]:
    """Return the decisions in order; without ``after_results``, only those that directly follow the user."""
    found = []
    roles = ("user", "tool") if after_results else ("user",)
    for dialogue in dialogues:
        if dialogue.failed:
            continue
        tools = tuple(tool.to_function() for tool in dialogue.tools)
        multi = is_multi_turn(dialogue)
        for index, message in enumerate(dialogue.messages):
            if index and message.role == "assistant" and dialogue.messages[index - 1].role in roles:
                asked = Question(tools, dialogue.messages[:index])
                found.append(Decision(f"{dialogue.id}:{index}", dialogue.id, asked, message, multi))
    return found


def is_multi_turn(dialogue: Dialogue) -> bool:
    """Return whether the user speaks more than once."""
    return sum(message.role == "user" for message in dialogue.messages) > 1


def apart(found: Sequence[Decision], items: Iterable[Item]) -> tuple[list[Decision], int]:
    """Return the decisions whose request is no scored item's, word for word, and how many were left out.

    A data set made from a benchmark would otherwise show the student the answers it is scored on.
    """
    scored = {_said(message["content"]) for item in items for message in item.messages if message["role"] == "user"}
    kept = [one for one in found if _said(one.request) not in scored]
    return kept, len(found) - len(kept)


def _said(text: object) -> tuple[str, ...]:
    return tuple(words(str(text or "")))
