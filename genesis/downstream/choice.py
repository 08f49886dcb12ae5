"""Questions of tool choice, and how well scores of (request, tool) pairs answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.downstream.features import Pair
from genesis.downstream.scoring import accuracy


@dataclass(frozen=True, slots=True)
class Question:
    """One request with tools on offer; ``answer`` is the index of the right tool, None where none fits."""

    request: str
    functions: tuple[dict[str, Any], ...]
    answer: int | None
    category: str = ""


def right_of(
    questions: Sequence[Question], pairs: Sequence[Pair], scores: NDArray[np.float64], threshold: float
) -> dict[str, NDArray[np.bool_]]:
    """Return which questions are answered right: ``ranking`` (right tool on top; never, where none fits) and
    ``whole`` (right tool and no abstention; abstention where none fits); ``best`` holds each question's top score."""
    per_question: list[list[float]] = [[] for _ in questions]
    for pair, score in zip(pairs, scores.tolist(), strict=True):
        per_question[pair.item].append(score)
    best = np.array([max(found) for found in per_question])
    first = np.array([found.index(max(found)) == q.answer for q, found in zip(questions, per_question, strict=True)])
    fits = np.array([question.answer is not None for question in questions])
    return {"ranking": first, "whole": np.where(fits, first & (best >= threshold), best < threshold), "best": best}


def scores_of(questions: Sequence[Question], right: Mapping[str, NDArray[Any]], threshold: float) -> dict[str, Any]:
    """Return the accuracies of one student, over all and per category."""
    from sklearn.metrics import roc_auc_score

    fits = np.array([question.answer is not None for question in questions])
    categories = np.array([question.category for question in questions])
    result: dict[str, Any] = {"threshold": round(threshold, 6)}
    for name, part, inside in (
        ("choice", "whole", fits),
        ("ranking", "ranking", fits),
        ("irrelevance", "whole", ~fits),
    ):
        verdicts = right[part]
        result[name] = accuracy(verdicts[inside].tolist())
        result[name]["categories"] = {
            str(category): accuracy(verdicts[inside & (categories == category)].tolist())
            for category in sorted(set(categories[inside].tolist()))
        }
    shares = [result[name]["accuracy"] for name in ("choice", "irrelevance")]
    result["balanced"] = None if None in shares else round(sum(shares) / 2, 6)
    result["auroc"] = round(float(roc_auc_score(fits, right["best"])), 6) if fits.any() and not fits.all() else None
    return result


def differences_of(
    questions: Sequence[Question], before: Mapping[str, NDArray[Any]], after: Mapping[str, NDArray[Any]], seed: int
) -> dict[str, Any]:
    """Return trained less untrained, on the same items: value, interval and McNemar's p, per measure."""
    from genesis.metrics.significance import paired_rates

    fits = np.array([question.answer is not None for question in questions])
    rows: dict[str, Any] = {}
    for name, part, inside in (
        ("choice", "whole", fits),
        ("ranking", "ranking", fits),
        ("irrelevance", "whole", ~fits),
    ):
        if inside.any():
            found = paired_rates(before[part][inside], after[part][inside], seed=seed)
            rows[name] = {key: _rounded(getattr(found, key)) for key in ("value", "low", "high", "p")} | {"n": found.n}
    return rows


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
