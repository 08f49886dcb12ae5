"""Pools are built from real benchmark data: the size asked for, balanced, the same bytes each time."""

from __future__ import annotations

import json
import random
import resource
import time
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from whole import bfcl_pool

from genesis.benchmarks import bfcl
from genesis.errors import PoolError
from genesis.tools import names, views
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
    pool, _ = bfcl_pool()
    found = pool.related("book_flight", 5)
    assert len(found) == 5
    assert all("flight" in name for name, _ in found[:3])
    assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
    assert len(pool.related("book_flight", 10_000)) == len(pool) - 1
    with pytest.raises(PoolError, match="no tool 'book_flihgt'; near: book_flight"):
        pool.related("book_flihgt", 3)


def test_every_definition_is_accounted_for() -> None:
    _, report = bfcl_pool()
    gone = [finding for finding in report.findings if finding.action in ("rejected", "merged")]
    assert sum(report.sources.values()) == report.size + len(gone)
    for before, after in zip(report.steps, report.steps[1:], strict=False):
        assert before.after == after.before
    assert {finding.twin for finding in gone if finding.action == "merged"}.isdisjoint({""})


def test_what_the_notebook_shows(tmp_path: Path) -> None:
    pool, report = bfcl_pool()
    assert len(views.table(pool)) == len(pool)
    assert views.domains(pool)["tools"].sum() == len(pool)
    assert views.funnel(report)["before"].iloc[0] == 2067
    assert {"repaired", "renamed", "noted", "flagged"} <= set(views.defects(report)["action"])
    assert len(views.findings(report, "repaired")) == 43
    side_by_side = views.near_duplicates(report, 5)
    assert side_by_side["step"].iloc[0] == "near-duplicates"
    assert side_by_side["cosine"].between(0.91, 1.0).all()
    doubtful = views.doubtful(report)
    assert list(doubtful["tool"]) == list(report.doubtful)
    assert doubtful["why"].str.contains("is close to").any()
    views.decide(report, tmp_path / "d.jsonl", report.doubtful[0], "drop", "the other says it better")
    again, _ = build_pool(["bfcl"], None, 0, decisions=tmp_path / "d.jsonl")
    assert len(again) == len(pool) - 1
    for show in (views.funnel, views.defects, views.findings, views.near_duplicates, views.doubtful):
        assert len(show(None)) == 0


def test_a_pool_does_not_depend_on_the_order_of_a_source(tmp_path: Path) -> None:
    rows = [json.dumps(tool.to_openai()) for tool in bfcl_pool()[0]]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    (tmp_path / "b.jsonl").write_text("\n".join(reversed(rows)))
    one, other = (build_pool([f"tools:{tmp_path / name}"], 100, 7)[0] for name in ("a.jsonl", "b.jsonl"))
    assert [tool.to_openai() for tool in one] == [tool.to_openai() for tool in other]


@pytest.mark.benchmark
def test_a_hundred_thousand_tools(tmp_path: Path) -> None:
    rng = random.Random(0)
    raws = [raw for category in (*bfcl.NON_LIVE, *bfcl.LIVE) for raw in bfcl.raw_functions(category)]
    said = [word for raw in raws for word in raw["description"].split() if len(word) > 3 and word.isalpha()]

    def another(raw: dict[str, Any]) -> dict[str, Any]:
        about = [rng.choice(said) if rng.random() < 0.35 else word for word in raw["description"].split()]
        name = f"{rng.choice(said)}_{raw['name'][:40]}_{rng.choice(said)}".lower()
        return {**raw, "name": name, "description": " ".join(about)}

    with (tmp_path / "many.jsonl").open("w") as out:
        out.writelines(json.dumps(another(rng.choice(raws))) + "\n" for _ in range(100_000))
    started = time.process_time()
    pool, report = build_pool([f"tools:{tmp_path / 'many.jsonl'}"], None, 0)
    assert sum(report.sources.values()) == 100_000
    assert len(pool) > 50_000
    assert time.process_time() - started < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4_000_000  # KiB
