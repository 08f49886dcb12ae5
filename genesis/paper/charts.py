"""Figures of the paper that are not one panel a measure: a curve over a number, scores beside the reported ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from genesis import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

REPORTED = "#888888"


def curve(table: DataFrame, steps: Mapping[str, float], heading: str, source: str) -> Figure:
    """Draw each measure of :func:`genesis.paper.collect.arms` over the number that varies, with its intervals."""
    import matplotlib.pyplot as plt

    labels = list(dict.fromkeys(table["label"]))
    with figures.style():
        figure, axes = plt.subplots(1, len(labels), squeeze=False, figsize=(3.3, 1.7))
        for number, (axis, label) in enumerate(zip(axes[0], labels, strict=True)):
            rows = table[table["label"] == label]
            rows = rows.assign(place=rows["arm"].map(steps)).sort_values("place")
            ends = rows[["low", "high"]].astype(float)
            axis.plot(rows["place"], rows["value"], "o-", color=f"C{number}", ms=3, lw=1)
            axis.vlines(rows["place"], ends["low"], ends["high"], color=f"C{number}", lw=1)
            axis.set_xticks(rows["place"])
            axis.set_title(label, fontsize=6.5)
            axis.tick_params(labelsize=6)
            axis.margins(x=0.12, y=0.15)
        figure.text(0.0, 1.0, heading, va="bottom", fontsize=8)
        figure.text(0.0, 0.0, source, fontsize=6, color="#555555", va="top")
        figure.tight_layout(rect=(0, 0.02, 1, 0.98), w_pad=0.6)
    return figure


def beside_reported(table: DataFrame, heading: str) -> Figure:
    """Draw one panel a benchmark and metric: reported figures as hollow dots, measured ones filled, percent.

    ``table``: of :func:`genesis.paper.collect.beside_reported`, so that no simulated score is in it.
    """
    import matplotlib.pyplot as plt

    parts = [part for _, part in table.groupby(["benchmark", "metric"], sort=False)]
    heights = [max(2, len(part)) for part in parts]
    with figures.style():
        figure, axes = plt.subplots(
            len(parts),
            1,
            squeeze=False,
            sharex=True,
            figsize=(3.3, 0.5 + 0.42 * len(parts) + 0.16 * sum(heights)),
            gridspec_kw={"height_ratios": heights},
        )
        for axis, part in zip(axes[:, 0], parts, strict=True):
            places = list(range(len(part)))[::-1]
            for place, row in zip(places, part.to_dict("records"), strict=True):
                ours = row["kind"] == "measured"
                color = "C0" if ours else REPORTED
                low, high = (float("nan") if row[end] is None else float(row[end]) for end in ("low", "high"))
                axis.plot([low, high], [place, place], color=color, lw=1.1)  # nothing where they are not known
                axis.plot([row["value"]], [place], "o", color=color, mfc=color if ours else "white", ms=4)
            axis.set_yticks(places, part["system"], fontsize=6)
            axis.set_ylim(-0.6, len(part) - 0.4)
            axis.set_title(f"{part['benchmark'].iloc[0]}, {part['metric'].iloc[0]}", fontsize=6.5, loc="left")
            axis.tick_params(axis="x", labelsize=6)
        axes[-1][0].set_xlabel("%", fontsize=6.5)
        figure.text(0.0, 1.0, heading, va="bottom", fontsize=8)
        words = "Hollow: reported (other formulas: see the table); filled: measured, 95 % interval"
        figure.text(0.0, 0.0, words, fontsize=6, color="#555555", va="top")
        figure.tight_layout(rect=(0, 0.02, 1, 0.98), h_pad=0.5)
    return figure
