"""From a checker's confidence to a probability: isotonic or Platt maps, calibration error, reliability.

    >>> fitted = fit([0.9, 0.8, 0.7, 0.2], [True, True, False, False], method="platt")
    >>> fitted.apply([0.95])[0] > 0.5
    True

A label says whether a dialogue is right (True). Every map is monotone, so it keeps the order of dialogues, and the
least of several aspects' calibrated confidences is the calibrated least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from genesis.errors import ParamsError

Method = Literal["isotonic", "platt"]
Floats = NDArray[np.float64]
FEWEST = 20
"""Labels of each kind below which a map would be made of noise."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted map: straight lines between points (isotonic), or a logistic curve of the confidence (Platt)."""

    method: Method
    points: tuple[tuple[float, float], ...]
    """Isotonic: (confidence, probability), rising. Platt: one pair (slope, intercept) on the log-odds."""
    labels: int = 0
    """Labelled dialogues it was fitted on."""

    def apply(self, confidences: ArrayLike) -> Floats:
        """Return calibrated probabilities."""
        values = np.asarray(confidences, dtype=np.float64)
        if self.method == "platt":
            slope, intercept = self.points[0]
            result: Floats = 1 / (1 + np.exp(-(slope * _logit(values) + intercept)))
            return result
        xs, ys = np.array(self.points).T
        return np.asarray(np.interp(values, xs, ys), dtype=np.float64)


def fit(confidences: Sequence[float], labels: Sequence[bool], *, method: Method = "isotonic") -> Calibration:
    """Fit a map on labelled dialogues.

    Isotonic: the least-squares rising step function (pool adjacent violators, Zadrozny and Elkan 2002), straight lines
    between its steps; it needs some hundred labels. Platt: logistic regression on the log-odds of the confidence with
    Platt's (1999) smoothed targets, the slope kept at 0 or above; it needs some dozen.
    Raises ParamsError where there are no labels of one kind.
    """
    scores, truth = np.asarray(confidences, dtype=np.float64), np.asarray(labels, dtype=bool)
    if not truth.any() or truth.all():
        raise ParamsError(f"calibration: {len(truth)} labels, all of one kind; right and wrong dialogues are needed")
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, truth)
        pairs = zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True)
        return Calibration("isotonic", tuple(pairs), len(truth))
    return Calibration("platt", (_platt(_logit(scores), truth),), len(truth))


def _logit(values: Floats) -> Floats:
    clipped = np.clip(values, 0.005, 0.995)
    result: Floats = np.log(clipped / (1 - clipped))
    return result


def _platt(odds: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    from scipy.optimize import minimize

    right, wrong = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (right + 1) / (right + 2), 1 / (wrong + 2))

    def loss(parameters: Floats) -> float:
        z = parameters[0] * odds + parameters[1]
        return float(np.sum(np.logaddexp(0, z) - target * z))

    found = minimize(loss, x0=np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0, None), (None, None)])
    return float(found.x[0]), float(found.x[1])


def held_out(
    confidences: Sequence[float],
    labels: Sequence[bool],
    *,
    method: Method = "isotonic",
    folds: int = 5,
    seed: int = 0,
) -> Floats:
    """Return each dialogue's probability by a map fitted on the other folds: what a fair calibration error rests on.

    Folds are stratified by label and drawn by seed. Raises ParamsError where a fold would lack a kind of label.
    """
    scores, truth = np.asarray(confidences, dtype=np.float64), np.asarray(labels, dtype=bool)
    if min(int(truth.sum()), int((~truth).sum())) < folds:
        raise ParamsError(f"calibration: {int((~truth).sum())} wrong dialogues for {folds} folds; label more")
    generator = np.random.default_rng(seed)
    fold = np.empty(len(truth), dtype=np.int64)
    for kind in (True, False):
        members = generator.permutation(np.flatnonzero(truth == kind))
        fold[members] = np.arange(len(members)) % folds
    result = np.empty(len(truth))
    for number in range(folds):
        inside = fold == number
        rest = fit(scores[~inside].tolist(), truth[~inside].tolist(), method=method)
        result[inside] = rest.apply(scores[inside])
    return result


def ece(confidences: ArrayLike, labels: ArrayLike, *, bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal mass: sum n_b/n * |mean confidence - share right|.

    Bins hold equal numbers of dialogues (ties stay together by order), since equal-width bins leave most of a
    confident checker's bins empty (Nixon et al. 2019). Pitfall: above 0 even for perfect calibration; see
    :func:`bias`. Pitfall: a checker that always states the base rate scores 0; read it with recall.
    """
    probability, truth = np.asarray(confidences, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    return float(sum(len(part) * abs(probability[part].mean() - truth[part].mean()) for part in parts) / len(order))


def bias(confidences: ArrayLike, *, bins: int = 10, draws: int = 500, seed: int = 0) -> float:
    """Return the calibration error to expect from perfect calibration with these confidences, by simulation.

    Labels are drawn with the confidences as probabilities: what is left is the small-sample bias of :func:`ece`.
    """
    probability = np.asarray(confidences, dtype=np.float64)
    generator = np.random.default_rng(seed)
    drawn = (generator.random(len(probability)) < probability for _ in range(draws))
    return float(np.mean([ece(probability, labels, bins=bins) for labels in drawn]))


def reliability(confidences: ArrayLike, labels: ArrayLike, *, bins: int = 10) -> list[dict[str, float]]:
    """Return one row a bin of equal mass: mean confidence, share right with its 95 % Clopper-Pearson interval, n."""
    from genesis.checks.intervals import clopper_pearson

    probability, truth = np.asarray(confidences, dtype=np.float64), np.asarray(labels, dtype=bool)
    order = np.argsort(probability, kind="stable")
    rows = []
    for part in np.array_split(order, min(bins, len(order))):
        if len(part):
            right = int(truth[part].sum())
            low, high = clopper_pearson(right, len(part))
            rows.append(
                {
                    "confidence": float(probability[part].mean()),
                    "right": right / len(part),
                    "low": low,
                    "high": high,
                    "n": len(part),
                }
            )
    return rows


def assess(
    confidences: Sequence[float],
    labels: Sequence[bool],
    *,
    method: Method | None = None,
    bins: int = 10,
    seed: int = 0,
) -> dict[str, Any]:
    """Return calibration error with its bias, Brier score and reliability; with a method, of the held-out map."""
    values = np.asarray(confidences, dtype=np.float64)
    if method is not None:
        values = held_out(confidences, labels, method=method, seed=seed)
    truth = np.asarray(labels, dtype=np.float64)
    return {
        "method": method or "as given",
        "n": len(truth),
        "right": int(truth.sum()),
        "ece": round(ece(values, truth, bins=bins), 6),
        "ece_bias": round(bias(values, bins=bins, seed=seed), 6),
        "brier": round(float(np.mean((values - truth) ** 2)), 6),
        "reliability": reliability(values, truth, bins=bins),
    }


def save(calibration: Calibration, path: str | Path) -> None:
    """Write a map as JSON."""
    Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(calibration), indent=2) + b"\n")


def load(path: str | Path) -> Calibration:
    """Read a map. Raises ParamsError naming the file."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Calibration)
    except (OSError, msgspec.DecodeError) as error:
        raise ParamsError(f"checker.calibration: {path}: {error}") from error
