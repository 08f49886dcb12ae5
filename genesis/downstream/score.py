"""One door to the scorers: ``score("bfcl", "predictions.jsonl")`` or ``score("acebench", "gold", folder)``.

The report adds to each scorer's figures what a reader must know of the benchmark: items that were not predicted,
``unsatisfiable`` ones (their own gold is rejected by the official rule) and ``duplicates`` (items with the messages of
an earlier one). A report over a part of the items says ``partial``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from genesis.benchmarks.item import Item
from genesis.downstream.predictions import Prediction, read
from genesis.downstream.scoring import Scored
from genesis.errors import BenchmarkError
from genesis.text import clean_text

BENCHMARKS = ("bfcl", "apibank", "acebench")


@dataclass(frozen=True, slots=True)
class Report:
    """Verdicts and the figures made of them."""

    scored: tuple[Scored, ...]
    summary: dict[str, Any]
    """Plain JSON, as ``genesis score --json`` prints it."""


def load_items(benchmark: str, data: str | Path | None = None) -> list[Item]:
    """Return a benchmark's items, read from ``data`` (a folder of the benchmark, or one that holds such folders).

    Without ``data``: BFCL from the installed package, the others from where ``genesis data get`` puts them. Raises
    BenchmarkError saying how to get the data, MissingExtraError.
    """
    from genesis.downstream import acebench, apibank, bfcl, fetch

    if benchmark == "bfcl":
        if data is not None:
            raise BenchmarkError("bfcl: its data comes with the bfcl-eval package; leave --data out")
        return bfcl.items()
    if benchmark not in BENCHMARKS:
        raise BenchmarkError(f"no benchmark {benchmark!r}; there are {', '.join(BENCHMARKS)}")
    folder = fetch.find(benchmark, data)
    return acebench.items(folder) if benchmark == "acebench" else apibank.items(folder)


def score(benchmark: str, predictions: str | Path | Mapping[str, Prediction], data: str | Path | None = None) -> Report:
    """Score a file of predictions, predictions in memory, or ``"gold"``: the benchmark's own answers.

    Raises FormatError for a bad file, BenchmarkError and MissingExtraError for absent data.
    """
    items = load_items(benchmark, data)
    if isinstance(predictions, Mapping):
        given: Mapping[str, Prediction] | None = predictions
    else:
        given = None if str(predictions) == "gold" else read(predictions, [item.id for item in items])
    gold = scorer_of(benchmark).gold(items)
    return report(benchmark, gold if given is None else given, items, gold)


def report(
    benchmark: str, given: Mapping[str, Prediction], items: Sequence[Item], gold: Mapping[str, Prediction]
) -> Report:
    """Return the verdicts on ``given`` and the report on them."""
    scorer = scorer_of(benchmark)
    scored: list[Scored] = scorer.score(given, items)
    predicted = [item for item in items if item.id in given]
    summary: dict[str, Any] = scorer.summary(scored)
    summary["items"] = len(items)
    summary["predicted"] = len(predicted)
    summary["partial"] = len(predicted) < len(items)
    summary["unscored"] = [one.id for one in scored if one.correct is None]
    summary["unsatisfiable"] = [one.id for one in scorer.score(gold, predicted) if not one.correct]
    summary["duplicates"] = duplicates(predicted)
    return Report(tuple(scored), summary)


def duplicates(items: Iterable[Item]) -> list[list[str]]:
    """Return ``[id, earlier id]`` of every item whose messages (and profile, where it has one) an earlier item has."""
    first: dict[bytes, str] = {}
    found = []
    for item in items:
        content = [item.messages, item.extra.get("profile"), item.extra.get("user")]
        said = msgspec.json.encode(content, order="sorted")
        if said in first:
            found.append([item.id, first[said]])
        else:
            first[said] = item.id
    return found


def to_row(scored: Scored) -> dict[str, Any]:
    """Return a verdict as the row that ``--out`` writes."""
    row: dict[str, Any] = {"id": scored.id, "category": scored.category, "correct": scored.correct}
    if scored.strict is not None:
        row["strict"] = scored.strict
    return row | {"reason": clean_text(scored.reason)}


def scorer_of(benchmark: str) -> Any:
    """Return the module that scores a benchmark. Raises BenchmarkError."""
    from genesis.downstream import acebench, apibank, bfcl

    scorers = {"bfcl": bfcl, "apibank": apibank, "acebench": acebench}
    if benchmark not in scorers:
        raise BenchmarkError(f"no benchmark {benchmark!r}; there are {', '.join(BENCHMARKS)}")
    return scorers[benchmark]
