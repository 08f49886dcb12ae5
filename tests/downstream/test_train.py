"""What goes into training: the chat template, the rows, and which tokens are learned."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")
from weather import dialogues

from genesis.chat import Message, ToolCall
from genesis.downstream.training import models
from genesis.downstream.training.rows import sft_rows
from genesis.downstream.training.sft import dataset, texts_of

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return models.tiny_tokenizer(texts_of(sft_rows(dialogues())))


# The chat template


def test_the_template_renders_calls_and_results_as_the_family_s_own(tokenizer: Any) -> None:
    """Qwen3's own template, as TRL ships it; the training variant writes a (here empty) think block in every turn."""
    calls = (
        ToolCall("a", "get_weather", {"city": "Zürich <&>", "n": None}),
        ToolCall("b", "set_timer", {"minutes": 5}),
    )
    talk = (
        Message("system", "Be brief."),
        Message("user", "Weather and a timer?"),
        Message("assistant", "One moment.", calls),
        Message("tool", '{"temperature": 7}', (), "a"),
        Message("tool", '{"ok": true}', (), "b"),
        Message("assistant", "7 degrees; the timer runs."),
        Message("user", "Thanks!"),
        Message("assistant", "You are welcome."),
    )
    rows = sft_rows(
        [*dialogues(4), replace(dialogues(1)[0], messages=talk), replace(dialogues(1)[0], messages=talk[1:])]
    )
    own = models.family_template("qwen3")
    for row in rows:
        ours = tokenizer.apply_chat_template(row["messages"], tools=row["tools"], tokenize=False)
        theirs = tokenizer.apply_chat_template(row["messages"], tools=row["tools"], tokenize=False, chat_template=own)
        assert _without_empty_think(ours) == _without_empty_think(theirs)
        assert "<tool_response>" in ours or len(row["messages"]) == 2


def _without_empty_think(text: str) -> str:
    return text.replace("<think>\n\n</think>\n\n", "")


def test_rows_go_into_trl_as_they_are_and_only_the_assistant_is_learned(tokenizer: Any) -> None:
    rows = sft_rows(dialogues(4))
    data = dataset(rows)
    assert [dict(row) for row in data] == rows, "no key merged, no number cast"
    for row in data:
        out = tokenizer.apply_chat_template(
            row["messages"], tools=row["tools"], return_dict=True, return_assistant_tokens_mask=True
        )
        learned = [token for token, mask in zip(out["input_ids"], out["assistant_masks"], strict=True) if mask]
        whole = tokenizer.decode(out["input_ids"])
        said = re.findall(r"<\|im_start\|>assistant\n(.*?<\|im_end\|>\n)", whole, re.DOTALL)
        assert tokenizer.decode(learned) == "".join(said)
        assert len(said) == sum(message["role"] == "assistant" for message in row["messages"])


def test_a_student_is_asked_just_as_it_was_trained(tokenizer: Any) -> None:
    """What comes before each answer in training is the prompt at inference, token for token."""
    for row in sft_rows(dialogues(4)):
        whole = tokenizer.apply_chat_template(row["messages"], tools=row["tools"], return_dict=True)["input_ids"]
        for index, message in enumerate(row["messages"]):
            if message["role"] == "assistant":
                prompt = tokenizer.apply_chat_template(
                    row["messages"][:index], tools=row["tools"], add_generation_prompt=True, return_dict=True
                )["input_ids"]
                assert whole[: len(prompt)] == prompt
