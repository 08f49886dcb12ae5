"""Berkeley Function-Calling Leaderboard v4, read from the files inside the installed ``bfcl-eval`` package.

>>> item = items("simple_python")[0]
>>> item.id, item.functions[0]["name"], item.gold
('simple_python_0', 'calculate_triangle_area', [{'calculate_triangle_area': {'base': [10], 'height': [5], \
'unit': ['units', '']}}])

The package is found, never imported: importing it writes files and pulls vendor SDKs. ``gold`` is BFCL's own form,
``[{name: {parameter: [allowed values]}}]``, in which ``""`` among the values means "may be left out"; ``[]`` in the
irrelevance categories (no call is right), None in ``live_relevance`` (any call is right).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from genesis.benchmarks import files
from genesis.benchmarks.item import Item
from genesis.errors import BenchmarkError, MissingExtraError

NON_LIVE = (
    "simple_python",
    "simple_java",
    "simple_javascript",
    "multiple",
    "parallel",
    "parallel_multiple",
    "irrelevance",
)
LIVE = (
    "live_simple",
    "live_multiple",
    "live_parallel",
    "live_parallel_multiple",
    "live_irrelevance",
    "live_relevance",
)
SINGLE_TURN = NON_LIVE + LIVE
MULTI_TURN_FILES = (
    "gorilla_file_system",
    "math_api",
    "message_api",
    "posting_api",
    "ticket_api",
    "trading_bot",
    "travel_booking",
    "vehicle_control",
)
"""Function documents of the multi-turn categories; memory and web search belong to other, agentic categories."""
_WITHOUT_GOLD = ("irrelevance", "live_irrelevance", "live_relevance")
INSTALL = "bfcl-eval is not installed: run `make setup`, or `pip install --no-deps bfcl-eval`"


def folder() -> Path:
    """Return the data folder of the installed package, without importing it. Raises MissingExtraError."""
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(INSTALL)
    found = Path(spec.submodule_search_locations[0]) / "data"
    if not found.is_dir():
        raise MissingExtraError(f"{INSTALL} (the installed one holds no data)")
    return found


def raw_functions(category: str) -> list[dict[str, Any]]:
    """Return every function definition of a category in file order, repetitions included.

    ``multi_turn`` gives the documents of the multi-turn categories. Raises BenchmarkError, MissingExtraError.
    """
    if category == "multi_turn":
        documents = folder() / "multi_turn_func_doc"
        return [row for name in MULTI_TURN_FILES for row in files.rows(documents / f"{name}.json", ("name",))]
    return [function for row in _questions(category) for function in row["function"]]


def items(category: str) -> list[Item]:
    """Return the items of a single-turn category with their gold. Raises BenchmarkError, MissingExtraError."""
    questions = _questions(category)
    golds = _golds(category)
    found = []
    for row in questions:
        gold: Any = None if category == "live_relevance" else []
        if category not in _WITHOUT_GOLD:
            if row["id"] not in golds:
                raise BenchmarkError(f"BFCL {category}: item {row['id']} has no possible answer")
            gold = golds[row["id"]]
        messages = [message for turn in row["question"] for message in turn]
        found.append(Item(row["id"], category, messages, row["function"], gold))
    return found


def _questions(category: str) -> list[dict[str, Any]]:
    if category not in SINGLE_TURN:
        raise BenchmarkError(f"BFCL has no single-turn category {category!r}; it has {', '.join(SINGLE_TURN)}")
    return files.rows(folder() / f"BFCL_v4_{category}.json", ("id", "question", "function"))


def _golds(category: str) -> dict[str, Any]:
    if category in _WITHOUT_GOLD:
        return {}
    answers = folder() / "possible_answer" / f"BFCL_v4_{category}.json"
    return {row["id"]: row["ground_truth"] for row in files.rows(answers, ("id", "ground_truth"))}
