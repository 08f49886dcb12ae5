"""Figures: one style, vector PDF and PNG, and the numbers behind each as CSV.

Every figure says which LM its data comes from: what the offline engine made is marked as simulated.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from genesis.provenance import SIMULATED as SIMULATED
from genesis.record import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house's style."""
    import matplotlib.pyplot as plt

    with (
        importlib.resources.as_file(importlib.resources.files("genesis") / "data" / "paper.mplstyle") as sheet,
        plt.style.context(str(sheet)),
    ):
        yield


def bars(
    table: DataFrame,
    *,
    label: str,
    value: str,
    low: str = "",
    high: str = "",
    title: str = "",
    source: str = "",
    unit: str = "",
) -> Figure:
    """Draw one horizontal bar a row of ``table``, first row on top.

    ``low`` and ``high`` name the columns of an interval's ends, drawn as whiskers; ``source`` says where the data
    comes from (the LM) and stands under the figure; ``unit`` labels the axis. An empty table says so.
    """
    import matplotlib.pyplot as plt

    with style():
        figure, axes = plt.subplots(figsize=(3.3, 0.6 + 0.2 * max(len(table), 2)))
        names = [str(name) for name in table[label]][::-1]
        values = table[value].to_numpy(dtype=float)[::-1]
        axes.barh(names, values, color="C0", height=0.65)
        if low and high:
            ends = [values - table[low].to_numpy(dtype=float)[::-1], table[high].to_numpy(dtype=float)[::-1] - values]
            axes.errorbar(
                values, names, xerr=[end.clip(min=0) for end in ends], fmt="none", ecolor="C7", capsize=2, lw=0.8
            )
        axes.set_xlabel(unit or value)
        axes.grid(axis="y", visible=False)
        if not len(table):
            axes.set(xticks=[], yticks=[])
            axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center")
        elif table[value].dtype.kind in "iu":
            _whole_ticks(axes)
        _finish(figure, axes, title, source)
    return figure


def stacked(
    table: DataFrame, *, label: str, parts: Sequence[str], title: str = "", source: str = "", unit: str = ""
) -> Figure:
    """Draw one horizontal bar a row, made of the columns ``parts`` side by side."""
    import matplotlib.pyplot as plt
    import numpy as np

    with style():
        figure, axes = plt.subplots(figsize=(3.3, 0.8 + 0.2 * max(len(table), 2)))
        names = [str(name) for name in table[label]][::-1]
        left = np.zeros(len(table))
        for number, part in enumerate(parts):
            values = table[part].to_numpy(dtype=float)[::-1]
            axes.barh(names, values, left=left, height=0.65, label=part, color=f"C{number}")
            left += values
        axes.set_xlabel(unit)
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 0.99), ncols=len(parts), borderaxespad=0.2)
        _finish(figure, axes, title, source, legend=True)
    return figure


def paired(
    table: DataFrame, *, label: str, parts: Sequence[str], title: str = "", source: str = "", unit: str = ""
) -> Figure:
    """Draw the columns ``parts`` of each row as bars one under the other, to compare them."""
    import matplotlib.pyplot as plt
    import numpy as np

    with style():
        figure, axes = plt.subplots(figsize=(3.3, 0.8 + 0.24 * max(len(table), 2)))
        places = np.arange(len(table))[::-1]
        height = 0.8 / len(parts)
        for number, part in enumerate(parts):
            shift = 0.4 - (number + 0.5) * height
            axes.barh(places + shift, table[part], height=height, label=part, color=f"C{number}")
        axes.set_yticks(places, [str(name) for name in table[label]])
        axes.set_xlabel(unit)
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 0.99), ncols=len(parts), borderaxespad=0.2)
        _finish(figure, axes, title, source, legend=True)
    return figure


def lines(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, x: str, y: str, title: str = "", source: str = ""
) -> Figure:
    """Draw one line a series, each given as (x values, y values)."""
    import matplotlib.pyplot as plt

    with style():
        figure, axes = plt.subplots()
        for name, (xs, ys) in series.items():
            axes.plot(xs, ys, label=name)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(axis="both", visible=True)
        if len(series) > 1:
            axes.legend()
        _finish(figure, axes, title, source)
    return figure


def curves(
    table: DataFrame, *, x: str, y: str, low: str, high: str, by: str, title: str = "", source: str = "", unit: str = ""
) -> Figure:
    """Draw a long table as one line with points a value of ``by``, its intervals as bands; an empty one says so."""
    import matplotlib.pyplot as plt

    with style():
        figure, axes = plt.subplots(figsize=(3.3, 2.6))
        for number, (name, part) in enumerate(table.groupby(by, sort=False)):
            xs = part[x].to_numpy(dtype=float)
            lows, highs = part[low].to_numpy(dtype=float), part[high].to_numpy(dtype=float)
            axes.plot(xs, part[y].to_numpy(dtype=float), marker="o", ms=3, label=str(name), color=f"C{number}")
            axes.fill_between(xs, lows, highs, color=f"C{number}", alpha=0.15, lw=0)
        if len(table):
            axes.legend()
        else:
            axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center")
        axes.set_xlabel(x)
        axes.set_ylabel(unit or y)
        _finish(figure, axes, title, source)
    return figure


def scatter(table: DataFrame, *, x: str, y: str, group: str, title: str = "", source: str = "") -> Figure:
    """Draw one dot a row, coloured by ``group``; the seven largest groups have colours of their own."""
    import matplotlib.pyplot as plt

    with style():
        figure, axes = plt.subplots(figsize=(3.3, 2.8))
        named = list(table[group].value_counts().index[:7])
        rest = table[~table[group].isin(named)]
        if len(rest):
            axes.scatter(rest[x], rest[y], s=5, color="#bbbbbb", label="the rest", linewidths=0)
        for number, name in enumerate(named):
            part = table[table[group] == name]
            axes.scatter(part[x], part[y], s=7, color=f"C{number}", label=str(name), linewidths=0)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=1.5)
        _finish(figure, axes, title, source)
    return figure


def save(figure: Figure, table: DataFrame, run: Run, name: str) -> Figure:
    """Write ``figures/NAME.png``, ``.pdf`` and ``.csv`` (the numbers drawn) of a run, and return the figure.

    The files hold no date: the same data gives the same bytes.
    """
    import matplotlib.pyplot as plt

    with style():
        figure.savefig(run.file(f"figures/{name}.png"), metadata={"Software": None})
        figure.savefig(
            run.file(f"figures/{name}.pdf"), metadata={"CreationDate": None, "Producer": None, "Creator": None}
        )
    table.to_csv(run.file(f"figures/{name}.csv"), index=False, lineterminator="\n")
    plt.close(figure)
    return figure


def _whole_ticks(axes: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))


def _finish(figure: Figure, axes: Any, title: str, source: str, *, legend: bool = False) -> None:
    """Set title, whole-number ticks where the values are counts, and the source under the axis label."""
    if axes.get_xlim()[1] > 3:
        _whole_ticks(axes)
    if title:
        axes.set_title(title, loc="left", pad=18 if legend else 6)
    if source:
        axes.annotate(
            f"Data: {source}",
            xy=(0, 0),
            xycoords="axes fraction",
            xytext=(0, -34),
            textcoords="offset points",
            fontsize=6,
            color="#555555",
            va="top",
        )
