"""Text similarity: stable results that seeds, ids and indexes of other rooms rest on."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from genesis.text import hashed_tfidf, nearest, ngrams, split_name, stable_hash, words


def test_words_and_names() -> None:
    assert words("Book 2 tables, é-mail o'clock snake_case") == [
        "book", "2", "tables", "é", "mail", "o", "'clock", "snake", "case",
    ]  # fmt: skip
    assert split_name("getUserInfo_v2") == ["get", "user", "info", "v2"]
    assert split_name("HTTPServerError") == ["http", "server", "error"]


def test_ngrams_in_order_and_none_of_short_lists() -> None:
    assert list(ngrams(["a", "b", "c"], 2)) == [("a", "b"), ("b", "c")]
    assert list(ngrams(["a"], 2)) == []


def test_stable_hash_is_fixed_for_ever() -> None:
    assert stable_hash("plan", 0, "x") == 2385357850949402935
    assert stable_hash("a", "b") != stable_hash("ab")
    assert 0 <= stable_hash("anything") < 2**63


def test_hashed_tfidf_is_the_smoothed_formula() -> None:
    texts = [["weather", "oslo", "weather"], ["weather", "paris"], []]
    matrix = hashed_tfidf(texts)
    idf = {word: math.log(4 / (1 + df)) + 1 for word, df in {"weather": 2, "oslo": 1, "paris": 1}.items()}
    rows = [{word: (1 + math.log(tf)) * idf[word] for word, tf in Counter(text).items()} for text in texts]
    norms = [math.sqrt(sum(value**2 for value in row.values())) for row in rows]
    cosine = sum(rows[0][word] * rows[1].get(word, 0) for word in rows[0]) / norms[0] / norms[1]
    found = (matrix @ matrix.T).toarray()
    assert found[0, 1] == pytest.approx(cosine, abs=1e-6)
    assert np.diag(found) == pytest.approx([1, 1, 0], abs=1e-6)


def test_nearest_leaves_itself_out_and_breaks_ties_by_row() -> None:
    matrix = hashed_tfidf([["a", "b"], ["a", "c"], ["a", "d"], ["x"]])
    found = nearest(matrix, 0, 2)
    assert [row for row, _ in found] == [1, 2]
    assert found[0][1] == pytest.approx(found[1][1])
    assert len(nearest(matrix, 0, 10)) == 3


def test_no_texts_no_rows() -> None:
    assert hashed_tfidf([]).shape[0] == 0
