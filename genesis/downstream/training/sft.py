"""Supervised fine-tuning: whole dialogues, loss on what the assistant says only, LoRA or all weights.

    >>> sft(params, "students/a")["loss"]         # doctest: +SKIP
    0.0131

Rows go into TRL's ``SFTTrainer`` as they lie on disk, ``messages`` and ``tools`` declared ``Json()`` so that nothing is
merged or cast. TRL masks by the chat template's generation marks; rows over ``max_length`` are left out, not cut: a cut
row teaches to stop in the middle of a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from genesis.downstream.training import folder, models
from genesis.downstream.training.rows import load, sft_rows
from genesis.errors import FormatError
from genesis.params import Params, TrainParams

_RATES = {("sft", "lora"): 2e-4, ("sft", "full"): 1e-5, ("grpo", "lora"): 1e-5, ("grpo", "full"): 1e-6}


def sft(params: Params, out: str | Path, *, callbacks: Sequence[Any] = ()) -> dict[str, Any]:
    """Train on ``params.train.data`` into ``out`` and return the result; a complete run is returned, not repeated.

    The same call continues a run that was stopped, from its newest checkpoint, to the same weights. Raises
    MissingExtraError, FormatError, RecordError.
    """
    models.require()
    train = params.train
    data = load(train.data, "sft", train.recipe)
    with folder.training_folder(out, folder.about_of("sft", params, data.about)) as run:
        if (found := folder.done(run)) is not None:
            return found
        rows = sft_rows(data.dialogues, reasoning=train.reasoning)
        model, tokenizer = models.load(train.model, texts=texts_of(rows), seed=params.seed, full=train.method == "full")
        sizes = models.lengths(tokenizer, rows)
        kept = [row for row, (length, _) in zip(rows, sizes, strict=True) if length <= train.max_length]
        if not kept:
            raise FormatError(f"{train.data}: every row has more than train.max_length = {train.max_length} tokens")
        trainer = _trainer(model, tokenizer, kept, params, run.path, callbacks)
        trainer.train(resume_from_checkpoint=folder.last_checkpoint(run))
        save(trainer, tokenizer, run, train.model)
        result = {
            **run.read_json("train.json"),
            **outcome(trainer),
            "rows": len(kept),
            "too_long": len(rows) - len(kept),
            "tokens": sum(length for length, _ in sizes if length <= train.max_length),
        }
        run.write_json("result.json", result)
        return result


def _trainer(
    model: Any, tokenizer: Any, rows: list[dict[str, Any]], params: Params, path: Path, callbacks: Sequence[Any]
) -> Any:
    from trl import SFTConfig, SFTTrainer

    config = SFTConfig(
        **common(params, path, "sft"),
        num_train_epochs=params.train.epochs,
        max_length=None,
        assistant_only_loss=True,
        packing=False,
    )
    return SFTTrainer(
        model,
        args=config,
        train_dataset=dataset(rows),
        processing_class=tokenizer,
        peft_config=adapters(params.train),
        callbacks=list(callbacks),
    )


def dataset(rows: list[dict[str, Any]]) -> Any:
    """Return rows as a ``datasets.Dataset``: JSON values, so that keys, nulls and integers stay."""
    from datasets import Dataset, Features, Json, List, Value

    plain = {"prompt": Value("string"), "gold": Json()}
    kinds = {name: plain.get(name, List(Json())) for name in rows[0]}
    return Dataset.from_list(rows, features=Features(kinds))


def common(params: Params, path: Path, stage: str) -> dict[str, Any]:
    """Return the settings that both trainers share."""
    train = params.train
    cuda = models.device() == "cuda"
    if train.batch % train.micro_batch:
        raise FormatError(
            f"train.batch is {train.batch}; expected a multiple of train.micro_batch, {train.micro_batch}"
        )
    return {
        "output_dir": str(path / "checkpoints"),
        "learning_rate": train.learning_rate or _RATES[stage, train.method],
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": train.warmup,
        "per_device_train_batch_size": train.micro_batch,
        "gradient_accumulation_steps": train.batch // train.micro_batch,
        "seed": params.seed % 2**31,
        "data_seed": params.seed % 2**31,
        "bf16": cuda,
        "use_cpu": not cuda,
        "gradient_checkpointing": cuda,
        "logging_steps": 1,
        "save_steps": train.save_steps,
        "save_total_limit": 2,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": cuda,
    }


def adapters(train: TrainParams) -> Any:
    """Return the LoRA configuration, or None where all weights are trained."""
    if train.method == "full":
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=train.lora_rank, lora_alpha=train.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )


def save(trainer: Any, tokenizer: Any, run: Any, base: str) -> None:
    """Write the student and the trainer's log.

    An adapter is written alone where its base lies somewhere under the name ``base``; on a base that was made or merged
    in memory it would be lost without it, so the merged weights are written.
    """
    model = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(model, "merge_and_unload") and models.in_memory(base):
        model = model.merge_and_unload()
    model.save_pretrained(run.path / "model")
    tokenizer.save_pretrained(run.path / "model")
    rows = [row for row in trainer.state.log_history if "step" in row]
    (run.path / "log.jsonl").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def outcome(trainer: Any) -> dict[str, Any]:
    """Return steps and the last step's loss."""
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    return {"steps": trainer.state.global_step, "first_loss": losses[0], "loss": losses[-1], "device": models.device()}


def texts_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the text of rows, for the tiny model's tokenizer."""
    return [msgspec.json.encode(row).decode() for row in rows]
