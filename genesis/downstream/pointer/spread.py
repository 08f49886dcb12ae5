"""How sure a probe's figure is: what items and what runs contribute, joined by Student's t.

>>> round(half_width(0.004, 0.012, freedom=7), 4)      # few runs: wider than 1.96 errors (0.0248)
0.0282
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
"""A measure, shape (runs, items)."""
RUN_SD: Mapping[tuple[str, str], float] = {
    ("one call", "arguments"): 0.0143,
    ("one call", "arguments_p"): 0.0108,
    ("one call", "choice"): 0.0259,
    ("one call", "count"): 0.0256,
    ("one call", "ast"): 0.0124,
    ("one call", "ast_sampled"): 0.0039,
    ("several calls", "arguments"): 0.0089,
    ("several calls", "arguments_p"): 0.0076,
    ("several calls", "choice"): 0.0276,
    ("several calls", "count"): 0.0189,
    ("several calls", "ast"): 0.0039,
    ("several calls", "ast_sampled"): 0.0018,
    ("no call", "abstained"): 0.0218,
}
"""(scenario, measure) -> standard deviation of a run's mean between independent equal-quality sets; see
``experiments/probe_sensitivity``. Used where an arm has too few runs to tell its own."""
FULL = (3000, 500)
"""Dialogues and updates of the runs that RUN_SD was measured on."""
SHORT_SD: Mapping[tuple[str, str], float] = {
    ("one call", "arguments"): 0.0244,
    ("one call", "arguments_p"): 0.0117,
    ("one call", "choice"): 0.0149,
    ("one call", "count"): 0.0149,
    ("one call", "ast"): 0.0041,
    ("one call", "ast_sampled"): 0.0024,
    ("several calls", "arguments"): 0.0119,
    ("several calls", "arguments_p"): 0.0106,
    ("several calls", "choice"): 0.0139,
    ("several calls", "count"): 0.0,
    ("several calls", "ast"): 0.0,
    ("several calls", "ast_sampled"): 0.0,
    ("no call", "abstained"): 0.0044,
}
"""The same for 1,000 dialogues and 100 updates, from 40 runs less what their few items add; see
``experiments/instrument_checks``. A network that has learned less differs more in argument values from run to run, and
less in what it has not begun to learn."""
PRIOR_DF = 8
"""Degrees of freedom that RUN_SD counts for when it is pooled with the runs at hand."""


def known(dialogues: int, updates: int) -> Mapping[tuple[str, str], float]:
    """Return the spread of runs to go by: RUN_SD for runs as large as it was measured on; for smaller ones, about
    which less is known, the larger of RUN_SD and SHORT_SD."""
    if dialogues >= FULL[0] and updates >= FULL[1]:
        return RUN_SD
    return {name: max(sd, SHORT_SD[name]) for name, sd in RUN_SD.items()}


def run_variance(tables: Sequence[Values], prior: float | None) -> tuple[float, float, bool]:
    """Return the variance of a run's mean, pooled over arms and with the known one; its degrees of freedom (infinite
    where nothing is known: one run an arm, no prior, variance 0); and whether the known one stands alone."""
    own = sum(len(table) - 1 for table in tables)
    total = sum((len(table) - 1) * between(table) for table in tables)
    if prior is not None:
        return (total + PRIOR_DF * prior**2) / (own + PRIOR_DF), own + PRIOR_DF, own == 0
    return (total / own, own, False) if own else (0.0, float("inf"), True)


def half_width(by_items: float, by_runs: float, freedom: float, share: float = 0.95) -> float:
    """Return half the width of an interval, by Student's t.

    ``by_items``, ``by_runs``: standard errors of two independent parts; that of runs has ``freedom`` degrees.
    """
    from scipy.stats import t

    quantile = t.ppf(0.5 + share / 2, joined_freedom(by_items, by_runs, freedom))
    return float(quantile) * float(np.hypot(by_items, by_runs))


def joined_freedom(by_items: float, by_runs: float, freedom: float) -> float:
    """Return Satterthwaite's degrees of freedom of the sum; of items there are hundreds, taken as infinite."""
    return freedom * (1 + (by_items / by_runs) ** 2) ** 2 if by_runs else float("inf")


def p_value(value: float, by_items: float, by_runs: float, freedom: float) -> float:
    """Return the two-sided probability of a difference as large as ``value`` where there is none."""
    from scipy.stats import t

    return float(2 * t.sf(abs(value) / np.hypot(by_items, by_runs), joined_freedom(by_items, by_runs, freedom)))


def between(table: Values) -> float:
    """Return the variance of runs' means, of a table (runs, items); 0 for a single run."""
    return float(table.mean(axis=1).var(ddof=1)) if len(table) > 1 else 0.0
