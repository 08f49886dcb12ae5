"""A data set as training rows: whole dialogues for SFT, single decisions for GRPO; and which part each stage takes.

Recipes (PAPER, Training): ``sft`` trains on everything; ``rl_part`` trains SFT on single-turn dialogues and special
cases and GRPO on multi-turn ones only; ``rl_all`` gives everything to both stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import xxhash

from genesis.dialogue import Dialogue
from genesis.downstream.decisions import Decision, decisions, is_multi_turn
from genesis.errors import FormatError
from genesis.formats import dialogues

Stage = Literal["sft", "grpo"]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a stage trains on."""

    dialogues: tuple[Dialogue, ...]
    about: dict[str, Any]
    """Plain JSON: file, hash, rows read, failed by a check, not of this stage, kept."""


def load(path: str, stage: Stage, recipe: str) -> TrainingData:
    """Read a data set's rows for a stage. Raises FormatError where the file or the part of it holds none."""
    if not path:
        raise FormatError("train.data is empty; name a data set (--data FILE)")
    every = dialogues(path)
    sound = [one for one in every if not one.failed]
    kept = part(sound, stage, recipe)
    if not kept:
        raise FormatError(f"{path}: none of {len(every)} dialogues is for {stage} in recipe {recipe}")
    about = {
        "data": Path(path).name,
        "hash": xxhash.xxh3_64_hexdigest(Path(path).read_bytes()),
        "dialogues": len(every),
        "failed": len(every) - len(sound),
        "other_stage": len(sound) - len(kept),
        "kept": len(kept),
    }
    return TrainingData(tuple(kept), about)


def part(found: Iterable[Dialogue], stage: Stage, recipe: str) -> list[Dialogue]:
    """Return the dialogues a stage takes. Imported dialogues without a scenario are no special case."""
    if recipe != "rl_part":
        return list(found)
    return [one for one in found if (is_multi_turn(one) and not is_special(one)) == (stage == "grpo")]


def is_special(dialogue: Dialogue) -> bool:
    """Return whether the dialogue is one of the special cases: irrelevance, missing or bad value, failing tool."""
    return dialogue.scenario is not None and dialogue.scenario.special != "none"


def sft_rows(found: Sequence[Dialogue], *, reasoning: bool = True) -> list[dict[str, Any]]:
    """Return ``{"messages", "tools"}`` of every dialogue, exactly as its row on disk has them."""
    rows = []
    for dialogue in found:
        row = dialogue.to_row()
        messages = row["messages"]
        if not reasoning:
            messages = [{key: message[key] for key in message if key != "reasoning_content"} for message in messages]
        rows.append({"messages": messages, "tools": row["tools"]})
    return rows


def asked(decision: Decision) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a decision's messages and tools in Hugging Face's form."""
    return hf_messages(decision.question.messages), hf_tools(decision.question.tools)


def hf_messages(messages: Iterable[Any]) -> list[dict[str, Any]]:
    """Return messages in Hugging Face's form."""
    return [message.to_hf() for message in messages]


def hf_tools(tools: Iterable[Any]) -> list[dict[str, Any]]:
    """Return ``{"name", "description", "parameters"}`` tools in OpenAI's and TRL's form."""
    return [{"type": "function", "function": dict(tool)} for tool in tools]


def rl_decisions(found: Sequence[Dialogue]) -> list[Decision]:
    """Return the decisions GRPO is asked: after the user, and after results where another call follows.

    Where only words follow a result, nothing in the reward could tell a good answer from a bad one.
    """
    every = decisions(found)
    return [one for one in every if one.question.messages[-1].role == "user" or one.answer.tool_calls]
