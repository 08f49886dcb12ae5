"""Every measure says how it is computed, who proposed it, and how it misleads."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from genesis.metrics import bleu, contamination, cost, duplicates, lexical, quality, semantic, structural

MEASURES: tuple[Callable[..., Any], ...] = (
    structural.entropy,
    structural.distinct,
    structural.coverage,
    lexical.distinct_n,
    lexical.distinct_trimmed,
    lexical.mattr,
    lexical.rouge_l,
    lexical.compression_ratio,
    bleu.self_bleu,
    semantic.vendi,
    semantic.remote_clique,
    semantic.nearest_distance,
    semantic.clusters,
    duplicates.repeats,
    duplicates.near_pairs,
    contamination.contamination,
)
REPORTED: tuple[Callable[..., Any], ...] = (quality.quality, quality._grounding, cost.cost)
"""Plain rates and sums of a run: nobody's measures, but with a formula and a pitfall."""


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_a_measure_has_a_source_and_a_pitfall(measure: Callable[..., Any]) -> None:
    text = inspect.getdoc(measure) or ""
    assert re.search(r"[A-Z]\w+.*\b(?:19|20)\d\d\b", text, re.DOTALL), "no source with its year"
    assert re.search(r"Pitfalls?:", text)


@pytest.mark.parametrize("measure", [*MEASURES, *REPORTED], ids=lambda measure: measure.__name__)
def test_a_measure_has_a_formula(measure: Callable[..., Any]) -> None:
    text = inspect.getdoc(measure) or ""
    assert re.search(r" / |sum|min over|Jaccard|precisions|shares of", text)
    assert re.search(r"Pitfalls?:", text)
