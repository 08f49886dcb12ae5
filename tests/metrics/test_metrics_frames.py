"""The tables a notebook shows."""

from __future__ import annotations

import pytest
from metrics_corpus import call, corpus, dialogue, failed

from genesis.metrics import frames, report
from genesis.metrics.columns import from_dialogues


def test_table_holds_every_number_with_its_interval() -> None:
    found = report(corpus(150), [failed(one, "rule:1") for one in corpus(5, seed=1)])
    table = frames.table(found).set_index("measure")
    assert table.loc["acceptance", "value"] == pytest.approx(150 / 155)
    assert table.loc["acceptance", "low"] < 150 / 155 < table.loc["acceptance", "high"]
    assert table.loc["semantic / vendi", "part"] == "diversity"
    assert table.loc["tool entropy", "size"] == 150


def test_coverage_map_twins_and_mix() -> None:
    made = corpus(80)
    made.append(dialogue(80, made[0].user_text, call("weather_forecast", city="Oslo")))
    columns = from_dialogues(made)
    grown = frames.coverage(columns)
    assert set(grown["facet"]) == {"tools", "slot patterns", "act sequences"}
    assert grown.groupby("facet")["distinct"].apply(lambda part: part.is_monotonic_increasing).all()
    places = frames.request_map(columns)
    assert len(places) == 81
    assert places.iloc[80]["domain"] == "weather"
    pair = frames.twins(columns, 1).iloc[0]
    assert (pair["similarity"], pair["first_id"], pair["second_id"]) == (1, "d0", "d80")
    assert pair["first"] == pair["second"]
    assert frames.mix(report(made))["planned"].sum() == 81


def test_no_dialogues_make_empty_tables() -> None:
    columns = from_dialogues([])
    assert frames.coverage(columns).empty
    assert frames.request_map(columns).empty
    assert frames.twins(columns).empty
    assert frames.mix(report([])).empty
