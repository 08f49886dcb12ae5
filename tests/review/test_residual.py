"""The error left: right where the truth is known, honest where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from review_cases import dialogue, make_run, with_model

from genesis import params
from genesis.errors import ParamsError
from genesis.record import Run
from genesis.review import agreement, decisions, plan, queue, truth
from genesis.review.funnel import counts, funnel
from genesis.review.residual import interval, residual
from genesis.review.tables import error_table, finish


def big(folder: Path, n: int = 120, wrong: tuple[int, ...] = (), **chosen: object) -> Run:
    """A run with planted contradictions and a model that is surer of some than of others."""
    made = [dialogue(number, degrees=10, answered=77 if number in wrong else None) for number in range(n)]
    run = make_run(folder, made, **chosen)
    with_model(run, {found.id: 0.8 if number % 4 == 0 else 0.97 for number, found in enumerate(made)})
    return run


def read_as_told(run: Run, ids: list[str]) -> None:
    """A rater who is always right."""
    for found in [item.dialogue for item in queue.queue(run, "audit")]:
        if found.id in ids:
            verdict: decisions.Kind = "accept" if truth.is_right(found) else "reject"
            decisions.append(run, decisions.make("ann", found, verdict, seconds=30, queue="audit"))


def test_truth_is_what_was_planted() -> None:
    assert truth.is_right(dialogue(1))
    assert truth.is_right(dialogue(1, answered=55)) is False
    assert truth.is_right(dialogue(1, called="Paris")) is False


def test_with_a_real_model_and_no_decisions_it_is_not_measured(tmp_path: Path) -> None:
    run = big(tmp_path, 10, lm="openai/some")
    rows = [{**row, "provenance": {**row["provenance"], "simulated": False}} for row in run.rows("dialogues")]
    run.replace_rows("dialogues", rows)
    found = residual(run)
    assert (found["method"], found["value"], found["low"], found["high"]) == ("not measured", None, None, None)
    assert "not measured" in error_table(run).to_string()


def test_offline_without_decisions_it_is_the_planted_truth(tmp_path: Path) -> None:
    found = residual(big(tmp_path, 40, (1, 2)))
    assert found["method"] == "planted truth"
    assert found["value"] == pytest.approx(2 / 40)
    assert found["low"] < 0.05 < found["high"]
    assert found["read"] == 0  # by people


def test_an_audit_measures_screening_and_what_is_left_after_its_own_corrections(tmp_path: Path) -> None:
    run = big(tmp_path, 120, tuple(range(0, 120, 12)))  # all wrong ones are in "model below 0.9": 10 of 30
    drawn = queue.draw_audit(run, 60, seed=1)
    read_as_told(run, [row["id"] for row in drawn])
    found = residual(run)
    assert found["method"] == "audit"
    assert found["n"] == 60
    assert found["minutes"] == 30
    assert found["screening"]["low"] <= 10 / 120 <= found["screening"]["high"]
    left = sum(truth.is_right(item) is False for item in queue.passed(run)) - found["wrong"]
    assert found["low"] <= left / 120 <= found["high"]
    assert found["value"] < found["screening"]["value"]


def test_reading_doubtful_ones_only_is_no_sample(tmp_path: Path) -> None:
    run = big(tmp_path, 40)
    for item in queue.queue(run, "doubt")[:3]:
        decisions.append(run, decisions.make("ann", item.dialogue, "reject"))
    assert residual(run)["method"] == "planted truth"


def test_reading_everything_leaves_no_error(tmp_path: Path) -> None:
    run = big(tmp_path, 20, (3, 4))
    read_as_told(run, [row["id"] for row in queue.draw_audit(run, 20)])
    found = residual(run)
    assert (found["value"], found["low"], found["high"]) == (0.0, 0.0, 0.0)
    assert found["screening"]["value"] == pytest.approx(0.1)
    assert found["screening"]["low"] == found["screening"]["high"]


def test_the_interval_of_one_stratum_is_clopper_pearson_s() -> None:
    value, low, high = interval([(10**9, 60, 0)])
    assert (value, low, round(high, 4)) == (0.0, 0.0, 0.0596)


def test_an_unread_stratum_is_the_worst_of_what_is_possible() -> None:
    _, low, high = interval([(90, 90, 0), (10, 0, 0)])
    assert (low, high) == (0.0, 0.1)
    assert interval([(10, 0, 0)]) == (None, 0.0, 1.0)


@pytest.mark.parametrize("rates", [(0.0, 0.02), (0.02, 0.1), (0.05, 0.3), (0.01, 0.01)])
def test_the_weighted_interval_covers(rates: tuple[float, float]) -> None:
    """At least 94 % of 600 audits of a known population cover its error."""
    generator = np.random.default_rng(7)
    sizes, reads, covered = (900, 100), (60, 30), 0
    population = [np.arange(size) < round(size * rate) for size, rate in zip(sizes, rates, strict=True)]
    true = sum(int(part.sum()) for part in population) / 1000
    for _ in range(600):
        parts = [
            (size, n, float(generator.choice(members, n, replace=False).sum()))
            for size, n, members in zip(sizes, reads, population, strict=True)
        ]
        _, low, high = interval(parts)
        covered += low <= true <= high
    assert covered >= 0.94 * 600


def test_the_plan_says_how_many_to_read_and_its_width_comes_true(tmp_path: Path) -> None:
    run = big(tmp_path, 200)
    wide, narrow = plan.plan(run, width=0.2), plan.plan(run, width=0.08)
    assert wide["read"] < narrow["read"] <= 200
    assert {row["stratum"] for row in narrow["strata"]} == {"model below 0.9", "model 0.9 and above"}
    assert narrow["expected_width"] <= 0.08
    queue.draw_audit(run, narrow["read"])
    read_as_told(run, [row["id"] for row in run.rows("audit")])
    found = residual(run)["screening"]
    assert found["high"] - found["low"] <= 0.08
    with pytest.raises(ParamsError, match="width"):
        plan.plan(run, width=5)


def test_allocation_gives_more_to_the_doubtful_and_never_more_than_there_is() -> None:
    sizes = {"flagged": 10, "model 0.9 and above": 1000, "model below 0.9": 100}
    for total in (1, 20, 200, 5000):
        found = plan.allocate(sizes, total)
        assert all(found[name] <= size for name, size in sizes.items())
        assert sum(found.values()) == min(max(total, 15), 1110)
    found = plan.allocate(sizes, 200)
    assert found["model below 0.9"] / 100 > found["model 0.9 and above"] / 1000


def test_the_funnel_counts_every_stage(tmp_path: Path) -> None:
    run = make_run(tmp_path, [dialogue(number) for number in range(8)])
    run.append("rejected", {**dialogue(8).to_row(), "provenance": {"index": 8, "reason": "plan: no call"}})
    with_model(run, {"d0000": 0.2, "d0001": 0.3})
    decisions.append(run, decisions.make("ann", dialogue(1), "accept"))
    decisions.append(run, decisions.make("ann", dialogue(2), "reject", reasons=("unnatural",)))
    finish(run)
    found = counts(run)
    assert found["generated"] == 9
    assert found["rejected"] == {"generation": 1, "rules": 0, "model": 1, "human": 1}
    assert found["returned"] == 1
    assert found["reasons"]["human"] == {"human:unnatural": 1}
    table = funnel(run)
    assert list(table["left"]) == [9, 8, 8, 7, 6]
    assert table["stage"].iloc[2] == "after rules (8)"
    assert sum(1 for _ in run.rows("dialogues")) == 6
    assert (table["low"] <= table["share"]).all()
    assert run.read_json("parts/error.json")["funnel"] == found


# --- agreement ---------------------------------------------------------------------------------------------------


def labels(both: int, one: int, other: int, neither: int) -> tuple[list[str], list[str]]:
    pairs = [("accept", "accept")] * both + [("accept", "reject")] * one + [("reject", "accept")] * other
    pairs += [("reject", "reject")] * neither
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def test_kappa_and_ac1_against_published_tables() -> None:
    found = agreement.agreement(*labels(118, 5, 2, 0))  # Gwet 2008, table 1: 125 subjects, high prevalence
    assert found["agreement"] == pytest.approx(0.944)
    assert found["kappa"]["value"] == pytest.approx(-0.0234, abs=5e-4)
    assert found["ac1"]["value"] == pytest.approx(0.9405, abs=5e-4)
    classic = agreement.agreement(*labels(20, 5, 10, 15))  # the usual worked example of kappa
    assert classic["kappa"]["value"] == pytest.approx(0.4)


def test_agreement_of_raters_is_that_before_they_talk(tmp_path: Path) -> None:
    run = make_run(tmp_path, [dialogue(number) for number in range(10)])
    for number in range(10):
        decisions.append(run, decisions.make("ann", dialogue(number), "accept"))
        decisions.append(run, decisions.make("bob", dialogue(number), "accept" if number else "reject"))
    decisions.append(run, decisions.make("bob", dialogue(0), "accept", queue="disagreements"))
    (found,) = agreement.between_raters(run)
    assert found["raters"] == ["ann", "bob"]
    assert found["n"] == 10
    assert found["agreement"] == pytest.approx(0.9)
    assert found["kappa"]["value"] == 0.0
    assert found["ac1"]["value"] > 0.85


def test_parameters_of_review_do_not_change_the_run() -> None:
    base = params.params_hash(params.Params())
    assert params.params_hash(params.from_dict({"rater": "ann", "queue": "audit", "audit_size": 9})) == base
    assert params.params_hash(params.from_dict({"checker": {"threshold": 0.9}})) != base
