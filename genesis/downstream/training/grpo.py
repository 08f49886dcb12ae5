"""Reinforcement learning by GRPO with the paper's two rewards, on single decisions of the dialogues.

    >>> grpo(params, "students/a-rl")["reward"]         # doctest: +SKIP
    1.84

Each prompt is a decision's tools and messages in the model's own chat template; each completion earns format
compliance and function correctness (:mod:`genesis.downstream.rewards`), weighted. A completion that does not end
within ``max_completion`` tokens has no form: its format reward is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from genesis.chat import ToolCall
from genesis.downstream.decisions import Decision
from genesis.downstream.replies import read_reply
from genesis.downstream.rewards import format_compliance, function_correctness
from genesis.downstream.training import folder, models
from genesis.downstream.training.rows import asked, load, rl_decisions, sft_rows
from genesis.downstream.training.sft import adapters, common, dataset, outcome, save, texts_of
from genesis.errors import FormatError
from genesis.params import Params


def grpo(params: Params, out: str | Path, *, callbacks: Sequence[Any] = ()) -> dict[str, Any]:
    """Reinforce ``params.train.model`` on ``params.train.data`` into ``out``; as :func:`sft` otherwise.

    The result holds the mean reward of the first and of the last tenth of the steps, in all and by reward.
    """
    models.require()
    train = params.train
    data = load(train.data, "grpo", train.recipe)
    with folder.training_folder(out, folder.about_of("grpo", params, data.about)) as run:
        if (found := folder.done(run)) is not None:
            return found
        texts = texts_of(sft_rows(data.dialogues))
        model, tokenizer = models.load(train.model, texts=texts, seed=params.seed, full=train.method == "full")
        rows = prompts(tokenizer, rl_decisions(data.dialogues))
        kept = [row for row in rows if len(tokenizer(row["prompt"])["input_ids"]) <= train.max_length]
        if not kept:
            raise FormatError(f"{train.data}: no prompt has at most train.max_length = {train.max_length} tokens")
        trainer = _trainer(model, tokenizer, kept, params, run.path, callbacks)
        trainer.train(resume_from_checkpoint=folder.last_checkpoint(run))
        save(trainer, tokenizer, run, train.model)
        result = {**run.read_json("train.json"), **outcome(trainer), **reward_curve(trainer.state.log_history)}
        result |= {"prompts": len(kept), "too_long": len(rows) - len(kept)}
        run.write_json("result.json", result)
        return result


def prompts(tokenizer: Any, found: Sequence[Decision]) -> list[dict[str, Any]]:
    """Return ``{"prompt", "gold"}`` of decisions: the prompt as the chat template writes it, the gold calls as JSON."""
    rows = []
    for decision in found:
        messages, tools = asked(decision)
        text = tokenizer.apply_chat_template(messages, tools=tools or None, tokenize=False, add_generation_prompt=True)
        if tokenizer.bos_token and getattr(tokenizer, "add_bos_token", False):
            text = text.removeprefix(tokenizer.bos_token)  # the trainer's tokenizing adds it again
        gold = [{"name": call.name, "arguments": call.arguments} for call in decision.answer.tool_calls]
        rows.append({"prompt": text, "gold": gold})
    return rows


def reward_functions(end_token: int) -> list[Callable[..., list[float]]]:
    """Return the two rewards as TRL calls them: for a batch of completions, with the rows' other columns."""

    def format_reward(completions: list[str], completion_ids: list[list[int]], **_: Any) -> list[float]:
        return [
            format_compliance(text) if end_token in ids else 0.0
            for text, ids in zip(completions, completion_ids, strict=True)
        ]

    def correctness_reward(completions: list[str], gold: list[Any], **_: Any) -> list[float]:
        return [
            function_correctness(
                _pairs(read_reply(text).message.tool_calls), [(g["name"], g["arguments"]) for g in right]
            )
            for text, right in zip(completions, gold, strict=True)
        ]

    return [format_reward, correctness_reward]


def reward_curve(history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return mean rewards over the first and the last tenth of the logged steps."""
    rows = [row for row in history if "reward" in row]
    tenth = max(1, len(rows) // 10)
    found: dict[str, Any] = {}
    for name, key in (
        ("reward", "reward"),
        ("format", "rewards/format_reward/mean"),
        ("correctness", "rewards/correctness_reward/mean"),
    ):
        found[f"first_{name}"] = round(sum(row[key] for row in rows[:tenth]) / tenth, 6)
        found[name] = round(sum(row[key] for row in rows[-tenth:]) / tenth, 6)
    return found


def _pairs(calls: Sequence[ToolCall]) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in calls]


def _trainer(
    model: Any, tokenizer: Any, rows: list[dict[str, Any]], params: Params, path: Path, callbacks: Sequence[Any]
) -> Any:
    from trl import GRPOConfig, GRPOTrainer

    train = params.train
    if train.batch % train.generations:
        raise FormatError(
            f"train.batch is {train.batch}; for GRPO expected a multiple of train.generations, {train.generations}"
        )
    config = GRPOConfig(
        **common(params, path, "grpo"),
        num_train_epochs=train.epochs,
        num_generations=train.generations,
        max_completion_length=train.max_completion,
        temperature=train.sampling,
        beta=train.kl,
        reward_weights=[train.format_weight, train.correctness_weight],
    )
    return GRPOTrainer(
        model,
        reward_funcs=reward_functions(tokenizer.eos_token_id),
        args=config,
        train_dataset=dataset(rows),
        processing_class=tokenizer,
        peft_config=adapters(train),
        callbacks=list(callbacks),
    )
