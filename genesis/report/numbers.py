"""Numbers as a reader sees them: few digits, intervals in brackets, an absent one as a dash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from genesis.report.section import Row

UNITS = {
    "mean words": "words",
    "mean turns": "turns",
    "tool entropy": "bits",
    "slot entropy": "bits",
    "act entropy": "bits",
    "seconds": "s",
    "seconds per accepted": "s",
    "usd": "US dollars",
    "usd per accepted": "US dollars",
}
"""Units of measures that have one; the others are counts and shares (0 to 1)."""


def shown(value: Any) -> str:
    """Return a number for a reader: three significant digits, thousands grouped; None as a dash.

    >>> [shown(value) for value in (40.565, 0.0, 35176.304, 120, None, 0.95)]
    ['40.6', '0', '35,176', '120', '–', '0.950']
    """
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or value == 0 or abs(value) >= 100:
        return f"{round(value):,}"
    if abs(value) < 0.001:
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 1 or value == 1 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def interval(low: Any, high: Any) -> str:
    """Return an interval's ends in brackets; empty where there is none."""
    return f"[{shown(low)}, {shown(high)}]" if low is not None and high is not None else ""


def percent(found: Mapping[str, Any]) -> Row:
    """Return a share with its interval in per cent: keys value, low, high, perhaps n. The name is left empty."""
    n = shown(found["n"]) if "n" in found else ""
    return Row("", f"{found['value']:.1%}", f"[{found['low']:.1%}, {found['high']:.1%}]", n)


def flat(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[Row, int]]:
    """Yield every number of a nested metrics object as (row, depth).

    A leaf is a number, or an object with ``value`` (or ``accuracy``), perhaps an interval and ``n``. None is unscored;
    a truth value is no number.
    """
    depth = prefix.count("/")
    for name, entry in part.items():
        words = f"{prefix}{name}".replace("_", " ")
        if isinstance(entry, Mapping):
            if "value" in entry or "accuracy" in entry:
                yield leaf(words, entry), depth
            yield from flat({key: inner for key, inner in entry.items() if _inner(entry, key)}, f"{prefix}{name} / ")
        elif (isinstance(entry, (int, float)) and not isinstance(entry, bool)) or entry is None:
            yield Row(words, shown(entry)), depth


def leaf(words: str, entry: Mapping[str, Any]) -> Row:
    """Return the row of one measure: ``value`` or ``accuracy``, ``interval`` or ``low`` and ``high``, ``n``."""
    low, high = entry.get("interval") or (entry.get("low"), entry.get("high"))
    value = entry["value"] if "value" in entry else entry["accuracy"]
    return Row(words, shown(value), interval(low, high), shown(entry["n"]) if "n" in entry else "")


def with_unit(row: Row) -> Row:
    """Return the row with its unit beside the name, where it has one."""
    unit = UNITS.get(row.name)
    return row._replace(name=f"{row.name} ({unit})") if unit and unit not in row.name else row


def _inner(entry: Mapping[str, Any], key: str) -> bool:
    """Whether a key of an entry is a number of its own, and not a part of the entry's leaf."""
    return not ("value" in entry or "accuracy" in entry) or isinstance(entry[key], Mapping)
