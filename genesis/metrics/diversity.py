"""How varied a data set is: structure, wording, repetition; always with mean length and n beside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from genesis.metrics.columns import Columns
from genesis.metrics.duplicates import duplicates
from genesis.metrics.lexical import lexical
from genesis.metrics.semantic import semantic
from genesis.metrics.statistics import fixed_size, mean
from genesis.metrics.structural import structural

LARGE = 50_000
"""Dialogues from which measures run side by side."""
_HEADLINE = {"tools": "tool", "slots": "slot", "acts": "act"}


def diversity(
    columns: Columns, *, size: int | None = None, possible: dict[str, int] | None = None, embedder: str = "tfidf"
) -> dict[str, Any]:
    """Return all diversity measures as plain JSON, at a fixed number of dialogues (``size``) where they need one.

    What experiments/metric_validity found to be trustworthy stands at the top level, the rest in groups.
    """
    words, turns = mean(columns.lengths), mean(columns.turns)
    with ThreadPoolExecutor(2 if columns.n >= LARGE else 1) as threads:  # numpy lets go of the interpreter's lock
        wording = threads.submit(lexical, columns, size=size)
        meaning = threads.submit(semantic, columns, size=size, name=embedder)
        copies = threads.submit(duplicates, columns)
        facets = structural(columns, size=size, possible=possible)
    worded = wording.result()
    return {
        "n": columns.n,
        "size": min(size, columns.n) if size else fixed_size(columns.n),
        "mean_words": words.to_json() if words else None,
        "mean_turns": turns.to_json() if turns else None,
        **{
            f"{short}_{measure}": facets[name][measure]
            for name, short in _HEADLINE.items()
            for measure in ("entropy", "kinds")
            if name in facets
        },
        "distinct_3": worded.pop("distinct_3"),
        "distinct_3_trimmed": worded.pop("distinct_3_trimmed"),
        **{f"duplicates_{kind}": found for kind, found in copies.result().items()},
        "structural": facets,
        "lexical": worded,
        "semantic": meaning.result(),
    }
