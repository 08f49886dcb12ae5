"""ACEBench (English, Normal and Special), read from a folder of its data files.

>>> item = items("acebench_en", "special_irrelevant")[0]                               # doctest: +SKIP
>>> item.gold                                                                         # doctest: +SKIP
'Due to the limitations of the function, I cannot solve this problem.'

``gold`` is ACEBench's own form: ``{name: {parameter: value}}`` in Normal (a list of such where several are right; a
tool called twice is ``name_1``, ``name_2``), ``{name: [missing parameters]}`` in ``special_incomplete``, ``{parameter:
[wrong value]}`` in ``special_error_param``, a sentence in ``special_irrelevant``. A question is one text with ``user:``
and ``system:`` lines; "system" is the assistant, and is read as such; the text as it stands is in ``extra``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from genesis.benchmarks import files
from genesis.benchmarks.item import Item
from genesis.errors import BenchmarkError

NORMAL = (
    "normal_atom_bool",
    "normal_atom_enum",
    "normal_atom_list",
    "normal_atom_number",
    "normal_atom_object_deep",
    "normal_atom_object_short",
    "normal_multi_turn_user_adjust",
    "normal_multi_turn_user_switch",
    "normal_preference",
    "normal_similar_api",
    "normal_single_turn_parallel_function",
    "normal_single_turn_single_function",
)
SPECIAL = ("special_error_param", "special_incomplete", "special_irrelevant")
CATEGORIES = NORMAL + SPECIAL
_SPEAKER = re.compile(r"^(user|system): ?", re.MULTILINE)
_ROLES = {"user": "user", "system": "assistant"}


def raw_functions(folder: str | Path, category: str) -> list[dict[str, Any]]:
    """Return every function definition of a category in file order, repetitions included. Raises BenchmarkError."""
    return [function for row in _questions(folder, category) for function in row["function"]]


def items(folder: str | Path, category: str) -> list[Item]:
    """Return the items of a category with their gold, in file order. Raises BenchmarkError."""
    answers = files.rows(Path(folder) / "possible_answer" / f"data_{category}.json", ("id", "ground_truth"))
    golds = {row["id"]: row["ground_truth"] for row in answers}
    found = []
    for row in _questions(folder, category):
        if row["id"] not in golds:
            raise BenchmarkError(f"ACEBench {category}: item {row['id']} has no possible answer")
        extra = {name: value for name, value in row.items() if name not in ("id", "function")}
        found.append(Item(row["id"], category, messages(row["question"]), row["function"], golds[row["id"]], extra))
    return found


def messages(question: str) -> list[dict[str, Any]]:
    """Split a question's text into messages at the lines that begin with ``user:`` or ``system:``.

    >>> messages("user: Book a table.\\nsystem: For how many?\\nuser: Two.\\n")[1]
    {'role': 'assistant', 'content': 'For how many?'}
    """
    parts = _SPEAKER.split(question)
    turns = zip(parts[1::2], parts[2::2], strict=True)
    found = [{"role": _ROLES[speaker], "content": content.strip()} for speaker, content in turns]
    return found or [{"role": "user", "content": question.strip()}]


def _questions(folder: str | Path, category: str) -> list[dict[str, Any]]:
    if category not in CATEGORIES:
        raise BenchmarkError(f"ACEBench has no category {category!r}; it has {', '.join(CATEGORIES)}")
    return files.rows(Path(folder) / f"data_{category}.json", ("id", "question", "function"))
