"""Each figure and table of the paper, made of whatever experiments there are.

    >>> made = make(run, "experiments")         # figures/ablate_memory.pdf, .png, .csv, .tex ...
    >>> made.missing
    ['rl: not run; genesis sweep params/rl.yaml']

A figure is a vector PDF at column width with its numbers as CSV beside it, and the same as a LaTeX table (booktabs).
Reported figures stand beside real or replayed models' results only; what the offline (simulated) LM made stands alone,
and its caption says so.
"""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis import figures
from genesis.paper import charts, collect
from genesis.paper.collect import Found
from genesis.record import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

TITLES = {
    "main_bfcl": "BFCL",
    "main_ood": "API-Bank and ACEBench",
    "ablate_judge": "Who picks among the candidates",
    "ablate_memory": "With and without memory",
    "dialogues_per_tool": "Dialogues a tool",
    "ablate_evaluation": "With and without stage 3",
    "tool_expansion": "ACEBench's tools added",
    "rl": "SFT, RL(part), RL(all)",
}
WHISKERS = "95 % interval"
_ESCAPES = {"\\": r"\textbackslash{}", **{sign: f"\\{sign}" for sign in "&%$#_{}"}, "~": r"\textasciitilde{}"}


@dataclass(frozen=True, slots=True)
class Made:
    """What was drawn, by name, and what could not be."""

    figures: dict[str, Figure]
    tables: dict[str, DataFrame]
    missing: list[str]

    def _repr_html_(self) -> str:
        """Show the figures, then what is missing."""
        parts = [f'<img width="420" src="data:image/png;base64,{_png(figure)}">' for figure in self.figures.values()]
        return "<br>".join([*parts, *map(html.escape, self.missing)]) or "nothing has been run"

    def measured(self) -> DataFrame:
        """Return every arm's measures: one table over all experiments."""
        import pandas as pd

        arms = {name: table for name, table in self.tables.items() if "arm" in table}
        return pd.concat(arms, names=["experiment", "row"]) if arms else pd.DataFrame()


def _png(figure: Figure) -> str:
    stream = io.BytesIO()
    with figures.style():
        figure.savefig(stream, format="png")
    return base64.b64encode(stream.getvalue()).decode()


def make(run: Run, root: str | Path) -> Made:
    """Draw every figure and write every table that the experiments under ``root`` allow, into the run's folder.

    Raises RecordError for a damaged experiment.
    """
    found, missing = collect.collect(root)
    drawn, tables = {}, {}
    for one in found:
        table = collect.arms(one)
        if table.empty:
            missing.append(f"{one.name}: its runs have no measure in common")
            continue
        tables[one.name] = table
        source = f"Data: {one.lm}; {interval_words(one)}"
        steps = collect.steps(one)
        chart = charts.curve(table, steps, title(one), source) if steps else panels(table, title(one), source)
        drawn[one.name] = figures.save(chart, table, run, one.name)
        run.file(f"figures/{one.name}.tex").write_text(latex(table, caption(one), one.name), encoding="utf-8")
    for name in collect.SCORED:
        table = collect.beside_reported(found, name)
        if len(table):
            tables[f"{name}_reported"] = table
            if (table["kind"] == "measured").any():
                chart = charts.beside_reported(table, TITLES[name])
                drawn[f"{name}_reported"] = figures.save(chart, table, run, f"{name}_reported")
            else:
                table.to_csv(run.file(f"figures/{name}_reported.csv"), index=False, lineterminator="\n")
            words = f"{TITLES[name]}: as reported, and as measured where a row says so."
            shown = table[["benchmark", "metric", "system", "value", "low", "high", "kind"]]
            run.file(f"figures/{name}_reported.tex").write_text(latex(shown, words, f"{name}-reported"), "utf-8")
    return Made(drawn, tables, missing)


