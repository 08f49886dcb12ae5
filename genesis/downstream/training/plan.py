"""What a training run needs, on paper: tokens, steps, memory and hours, before anything is spent. No torch needed.

    >>> shape = SHAPES["qwen3-8b"]
    >>> round(shape.parameters / 1e9, 2)
    8.19

Every figure is arithmetic on the model's shape and the rows; what is assumed rather than known stands in
``ASSUMED`` and is printed with the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from genesis.params import TrainParams

MFU = 0.4
"""Share of the peak that training reaches where the device is kept busy."""
LAYER_SECONDS = 0.018
"""Least seconds a micro-batch takes for each layer, however little it holds: the device waits for the next operation.

Measured (experiments/real_student): LoRA on 36 layers of Qwen3-8B's shape .0184, all weights of SmolLM2-135M .0156.
"""
DECODE_EFFICIENCY = 0.5
"""Share of the memory bandwidth that decoding reaches."""
CHARACTERS_PER_TOKEN = 3.4
"""Where no tokenizer is at hand: Qwen's on JSON and English, about."""
_PEAK_FLOPS, _BANDWIDTH, _DEVICE_BYTES = 989e12, 3.35e12, 80e9
ASSUMED = (
    "one H100 SXM 80 GB (NVIDIA's data sheet: 989 dense bf16 TFLOP/s, 3.35 TB/s)",
    f"training: {LAYER_SECONDS * 1000:g} ms a layer and micro-batch (measured), or {MFU:.0%} of its peak if longer",
    f"{DECODE_EFFICIENCY:.0%} of its bandwidth in decoding",
    "bf16, gradient checkpointing, no packing; GRPO completions as long as the gold answers",
    "on paper, but for the milliseconds a layer; memory of LoRA SFT came out 13 % below the plan",
)
"""What a plan takes for granted, printed with it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder's shape, as in its ``config.json``."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool

    @property
    def parameters(self) -> int:
        """All parameters, norms included (Qwen3: a norm for queries and one for keys in every layer)."""
        attention = 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads)
        layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden + 2 * self.head_dim
        return self.layers * layer + self.hidden + (1 if self.tied else 2) * self.vocabulary * self.hidden

    def lora(self, rank: int) -> int:
        """Parameters of LoRA adapters on all linear layers of the blocks."""
        wide, narrow = self.heads * self.head_dim, self.kv_heads * self.head_dim
        sides = 2 * (self.hidden + wide) + 2 * (self.hidden + narrow) + 3 * (self.hidden + self.intermediate)
        return self.layers * rank * sides

    @property
    def cache_bytes(self) -> int:
        """Bytes of key-value cache a token, bf16."""
        return 2 * 2 * self.layers * self.kv_heads * self.head_dim


SHAPES = {
    "qwen3-0.6b": Shape(28, 1024, 3072, 16, 8, 128, 151936, True),
    "qwen3-1.7b": Shape(28, 2048, 6144, 16, 8, 128, 151936, True),
    "qwen3-4b": Shape(36, 2560, 9728, 32, 8, 128, 151936, True),
    "qwen3-8b": Shape(36, 4096, 12288, 32, 8, 128, 151936, False),
    "qwen3-14b": Shape(40, 5120, 17408, 40, 8, 128, 151936, False),
    "qwen3-32b": Shape(64, 5120, 25600, 64, 8, 128, 151936, False),
}
"""Qwen3's dense models, from their published configurations."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Token counts of what is trained on."""

    lengths: tuple[int, ...]
    """Tokens a row (SFT) or a prompt (GRPO)."""
    answers: tuple[int, ...]
    """Of these, the assistant's (SFT), or the gold answer's (GRPO)."""
    exact: bool
    """Whether a tokenizer counted them; else they are estimated from characters."""


def shape_of(model: str) -> Shape | None:
    """Return the shape of a model by name, or of a folder with a ``config.json``; None where it is not known here."""
    from pathlib import Path

    file = Path(model) / "config.json"
    if file.is_file():
        row = msgspec.json.decode(file.read_bytes())
        try:
            head = row.get("head_dim") or row["hidden_size"] // row["num_attention_heads"]
            return Shape(
                *(row["num_hidden_layers"], row["hidden_size"], row["intermediate_size"], row["num_attention_heads"]),
                *(row.get("num_key_value_heads") or row["num_attention_heads"], head, row["vocab_size"]),
                bool(row.get("tie_word_embeddings")),
            )
        except (KeyError, TypeError):
            return None
    return SHAPES.get(model.rpartition("/")[2].lower())


def estimate(texts: Sequence[tuple[str, str]]) -> Sizes:
    """Return token counts of (whole, answer) texts, estimated from their characters."""
    return Sizes(
        tuple(round(len(whole) / CHARACTERS_PER_TOKEN) for whole, _ in texts),
        tuple(round(len(answer) / CHARACTERS_PER_TOKEN) for _, answer in texts),
        exact=False,
    )


def scaled(sizes: Sizes, rows: int) -> Sizes:
    """Return the sizes of ``rows`` rows of the same kind: the ones at hand, repeated."""
    times, more = divmod(rows, len(sizes.lengths))
    return Sizes(
        sizes.lengths * times + sizes.lengths[:more], sizes.answers * times + sizes.answers[:more], sizes.exact
    )


