"""Fast exact forms against their reference definitions: sacrebleu, brute force, rapidfuzz-free ROUGE, dense Vendi."""

from __future__ import annotations

import math
import random
import sys
import types

import numpy as np
import pytest
from metrics_corpus import corpus, dialogue
from sacrebleu.metrics import BLEU

from genesis.errors import MissingExtraError
from genesis.metrics import bleu
from genesis.metrics.columns import Columns, Facet, from_dialogues
from genesis.metrics.lexical import compression_ratio, mattr, rouge_l
from genesis.metrics.semantic import (
    clusters,
    nearest_distance,
    picture,
    remote_clique,
    semantic,
    spectrum,
    tfidf,
    vendi,
)
from genesis.text import hashed_tfidf, words


def facet(documents: list[list[str]]) -> Facet:
    known: dict[str, int] = {}
    codes = [known.setdefault(word, len(known)) for document in documents for word in document]
    return Facet(list(known), np.array(codes, np.int32), np.cumsum([0] + [len(document) for document in documents]))


def documents(n: int, longest: int, letters: str, seed: int) -> list[list[str]]:
    generator = random.Random(seed)
    return [[generator.choice(letters) for _ in range(generator.randint(1, longest))] for _ in range(n)]


def sacrebleu_scores(made: list[list[str]]) -> list[float]:
    reference = BLEU(effective_order=True, tokenize="none", smooth_method="exp")
    lines = [" ".join(document) for document in made]
    return [
        reference.sentence_score(line, lines[:number] + lines[number + 1 :]).score / 100
        for number, line in enumerate(lines)
    ]


@pytest.mark.parametrize(
    ("letters", "longest", "seed"), [("abcdefgh", 14, 0), ("ab", 9, 1), ("abcdefghijklmnopqrstuvwxyz", 30, 2)]
)
def test_self_bleu_equals_sacrebleu(letters: str, longest: int, seed: int) -> None:
    made = documents(40, longest, letters, seed)
    rows = np.arange(40)
    found = bleu.sentence_bleu(facet(made), rows)
    assert found == pytest.approx(sacrebleu_scores(made), abs=1e-12)
    assert bleu.self_bleu(facet(made), rows) == pytest.approx(float(np.mean(sacrebleu_scores(made))))


def test_self_bleu_with_hashed_keys_and_small_slices_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = documents(60, 12, "abcdef", 3)
    small = facet(made)
    large = Facet([], small.codes + np.int32(2**30), small.starts)
    monkeypatch.setattr(bleu, "_SLICE", 7)
    rows = np.arange(60)
    assert bleu.sentence_bleu(large, rows) == pytest.approx(sacrebleu_scores(made), abs=1e-12)


def test_self_bleu_of_a_subset_is_that_of_a_set_of_its_own() -> None:
    made = documents(30, 10, "abcd", 4)
    chosen = [3, 7, 8, 20, 29]
    found = bleu.sentence_bleu(facet(made), np.array(chosen))
    assert found == pytest.approx(sacrebleu_scores([made[row] for row in chosen]), abs=1e-12)


@pytest.mark.parametrize(("n", "window"), [(400, 50), (60, 50), (50, 50), (30, 50), (200, 3)])
def test_mattr_is_the_mean_over_windows(n: int, window: int) -> None:
    generator = random.Random(n)
    text = [generator.choice("abcdefghijkl") for _ in range(n)]
    width = min(window, n)
    expected = np.mean([len(set(text[at : at + width])) / width for at in range(n - width + 1)])
    assert mattr(facet([text[:20], text[20:]]), np.arange(2), window=window) == pytest.approx(expected)


def longest_common(a: list[str], b: list[str]) -> int:
    above = [0] * (len(b) + 1)
    for left in a:
        row = [0]
        for at, right in enumerate(b):
            row.append(above[at] + 1 if left == right else max(above[at + 1], row[at]))
        above = row
    return above[-1]


def test_rouge_l_is_the_f1_of_the_longest_common_subsequence() -> None:
    made = documents(20, 15, "abcde", 5)
    expected = [
        2 * longest_common(made[at], made[at + 1]) / (len(made[at]) + len(made[at + 1])) for at in range(0, 20, 2)
    ]
    assert rouge_l(facet(made), np.arange(20)) == pytest.approx(np.mean(expected))


