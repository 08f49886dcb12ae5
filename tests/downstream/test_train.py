"""What goes into training: the chat template, the rows, and which tokens are learned."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")
from weather import dialogues

from genesis import params as parameters
from genesis.chat import Message, ToolCall
from genesis.downstream.interface import Question
from genesis.downstream.training import models
from genesis.downstream.training.grpo import grpo
from genesis.downstream.training.local import LocalStudent
from genesis.downstream.training.rows import sft_rows
from genesis.downstream.training.sft import dataset, sft, texts_of
from genesis.errors import FormatError

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


# Models that do not fit


def test_trained_weights_are_held_in_fp32_and_frozen_ones_in_bf16() -> None:
    """In bf16 a step of a usual size changes nothing: of 1,000 weights none moves, in fp32 each does."""
    import torch

    kinds = [models.weights_type(on, full=full) for on, full in (("cuda", False), ("cuda", True), ("cpu", False))]
    assert kinds == [torch.bfloat16, torch.float32, torch.float32]
    moved = []
    for kind in kinds[:2]:
        weights = torch.nn.Parameter(torch.linspace(0.02, 0.2, 1000).to(kind))
        before = weights.detach().clone()
        step = torch.optim.AdamW([weights], lr=1e-5, weight_decay=0.0)
        weights.sum().backward()
        step.step()
        moved.append(int((weights.detach() != before).sum()))
    assert moved == [0, 1000]


@pytest.mark.parametrize("stage", [sft, grpo])
def test_all_weights_that_will_be_trained_are_asked_for_in_fp32(
    stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def load(*_: Any, full: bool, **__: Any) -> Any:
        asked.append(full)
        raise InterruptedError

    monkeypatch.setattr(models, "load", load)
    data = tmp_path / "data.jsonl"
    data.write_bytes(b"".join(msgspec.json.encode(row.to_row()) + b"\n" for row in dialogues(4)))
    for method in ("full", "lora"):
        with pytest.raises(InterruptedError):
            stage(parameters.from_dict({"train": {"data": str(data), "method": method}}), tmp_path / method)
    assert asked == [True, False]


PLAIN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
"""A chat template as small chat models have it: no tools, no marks."""


def test_a_template_that_does_not_show_tools_is_refused(tokenizer: Any) -> None:
    other = copy.deepcopy(tokenizer)
    other.chat_template = PLAIN
    with pytest.raises(FormatError, match="model smol: its chat template does not show the tools; set one"):
        models.use_training_template(other, "smol")


def test_a_template_that_writes_calls_in_another_form_is_told_apart(tokenizer: Any) -> None:
    assert models.writes_tagged_calls(tokenizer)
    other = copy.deepcopy(tokenizer)
    for family, tagged in (("qwen2_5", True), ("llama3_1", False)):
        other.chat_template = models.family_template(family)
        assert models.writes_tagged_calls(other) is tagged


def test_a_student_whose_calls_cannot_be_read_is_not_scored(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = copy.deepcopy(tokenizer)
    other.chat_template = models.family_template("llama3_1")
    monkeypatch.setattr(models, "load", lambda _: (None, other))
    with pytest.raises(FormatError, match=r"calls in another form than <tool_call> tags; serve it"):
        LocalStudent.load("llama")


def test_a_folder_that_is_not_there_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"model .*/out/model: there is no such folder"):
        models.load(str(tmp_path / "out" / "model"))


def test_a_model_without_a_padding_token_is_asked_in_batches(tmp_path: Path) -> None:
    model, tokenizer = models.tiny(texts_of(sft_rows(dialogues(4))))
    tokenizer.pad_token = None
    for one in (model, tokenizer):
        one.save_pretrained(tmp_path)
    student = LocalStudent.load(str(tmp_path), max_completion=4, batch=2)
    questions = [Question((), (Message("user", text),)) for text in ("Oslo?", "Will it rain in Bergen tomorrow?")]
    assert len(student.predict_many(questions)) == 2
