"""Each measure against its definition, written out in the plainest way."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from metrics_corpus import call, corpus, dialogue

from genesis.metrics.columns import from_dialogues, spans
from genesis.metrics.duplicates import duplicates, near_pairs
from genesis.metrics.lexical import distinct_n, distinct_trimmed
from genesis.metrics.structural import coverage, curve, entropy
from genesis.text import ngrams, words


def test_spans_are_the_concatenated_ranges() -> None:
    starts = np.array([0, 2, 2, 5, 9])
    for rows in itertools.product(range(4), repeat=3):
        expected = [at for row in rows for at in range(starts[row], starts[row + 1])]
        assert spans(starts, np.array(rows)).tolist() == expected
    assert spans(starts, np.array([], np.int64)).tolist() == []


def test_entropy_is_shannons() -> None:
    codes = np.array([0, 0, 0, 1, 2, 2], np.int32)
    expected = -sum(share * math.log2(share) for share in (3 / 6, 1 / 6, 2 / 6))
    assert entropy(codes) == pytest.approx(expected)
    assert entropy(np.array([3, 3], np.int32)) == 0


def test_coverage_is_the_mean_over_all_subsets() -> None:
    made = [
        dialogue(0, "a", call("x"), call("y")),
        dialogue(1, "a", call("x")),
        dialogue(2, "a", call("z"), call("z")),
        dialogue(3, "a"),
        dialogue(4, "a", call("x"), call("w")),
    ]
    tools = from_dialogues(made).tools
    sets = [{call.name for message in one.messages for call in message.tool_calls} for one in made]
    for size in range(1, 6):
        subsets = list(itertools.combinations(sets, size))
        expected = sum(len(set().union(*subset)) for subset in subsets) / len(subsets)
        assert coverage(tools, [size]) == pytest.approx([expected])


def test_curve_ends_at_the_number_of_kinds() -> None:
    points = curve(from_dialogues(corpus(200)), "tools")
    assert points[0] == {"n": 1, "kinds": 1.0}
    assert points[-1]["kinds"] == len({row.tools[0].name for row in corpus(200)})
    assert [point["kinds"] for point in points] == sorted(point["kinds"] for point in points)


@pytest.mark.parametrize("window", [4, 15, 100])
def test_distinct_n_counts_grams_in_the_window(window: int) -> None:
    made = corpus(60, length=9, seed=4)
    made.append(dialogue(61, "Only two"))
    grams = [gram for one in made for gram in ngrams(words(one.user_text)[:window], 3)]
    columns = from_dialogues(made)
    assert distinct_n(columns.requests, np.arange(61), window=window) == pytest.approx(len(set(grams)) / len(grams))


def test_duplicate_rates_see_copies_masked_numbers_and_small_edits() -> None:
    base = "Please book a table for 4 at the harbour restaurant on 12 May at 19 and tell me the price"
    made = [
        dialogue(0, base),
        dialogue(1, base.upper() + " "),
        dialogue(2, base.replace("12", "13").replace("4", "11")),
        dialogue(3, base.replace("price", "bill")),
        *corpus(96, seed=2),
    ]
    found = duplicates(from_dialogues(made))
    assert found["exact"]["value"] == pytest.approx(0.01)
    assert found["masked"]["value"] == pytest.approx(0.02)
    assert [pair[:2] for pair in near_pairs(from_dialogues(made).requests)] == [(0, 1), (0, 3)]
    assert found["near"]["value"] == pytest.approx(0.02)


def test_near_pairs_find_what_brute_force_finds() -> None:
    made = corpus(150, length=30, seed=5)
    edited = []
    for number, one in enumerate(made[:60]):
        parts = one.user_text.split()
        parts[number % 30] = "changed"
        if number % 3 == 0:
            parts[(number * 7 + 11) % 30] = "also"
        edited.append(dialogue(200 + number, " ".join(parts)))
    everything = made + edited
    grams = [set(ngrams(words(one.user_text), 3)) for one in everything]
    expected = {
        (a, b)
        for a, b in itertools.combinations(range(len(grams)), 2)
        if len(grams[a] & grams[b]) / len(grams[a] | grams[b]) >= 0.7
    }
    found = near_pairs(from_dialogues(everything).requests)
    assert {pair[:2] for pair in found} <= expected
    assert len(found) >= 0.97 * len(expected)
    a, b, same = found[0]
    assert same == pytest.approx(len(grams[a] & grams[b]) / len(grams[a] | grams[b]), abs=1e-4)


def test_acts_and_pairs() -> None:
    columns = from_dialogues([dialogue(0, "x", call("b"), call("a"), call("b")), dialogue(1, "y")])
    assert columns.acts.names == ["calls answer", "answer"]
    assert Counter(columns.pairs.names) == {"a b": 1}


def test_distinct_trimmed_looks_past_formulas_at_the_edges() -> None:
    made = corpus(200, length=20, seed=8)
    padded = [
        dialogue(number, f"Hello my dear friend please {one.user_text} and many thanks for it {'now ' * (number % 3)}")
        for number, one in enumerate(made)
    ]
    rows = np.arange(200)
    plain, with_formulas = from_dialogues(made).requests, from_dialogues(padded).requests
    assert distinct_trimmed(plain, rows) == distinct_n(plain, rows)
    assert distinct_trimmed(with_formulas, rows) == pytest.approx(distinct_n(plain, rows), abs=0.02)
    assert distinct_n(with_formulas, rows) < 0.85 * distinct_n(plain, rows)


def test_distinct_trimmed_keeps_requests_that_are_nothing_but_formula() -> None:
    same = from_dialogues([dialogue(number, "Please tell me the weather") for number in range(50)]).requests
    assert distinct_trimmed(same, np.arange(50)) == pytest.approx(3 / 150)
    short = from_dialogues([dialogue(number, "Hi") for number in range(5)]).requests
    assert math.isnan(distinct_trimmed(short, np.arange(5)))
