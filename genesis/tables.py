"""Tables as a person reads them in a notebook: words left and whole, numbers right and short, all text escaped.

>>> dress()      # every DataFrame of this kernel, and every Tool, shows itself so

pandas' own display cuts a sentence after 50 characters, and JupyterLab sets words against the right edge.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from genesis.display import tool_html, visible
from genesis.report.numbers import shown
from genesis.tools.tool import Tool

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_ROWS = 100
"""Rows of a table that a cell shows; the line below it counts the others."""
_LONG = 60
"""Characters from which a cell is a sentence that may wrap, and its column is held wide enough to read."""
_NUMBER = re.compile(r"[-+–\d.,%\[\]() ]*")
_CELL = "padding:.25em .7em;vertical-align:top;"
_WORDS = "text-align:left;white-space:pre-wrap;word-wrap:break-word;"
_FIGURE = "text-align:right;white-space:nowrap;"


def dress() -> None:
    """Let every DataFrame and Tool of this kernel show itself as this module says; outside a kernel: nothing."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    import pandas as pd

    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(pd.DataFrame, table_html)
    formatter.for_type(Tool, tool_html)


def table_html(table: DataFrame) -> str:
    """Return a table as an HTML fragment: no script, every text escaped; a plain numbering of the rows is left out."""
    import pandas as pd

    rows = table.head(MOST_ROWS)
    if not (isinstance(table.index, pd.RangeIndex) and table.index.name is None):
        rows = rows.reset_index(names=[str(name or "") for name in table.index.names], allow_duplicates=True)
    columns = [[_text(value) for value in rows.iloc[:, place]] for place in range(rows.shape[1])]
    styles = [_style(cells) for cells in columns]
    head = "".join(
        f'<th style="{style}">{_safe(str(name).replace("_", " "))}</th>'
        for name, style in zip(rows.columns, styles, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{style}">{_safe(cell)}</td>' for cell, style in zip(row, styles, strict=True))
        + "</tr>"
        for row in zip(*columns, strict=True)
    )
    left = len(table) - len(rows)
    more = f"<div><i>{shown(left)} more rows</i></div>" if left else "" if len(table) else "<div><i>none</i></div>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _style(cells: list[str]) -> str:
    if all(_NUMBER.fullmatch(cell) for cell in cells) and any(cells):
        return _CELL + _FIGURE
    wide = max(map(len, cells), default=0) > _LONG
    return _CELL + _WORDS + ("min-width:16em;" if wide else "")


def _text(value: Any) -> str:
    """Return one cell in words: a missing value as a dash, a truth value as yes or no."""
    import pandas as pd

    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value is pd.NA or value != value:  # NaN is not itself
        return "–"
    return shown(value)


def _safe(text: Any) -> str:
    return html.escape(visible(str(text)))
