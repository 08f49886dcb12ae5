"""Freeze the verdicts of ACEBench's own checker: ``python tests/downstream/freeze_acebench.py CHECKOUT DATA``.

CHECKOUT is a copy of ACEBench's repository (its ``model_eval`` is imported), DATA the folder of its English data. The
decoding before the checker is the official one with ``eval`` left out: white space is taken out of multi-turn answers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from frozen_cases import CASES, freeze

from genesis.benchmarks import acebench as data
from genesis.benchmarks.item import Item
from genesis.downstream import acebench
from genesis.downstream.predictions import Prediction, UndecodableError, native_calls
from genesis.downstream.textcalls import read_calls


def main(checkout: str, folder: str) -> None:
    """Write ``frozen/acebench.json``."""
    sys.path.insert(0, str(Path(checkout).resolve()))
    items = acebench.items(folder)
    gold = acebench.gold(items)
    verdicts: dict[str, dict[str, list[bool | None]]] = {}
    for case, make in CASES.items():
        per = verdicts[case] = {}
        for category in data.NORMAL:
            inside = [item for item in items if item.category == category]
            per[category] = [official(item, make(item.id, gold)) for item in inside]
    freeze("acebench", "ACEBench model_eval/checker.py normal_checker, data of 2025-10-29", verdicts)


def official(item: Item, prediction: Prediction) -> bool | None:
    """Return the official checker's verdict; None where it stops with an error."""
    from model_eval.checker import normal_checker  # type: ignore[import-not-found]

    text = prediction.text
    try:
        if text is None:
            parts = []
            for call in native_calls(prediction):
                for name, arguments in call.items():
                    parts.append(f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})")
            text = "[" + ", ".join(parts) + "]"
        if item.category in acebench.MULTI_TURN:
            text = "".join(text.split())
        calls: Any = read_calls(text.strip(), single=False, empty_call_is_text=False)
    except UndecodableError:
        return False
    answers = item.gold if isinstance(item.gold, list) else [item.gold]
    try:
        return any(normal_checker(item.functions, calls, answer, "", item.category)["valid"] for answer in answers)
    except Exception:
        return None


if __name__ == "__main__":
    main(*sys.argv[1:])
