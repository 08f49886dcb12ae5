"""The report: its keys, its determinism, and what a reader would notice in it."""

from __future__ import annotations

import msgspec
import pytest
from metrics_corpus import call, corpus, dialogue, failed

from genesis.metrics import report


def test_report_has_the_three_parts_and_is_plain_json_with_intervals() -> None:
    accepted = corpus(300)
    rejected = [failed(made, "rule:9-types") for made in corpus(20, seed=1)]
    found = report(accepted, rejected)
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    assert sorted(found) == ["cost", "diversity", "quality"]
    for measure in ("tool_entropy", "slot_entropy", "act_entropy", "distinct_3"):
        row = found["diversity"][measure]
        assert row["low"] <= row["value"] <= row["high"]
        assert row["size"] == 300
    assert found["diversity"]["n"] == 300
    assert found["diversity"]["mean_words"]["value"] == 12
    assert found["quality"]["acceptance"]["value"] == pytest.approx(300 / 320)
    assert found["quality"]["rejected_by_check"] == {"rule:9-types": 20}


def test_same_input_same_bytes() -> None:
    first, second = (msgspec.json.encode(report(corpus(150), corpus(5, seed=3))) for _ in range(2))
    assert first == second


def test_empty_and_tiny_sets_report_absence_not_zero() -> None:
    assert report([])["diversity"]["distinct_3"] is None
    assert report([])["quality"]["acceptance"] is None
    one = report([dialogue(0, "What is the weather in Oslo?", call("get_weather", city="Oslo"))])
    assert one["diversity"]["tool_entropy"]["value"] == 0
    assert one["diversity"]["tool_entropy"]["low"] is None
    assert one["cost"]["calls"] is None
    assert one["cost"]["calls_per_accepted"] is None


def test_a_request_of_less_than_three_words_has_no_distinct_3() -> None:
    assert report([dialogue(0, "Hello")])["diversity"]["distinct_3"]["value"] is None


def test_cost_is_per_accepted_dialogue_and_counts_the_rejected_ones_spending() -> None:
    accepted = [dialogue(n, "x y z", call("t"), calls={"user": 1, "judge": 2}, tokens={"user": 100}) for n in range(4)]
    rejected = [dialogue(9, "x y z", call("t"), calls={"user": 4}, tokens={"user": {"prompt": 30, "completion": 10}})]
    found = report(accepted, rejected)["cost"]
    assert found["calls"] == 16
    assert found["calls_per_accepted"] == 4
    assert found["calls_of_accepted"]["value"] == 3
    assert found["tokens_per_accepted"] == 110
    assert found["by_agent"]["judge"]["calls_per_accepted"] == 2
    assert found["by_scenario"]["single/single/simple"]["calls"]["value"] == 3


def test_usage_of_the_caller_is_the_whole_spending() -> None:
    accepted = [dialogue(n, "x y z", call("t"), calls={"user": 1}, tokens={"user": 10}) for n in range(2)]
    usage = {"user": {"calls": 6, "prompt_tokens": 40, "completion_tokens": 20, "attempts": 7}}
    found = report(accepted, (), usage)["cost"]
    assert (found["calls_per_accepted"], found["tokens_per_accepted"]) == (3, 30)
    assert found["by_agent"]["user"]["attempts"] == 7


def test_mix_and_yield() -> None:
    rejected = [failed(dialogue(7, "a b c", call("lonely")), "rule:1", "rule:2")]
    found = report([dialogue(0, "a b c", call("t"))], rejected)["quality"]
    assert found["rejected_by_check"] == {"rule:1": 1, "rule:2": 1}
    assert found["yield_by_tool"]["without"] == ["lonely"]
    assert found["acceptance_by_stage"]["rule"]["value"] == 0.5
    assert found["mix"]["single/single/simple"] == {
        "planned": 2,
        "accepted": 1,
        "planned_share": 1,
        "accepted_share": 1,
    }
