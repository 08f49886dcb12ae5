"""The examples in the docstrings of the tools room say what the code does."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "benchmarks.apibank benchmarks.bfcl tools.acts tools.balance tools.build tools.dialect tools.domains tools.names "
    "tools.patterns tools.reading tools.refs tools.sources.python tools.typenames"
)


@pytest.mark.parametrize("name", MODULES.split())
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"genesis.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
