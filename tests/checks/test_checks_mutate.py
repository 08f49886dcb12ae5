"""Planted defects are found, measured and reported; benchmarks' gold raises few alarms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from samples import irrelevant, missing, planned, train, weather

from genesis.checks import audit, mutate
from genesis.checks.gold import gold
from genesis.checks.grounding import support
from genesis.checks.intervals import wilson
from genesis.checks.mutate import KINDS, mutation_table
from genesis.checks.said import Said

CLEAN = [
    replace(dialogue, id=f"{dialogue.id}-{k}")
    for k in range(4)
    for dialogue in (weather(), train(), planned(), missing(), irrelevant())
]


def test_there_are_many_kinds_and_each_says_what_it_plants() -> None:
    assert len(KINDS) >= 30
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.about.endswith((".", "?")) for kind in KINDS)


def test_every_structural_and_planned_defect_is_caught_wherever_it_can_be_planted() -> None:
    rows = mutation_table(CLEAN, seed=1)
    assert {row["kind"] for row in rows} == {kind.name for kind in KINDS} | {"near_duplicate"}
    for row in rows:
        if row["group"] in ("structural", "plan") and row["planted"]:
            assert row["recall"] == 1.0, row
            assert row["rules"], row
    planted = [row for row in rows if row["planted"] and row["group"] == "structural"]
    assert len(planted) >= 35
    assert next(row for row in rows if row["kind"] == "off_topic_answer")["recall"] == 0.0


def test_the_table_is_the_same_each_time_and_another_seed_plants_elsewhere() -> None:
    kinds = ("wrong_type", "wrong_text")
    assert mutation_table(CLEAN, 3, kinds=kinds) == mutation_table(list(CLEAN), 3, kinds=kinds)
    donors = mutate.donors(CLEAN)
    kind = next(kind for kind in KINDS if kind.name == "missing_required")
    planted = {str(mutate.plant(train(), kind, seed, donors)) for seed in range(20)}
    assert len(planted) == 2  # either station


def test_planting_leaves_the_original_alone() -> None:
    before = weather().to_row()
    dialogue = weather()
    for kind in KINDS:
        mutate.plant(dialogue, kind, 0, {"string": ["Lisbon"]})
    assert dialogue.to_row() == before


def test_without_the_plan_fewer_defects_are_seen() -> None:
    kinds = ("dropped_call",)
    assert mutation_table(CLEAN, 0, kinds=kinds)[0]["recall"] == 1.0
    assert mutation_table(CLEAN, 0, kinds=kinds, plan=False)[0]["planted"] == 0


def test_wilson_interval_against_published_values() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 0) == (0.0, 1.0)


def test_false_alarms_name_rule_rate_and_example() -> None:
    bad = weather(city="Marseille", days=3)
    rows = mutate.false_alarms([weather(), bad])
    first = rows[0]
    assert (first["rule"], first["outcome"], first["count"], first["rate"]) == (
        "rule:32-values-grounded",
        "flag",
        1,
        0.5,
    )
    assert "Marseille" in first["examples"][0]
    assert [row["count"] for row in rows if row["rule"] == "any"] == [0, 1]


@pytest.mark.parametrize(
    ("value", "text", "grounded"),
    [
        ("New York", "a hotel in NEW YORK, please", True),
        ("York", "a hotel in Yorkshire", False),
        (1200, "it costs $1,200 a month", True),
        (2, "two adults", True),
        (0.05, "at 5 percent interest", True),
        (15, "at 3 pm", True),
        (25, "twenty five people", True),
        (2_500_000, "2.5 million dollars", True),
        (7, "a party of five", False),
        ("2024-03-05", "on March 5th, 2024", True),
        ("2024-03-05", "on the 5th of March", True),
        ("2024-03-05", "on 5/3/2024", True),
        ("2024-03-08", "three nights from March 5th, 2024", True),
        ("2024-03-05", "tomorrow", True),
        ("2024-07-19", "next Friday; today is 2024-03-05", False),
        ("15:30", "at 3:30 pm", True),
        ("CA", "somewhere in California", True),
        ("NYC", "in New York City", True),
        ("3x**2", "the function 3x^2", True),
        ("Paris, France", "a trip to Paris", True),
        (["Oslo", "Rome"], "Oslo and Rome", True),
        (["Oslo", "Lima"], "Oslo and Rome", False),
        ({"from": "Oslo"}, "from Oslo", True),
        ("上海", "请问上海的天气", True),
    ],
)  # fmt: skip
def test_values_that_people_say_are_grounded(value: object, text: str, grounded: bool) -> None:
    from genesis.checks.grounding import THRESHOLD

    assert (support(value, Said(text)) >= THRESHOLD) is grounded


def test_bfcl_gold_raises_few_alarms_and_its_broken_items_are_listed() -> None:
    pytest.importorskip("bfcl_eval")
    found = audit.gold_alarms("bfcl", gold("bfcl"))
    assert found["items"] > 2400
    assert found["fail_rate"] <= 0.01
    assert found["grounding_flags"] <= 0.10
    assert 6 <= len(found["own_schema"]) <= 80
    assert all(reason for _, reason in found["own_schema"])


@pytest.mark.parametrize("name", ["acebench", "apibank"])
def test_other_gold_raises_few_alarms(name: str, shared_data: Path) -> None:
    folder = shared_data / {"acebench": "acebench_en", "apibank": "apibank"}[name]
    found = audit.gold_alarms(name, gold(name, folder))
    assert found["items"] > 500
    assert found["fail_rate"] <= 0.01


@pytest.mark.slow
def test_recall_on_bfcl_gold() -> None:
    pytest.importorskip("bfcl_eval")
    rows = {row["kind"]: row for row in mutation_table(gold("bfcl"), 0, most=300)}
    for row in rows.values():
        if row["group"] == "structural" and row["planted"]:
            assert row["recall"] >= 0.99, row
    for kind in ("wrong_text", "wrong_number", "wrong_date", "wrong_item", "other_enum_member", "invented_optional"):
        assert rows[kind]["recall"] >= 0.85, rows[kind]
    assert rows["swapped_slots"]["recall"] >= 0.60, rows["swapped_slots"]


@pytest.mark.slow
def test_the_curves_fall_and_rise_with_their_thresholds() -> None:
    pytest.importorskip("bfcl_eval")
    clean = gold("bfcl")[:600]
    for rows, key in (
        (audit.grounding_curve(clean, most=50), "threshold"),
        (audit.alignment_curve(clean, most=50), "margin"),
    ):
        flags = [row["false_flags"] for row in rows]
        recall = [row["recall"] for row in rows]
        assert [row[key] for row in rows] == sorted(row[key] for row in rows)
        ascending = key == "threshold"
        assert flags == sorted(flags, reverse=not ascending)
        assert recall == sorted(recall, reverse=not ascending)
        assert all(caught >= flagged for caught, flagged in zip(recall, flags, strict=True))
