"""The near-duplicate search gives exactly what comparing all with all gives; merging keeps the earlier of two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis import text
from genesis.tools import balance, cluster, names

_WORDS = [f"word{n}" for n in range(12)]
documents = st.lists(st.lists(st.sampled_from(_WORDS), max_size=8), min_size=1, max_size=40)


@given(documents, st.sampled_from([0.3, 0.5, 0.7, 0.85, 0.95]))
@settings(max_examples=80, deadline=None)
def test_close_pairs_equal_brute_force(texts: list[list[str]], threshold: float) -> None:
    matrix = text.hashed_tfidf(texts)
    alike = (matrix @ matrix.T).toarray()
    rows, columns = np.where(np.triu(alike, 1) >= threshold)
    sure = {(int(a), int(b)) for a, b in zip(rows, columns, strict=True) if abs(alike[a, b] - threshold) > 1e-5}
    found = {(first, second): cosine for first, second, cosine in cluster.close_pairs(matrix, threshold)}
    assert sure <= set(found)
    for pair, cosine in found.items():
        assert cosine == pytest.approx(alike[pair], abs=1e-5)


def test_several_blocks_are_searched_across_their_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_BLOCK", 4)
    monkeypatch.setattr(cluster, "_SPAN", 8)
    texts = [[f"a{n % 10}", f"b{n % 10}", f"c{n}"] for n in range(30)]
    pairs = cluster.close_pairs(text.hashed_tfidf(texts), 0.4)
    assert {(first, second) for first, second, _ in pairs} == {
        (a, b) for a in range(30) for b in range(a + 1, 30) if a % 10 == b % 10
    }


def test_merging_follows_no_chain() -> None:
    pairs = [cluster.Pair(0, 1, 0.95), cluster.Pair(1, 2, 0.99), cluster.Pair(0, 3, 0.93), cluster.Pair(2, 3, 0.96)]
    assert cluster.merge(pairs, 4) == {1: (0, 0.95), 3: (2, 0.96)}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), min_size=1), st.integers(0, 120))
def test_quotas_add_up_and_none_could_be_smaller(available: dict[str, int], size: int) -> None:
    give = balance.quotas(available, size)
    assert sum(give.values()) == min(size, sum(available.values()))
    assert all(0 <= give[name] <= available[name] for name in available)
    highest = max(give.values())
    assert all(give[name] >= highest - 1 or give[name] == available[name] for name in available)


@given(st.lists(st.text(alphabet="ab._é", min_size=1, max_size=5) | st.text(alphabet="x", min_size=60, max_size=70)))
def test_names_are_legal_and_distinct_and_legal_ones_stay(originals: list[str]) -> None:
    given = names.assign(originals)
    assert len(set(given)) == len(given)
    assert all(names.LEGAL.match(name) for name in given)
    assert {name for name in originals if names.LEGAL.match(name)} <= set(given)