def title(found: Found) -> str:
    """Return an experiment's title; the small scale adds tools of BFCL, and says so."""
    if found.name == "tool_expansion" and found.folder.name.startswith("small_"):
        return "More tools (small scale: BFCL's)"
    return TITLES[found.name]


def caption(found: Found) -> str:
    """Return a table's caption: what, whose data, which interval."""
    return f"{title(found)}. Data: {found.lm}. Brackets: {interval_words(found)}."


def interval_words(found: Found) -> str:
    """Return what the intervals of an experiment are."""
    seeds = len({row["seed"] for row in found.rows})
    return f"{WHISKERS} over {seeds} seeds" if seeds > 1 else f"{WHISKERS} of one run"


def panels(table: DataFrame, heading: str, source: str) -> Figure:
    """Draw one panel a measure, one dot an arm with its interval; the arms' names stand once, at the left."""
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(table["arm"]))
    labels = list(dict.fromkeys(table["label"]))
    shown = [_arm_label(name) for name in names]
    with figures.style():
        figure, axes = plt.subplots(
            1, len(labels), sharey=True, squeeze=False, figsize=(3.3, 0.95 + 0.3 * max(2, len(names)))
        )
        for axis, label in zip(axes[0], labels, strict=True):
            _panel(axis, table[table["label"] == label].set_index("arm").loc[names])
            axis.set_xlabel(label, fontsize=6.5)
            axis.tick_params(axis="x", labelsize=6)
        axes[0][0].set_yticks(range(len(names))[::-1], shown)
        axes[0][0].set_ylim(-0.6, len(names) - 0.4)
        for axis in axes[0][1:]:
            axis.tick_params(axis="y", length=0)
        figure.text(0.0, 1.0, heading, va="bottom", fontsize=8)
        figure.text(0.0, 0.0, source, fontsize=6, color="#555555", va="top")
        figure.tight_layout(rect=(0, 0.02, 1, 0.98), w_pad=0.6)
    return figure


def _panel(axis: Any, rows: DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    places = list(range(len(rows)))[::-1]
    ends = rows[["low", "high"]].astype(float)
    for number, (place, value, low, high) in enumerate(
        zip(places, rows["value"], ends["low"], ends["high"], strict=True)
    ):
        axis.plot([low, high], [place, place], color=f"C{number}", lw=1.1)  # nothing where they are not known
        axis.plot([value], [place], "o", color=f"C{number}", ms=4)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=3, min_n_ticks=2))
    axis.margins(x=0.15)


def _arm_label(arm: str) -> str:
    """Return an arm's name on an axis: one parameter a line, lists cut to their size."""
    return "\n".join(part if len(part) <= 26 else part[:25] + "…" for part in arm.split(", "))


def latex(table: DataFrame, words: str, label: str) -> str:
    """Return a table in LaTeX with booktabs: text left, numbers right, an interval after its value in brackets."""
    columns = [name for name in table.columns if name not in ("low", "high", "measure")]
    align = "".join("r" if table[name].dtype.kind in "if" else "l" for name in columns)
    lines = [r"\begin{table}[t]", r"\centering", r"\small", f"\\caption{{{_tex(words)}}}", f"\\label{{tab:{label}}}"]
    lines += [f"\\begin{{tabular}}{{{align}}}", r"\toprule", " & ".join(map(_tex, columns)) + r" \\", r"\midrule"]
    for row in table.to_dict("records"):
        lines.append(" & ".join(_cell(row, name) for name in columns) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _cell(row: dict[Any, Any], name: str) -> str:
    value = row[name]
    if name != "value":
        return _tex(str(value))
    low, high = row.get("low"), row.get("high")
    known = low is not None and high is not None and low == low
    digits = 2 if abs(value) >= 10 else 3
    return f"{value:.{digits}f}" + (f" [{low:.{digits}f}, {high:.{digits}f}]" if known else "")


def _tex(text: str) -> str:
    return "".join(_ESCAPES.get(sign, sign) for sign in text)
