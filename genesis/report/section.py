"""A section of a page is data: a title, rows of text, a note. The template knows no section by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

COLUMNS = ("measure", "value", "95 % interval", "n")


class Row(NamedTuple):
    """One number as a reader sees it."""

    name: str
    value: str
    interval: str = ""
    n: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a page; every text in it is escaped when the page is written.

    >>> Section("Funnel", [("generated", "120")], columns=("stage", "left"), bars=(1.0,)).title
    'Funnel'
    """

    title: str
    rows: Sequence[tuple[str, ...]]
    """Rows of cells, as many as there are columns (a :class:`Row` is four); the first cell names the row."""
    note: str = ""
    columns: Sequence[str] = COLUMNS
    rest: Sequence[tuple[str, ...]] = ()
    """More rows of the same columns, folded."""
    folded: str = "more, by group"
    """What the folded rows are, after their number."""
    bars: Sequence[float] = ()
    """A share in 0..1 for each row, drawn as a bar behind its first cell; empty: none."""
    figures: Sequence[str] = ()
    """Names of the run's figures (without .png) that stand in this section, where the run has them."""
    text: Sequence[int] = (0,)
    """Columns of words: left aligned, broken where the page is narrow. The others are numbers."""
