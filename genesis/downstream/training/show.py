"""The plan of a training run and its result, as people read them; needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from genesis.downstream.training.plan import ASSUMED, Shape, estimate, grpo_plan, scaled, sft_plan, shape_of
from genesis.downstream.training.rows import Stage, asked, load, rl_decisions, sft_rows
from genesis.errors import FormatError
from genesis.params import Params

if TYPE_CHECKING:
    from pandas import DataFrame


def plan(params: Params, stage: Stage, *, rows: int | None = None) -> dict[str, Any]:
    """Return what a stage needs on one H100, on paper; ``rows``: for so many dialogues of the same kind.

    Tokens are estimated from characters, chat template's frame included. Raises FormatError.
    """
    if rows is not None and rows < 1:
        raise FormatError(f"--rows is {rows}; expected at least 1")
    train = params.train
    data = load(train.data, stage, train.recipe)
    texts = _sft_texts(params, data.dialogues) if stage == "sft" else _grpo_texts(data.dialogues)
    if not texts:
        raise FormatError(f"{train.data}: holds no decision for {stage}")
    sizes = estimate(texts)
    if rows is not None:
        sizes = scaled(sizes, max(1, round(rows * len(texts) / len(data.dialogues))))
    shape: Shape | None = shape_of(train.model)
    made = sft_plan(sizes, shape, train) if stage == "sft" else grpo_plan(sizes, shape, train)
    return {**made, "model": train.model, "method": train.method, "data": data.about, "assumed": list(ASSUMED)}


def plan_text(found: dict[str, Any]) -> str:
    """Return a plan as lines of text."""
    lines = [f"{found['stage']} of {found['model']} ({found['method']}) on {found['data']['data']}, on paper"]
    lines += [f"  {name:<18} {value}" for name, value in plan_rows(found)]
    return "\n".join([*lines, "assumed:", *(f"  {line}" for line in found["assumed"])])


def plan_rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a plan as (what, how much)."""
    about = "" if found["tokens_exact"] else "about "
    rows = [("rows", f"{found['rows']:,} ({found['too_long']:,} too long, left out)")]
    rows.append(("tokens a pass", f"{about}{found['tokens']:,}"))
    rows += [(name.replace("_", " "), f"{about}{found[name]:,}") for name in _COUNTS if name in found]
    rows += [("longest", f"{about}{found['longest']:,} tokens"), ("steps", f"{found['steps']:,}")]
    if found["parameters"] is None:
        return [*rows, ("memory, hours", "not known: the model's shape is not at hand")]
    rows.append(("parameters", f"{found['parameters'] / 1e9:.2f} G, trained {found['trainable'] / 1e6:,.1f} M"))
    fits = "fits" if found["fits"] else "does not fit"
    return [*rows, ("memory", f"{found['memory_gb']:g} GB ({fits})"), ("hours", f"{found['hours']:g}")]


def plan_table(found: dict[str, Any]) -> DataFrame:
    """Return a plan as a table; of a stage without rows, why there is none."""
    from pandas import DataFrame

    if "reason" in found:
        return DataFrame([("nothing to train", found["reason"])], columns=["what", "how much (on paper)"])
    return DataFrame(plan_rows(found), columns=["what", "how much (on paper)"])


_COUNTS = ("trained_tokens", "generated_tokens", "completions")


def result_text(found: dict[str, Any]) -> str:
    """Return a finished run as a line of text."""
    text = f"{found['stage']}: {found['steps']} steps on {found['device']}"
    if "reward" in found:
        return f"{text}, reward {found['first_reward']:.3f} -> {found['reward']:.3f} (of format and correctness)"
    return f"{text}, loss {found['first_loss']:.4f} -> {found['loss']:.4f}"


def _sft_texts(params: Params, found: Any) -> list[tuple[str, str]]:
    texts = []
    for row in sft_rows(found, reasoning=params.train.reasoning):
        answers = [message for message in row["messages"] if message["role"] == "assistant"]
        texts.append((msgspec.json.encode(row).decode(), msgspec.json.encode(answers).decode()))
    return texts


def _grpo_texts(found: Any) -> list[tuple[str, str]]:
    return [
        (msgspec.json.encode(asked(one)).decode(), msgspec.json.encode(one.answer.to_hf()).decode())
        for one in rl_decisions(found)
    ]
