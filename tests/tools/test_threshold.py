"""The thresholds and the table of word weights are what the benchmarks say they are: measured again here."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from genesis import text
from genesis.benchmarks import acebench, bfcl
from genesis.benchmarks.item import Item
from genesis.tools import background, curation, sources
from genesis.tools.found import Found
from genesis.tools.pool import features
from genesis.tools.reading import Candidate, examine


def _distinct(*names: str) -> list[Candidate]:
    read = (examine(found)[0] for name in names for found in sources.read(name))
    kept = sorted((one for one in read if one is not None), key=curation._order)
    return curation._exact(kept)[0]


def _cosines(kept: list[Candidate]) -> Any:
    matrix = text.hashed_tfidf((features(curation._tool(one)) for one in kept), idf=background.idf())
    return (matrix @ matrix.T).toarray()


def _side_by_side(kept: list[Candidate], items: Iterable[Item]) -> list[float]:
    """Return the cosines of differently named tools that one item offers together: tools known to be two."""
    alike = _cosines(kept)
    rows = {one.key: row for row, one in enumerate(kept)}
    pairs = set()
    for item in items:
        offered = (examine(Found(raw, ""))[0] for raw in item.functions)
        here = sorted({rows[one.key] for one in offered if one is not None})
        pairs |= {(a, b) for a, b in combinations(here, 2) if kept[a].definition.name != kept[b].definition.name}
    return [float(alike[pair]) for pair in sorted(pairs)]


@pytest.fixture(scope="module")
def non_live() -> list[Candidate]:
    return _distinct("bfcl")


def test_the_table_of_word_weights_is_what_bfcl_gives(non_live: list[Candidate]) -> None:
    marks = {
        (one.definition.name, frozenset(one.definition.parameters["properties"])): one for one in reversed(non_live)
    }
    measured = background.measure(features(curation._tool(one)) for one in marks.values())
    stored = msgspec.json.decode((importlib.resources.files("genesis.tools") / "background.json").read_bytes())
    assert measured == stored


def test_versions_are_mostly_found_by_likeness_alone(non_live: list[Candidate]) -> None:
    alike = _cosines(non_live)
    marks = [(one.definition.name, frozenset(one.definition.parameters["properties"])) for one in non_live]
    versions = [alike[a, b] for a, b in combinations(range(len(marks)), 2) if marks[a] == marks[b]]
    assert len(versions) == 416
    assert np.mean(np.array(versions) >= curation.NEAR) == pytest.approx(0.85, abs=0.01)


@pytest.mark.slow
def test_no_pair_known_to_be_two_reaches_the_threshold(non_live: list[Candidate], shared_data: Path) -> None:
    folder = shared_data / "acebench_en"
    live = ("live_multiple", "live_parallel_multiple", "live_irrelevance")
    cosines = [
        *_side_by_side(non_live, [item for name in ("multiple", "parallel_multiple") for item in bfcl.items(name)]),
        *_side_by_side(_distinct("bfcl:live"), [item for name in live for item in bfcl.items(name)]),
        *_side_by_side(
            _distinct(f"acebench:{folder}"),
            [item for name in acebench.CATEGORIES for item in acebench.items(folder, name)],
        ),
    ]
    found = np.array(cosines)
    assert len(found) == 8123
    assert [int((found >= cosine).sum()) for cosine in (0.85, 0.90, 0.91, curation.NEAR)] == [9, 2, 1, 0]
