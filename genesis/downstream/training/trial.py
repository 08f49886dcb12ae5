"""What notebook 52 shows: both plans, and a training run where it can be had here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genesis.downstream.training import models, show
from genesis.errors import FormatError
from genesis.params import Params, from_dict, to_dict
from genesis.record import Run


def with_data(run: Run, params: Params, train: dict[str, Any]) -> Params:
    """Return the parameters with ``train`` in their group, and the run's own accepted dialogues where it names no data.

    Raises ParamsError for a name or value that is none.
    """
    data = to_dict(params)
    data["train"] |= train
    params = from_dict(data, "the parameters cell")
    if params.train.data:
        return params
    parquet = run.path / "dialogues.parquet"
    file = parquet if parquet.is_file() else run.path / "dialogues.jsonl"
    return replace(params, train=replace(params.train, data=str(file)))


def plans(params: Params, *, rows: int) -> dict[str, Any]:
    """Return SFT's and GRPO's plan for ``rows`` dialogues of the data's kind; a stage without rows says why not."""
    found: dict[str, Any] = {}
    for stage in ("sft", "grpo"):
        try:
            found[stage] = show.plan(params, stage, rows=rows)
        except FormatError as error:
            found[stage] = {"reason": str(error)}
    return found


def train_here(run: Run, params: Params) -> dict[str, Any]:
    """Train SFT into the run's ``students/sft`` and return the result, or ``{"reason"}`` why nothing is trained.

    A real model is trained where there is a CUDA device; ``train.model: tiny`` anywhere the extra is installed.
    """
    if absent := models.missing():
        return {"reason": f"{', '.join(absent)} not installed: {models.INSTALL}"}
    if params.train.model != models.TINY and models.device() != "cuda":
        return {"reason": f"no CUDA device: {params.train.model} is planned only; train.model = tiny trains here"}
    from genesis.downstream.training.sft import sft

    return sft(params, run.path / "students" / "sft")


def told(found: dict[str, Any]) -> str:
    """Return what came of :func:`train_here` as a line."""
    return f"Nothing was trained: {found['reason']}" if "reason" in found else show.result_text(found)
