"""After the rules: the model checker, people's decisions, and how much error is left.

::

    judged.py      what the model checker said, as data
    model.py       runs the model checker over what passed the rules, the flagged ones first
    decisions.py   what people decided, append-only
    queue.py       what to read next, and why
    editing.py     what a reviewer may edit, with the schema looking on
    settle.py      rules, model and people together: which dialogues stand, which are rejected, which are replaced
    agreement.py   two raters: Cohen's kappa, Gwet's AC1
    residual.py    the error left, with its interval
    plan.py        how many to read for a wished interval, from which strata
    funnel.py      generated -> rules -> model -> human
    tables.py      the same as tables for a notebook
    exchange.py    decisions and reading sheets as CSV or JSONL
    truth.py       what is really wrong with an offline dialogue
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genesis.params import Params
from genesis.record import Run
from genesis.review.funnel import counts as counts
from genesis.review.funnel import funnel as funnel
from genesis.review.residual import residual as residual
from genesis.review.tables import agreement_table as agreement_table
from genesis.review.tables import error_table as error_table
from genesis.review.tables import finish as finish
from genesis.review.tables import model_table as model_table
from genesis.review.tables import plan_table as plan_table
from genesis.review.tables import settled_table as settled_table

__all__ = [
    "agreement_table",
    "check",
    "counts",
    "error_table",
    "finish",
    "funnel",
    "model_table",
    "plan_table",
    "residual",
    "settled_table",
]


async def check(run: Run, params: Params, *, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Judge by model what passed the rules: :func:`genesis.review.model.check`, DSPy imported when it is called."""
    from genesis.review import model

    return await model.check(run, params, progress=progress)