def sft_plan(sizes: Sizes, shape: Shape | None, train: TrainParams) -> dict[str, Any]:
    """Return what SFT needs: rows, tokens, steps, and on one H100 memory (GB) and hours; None where not known."""
    kept = [(n, a) for n, a in zip(sizes.lengths, sizes.answers, strict=True) if n <= train.max_length]
    lengths = [n for n, _ in kept]
    plan: dict[str, Any] = {
        "stage": "sft",
        "rows": len(kept),
        "too_long": len(sizes.lengths) - len(kept),
        "tokens": sum(lengths),
        "tokens_exact": sizes.exact,
        "trained_tokens": sum(a for _, a in kept),
        "longest": max(lengths, default=0),
        "epochs": train.epochs,
        "steps": -(-len(kept) // train.batch) * train.epochs,
    }
    if shape is None:
        return plan | _UNKNOWN
    seconds = train.epochs * _learning_seconds(shape, train, lengths)
    return plan | _device(shape, train, seconds, plan["longest"])


def grpo_plan(sizes: Sizes, shape: Shape | None, train: TrainParams) -> dict[str, Any]:
    """Return what GRPO needs: prompts, completions, tokens, steps, and on one H100 memory (GB) and hours.

    A completion is taken to be as long as the gold answer. Decoding reads all weights once a token for the whole batch
    of completions, and the cache of each.
    """
    kept = [(n, a) for n, a in zip(sizes.lengths, sizes.answers, strict=True) if n <= train.max_length]
    times = train.generations * train.epochs
    made, read, completions = times * sum(a for _, a in kept), times * sum(n for n, _ in kept), times * len(kept)
    plan: dict[str, Any] = {
        "stage": "grpo",
        "rows": len(kept),
        "too_long": len(sizes.lengths) - len(kept),
        "tokens": read + made,
        "tokens_exact": sizes.exact,
        "generated_tokens": made,
        "completions": completions,
        "longest": max((n + train.max_completion for n, _ in kept), default=0),
        "epochs": train.epochs,
        "steps": -(-completions // train.batch),
    }
    if shape is None:
        return plan | _UNKNOWN
    learning = times * _learning_seconds(shape, train, [n + a for n, a in kept])
    prefill = 2 * shape.parameters * read / (_PEAK_FLOPS * MFU)
    weights = 2 * shape.parameters * plan["steps"] * made / max(1, completions)
    cache = shape.cache_bytes * times * sum(n * a for n, a in kept)
    decoding = (weights + cache) / (_BANDWIDTH * DECODE_EFFICIENCY)
    return plan | _device(shape, train, learning + prefill + decoding, plan["longest"], cached=train.batch)


_UNKNOWN = {"parameters": None, "trainable": None, "memory_gb": None, "fits": None, "hours": None}


def _learning_seconds(shape: Shape, train: TrainParams, lengths: Sequence[int]) -> float:
    """Seconds one pass over rows of these lengths takes: forward, forward again (checkpointing), backward.

    The longer of two: arithmetic, and starting the operations of every micro-batch (``LAYER_SECONDS``). Arithmetic: 2
    operations a parameter and token each; backward twice that where all weights are trained (by activations and by
    weights). Attention: 2 n d a token, layer and pass, half of it masked.
    """
    passes = 4 if train.method == "full" else 3
    attention = 2 * shape.layers * shape.heads * shape.head_dim * sum(n * n for n in lengths)
    computing = passes * (2 * shape.parameters * sum(lengths) + attention) / (_PEAK_FLOPS * MFU)
    return max(computing, -(-len(lengths) // train.micro_batch) * shape.layers * LAYER_SECONDS)


def _device(shape: Shape, train: TrainParams, seconds: float, longest: int, cached: int = 0) -> dict[str, Any]:
    memory = memory_gb(shape, train, longest, cached)
    return {
        "parameters": shape.parameters,
        "trainable": shape.parameters if train.method == "full" else shape.lora(train.lora_rank),
        "memory_gb": round(memory, 1),
        "fits": memory * 1e9 < 0.92 * _DEVICE_BYTES,
        "hours": round(seconds / 3600, 2),
    }


def memory_gb(shape: Shape, train: TrainParams, longest: int, cached: int = 0) -> float:
    """Return the peak of training in GB: weights, gradients, AdamW, one micro-batch with gradient checkpointing.

    bf16 weights; what is trained also has an fp32 gradient and two fp32 moments (12 bytes), full training an fp32 copy
    of the weights too (4). Activations: a layer's input kept for every layer, one layer's inside, and the logits in
    bf16 and fp32. ``cached``: completions whose cache is held while they are generated (GRPO).
    """
    if train.method == "full":
        states = shape.parameters * (2 + 12 + 4)
    else:
        states = shape.parameters * 2 + shape.lora(train.lora_rank) * (4 + 12)
    tokens = longest * train.micro_batch
    kept = 2 * shape.layers * shape.hidden * tokens
    inside = 2 * tokens * (4 * shape.hidden + 3 * shape.intermediate + 2 * shape.heads * shape.head_dim)
    logits = tokens * shape.vocabulary * (2 + 4 + 4)
    cache = cached * longest * shape.cache_bytes
    return (states + max(kept + inside + logits, cache)) / 1e9
