"""Formulas of probability and statistics, for ``formulas``."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from itertools import product
from typing import Any

Formula = tuple[str, str, tuple[str, ...], Callable[..., Any]]


def _binomial(n: float, k: float, p: float) -> float:
    if not (0 <= p <= 1 and k <= n <= 1000):
        raise ValueError("out of range")
    return float(math.comb(int(n), int(k)) * p**k * (1 - p) ** (n - k))


def _share(part: float, whole: float) -> float:
    return part / whole if part <= whole else math.nan


def _dice(wanted: float, sides: float, dice: float) -> float:
    if sides**dice > 60_000:
        raise ValueError("too many")
    rolls = [sum(roll) == wanted for roll in product(range(1, int(sides) + 1), repeat=int(dice))]
    return sum(rolls) / len(rolls)


def _full_house(size: float) -> float:
    return 3744 / math.comb(52, 5) if size == 5 else math.nan


def _t_test(first: list[float], second: list[float], level: float) -> dict[str, Any]:
    """Welch's statistic; the p-value by the normal approximation."""
    spread = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    statistic = (statistics.fmean(first) - statistics.fmean(second)) / math.sqrt(spread)
    return _tested(statistic, level)


def _tested(statistic: float, level: float) -> dict[str, Any]:
    p = math.erfc(abs(statistic) / math.sqrt(2))
    return {"statistic": round(statistic, 3), "p_value": round(p, 4), "significant": p < level}


def _interval(mean: float, spread: float, size: float) -> dict[str, Any]:
    half = 1.96 * spread / math.sqrt(size)
    return {"lower": round(mean - half, 2), "upper": round(mean + half, 2)}


_ONE, _TWO = "group1|array_1|dataset_A|sample1", "group2|array_2|dataset_B|sample2"
CHANCES: tuple[Formula, ...] = (
    (
        r"binomial",
        "probability",
        (
            "n|trials|number_of_trials|num_trials",
            "k|successes|number_of_successes|num_success",
            "p|probability|probability_of_success|prob|p_success|prob_success=0.5",
        ),
        _binomial,
    ),
    (
        r"probability of an event",
        "probability",
        ("favorable_outcomes|event_outcomes|desired_outcomes|success_outcomes", "total_outcomes"),
        _share,
    ),
    (r"(rolling|sum).*two dice", "probability", ("desired_sum|number", "sides_per_die=6", "dice_number=2"), _dice),
    (
        r"rolling a certain number",
        "probability",
        ("number_of_rolls", "die_sides=6"),
        lambda rolls, sides: 1 - (1 - 1 / sides) ** rolls,
    ),
    (r"heads after tossing", "probability", ("coin_tosses", "heads_needed", "coin_type=0.5"), _binomial),
    (r"flipping a coin", "probability", ("word desired_outcome",), lambda side: 0.5 if side else math.nan),
    (r"full house", "probability", ("hand_size=5",), _full_house),
    (r"certain card or suit", "probability", ("desired_cards", "total_cards=52"), _share),
    (r"specific suit", "probability", ("word suit",), lambda suit: 0.25 if suit else math.nan),
    (r"specific card appearing", "probability", ("word desired_card",), lambda card: 1 / 52 if card else math.nan),
    (
        r"correlation coefficient",
        "correlation",
        ("array1|x", "array2|y"),
        lambda a, b: statistics.correlation(a[: min(len(a), len(b))], b[: min(len(a), len(b))]),
    ),
    (
        r"two.sample|two independent|two given|two data|t-test",
        "statistic",
        (_ONE, _TWO, "significance_level|alpha=0.05"),
        _t_test,
    ),
    (
        r"t-test.*single sample",
        "p_value",
        ("sample_mean", "population_mean", "sample_std_dev", "sample_size"),
        lambda mean, true, spread, size: _tested((mean - true) / (spread / math.sqrt(size)), 0.05)["p_value"],
    ),
    (r"confidence interval", "lower", ("sample_mean", "sample_std_dev", "sample_size"), _interval),
    (r"homozygous dominant", "frequency", ("allele_frequency",), lambda p: p * p if p <= 1 else math.nan),
    (r"population based on the probability", "population", ("probability", "sample_size"), lambda p, n: round(n / p)),
)
