"""The worked examples of CONTRIBUTING.md, run as they stand on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from needs import ROOT

from genesis import formats, planner, scenario, slots
from genesis.checks import rules
from genesis.formats import dialogues
from genesis.tools import sources
from genesis.tools.pool import load_pool

SAMPLE = ROOT / "genesis/data/sample"
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\*\*(An? \w+)\*\*.*?^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the examples add to the lists of the product, and take it back afterwards."""
    monkeypatch.setattr(rules, "RULES", rules.RULES)
    monkeypatch.setitem(scenario.LEGAL, ("miss_param", "multi", "multi", False), ())  # type: ignore[arg-type]
    monkeypatch.setitem(slots.SPECIAL, "miss_param", slots.SPECIAL["miss_param"])
    monkeypatch.setitem(sources.READERS, "toml", lambda path: iter(()))
    monkeypatch.setitem(formats.WRITERS, "completion", None)  # type: ignore[arg-type]
    caches = (rules._applied.cache_clear, planner._shapes.cache_clear)
    for clear in caches:
        clear()
    yield
    for clear in caches:
        clear()


def test_every_kind_of_addition_has_a_worked_example() -> None:
    assert [name for name, _ in EXAMPLES] == ["A source", "A rule", "A metric", "An agent", "A scenario", "A format"]
    assert all("assert " in code for _, code in EXAMPLES), "an example without a check shows nothing"


@pytest.mark.usefixtures("_as_before")
def test_the_worked_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {
        "__name__": "contributing",
        "dialogue": next(one for one in dialogues(SAMPLE / "dialogues.jsonl") if one.messages[1].tool_calls),
        "pool": load_pool(SAMPLE / "pool.jsonl").tools,
    }
    for name, code in EXAMPLES:
        exec(compile(code, f"CONTRIBUTING.md: {name}", "exec"), names)
    assert "no-shouting" in {rule.name for rule in rules.RULES}
