"""Training on a CPU: a tiny random Qwen3 learns 20 rows, resumes where it stopped, and GRPO makes its calls right."""

from __future__ import annotations

from collections.abc import Sequence
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
from genesis.dialogue import Dialogue
from genesis.downstream.decisions import decisions
from genesis.downstream.training import models
from genesis.downstream.training.grpo import grpo
from genesis.downstream.training.local import LocalStudent
from genesis.downstream.training.rows import sft_rows
from genesis.downstream.training.sft import sft, texts_of

pytestmark = pytest.mark.train


def short(count: int = 20) -> list[Dialogue]:
    """Rows of one tool and one answer."""
    return [replace(one, tools=one.tools[:1], messages=one.messages[:2]) for one in dialogues(count)]


def reasoned() -> list[Dialogue]:
    """4 rows whose answers have a reasoning trace."""
    found = []
    for one in short(4):
        asked, answer = one.messages
        trace = "A tool does that." if answer.tool_calls else "No tool does that."
        found.append(replace(one, messages=(asked, replace(answer, reasoning=trace))))
    return found


def _params(folder: Path, rows: Sequence[Dialogue], **train: Any) -> parameters.Params:
    file = folder / "data.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(row.to_row()) + b"\n" for row in rows))
    settings = {"model": "tiny", "data": str(file), "method": "full", "learning_rate": 0.01, "batch": 20}
    return parameters.from_dict({"train": {**settings, "micro_batch": 20, "warmup": 0.0, **train}})


def _losses(out: Path) -> list[float]:
    rows = [msgspec.json.decode(line) for line in (out / "log.jsonl").read_bytes().splitlines()]
    return [row["loss"] for row in rows if "loss" in row]


def _said(message: Message) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in message.tool_calls]
    return (message.content, calls, message.reasoning)


def _right(folder: Path, rows: Sequence[Dialogue]) -> int:
    """Return in how many rows a trained student says exactly what the row says: words, calls and reasoning."""
    known = decisions(rows)
    student = LocalStudent.load(str(folder / "model"), max_completion=90, batch=20)
    answers = student.predict_many([one.question for one in known])
    return sum(_said(answer) == _said(one.answer) for answer, one in zip(answers, known, strict=True))


def test_loss_falls_to_near_zero_and_the_student_reproduces_the_calls(tmp_path: Path) -> None:
    result = sft(_params(tmp_path, short(), epochs=100), tmp_path / "out")
    assert result["first_loss"] > 3
    assert result["loss"] < 0.03
    assert _right(tmp_path / "out", short()) == 20


def test_reasoning_stands_in_the_think_block_unless_left_out() -> None:
    row = reasoned()[0]
    for wanted, trace in ((True, "A tool does that."), (False, "")):
        (made,) = sft_rows([row], reasoning=wanted)
        tokenizer = models.tiny_tokenizer(texts_of([made]))
        out = tokenizer.apply_chat_template(
            made["messages"], tools=made["tools"], return_dict=True, return_assistant_tokens_mask=True
        )
        learned = [token for token, mask in zip(out["input_ids"], out["assistant_masks"], strict=True) if mask]
        assert tokenizer.decode(learned).startswith(f"<think>\n{trace}\n</think>")


def test_reasoning_is_learned(tmp_path: Path) -> None:
    sft(_params(tmp_path, reasoned(), epochs=45, batch=4, micro_batch=4), tmp_path / "out")
    assert _right(tmp_path / "out", reasoned()) == 4


def test_a_stopped_run_continues_to_the_same_loss(tmp_path: Path) -> None:
    from transformers import TrainerCallback

    class Stop(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 4:
                raise KeyboardInterrupt

    params = _params(tmp_path, short(), epochs=3, batch=10, micro_batch=10, save_steps=3)
    whole = sft(params, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        sft(params, tmp_path / "cut", callbacks=[Stop()])
    assert not (tmp_path / "cut" / "result.json").exists()
    assert sft(params, tmp_path / "cut")["loss"] == whole["loss"]
    assert _losses(tmp_path / "cut") == _losses(tmp_path / "whole")
    weights = tmp_path / "cut" / "model" / "model.safetensors"
    made = weights.stat().st_mtime_ns
    assert sft(params, tmp_path / "cut")["loss"] == whole["loss"]
    assert weights.stat().st_mtime_ns == made, "a complete run is not repeated"


def test_grpo_makes_the_calls_right(tmp_path: Path) -> None:
    """Supervised on three answers a question, one right, it calls rightly now and then; rewards alone choose that."""
    right = [one for one in short(5) if one.messages[1].tool_calls]
    wrong = [_answered(one, _in_fahrenheit(one.messages[1])) for one in right]
    silent = [_answered(one, Message("assistant", "I cannot say.")) for one in right]
    before = tmp_path / "before"
    sft(_params(tmp_path, [*right, *wrong, *silent], epochs=45, batch=12, micro_batch=12), before)
    settings = {"model": str(before / "model"), "learning_rate": 0.001, "epochs": 7, "generations": 8}
    result = grpo(_params(tmp_path, right, **settings, batch=16, micro_batch=16, max_completion=60), tmp_path / "after")
    assert result["first_correctness"] < 0.7
    assert result["correctness"] > 0.9
    assert result["format"] >= 0.9
    assert _right(before, right) < _right(tmp_path / "after", right) == len(right) == 4


def _answered(one: Dialogue, answer: Message) -> Dialogue:
    return replace(one, messages=(one.messages[0], answer))


def _in_fahrenheit(answer: Message) -> Message:
    (call,) = answer.tool_calls
    return replace(answer, tool_calls=(ToolCall(call.id, call.name, {**call.arguments, "unit": "fahrenheit"}),))
