"""Pools are built from real benchmark data: the size asked for, balanced, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

from genesis.errors import PoolError
from genesis.tools import names
from genesis.tools.build import build_pool
from genesis.tools.pool import load_pool, save_pool


def test_a_thousand_tools_of_bfcl(tmp_path: Path) -> None:
    pool, report = build_pool(["bfcl"], 1000, 0)
    assert len(pool) == 1000
    assert len(report.domains) >= 10
    assert max(report.domains.values()) <= 250
    assert report.steps[0].before == 2067
    for tool in pool:
        assert names.LEGAL.match(tool.name)
        jsonschema_rs.validator_for(tool.parameters)
    save_pool(pool, tmp_path / "a.jsonl")
    save_pool(build_pool(["bfcl"], 1000, 0)[0], tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert load_pool(tmp_path / "a.jsonl") == pool


def test_a_small_pool_is_spread_evenly_and_follows_the_seed() -> None:
    pool, report = build_pool(["bfcl"], 60, 0)
    assert max(report.domains.values()) <= 3
    assert len(report.domains) >= 10
    assert build_pool(["bfcl"], 60, 1)[0].hash != pool.hash


def test_too_few_tools_is_an_error_with_the_number() -> None:
    with pytest.raises(PoolError, match=r"curation left \d+ tools, \d+ fewer than the 2000 asked for; --fill"):
        build_pool(["bfcl"], 2000, 0)


def test_fill_only_tops_up() -> None:
    own, _ = build_pool(["bfcl:parallel"], None, 0)
    pool, report = build_pool(["bfcl:parallel"], len(own) + 20, 0, fill=["bfcl:multi_turn"])
    assert report.filled == 20
    assert sum(tool.source == "bfcl:parallel" for tool in pool) == len(own)
    assert build_pool(["bfcl:parallel"], 50, 0, fill=["bfcl:multi_turn"])[1].filled == 0


def test_related_finds_the_siblings() -> None:
    pool, _ = build_pool(["bfcl"], None, 0)
    found = pool.related("weather_forecast_get", 5) if "weather_forecast_get" in pool.by_name else []
    found = found or pool.related("book_flight", 5)
    assert len(found) == 5
    assert all("flight" in name or "weather" in name for name, _ in found[:3])
    assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
