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
from genesis.benchmarks import acebench, apibank, bfcl, files
from genesis.benchmarks.item import Item
from genesis.tools import background, curation, sources
from genesis.tools.acts import opposed
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


def _known_to_be_two(kept: list[Candidate], groups: Iterable[list[dict[str, Any]]]) -> list[tuple[float, bool]]:
    """Return cosine and opposition of the differently named tools that stand together in a group."""
    alike = _cosines(kept)
    rows = {one.key: row for row, one in enumerate(kept)}
    names = [one.definition.name for one in kept]
    pairs = set()
    for raws in groups:
        offered = (examine(Found(raw, ""))[0] for raw in raws)
        here = sorted({rows[one.key] for one in offered if one is not None})
        pairs |= {(a, b) for a, b in combinations(here, 2) if names[a] != names[b]}
    return [(float(alike[a, b]), opposed(names[a], names[b])) for a, b in sorted(pairs)]


def _offered(items: Iterable[Item]) -> list[list[dict[str, Any]]]:
    return [item.functions for item in items]


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
    assert np.mean(np.array(versions) >= curation.NEAR) == pytest.approx(0.894, abs=0.005)


@pytest.mark.slow
def test_no_pair_known_to_be_two_is_merged(non_live: list[Candidate], shared_data: Path) -> None:
    ace, bank = shared_data / "acebench_en", shared_data / "apibank"
    live = ("live_multiple", "live_parallel_multiple", "live_irrelevance")
    documents = bfcl.folder() / "multi_turn_func_doc"
    pairs = [
        *_known_to_be_two(
            non_live, _offered(item for name in ("multiple", "parallel_multiple") for item in bfcl.items(name))
        ),
        *_known_to_be_two(_distinct("bfcl:live"), _offered(item for name in live for item in bfcl.items(name))),
        *_known_to_be_two(
            _distinct("bfcl:multi_turn"),
            [files.rows(documents / f"{name}.json", ("name",)) for name in bfcl.MULTI_TURN_FILES],
        ),
        *_known_to_be_two(
            _distinct(f"acebench:{ace}"),
            _offered(item for name in acebench.CATEGORIES for item in acebench.items(ace, name)),
        ),
        *_known_to_be_two(
            _distinct(f"apibank:{bank}"),
            _offered(item for level in apibank.LEVELS for item in apibank.items(bank, level)),
        ),
    ]
    assert len(pairs) == 9251
    cosines = np.array([cosine for cosine, opposite in pairs if not opposite])
    assert [int((cosines >= cosine).sum()) for cosine in (0.85, 0.90, curation.NEAR)] == [12, 1, 0]


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ("AddReminder", "ModifyReminder", True),
        ("gallon_to_liter", "liter_to_gallon", True),
        ("lock_door", "unlockDoor", True),
        ("circle.calculate_area", "area_circle.calculate", False),
        ("getUser", "fetch_user", False),
        ("weather", "get_weather", False),
    ],
)
def test_names_tell_opposite_acts(one: str, other: str, different: bool) -> None:
    assert opposed(one, other) is opposed(other, one) is different
