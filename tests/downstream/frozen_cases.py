"""The predictions whose official verdicts are frozen: name -> function of (item id, gold) -> Prediction."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import perturbed_gold as perturb

from genesis.downstream.predictions import Prediction

Gold = Mapping[str, Prediction]
CASES: dict[str, Callable[[str, Gold], Prediction]] = {
    "gold": lambda item, gold: gold[item],
    "perturbed-a": lambda item, gold: perturb.perturbed(gold[item], "a"),
    "perturbed-b": lambda item, gold: perturb.perturbed(gold[item], "b"),
    "perturbed-c": lambda item, gold: perturb.perturbed(gold[item], "c"),
    "empty": lambda item, gold: Prediction(item, ()),
    "garbage": lambda item, gold: perturb.garbage_calls(item),
    "text-gold": lambda item, gold: perturb.as_text(gold[item]),
    "text-perturbed": lambda item, gold: perturb.as_text(perturb.perturbed(gold[item], "t")),
    "text-empty": lambda item, gold: Prediction(item, None, ""),
    "text-garbage": lambda item, gold: perturb.garbage_text(item),
}
FOLDER = Path(__file__).parent / "frozen"


def pack(verdicts: list[bool | None]) -> str:
    """Return verdicts as compressed text: a character each, 1 right, 0 wrong, - no verdict."""
    text = "".join("-" if verdict is None else str(int(verdict)) for verdict in verdicts)
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode()


def unpack(packed: str) -> list[bool | None]:
    """Return the verdicts that :func:`pack` packed."""
    text = zlib.decompress(base64.b85decode(packed)).decode()
    return [None if mark == "-" else mark == "1" for mark in text]


def frozen(benchmark: str) -> dict[str, dict[str, list[bool | None]]]:
    """Return case -> category -> official verdicts in the benchmark's order."""
    stored = json.loads((FOLDER / f"{benchmark}.json").read_text())["verdicts"]
    return {case: {name: unpack(packed) for name, packed in found.items()} for case, found in stored.items()}


def freeze(benchmark: str, source: str, verdicts: Mapping[str, Mapping[str, list[bool | None]]]) -> None:
    """Store official verdicts, with a line on how they were made."""
    FOLDER.mkdir(exist_ok=True)
    packed = {case: {name: pack(found) for name, found in per.items()} for case, per in verdicts.items()}
    content = {"source": source, "verdicts": packed}
    (FOLDER / f"{benchmark}.json").write_text(json.dumps(content, indent=1) + "\n")
