"""Comparing runs: tests against their definitions, power where there is an effect, silence where there is none."""

from __future__ import annotations

import random
from math import comb

import numpy as np
import pytest
from metrics_corpus import WORDS, call, corpus, dialogue, failed

from genesis.dialogue import Dialogue
from genesis.errors import FormatError
from genesis.metrics import significance
from genesis.metrics.columns import from_dialogues
from genesis.metrics.compare import Side, compare
from genesis.metrics.statistics import Measured


def test_mcnemar_is_the_exact_binomial() -> None:
    first = np.array([True] * 12 + [False] * 3 + [True] * 40)
    second = np.array([False] * 12 + [True] * 3 + [True] * 40)
    expected = 2 * sum(comb(15, k) for k in range(4)) / 2**15
    assert significance.mcnemar(first, second) == pytest.approx(expected)
    assert significance.mcnemar(first, first) == 1


def test_holm_steps_down_and_keeps_order() -> None:
    assert significance.holm([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02]
    assert significance.holm([None, 0.5, 0.9]) == [None, 1.0, 1.0]
    assert significance.holm([]) == []


def test_newcombe_interval_of_two_rates() -> None:
    found = significance.rates(48, 80, 56, 70)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-4)


def test_paired_bootstrap_is_sharper_than_unpaired_on_paired_data() -> None:
    generator = np.random.default_rng(0)
    base = generator.normal(20, 10, 200)
    shifted = base + generator.normal(1, 1, 200)
    paired, unpaired = significance.paired_means(base, shifted), significance.means(base, shifted)
    assert paired.p is not None
    assert unpaired.p is not None
    assert paired.p < 0.001 < 0.05 < unpaired.p
    assert paired.low is not None
    assert paired.low < 1 < (paired.high or 0)


def test_welch_equals_scipys() -> None:
    from scipy.stats import ttest_ind

    generator = np.random.default_rng(1)
    a, b = generator.normal(0, 1, 30), generator.normal(0.7, 3, 12)
    assert significance.means(a, b).p == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue)


def test_too_little_to_tell_is_no_p_value() -> None:
    one = np.array([1.0])
    assert significance.means(one, one).p is None
    assert significance.paired_means(one, one).p is None
    assert significance.rates(0, 0, 1, 2).p is None
    unknown = Measured(1.0, None, 0, 5, 5, "too few")
    assert significance.diversities(unknown, unknown).p is None


def variant(made: list[Dialogue], *, copies: float = 0.0, tools: int = 40, seed: int = 0) -> list[Dialogue]:
    """Return dialogues of the same ids, some of which repeat an earlier request, over fewer tools."""
    generator = random.Random(seed)
    found = []
    for number in range(len(made)):
        text = " ".join(generator.choice(WORDS) for _ in range(12))
        if number and generator.random() < copies:
            text = generator.choice(found).user_text
        found.append(dialogue(number, text, call(f"tool_{generator.randrange(tools)}", city=generator.choice(WORDS))))
    return found


def rows_of(first: list[Dialogue], second: list[Dialogue]) -> dict[str, dict[str, object]]:
    sides = {"a": Side(from_dialogues(first)), "b": Side(from_dialogues(second))}
    return {str(row["measure"]): row for row in compare(sides)}


@pytest.mark.parametrize("n", [150, 1500])
def test_planted_effects_are_found_and_point_the_right_way(n: int) -> None:
    made = corpus(n)
    rows = rows_of(variant(made, seed=1), variant(made, copies=0.3, tools=8, seed=2))
    assert rows["tool_entropy"]["real"]
    assert float(str(rows["tool_entropy"]["value"])) < 0
    assert rows["duplicates_exact"]["real"]
    assert float(str(rows["duplicates_exact"]["value"])) == pytest.approx(0.3, abs=0.08)
    assert rows["duplicates_near"]["real"]
    assert not rows["words"]["real"]
    assert not rows["act_entropy"]["real"]
    assert rows["tool_entropy"]["size"] == (150 if n == 150 else 100)


def test_no_effect_is_rarely_called_real() -> None:
    false_alarms = 0
    for seed in range(8):
        made = corpus(150)
        rows = rows_of(variant(made, seed=100 + seed), variant(made, seed=200 + seed))
        false_alarms += any(row["real"] for row in rows.values())
    assert false_alarms <= 1


def test_different_n_and_different_ids_are_compared_at_the_common_size() -> None:
    first = [dialogue(5000 + number, one.user_text, *one.messages[1].tool_calls) for number, one in
             enumerate(corpus(2500, seed=5))]  # fmt: skip
    rows = rows_of(first, corpus(1100, seed=6))
    assert rows["tool_entropy"]["size"] == 100
    assert rows["duplicates_exact"]["size"] == 1100
    assert rows["acceptance"]["p"] is None
    assert not any(row["real"] for row in rows.values())


def test_acceptance_is_paired_by_dialogue() -> None:
    made = corpus(120)
    good, bad = from_dialogues(made), from_dialogues([])
    worse_good = from_dialogues(made[20:])
    worse_bad = from_dialogues([failed(one, "rule:1") for one in made[:20]])
    rows = {row["measure"]: row for row in compare({"a": Side(good, bad), "b": Side(worse_good, worse_bad)})}
    assert rows["acceptance"]["value"] == pytest.approx(-20 / 120, abs=1e-6)
    assert rows["acceptance"]["p"] == pytest.approx(2 / 2**20, abs=1e-6)
    assert rows["acceptance"]["real"]


def test_one_run_or_an_empty_one_is_an_error() -> None:
    side = Side(from_dialogues(corpus(10)))
    with pytest.raises(FormatError, match="two"):
        compare({"a": side})
    with pytest.raises(FormatError, match="b: no accepted"):
        compare({"a": side, "b": Side(from_dialogues([]))})
