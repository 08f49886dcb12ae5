"""The pointer probe without torch: what it reads from dialogues, what spans say, which differences are real."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pointer_data
import pytest
from scipy import stats

from genesis.checks.noise import noisy
from genesis.cli import probe as cli
from genesis.downstream.pointer import examples, probe, score, spread, values
from genesis.downstream.pointer.batches import allowed_spans
from genesis.downstream.pointer.tokens import tokenize
from genesis.downstream.pointer.vectors import Pretrained, Words
from genesis.errors import FormatError


@pytest.mark.parametrize(
    ("text", "value", "kind", "said"),
    [
        ("A loan of $12,000 please", 12000, "number", "12,000"),
        ("Two rooms in Portland, OR.", 2, "number", "Two"),
        ("Two rooms in Portland, OR.", "Portland, OR", "text", "Portland, OR"),
        ("a rate of 4.5% a year", 0.045, "number", "4.5%"),
        ("on 3 May 2024 at noon", "2024-05-03", "text", "3 May 2024"),
        ("for 1, 2 and 3.5 please", [1, 2, 3.5], "numbers", "1, 2 and 3.5"),
        ("with garlic, olive oil and salt", ["garlic", "olive oil", "salt"], "texts", "garlic, olive oil and salt"),
    ],
)
def test_a_value_is_found_where_it_is_said_and_read_back(text: str, value: object, kind: str, said: str) -> None:
    tokens = tokenize(text)
    ((start, end),) = values.find(value, kind, tokens)
    place = (tokens[start].start, tokens[end].end)
    assert text[slice(*place)] == said
    assert values.read(text, place, kind, day=True) == value


def test_a_value_that_nobody_said_is_found_nowhere() -> None:
    tokens = tokenize("Two rooms in Portland, OR.")
    assert values.find("Bergen", "text", tokens) == []
    assert values.find(7, "number", tokens) == []
    assert values.find(["Portland", "Bergen"], "texts", tokens) == []
    assert values.find(True, "number", tokens) == []


def test_an_integer_is_never_read_from_a_fraction() -> None:
    assert values.read("about 4.5 miles", (6, 9), "number", whole=True) is None
    assert values.read("about -4 miles", (7, 8), "number", whole=True) == -4


def test_dialogues_become_examples_with_labels_and_requests_without_a_tool() -> None:
    found = examples.from_dialogues(pointer_data.dialogues(40))
    calls = [example for example in found if example.calls]
    assert len(found) == 40
    assert 0 < len(found) - len(calls) < 20
    for example in calls:
        (call,) = example.calls
        fields = example.functions[call.function].fields
        given = {
            field.name: example.request[example.tokens[label.spans[0][0]].start : example.tokens[label.spans[0][1]].end]
            for field, label in zip(fields, call.labels, strict=True)
            if label.spans
        }
        assert given["origin"] in pointer_data.CITIES
        assert given["destination"] in pointer_data.CITIES
        assert given["travellers"].isdigit()


def test_a_later_call_of_a_tool_knows_that_it_is_a_later_one() -> None:
    tool = examples.function_of(pointer_data.KNOWN[0].to_function())
    text = "From Oslo to Lima for 2 people, and from Graz to Porto for 3 people."
    made = examples.make(
        text,
        [tool],
        [
            (tool.name, {"origin": "Oslo", "destination": "Lima", "travellers": 2}),
            (tool.name, {"origin": "Graz", "destination": "Porto", "travellers": 3}),
        ],
    )
    assert [call.turn for call in made.calls] == [0, 1]
    assert made.calls[0].labels[0].spans != made.calls[1].labels[0].spans


def test_spans_of_a_number_hold_numbers_only() -> None:
    example = examples.make("Book 2 rooms for twenty five days in Graz", [])
    table = allowed_spans(example, "number")
    places = {(int(start), int(start + more)) for start, more in np.argwhere(table)}
    assert places == {(1, 1), (4, 5)}


def test_noise_spoils_the_share_it_is_told_to_and_nothing_else() -> None:
    clean = pointer_data.dialogues(400, no_call=0)
    spoiled = noisy(clean, 0.25, seed=1)
    pairs = [
        (one, two)
        for a, b in zip(clean, spoiled, strict=True)
        for one, two in zip(
            a.messages[1].tool_calls[0].arguments.values(), b.messages[1].tool_calls[0].arguments.values(), strict=True
        )
    ]
    assert sum(one != two for one, two in pairs) / len(pairs) == pytest.approx(0.25, abs=0.04)
    assert all(type(one) is type(two) for one, two in pairs)
    assert [a.messages[0] for a in clean] == [b.messages[0] for b in spoiled]
    assert noisy(clean, 0.25, seed=1) == spoiled
    assert noisy(clean, 0.0, seed=1) == clean


def test_allowed_values_are_compared_as_the_official_checker_compares() -> None:
    assert score.allows(["New York, NY"], "new york ny")
    assert score.allows([5], 5.0)
    assert not score.allows([1], True)
    assert not score.allows(["5"], 5)
    assert score.allows([["a", "b"], ["b"]], ["A", "B"])


def test_items_that_offer_a_seen_tool_are_not_scored() -> None:
    every = pointer_data.items(20)
    assert probe.held_out(frozenset(), found=every).counts["total"] == {
        "all": 20,
        "without_seen_tools": 20,
        "scored": 20,
    }
    with pytest.raises(Exception, match="no benchmark item with a call is left"):
        probe.held_out(frozenset({"name reservetrain"}), found=every)


def _arm(held: probe.HeldOut, means: list[float], seed: int) -> probe.Arm:
    rng = np.random.default_rng(seed)
    n = len(held.scored)
    runs = []
    for mean in means:
        run = {name: np.full(n, np.nan) for name in score.MEASURES}
        run["arguments"] = (rng.random(n) < mean).astype(float)
        runs.append(run)
    return probe.Arm(100, 100, tuple(runs), (), 0.0)


def test_a_large_difference_is_real_and_none_is_not() -> None:
    held = probe.held_out(frozenset(), found=pointer_data.items(400))
    first = _arm(held, [0.6, 0.6, 0.6], 0)
    found = probe.compare(first, _arm(held, [0.4, 0.4, 0.4], 1), held)["one call"]["arguments"]
    assert found["difference"] == pytest.approx(-0.2, abs=0.06)
    assert found["real"]
    assert found["low"] < -0.2 < found["high"]
    none = [probe.compare(first, _arm(held, [0.6] * 3, seed), held)["one call"]["arguments"] for seed in range(2, 42)]
    assert sum(row["real"] for row in none) <= 5


def test_runs_that_spread_widen_the_interval() -> None:
    held = probe.held_out(frozenset(), found=pointer_data.items(400))
    still = probe.compare(_arm(held, [0.5] * 3, 0), _arm(held, [0.5] * 3, 1), held)["one call"]["arguments"]
    wild = probe.compare(_arm(held, [0.3, 0.5, 0.7], 0), _arm(held, [0.3, 0.5, 0.7], 1), held)["one call"]["arguments"]
    assert wild["se_runs"] > 3 * still["se_runs"]
    assert not wild["real"]


def test_few_runs_are_judged_by_student_s_t_and_many_measures_are_corrected_for() -> None:
    held = probe.held_out(frozenset(), found=pointer_data.items(400))
    arms = (_arm(held, [0.4, 0.5, 0.6], 0), _arm(held, [0.4, 0.5, 0.6], 1))
    row = probe.compare(*arms, held, prior={})["one call"]["arguments"]
    error = np.hypot(row["se_items"], row["se_runs"])
    assert 4 < row["df"] < 6, "four of the runs, a little more for the items' share"
    assert (row["high"] - row["low"]) / 2 == pytest.approx(stats.t.ppf(0.975, row["df"]) * error, rel=0.01)
    assert spread.half_width(0.01, 0.0, freedom=float("inf")) == pytest.approx(0.0196, abs=1e-4)
    found = probe.compare(_arm(held, [0.6], 0), _arm(held, [0.5], 1), held)
    rows = [row for part in found.values() for row in part.values() if row["p"] is not None]
    assert rows
    smallest = min(rows, key=lambda row: row["p"])
    assert smallest["p_corrected"] == pytest.approx(min(1.0, smallest["p"] * len(rows)), abs=1e-4)
    assert all(row["real"] == (row["p_corrected"] < 0.05) for row in rows)


def test_the_text_of_a_comparison_shows_differences_with_corrected_p_and_where_the_spread_is_from() -> None:
    held = probe.held_out(frozenset(), found=pointer_data.items(400))
    first, second = _arm(held, [0.4], 0), _arm(held, [0.6], 1)
    differences = probe.compare(second, first, held)
    row = differences["one call"]["arguments"]
    arm = {"name": "ours", "lm": None, "dialogues": 100, "scenarios": probe.summary(first, held)}
    found = {"arms": [arm, arm], "differences": differences, "items": held.counts, "seconds": 1.0, "seeds": 1}
    text = cli.table({**found, "settings": {"updates": 100}, "assumed": True})
    line = next(line for line in text.splitlines() if line.split()[0:1] == ["arguments"])
    assert f"{row['difference']:+.4f}" in line
    assert line.endswith(f"{row['p_corrected']:.4f}")
    assert "3,000 dialogues and 500 updates" in text


def test_one_run_s_interval_counts_the_known_spread_of_runs() -> None:
    held = probe.held_out(frozenset(), found=pointer_data.items(400))
    row = probe.summary(_arm(held, [0.5], 0), held)["one call"]["arguments"]
    by_items = 1.96 * 0.5 / row["n"] ** 0.5
    assert (row["high"] - row["low"]) / 2 > np.hypot(by_items, 1.96 * spread.RUN_SD["one call", "arguments"])


def test_short_runs_are_taken_to_spread_more_than_full_ones() -> None:
    held = probe.held_out(frozenset(), found=pointer_data.items(400))
    short, full = (
        [replace(_arm(held, [mean], seed), dialogues=3000, updates=updates) for seed, mean in enumerate((0.5, 0.6))]
        for updates in (100, 500)
    )
    rows = [probe.compare(*arms, held)["one call"]["arguments"] for arms in (short, full)]
    assert rows[0]["se_runs"] == pytest.approx(2**0.5 * spread.SHORT_SD["one call", "arguments"], abs=1e-5)
    assert rows[1]["se_runs"] == pytest.approx(2**0.5 * spread.RUN_SD["one call", "arguments"], abs=1e-5)
    assert all(spread.known(1000, 500)[name] >= sd for name, sd in spread.RUN_SD.items())


def test_words_never_seen_share_pieces_with_their_relatives() -> None:
    words = Words()
    one, other, far = words.ids(["traveller", "travellers", "tram"])
    table = words.table()
    shared = [len(set(table[one]) & set(table[word]) - {0}) for word in (other, far)]
    assert shared[0] > shared[1]


def test_weights_that_are_no_safetensors_are_an_error_that_names_them(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no \.safetensors file"):
        Pretrained(str(tmp_path))


def test_without_torch_the_command_says_how_to_install_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from genesis.cli import main\n"
        f"raise SystemExit(main(['probe', {str(tmp_path / 'none.jsonl')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert "pip install 'genesisfunc-workbench[probe]'" in done.stderr
    assert "Traceback" not in done.stderr
