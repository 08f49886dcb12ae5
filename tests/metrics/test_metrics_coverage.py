"""The intervals cover what they say they cover; a bootstrap of diversity would not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from genesis.metrics.bleu import self_bleu
from genesis.metrics.columns import Facet, Rows
from genesis.metrics.duplicates import repeats
from genesis.metrics.lexical import distinct_n
from genesis.metrics.statistics import at_fixed_n, blocks, fixed_size, mean, rate
from genesis.metrics.structural import distinct, entropy

Data = tuple[Facet, Facet]


def draw(n: int, seed: int) -> Data:
    """Draw tools and requests of ``n`` independent dialogues, both of Zipf's frequencies."""
    generator = np.random.default_rng(seed)
    tools = 1 / np.arange(1, 201)
    starts = np.concatenate([[0], np.cumsum(generator.integers(1, 4, n))])
    called = generator.choice(200, int(starts[-1]), p=tools / tools.sum()).astype(np.int32)
    words = 1 / np.arange(1, 61)
    said = generator.choice(60, n * 15, p=words / words.sum()).astype(np.int32)
    return Facet([], called, starts), Facet([], said, np.arange(0, n * 15 + 1, 15))


MEASURES: dict[str, Callable[[Data], Callable[[Rows], float]]] = {
    "entropy": lambda data: lambda rows: entropy(data[0].of(rows)),
    "kinds": lambda data: lambda rows: float(distinct(data[0].of(rows))),
    "distinct_3": lambda data: lambda rows: distinct_n(data[1], rows),
    "self_bleu": lambda data: lambda rows: self_bleu(data[1], rows),
}


def covered(measure: str, n: int, repetitions: int) -> float:
    make, size = MEASURES[measure], fixed_size(n)
    truth = np.mean([make(draw(size, 10_000 + seed))(np.arange(size)) for seed in range(300)])
    hits = 0
    for seed in range(repetitions):
        found = at_fixed_n(make(draw(n, seed)), n, seed=seed)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    return hits / repetitions


@pytest.mark.parametrize("measure", ["entropy", "kinds", "distinct_3"])
@pytest.mark.parametrize("n", [120, 1200])
def test_diversity_intervals_cover_the_population_value(measure: str, n: int) -> None:
    assert covered(measure, n, 80) >= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("measure", list(MEASURES))
@pytest.mark.parametrize("n", [60, 400, 1200, 3000])
def test_diversity_intervals_cover_closely(measure: str, n: int) -> None:
    assert 0.90 <= covered(measure, n, 200) <= 1.0


def test_a_bootstrap_of_diversity_misses_what_the_interval_covers() -> None:
    """The reason for blocks and jackknife: drawing with replacement loses a third of the kinds."""
    make = MEASURES["kinds"]
    truth = np.mean([make(draw(120, 10_000 + seed))(np.arange(120)) for seed in range(200)])
    hits = 0
    for seed in range(40):
        measure = make(draw(120, seed))
        generator = np.random.default_rng(seed)
        drawn = [measure(generator.integers(0, 120, 120)) for _ in range(200)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        hits += low <= truth <= high
    assert hits / 40 < 0.2


def test_duplicate_rate_interval_covers() -> None:
    truth = np.mean([_copies(300, 9_000 + seed) for seed in range(400)])
    hits = 0
    for seed in range(200):
        found = repeats(_keys(300, seed))
        assert found is not None
        hits += bool(found.low is not None and found.high is not None and found.low <= truth <= found.high)
    assert hits / 200 >= 0.90


def _keys(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2000, n).astype(np.uint64)


def _copies(n: int, seed: int) -> float:
    return 1 - len(np.unique(_keys(n, seed))) / n


def test_means_and_rates_cover() -> None:
    hits_mean = hits_rate = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        found = mean(generator.exponential(2.0, 80), seed=seed, draws=400)
        share = rate(int((generator.random(80) < 0.97).sum()), 80)
        assert found is not None
        assert share is not None
        hits_mean += bool(found.low is not None and found.high is not None and found.low <= 2.0 <= found.high)
        hits_rate += bool(share.low is not None and share.high is not None and share.low <= 0.97 <= share.high)
    assert hits_mean / 300 >= 0.90
    assert hits_rate / 300 >= 0.90


def test_blocks_share_nothing_and_are_the_same_each_time() -> None:
    made = blocks(1050, 100, seed=3)
    assert len(made) == 10
    assert len(np.unique(np.concatenate(made))) == 1000
    assert all((a == b).all() for a, b in zip(made, blocks(1050, 100, seed=3), strict=True))
    assert any((a != b).any() for a, b in zip(made, blocks(1050, 100, seed=4), strict=True))


def test_sizes_are_rungs_so_that_sets_of_different_n_meet() -> None:
    assert [fixed_size(n) for n in (0, 5, 999, 1000, 4999, 5000, 10_000, 10**6)] == [
        0, 5, 999, 100, 200, 500, 1000, 1000,
    ]  # fmt: skip
