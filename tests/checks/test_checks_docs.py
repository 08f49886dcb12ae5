"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ["align", "days", "grounding", "quantities", "said", "schema"]


@pytest.mark.parametrize("name", [*(f"checks.{name}" for name in MODULES), "formats.toolace"])
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"genesis.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
