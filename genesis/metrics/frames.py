"""What a notebook shows of measures, one call each: tables (pandas) to display or to hand to ``genesis.figures``.

>>> source = open_source("latest")
>>> frames.coverage(source.accepted), frames.request_map(source.accepted), frames.twins(source.accepted)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from genesis.metrics.columns import Columns
from genesis.metrics.duplicates import nearest_duplicates
from genesis.metrics.semantic import picture
from genesis.metrics.structural import FACETS, curve

if TYPE_CHECKING:
    from pandas import DataFrame

FACET_WORDS = {
    "tools": "tools",
    "slots": "slot patterns",
    "values": "argument values",
    "acts": "act sequences",
    "types": "semantic types",
    "domains": "domains",
    "pairs": "tool pairs",
}


def table(report: Mapping[str, Any]) -> DataFrame:
    """Return every number of a report: part, measure, value, low, high, n, size, method."""
    import pandas as pd

    names = ["part", "measure", "value", "low", "high", "n", "size", "method"]
    rows = [row for part in ("diversity", "quality", "cost") for row in _rows(part, report[part], "")]
    return pd.DataFrame(rows, columns=names)


def _rows(part: str, entries: Mapping[str, Any], prefix: str) -> Iterator[tuple[Any, ...]]:
    for name, entry in entries.items():
        label = prefix + name.replace("_", " ")
        if isinstance(entry, Mapping) and "value" in entry:
            yield part, label, *(entry.get(key) for key in ("value", "low", "high", "n", "size", "method"))
        elif isinstance(entry, Mapping):
            yield from _rows(part, entry, f"{label} / ")
        elif isinstance(entry, (int, float)) or entry is None:
            yield part, label, entry, None, None, None, None, None


def coverage(columns: Columns, facets: tuple[str, ...] = ("tools", "slots", "acts")) -> DataFrame:
    """Return how many kinds ``n`` dialogues show, for growing n: columns facet (in words), n, distinct.

    Exact rarefaction: the expected number in n dialogues drawn at random. Known facets: ``FACETS`` of structural.
    """
    import pandas as pd

    rows = [
        (FACET_WORDS[facet], point["n"], point["kinds"])
        for facet in facets
        for point in (curve(columns, facet) if facet in FACETS else ())
    ]
    return pd.DataFrame(rows, columns=["facet", "n", "distinct"])


def request_map(columns: Columns, *, most: int = 5000, embedder: str = "tfidf") -> DataFrame:
    """Return a 2-D map of requests: columns id, x, y, domain (of the first called tool), for ``figures.scatter``."""
    import pandas as pd

    return pd.DataFrame(picture(columns, most=most, name=embedder), columns=["id", "x", "y", "domain"])


def twins(columns: Columns, k: int = 10) -> DataFrame:
    """Return the most similar pairs of requests side by side: similarity, first_id, second_id, first, second."""
    import pandas as pd

    names = ["similarity", "first_id", "second_id", "first", "second"]
    return pd.DataFrame(nearest_duplicates(columns, k), columns=names)


def mix(report: Mapping[str, Any]) -> DataFrame:
    """Return the mix that was attempted against what was accepted: scenario, planned, accepted, and their shares."""
    import pandas as pd

    names = ["planned", "accepted", "planned_share", "accepted_share"]
    rows = [(label, *(row[name] for name in names)) for label, row in report["quality"]["mix"].items()]
    return pd.DataFrame(rows, columns=["scenario", *names])
