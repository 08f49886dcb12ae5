"""The page of a sweep: ``report.html`` in its folder, from sweep.json, summary.csv, comparison.json and its runs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis import figures, record
from genesis.dialogue import Dialogue
from genesis.errors import RecordError
from genesis.record import Run
from genesis.report.numbers import interval, shown
from genesis.report.page import Page, write
from genesis.report.run import SHOWN_DIALOGUES, drawn, made_with
from genesis.report.section import Section

MEASURES: Mapping[str, tuple[str, ...]] = {
    "Diversity": ("tool_entropy", "slot_entropy", "distinct_3", "duplicates_near"),
    "Quality": ("acceptance", "flag_rate", "grounding", "error_left"),
    "Downstream": ("probe_choice", "probe_irrelevance"),
    "Cost": ("calls_per_accepted", "tokens_per_accepted", "usd", "seconds"),
}
"""Section -> columns of summary.csv; benchmark scores of students join Downstream."""
DRAWN = ("acceptance", "tool_entropy")
"""Measures that have a figure."""
COUNTS = ("planned", "accepted", "rejected", "errored")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep's folder says."""

    folder: Path
    state: Mapping[str, Any]
    """sweep.json."""
    rows: Sequence[Mapping[str, str]]
    """summary.csv: one row a run, cells as text, empty: not measured."""
    comparison: Mapping[str, Any] | None
    """comparison.json, where `genesis compare` has written it."""

    @property
    def arms(self) -> list[str]:
        """In the sweep's order."""
        return list(dict.fromkeys(point["arm"] for point in self.state["points"]))

    def of(self, arm: str, name: str) -> list[float]:
        """Return the numbers of a column over the finished runs of an arm."""
        cells = [row.get(name, "") for row in self.rows if row["arm"] == arm and row["status"] == "done"]
        return [float(cell) for cell in cells if cell]

    def done(self) -> list[Run]:
        """Return the finished runs."""
        return [Run(self.folder / point["id"]) for point in self.state["points"] if point["status"] == "done"]


def build_sweep(folder: str | Path) -> Path:
    """Write report.html into a sweep's folder and return its path. Raises RecordError for what is no sweep."""
    swept = read(folder)
    state, runs = swept.state, swept.done()
    seeds = sorted({point["seed"] for point in state["points"]})
    for name in DRAWN:
        _draw(swept, name)
    page = Page(
        title=f"Sweep {state['name']}: {len(swept.arms)} arms, {len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}",
        line=f"varied: {', '.join(state['varied'])} · LM: {state['lm']} · {len(runs)} of {len(state['points'])} done",
        lm=state["lm"],
        simulated=bool(state["simulated"]),
        tiles=_tiles(swept),
        sections=[section for make in SECTIONS if (section := make(swept)) is not None],
        figures={name: swept.folder / "figures" / f"{name}.png" for name in DRAWN if _drawn(swept, name)},
        dialogues=_dialogues(runs),
        drawn="Drawn by seed from those accepted, in turn from each run",
        reproduce=f"genesis sweep {state['name']}.yaml\ngenesis compare {state['name']}",
        parameters=_yaml(state["spec"]),
        parameters_are=f"{state['name']}.yaml, the sweep file:",
        made_with=_made(runs, state),
    )
    return write(page, Run(swept.folder).file("report.html"))


