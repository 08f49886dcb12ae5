"""BFCL: verdicts equal to the official runner's, aggregates by v4's formula, no vendor code, no eval."""

from __future__ import annotations

import subprocess
import sys

import pytest
from frozen_cases import CASES, frozen

from genesis.benchmarks import bfcl as data
from genesis.benchmarks.item import Item
from genesis.downstream import bfcl
from genesis.downstream.predictions import Prediction
from genesis.downstream.scoring import Scored
from genesis.errors import MissingExtraError

UNSATISFIABLE = {
    "simple_java_36",
    "simple_java_64",
    "simple_java_65",
    "live_simple_106-63-0",
    "live_simple_112-68-0",
    "live_multiple_862-181-3",
    "live_multiple_964-207-0",
}


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return bfcl.items()


@pytest.fixture(scope="module")
def gold(items: list[Item]) -> dict[str, Prediction]:
    return bfcl.gold(items)


@pytest.mark.parametrize("case", CASES)
def test_verdicts_are_the_official_runners(case: str, items: list[Item], gold: dict[str, Prediction]) -> None:
    expected = frozen("bfcl")[case]
    predictions = {item.id: CASES[case](item.id, gold) for item in items}
    scored = bfcl.score(predictions, items)
    wrong = [
        one
        for category in data.SINGLE_TURN
        for one, official in zip([s for s in scored if s.category == category], expected[category], strict=True)
        if one.correct is not official
    ]
    assert wrong == []


def test_gold_is_right_but_for_the_items_that_nothing_satisfies(items: list[Item], gold: dict[str, Prediction]) -> None:
    scored = bfcl.score(gold, items)
    assert {one.id for one in scored if not one.correct} == UNSATISFIABLE
    assert all(one.reason for one in scored if not one.correct)


def test_aggregates_are_v4s_formula() -> None:
    rates = {category: (number % 4 + 1, 5) for number, category in enumerate(data.SINGLE_TURN)}
    rates["live_multiple"] = (1, 50)
    scored = [
        Scored(f"{category}_{index}", category, index < right)
        for category, (right, n) in rates.items()
        for index in range(n)
    ]
    share = {category: right / n for category, (right, n) in rates.items()}
    report = bfcl.summary(scored)["aggregates"]
    simple = (share["simple_python"] + share["simple_java"] + share["simple_javascript"]) / 3
    non_live = (simple + share["multiple"] + share["parallel"] + share["parallel_multiple"]) / 4
    live = sum(rates[name][0] for name in bfcl.LIVE) / sum(rates[name][1] for name in bfcl.LIVE)
    irrelevance = (share["irrelevance"] + share["live_irrelevance"]) / 2
    assert report["simple"]["accuracy"] == pytest.approx(simple, abs=1e-6)
    assert report["non_live"]["accuracy"] == pytest.approx(non_live, abs=1e-6)
    assert report["live"]["accuracy"] == pytest.approx(live, abs=1e-6)
    assert report["irrelevance"]["accuracy"] == pytest.approx(irrelevance, abs=1e-6)
    assert report["single_turn"]["accuracy"] == pytest.approx((non_live + live + irrelevance) / 3, abs=1e-6)
    weighted = sum(rates[name][0] for name in bfcl.NON_LIVE) / sum(rates[name][1] for name in bfcl.NON_LIVE)
    assert report["non_live_weighted"]["accuracy"] == pytest.approx(weighted, abs=1e-6)
    for one in report.values():
        assert one["interval"][0] <= one["accuracy"] <= one["interval"][1]


def test_an_aggregate_with_an_empty_part_is_no_number() -> None:
    report = bfcl.summary([Scored("multiple_0", "multiple", True)])
    assert report["categories"]["multiple"]["n"] == 1
    assert report["categories"]["parallel"] == {
        "n": 0,
        "correct": 0,
        "accuracy": None,
        "interval": None,
        "unscored": 0,
    }
    assert report["aggregates"]["non_live"] == {"accuracy": None, "interval": None}


def test_where_the_checker_itself_fails_there_is_no_verdict() -> None:
    function = {"name": "f", "parameters": {"properties": {"x": {"type": "number"}}, "required": ["x"]}}
    item = Item("simple_python_x", "simple_python", [], [function], [{"f": {"x": [1]}}])
    scored = bfcl.verdict(item, Prediction(item.id, (("f", {"x": 1}),)))
    assert scored.correct is None
    assert "official checker fails: KeyError" in scored.reason
    assert bfcl.summary([scored])["categories"]["simple_python"]["unscored"] == 1


def test_loads_no_vendor_code_and_writes_nothing() -> None:
    code = (
        "import sys; from genesis.downstream import bfcl, official;"
        "official.ast_checker(); official.parse_java('f();');"
        "names = set(sys.modules);"
        "bad = [n for n in names if n.split('.')[0] in ('openai', 'anthropic', 'mistralai', 'torch', 'transformers')"
        " or n in ('bfcl_eval.constants.model_config', 'bfcl_eval.constants.eval_config')];"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_parser_is_no_wrong_answer(items: list[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    item = next(item for item in items if item.category == "simple_java")
    monkeypatch.setitem(sys.modules, "bfcl_eval.model_handler.parser.java_parser", None)
    with pytest.raises(MissingExtraError, match="not installed"):
        bfcl.verdict(item, Prediction(item.id, None, "f(a = 1);"))
