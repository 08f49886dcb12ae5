"""What ``genesis train --dry-run`` says of Qwen3-8B against what the product's own training takes on this device.

    python experiments/real_student/plan.py --tokenizer WORK/base --data dialogues.jsonl --out plan.json [--steps 20]

A model of Qwen3-8B's shape (numbers of its published configuration) with random weights, made on the device in bf16,
goes through the product's SFT and GRPO with their own settings; only where the weights come from is replaced. Random
weights cost what trained ones do, but never end an answer: GRPO's completions are cut at the mean gold answer's tokens,
which is what the plan assumes.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import torch
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM, TrainerCallback

from genesis import formats
from genesis import params as parameters
from genesis.dialogue import Dialogue
from genesis.downstream.training import models
from genesis.downstream.training.grpo import grpo, prompts
from genesis.downstream.training.plan import SHAPES, Shape, Sizes, grpo_plan, sft_plan
from genesis.downstream.training.rows import rl_decisions, sft_rows
from genesis.downstream.training.sft import sft

WARM = 3
"""Steps left out of the medians."""


class Clock(TrainerCallback):  # type: ignore[misc]
    """Seconds of every optimiser step, the device's work included."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.started = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        _synchronize()
        self.started = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Stop."""
        _synchronize()
        self.seconds.append(time.perf_counter() - self.started)


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def random_model(shape: Shape, tokenizer: Any) -> Any:
    """Return a Qwen3 of a shape with random weights, made where it will be trained."""
    config = Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=40960,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        tie_word_embeddings=shape.tied,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    torch.manual_seed(0)
    with torch.device(models.device()):
        model = Qwen3ForCausalLM._from_config(config, dtype=models.weights_type(models.device(), full=False))
    assert sum(weights.numel() for weights in model.parameters()) == shape.parameters
    return model


def stage(name: str, shape: Shape, tokenizer: Any, params: parameters.Params) -> dict[str, Any]:
    """Train a stage and return what it took."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    started, clock = time.perf_counter(), Clock()

    def load(*_: Any, **__: Any) -> tuple[Any, Any]:
        return random_model(shape, tokenizer), tokenizer

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(models, "load", load),
    ):
        result = (sft if name == "sft" else grpo)(params, Path(folder) / name, callbacks=[clock])
    found = {"result": result, "step_seconds": [round(one, 4) for one in clock.seconds]}
    found["median_step_s"] = round(statistics.median(clock.seconds[WARM:] or clock.seconds), 4)
    found["seconds_in_all"] = round(time.perf_counter() - started, 1)
    if torch.cuda.is_available():
        found["peak_allocated_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        found["peak_reserved_gb"] = round(torch.cuda.max_memory_reserved() / 1e9, 2)
    return found


def supervised(dialogues: list[Dialogue], shape: Shape, tokenizer: Any, given: argparse.Namespace) -> dict[str, Any]:
    """Return the plan for these rows with exact token counts, and what SFT took."""
    settings = {"data": str(given.work / "sft.jsonl"), "epochs": 1, "micro_batch": given.micro_batch}
    params = parameters.from_dict({"train": settings})
    some = dialogues[: given.steps * params.train.batch]
    _write(Path(settings["data"]), some)
    sizes = models.lengths(tokenizer, sft_rows(some))
    exact = Sizes(tuple(n for n, _ in sizes), tuple(n for _, n in sizes), exact=True)
    return {"plan": sft_plan(exact, shape, params.train), **stage("sft", shape, tokenizer, params)}


def reinforced(dialogues: list[Dialogue], shape: Shape, tokenizer: Any, given: argparse.Namespace) -> dict[str, Any]:
    """Return the plan for these prompts with exact token counts, and what GRPO took."""
    wanted = given.rl_steps * 2
    some: list[Dialogue] = []
    for one in dialogues:
        if len(rl_decisions([*some, one])) <= wanted:
            some.append(one)
        if len(rl_decisions(some)) == wanted:
            break
    decisions = rl_decisions(some)
    lengths = [len(tokenizer(row["prompt"])["input_ids"]) for row in prompts(tokenizer, decisions)]
    answers = [len(tokenizer(msgspec.json.encode(one.answer.to_hf()).decode())["input_ids"]) for one in decisions]
    settings = {"data": str(given.work / "grpo.jsonl"), "epochs": 1, "micro_batch": given.micro_batch}
    params = parameters.from_dict({"train": {**settings, "max_completion": round(statistics.mean(answers))}})
    _write(Path(settings["data"]), some)
    plan = grpo_plan(Sizes(tuple(lengths), tuple(answers), exact=True), shape, params.train)
    return {"plan": plan, "max_completion": params.train.max_completion, **stage("grpo", shape, tokenizer, params)}


def _write(file: Path, dialogues: list[Dialogue]) -> None:
    file.write_bytes(b"".join(msgspec.json.encode(one.to_row()) + b"\n" for one in dialogues))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", required=True, help="folder of a tokenizer with a template that shows tools")
    parser.add_argument("--data", required=True, help="dialogues")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--shape", default="qwen3-8b", choices=sorted(SHAPES))
    parser.add_argument("--steps", type=int, default=20, help="optimiser steps of SFT (default: 20)")
    parser.add_argument("--rl-steps", type=int, default=6, help="optimiser steps of GRPO (default: 6; 0: none)")
    parser.add_argument("--micro-batch", type=int, default=1, help="rows at once (default: 1, the product's)")
    given = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(given.tokenizer)
    shape, dialogues = SHAPES[given.shape], formats.dialogues(given.data)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    found: dict[str, Any] = {"device": device, "torch": torch.__version__, "shape": given.shape}
    with tempfile.TemporaryDirectory() as folder:
        given.work = Path(folder)
        found["sft"] = supervised(dialogues, shape, tokenizer, given)
        given.out.write_text(json.dumps(found))
        if given.rl_steps:
            found["grpo"] = reinforced(dialogues, shape, tokenizer, given)
    given.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