def read(folder: str | Path) -> Swept:
    """Return what a sweep's folder says. Raises RecordError where it holds no sweep, or a damaged one."""
    run = Run(Path(folder))
    state = run.read_json("sweep.json")
    if not isinstance(state, dict) or not {"name", "spec", "points"} <= state.keys():
        raise RecordError(f"{run.path / 'sweep.json'}: no sweep: 'name', 'spec' and 'points' are expected")
    try:
        with (run.path / "summary.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise RecordError(f"{run.path / 'summary.csv'}: {error.strerror}; `genesis sweep` writes it") from error
    comparison = run.read_json("comparison.json") if (run.path / "comparison.json").exists() else None
    return Swept(run.path, state, rows, comparison)


def what_was_varied(swept: Swept) -> Section:
    """Return the parameters that differ and their values, and what all arms share."""
    spec, points = swept.state["spec"], swept.state["points"]
    rows = []
    for name in swept.state["varied"]:
        values = dict.fromkeys(_words(point["overrides"].get(name, "–")) for point in points)
        rows.append((name, ", ".join(values)))
    rows.append(("baseline", ", ".join(f"{name}={_words(value)}" for name, value in swept.state["baseline"].items())))
    rows.append(("seeds", ", ".join(map(str, sorted({point["seed"] for point in points})))))
    rows.append(("starts from", str(spec.get("base", "the defaults"))))
    rows += [(f"set: {name}", _words(value)) for name, value in (spec.get("set") or {}).items()]
    return Section("What was varied", rows, columns=("", ""), text=(0, 1))


def unfinished(swept: Swept) -> Section | None:
    """Return the points without a result, and why."""
    rows = [
        (f"{point['arm']}, seed {point['seed']}", str(point["status"]), point["error"] or "–")
        for point in swept.state["points"]
        if point["status"] != "done"
    ]
    note = "They are in no number below. The same command runs what is missing."
    columns = ("point", "status", "why")
    return Section("Not finished", rows, note=note, columns=columns, text=(0, 1, 2)) if rows else None


def real_differences(swept: Swept) -> Section:
    """Return which differences from the baseline are real, those first."""
    title, found = "Which differences are real", swept.comparison
    if found is None:
        return Section(title, [], note=f"Not compared yet: `genesis compare {swept.state['name']}` writes it.")
    ordered = sorted(found["rows"], key=lambda row: not row["real"])
    rows = [
        (
            f"{row['arm']}: {row['measure'].replace('_', ' ')}",
            *(shown(row[name]) for name in ("first", "second", "value")),
            interval(row["low"], row["high"]) or str(row["method"]),
            shown(row["p_corrected"]),
            "yes" if row["real"] else "no" if row["p"] is not None else "–",
        )
        for row in ordered
    ]
    real = sum(row["real"] for row in found["rows"])
    note = (
        f"Each arm beside the baseline ({found['baseline']}), paired by seed; t intervals over seeds {found['seeds']}. "
        f"Real: p below 0.05 after Holm's correction over all {len(rows)} rows. Real here: {real}."
    )
    columns = ("arm: measure", "baseline", "arm", "difference", "95 % interval", "p corrected", "real")
    kept = rows[: max(real, 8)]
    note += f" {found['note'][0].upper()}{found['note'][1:]}." if found["note"] else ""
    return Section(title, kept, note=note, columns=columns, rest=rows[len(kept) :], folded="more differences")


def funnel(swept: Swept) -> Section:
    """Return how many dialogues each arm planned and what became of them, over its seeds."""
    rows = []
    for arm in swept.arms:
        counts = [sum(swept.of(arm, name)) for name in COUNTS]
        rows.append((arm, shown(len(swept.of(arm, "planned"))), *(shown(int(count)) for count in counts)))
    return Section(
        "The funnel", rows, columns=("arm", "runs", *COUNTS), note="Dialogues, all seeds of an arm together."
    )


def mutations(swept: Swept) -> Section | None:
    """Return what share of planted defects the rules caught, by arm."""
    arm_of = {point["id"]: point["arm"] for point in swept.state["points"]}
    counts = {arm: [0, 0] for arm in swept.arms}
    for run in swept.done():
        for entry in (run.read_json(record.METRICS).get("mutations") or {}).values():
            if entry["value"] is not None:
                counts[arm_of[run.id]][0] += round(entry["value"] * entry["n"])
                counts[arm_of[run.id]][1] += entry["n"]
    rows = [(arm, shown(got / of), shown(got), shown(of)) for arm, (got, of) in counts.items() if of]
    note = "One known defect at a time is planted in dialogues that pass; kinds of different difficulty are pooled."
    columns = ("arm", "share caught", "caught", "planted")
    return Section("What the rules catch", rows, note=note, columns=columns) if rows else None


def _measured(title: str) -> Any:
    """Return the section of some measures: a row an arm, the mean over its seeds and their range."""

    def section(swept: Swept) -> Section | None:
        names = [name for name in MEASURES[title] if _some(swept, name)]
        names = [name for name in names if name != "usd" or any(sum(swept.of(arm, "usd")) for arm in swept.arms)]
        names += _scores(swept) if title == "Downstream" else []
        if not names:
            return None
        rows = [(arm, *(_mean(swept.of(arm, name)) for name in names)) for arm in swept.arms]
        note = "Mean over seeds, lowest and highest seed in brackets: a range, no interval."
        columns = ("arm", *(name.replace("_", " ") for name in names))
        return Section(title, rows, note=note, columns=columns, figures=[name for name in DRAWN if name in names])

    return section


SECTIONS = (
    what_was_varied,
    unfinished,
    real_differences,
    funnel,
    mutations,
    *(_measured(title) for title in MEASURES),
)
"""All sections of a sweep's page, in reading order."""


def _scores(swept: Swept) -> list[str]:
    """Return the columns of students' benchmark scores: those with an interval that are no measure of a run."""
    known = {name for names in MEASURES.values() for name in names} | {"mean_words"}
    columns = swept.rows[0].keys() if swept.rows else []
    return [name for name in columns if f"{name}_low" in columns and name not in known and _some(swept, name)]


def _some(swept: Swept, name: str) -> bool:
    return any(swept.of(arm, name) for arm in swept.arms)


def _mean(values: Sequence[float]) -> str:
    if not values:
        return "–"
    mean = shown(sum(values) / len(values))
    return f"{mean} {interval(min(values), max(values))}" if len(values) > 1 else mean


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return str(value)


def _tiles(swept: Swept) -> list[tuple[str, str]]:
    statuses = [point["status"] for point in swept.state["points"]]

    def total(name: str) -> float:
        return sum(sum(swept.of(arm, name)) for arm in swept.arms)

    tiles = [("runs", shown(len(statuses))), ("done", shown(statuses.count("done")))]
    tiles += [("failed", shown(statuses.count("failed")))] if "failed" in statuses else []
    tiles += [("accepted", shown(int(total("accepted")))), ("LM calls", shown(int(total("calls"))))]
    tiles += [("US dollars", shown(total("usd")))] if total("usd") else []
    if swept.comparison is not None:
        tiles.append(("real differences", shown(sum(row["real"] for row in swept.comparison["rows"]))))
    return tiles


def _drawn(swept: Swept, name: str) -> bool:
    return sum(bool(swept.of(arm, name)) for arm in swept.arms) > 1


def _draw(swept: Swept, name: str) -> None:
    """Draw the mean of a measure by arm; whiskers: lowest and highest seed."""
    import pandas as pd

    if not _drawn(swept, name):
        return
    values = {arm: found for arm in swept.arms if (found := swept.of(arm, name))}
    rows = [(arm, sum(found) / len(found), min(found), max(found)) for arm, found in values.items()]
    table = pd.DataFrame(rows, columns=["arm", "mean", "lowest", "highest"])
    words = name.replace("_", " ")
    figure = figures.bars(
        table,
        label="arm",
        value="mean",
        low="lowest",
        high="highest",
        title=f"{words[0].upper()}{words[1:]} by arm",
        unit="mean, lowest and highest seed",
        source=swept.state["lm"],
    )
    figures.save(figure, table, Run(swept.folder), name)


def _dialogues(runs: Sequence[Run]) -> list[Dialogue]:
    """Return ten dialogues, as evenly from the runs as they go."""
    found: list[Dialogue] = []
    for place, run in enumerate(runs[:SHOWN_DIALOGUES]):
        share = len(range(place, SHOWN_DIALOGUES, min(len(runs), SHOWN_DIALOGUES)))
        found += drawn(run, "dialogues", place, share)
    return found


def _made(runs: Iterable[Run], state: Mapping[str, Any]) -> str:
    first = next(iter(runs), None)
    return made_with(first.read_json("run.json")) if first else f"code {state['code_hash']}"


def _yaml(spec: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(spec), sort_keys=False, allow_unicode=True, default_flow_style=None)