def test_compression_sees_repetition_and_wants_enough_text() -> None:
    different = [one.user_text for one in corpus(400, length=20)]
    same = different[:20] * 20
    assert compression_ratio(same, 20_000) > 5 * compression_ratio(different, 20_000)
    assert math.isnan(compression_ratio(different[:2], 20_000))


@pytest.fixture(scope="module")
def columns() -> Columns:
    return from_dialogues(corpus(120, length=25, seed=6))


def test_vendi_equals_the_kernel_definition(columns: Columns) -> None:
    embed, rows = tfidf(columns, dimensions=64), np.arange(120)
    vectors = embed(rows).astype(np.float64)
    kernel = vectors @ vectors.T / 120
    values = np.linalg.eigvalsh(kernel)
    values = values[values > 1e-12]
    order_1, order_inf = vendi(spectrum(embed, rows))
    assert order_1 == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-5)
    assert order_inf == pytest.approx(1 / values.max(), rel=1e-5)


def test_vendi_counts_effective_kinds() -> None:
    vectors = np.repeat(np.eye(8, dtype=np.float32), 5, axis=0)
    order_1, order_inf = vendi(spectrum(lambda rows: vectors[rows], np.arange(40)))
    assert order_1 == pytest.approx(8)
    assert order_inf == pytest.approx(8)


def test_remote_clique_and_nearest_are_the_means_over_pairs(columns: Columns) -> None:
    vectors = tfidf(columns)(np.arange(50))
    distances = 1 - vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    pairs = distances[~np.eye(50, dtype=bool)].reshape(50, 49)
    assert remote_clique(vectors) == pytest.approx(pairs.mean(), abs=1e-6)
    assert nearest_distance(vectors) == pytest.approx(pairs.min(axis=1).mean(), abs=1e-5)


def test_the_projection_keeps_cosines_of_exact_tfidf(columns: Columns) -> None:
    exact = hashed_tfidf([words(text) for text in columns.texts.values()])
    wanted = (exact @ exact.T).toarray()
    vectors = tfidf(columns, dimensions=1024)(np.arange(120))
    error = (vectors @ vectors.T - wanted)[~np.eye(120, dtype=bool)]
    assert abs(error.mean()) < 0.01
    assert error.std() < 1.5 / math.sqrt(1024)


def test_clusters_find_groups_and_are_the_same_each_time() -> None:
    generator = np.random.default_rng(0)
    centres = np.eye(6, 32, dtype=np.float32)
    vectors = np.repeat(centres, 30, axis=0) + 0.05 * generator.standard_normal((180, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = clusters(vectors, 6)
    assert len({tuple(labels[at : at + 30]) for at in range(0, 180, 30)}) == 6
    assert (labels == clusters(vectors, 6)).all()


def test_the_map_shows_every_request_and_parts_two_groups() -> None:
    made = [dialogue(number, f"weather forecast in city {number} tomorrow rain") for number in range(20)]
    made += [dialogue(number + 20, f"transfer money account {number} bank balance") for number in range(20)]
    places = picture(from_dialogues(made))
    assert len(places) == 40
    left = {place["x"] > 0 for place in places[:20]}
    right = {place["x"] > 0 for place in places[20:]}
    assert left != right
    assert len(left) == len(right) == 1
    assert places == picture(from_dialogues(made))


def test_a_named_embedder_is_a_sentence_transformers_model(columns: Columns, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        def __init__(self, name: str) -> None:
            assert name == "some/model"

        def get_sentence_embedding_dimension(self) -> int:
            return 3

        def encode(self, texts: list[str], normalize_embeddings: bool) -> np.ndarray:
            assert normalize_embeddings
            return np.array([np.eye(3, dtype=np.float32)[len(text) % 3] for text in texts])

    module = types.ModuleType("sentence_transformers")
    module.SentenceTransformer = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    found = semantic(columns, name="some/model")
    assert found["embedder"] == "some/model, 3 dimensions"
    shares = np.bincount([len(text) % 3 for text in columns.texts.values()]) / 120
    expected = np.exp(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    assert found["vendi_in_all"] == pytest.approx(expected, abs=1e-3)


def test_an_embedder_that_is_not_installed_says_how_to_install_it(
    columns: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match="pip install sentence-transformers"):
        semantic(columns, name="some/model")
