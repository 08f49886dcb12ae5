"""What a run's page says, section by section, in reading order: one function each, from the run's folder to data.

A new section is a function ``(Run) -> Section | None`` (None: this run has nothing to say there), named in SECTIONS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from genesis.lm.usage import UNUSABLE
from genesis.record import Run
from genesis.report.measures import (
    LEAD,
    headline,
    metrics_parts,
    rejection_reasons,
    replies,
    student_rows,
    what_to_try,
)
from genesis.report.numbers import flat, interval, leaf, percent, shown, with_unit
from genesis.report.section import Row, Section
from genesis.review import funnel as left_after
from genesis.review import residual

HOW_MEASURED = {
    "audit": "People read a random sample of what rules and model let pass; strata are weighted, what nobody has read "
    "counts at its worst.",
    "planted truth": "Nobody has read a sample. The offline engine's defects are planted, so the truth is known here; "
    "with a real model it would be: not measured.",
    "not measured": "Nobody has read a random sample of what is accepted, so nobody knows: `genesis review plan` says "
    "how many to read.",
}
OF_GENERATION = ("acceptance", "accepted", "checked", "rejected", "yield")
"""Measures that an audit does not have: nothing was generated, what failed stands under what the rules found."""
MOST_FAILURES = 20
"""Failures of an audit that the page lists; the others are in verdicts.jsonl."""


def what_was_run(run: Run) -> Section:
    """Return the choices a reader needs in order to judge the numbers."""
    params = run.params
    if params.data:
        rows = [("data", params.data), ("rules switched off", ", ".join(params.rules_off) or "none")]
        return Section("What was checked", rows, columns=("", ""), text=(0, 1))
    mix = params.counts or params.mix
    tools = run.read_json("run.json").get("pool", {}).get("tools", params.pool.size)
    rows = [
        ("pool", f"{params.pool.path or ', '.join(params.pool.sources)}; {tools} tools"),
        ("dialogues per tool", str(params.dialogues_per_tool)),
        ("mix", ", ".join(f"{label} {share:g}" for label, share in mix.items() if share)),
        ("candidates a turn", f"{params.n}, judged by: {params.judge}"),
        ("memory", "on" if params.memory else "off"),
        ("model checker", f"{params.checker.confidence}, passes above {params.checker.threshold:g}"),
        ("temperature", f"{params.temperature:g}, adapter: {params.adapter}"),
        ("prompts", ", ".join(f"{agent}: {name}" for agent, name in params.prompts.items()) or "built in"),
    ]
    if params.rules_off:
        rows.append(("rules switched off", ", ".join(params.rules_off)))
    return Section("What was run", rows, columns=("", ""), text=(0, 1))


def funnel(run: Run) -> Section | None:
    """Return how many dialogues each stage left; None for a run that generates nothing."""
    if run.params.data or not run.read_json("run.json").get("counts"):
        return None
    stages = list(left_after(run).itertuples(index=False))
    rows = [
        (stage.partition(" (")[0], shown(int(left)), shown(int(lost)), f"{share:.1%} [{low:.1%}, {high:.1%}]")
        for stage, left, lost, share, low, high in stages
    ]
    return Section(
        "The funnel",
        rows,
        note="How many dialogues are left after each stage; the share of all generated, with a Wilson interval.",
        columns=("stage", "left", "rejected", "share and 95 % interval"),
        bars=tuple(int(left) / max(int(stages[0][1]), 1) for _, left, *_ in stages),
        figures=("dialogues_by_scenario",),
    )


def rejected(run: Run) -> Section | None:
    """Return why dialogues were rejected, most frequent first."""
    found = [(reason, shown(count)) for reason, count in rejection_reasons(run)]
    if not found:
        return None
    note = "A dialogue that several checks failed counts for each. All reasons stand beside the dialogues in rejected."
    return Section(
        "Why dialogues were rejected",
        found[:MOST_FAILURES],
        note=note,
        columns=("check", "dialogues"),
        rest=found[MOST_FAILURES:],
        folded="more reasons",
        figures=("rejected_by_rule",),
    )


def usable(run: Run) -> Section | None:
    """Return how many of the model's replies could be used, agent by agent; None where all could."""
    found = [one for one in replies(run) if not run.params.data]
    if all(one.usable == one.replies for one in found):
        return None
    rows = [
        (one.agent, shown(one.replies), f"{one.usable / one.replies:.1%}", *(shown(one.outcomes[k]) for k in UNUSABLE))
        for one in found
    ]
    note = (
        f"Replies of: {run.made_by}; fresh samples for unparsable ones included. Unusable: empty, refused, cut at "
        "max_tokens, "
    )
    hints = "".join(f" {hint}." for hint in what_to_try(run))
    return Section(
        "The model's replies",
        rows,
        note=f"{note}or not in the format asked for (unparsable).{hints}",
        columns=("agent", "replies", "usable", *UNUSABLE),
        bars=tuple(one.usable / one.replies for one in found),
    )


def audited(run: Run) -> Section | None:
    """Return what the rules found in a given data set, rule by rule; None for a run that generates."""
    if not run.params.data or not (run.path / "parts/checks.json").exists():
        return None
    found = run.read_json("parts/checks.json")
    whole = max(found["dialogues"], 1)
    rows = sorted(found["reasons"].items(), key=lambda pair: (-pair[1], pair[0]))
    return Section(
        "What the rules found",
        [(rule, shown(count), f"{count / whole:.1%}") for rule, count in rows] or [("nothing", "0", "0.0%")],
        note=f"{shown(found['failed'])} of {shown(found['dialogues'])} dialogues failed a rule; "
        f"{shown(found['flagged'])} more were flagged: a rule cannot decide them. Format: {found['format']}.",
        columns=("rule", "dialogues", "share"),
        bars=tuple(min(1.0, count / whole) for _, count in rows) or (0.0,),
        figures=("rules",),
    )


def failures(run: Run) -> Section | None:
    """Return the first failures of an audit: where, which rule, why."""
    if not run.params.data or not (run.path / "parts/checks.json").exists():
        return None
    found = run.read_json("parts/checks.json")["failures"]
    if not found:
        return None
    rows = [(str(row["line"] or row["index"]), row["rule"], row["reason"]) for row in found[:MOST_FAILURES]]
    note = f"The first {len(rows)} of {len(found)}; all are in verdicts.jsonl." if len(found) > len(rows) else ""
    return Section("First failures", rows, note=note, columns=("line", "rule", "reason"), text=(0, 1, 2))


def error_left(run: Run) -> Section | None:
    """Return how much error is left in what is accepted, and how that is known."""
    if run.params.data or not run.read_json("run.json").get("counts"):
        return None
    found = residual(run)
    rows = [error_row("error left in what is accepted", found)]
    if "screening" in found:
        rows.append(error_row("error of what rules and model let pass", found["screening"]))
    if found["raters"]:
        rows.append(Row("human minutes", shown(found["minutes"]), "", shown(found["decided"])))
    strata = [
        Row(f"stratum {row['stratum']}: wrong of read", f"{row['wrong']} of {row['read']}", "", shown(row["dialogues"]))
        for row in found["strata"]
    ]
    return Section("Error left", rows, note=HOW_MEASURED[found["method"]], rest=strata, folded="strata")


def error_row(name: str, found: Mapping[str, Any]) -> Row:
    """Return an error rate with its interval, or that it is not measured."""
    return Row(name, "not measured") if found["value"] is None else percent(found)._replace(name=name)


def mutations(run: Run) -> Section | None:
    """Return what the rules catch of planted defects: by group, and kind by kind folded."""
    if not (run.path / "parts/mutations.json").exists():
        return None
    found: Mapping[str, Mapping[str, Any]] = run.read_json("parts/mutations.json")
    kinds = {kind: entry for kind, entry in found.items() if entry["value"] is not None}
    groups = {entry["group"]: (0, 0) for entry in kinds.values()}
    for entry in kinds.values():
        caught, planted = groups[entry["group"]]
        groups[entry["group"]] = (caught + round(entry["value"] * entry["n"]), planted + entry["n"])
    rows = [
        (group, shown(caught / planted), shown(caught), shown(planted)) for group, (caught, planted) in groups.items()
    ]
    note = (
        "One known defect at a time is planted in dialogues that pass; a defect is caught if a rule fails or flags "
        "it. Groups pool kinds of different difficulty and have no interval; each kind below has one (Wilson)."
    )
    return Section(
        "What the rules catch",
        rows,
        note=note,
        columns=("kind of defect", "share caught", "caught", "planted"),
        rest=[
            _kind(kind, entry) for kind, entry in sorted(kinds.items(), key=lambda pair: (pair[1]["value"], pair[0]))
        ],
        folded="kinds, least caught first, with the rules that caught them",
        bars=tuple(caught / planted for caught, planted in groups.values()),
    )


def _kind(kind: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    row = leaf(kind.replace("_", " "), entry)
    rules = ", ".join(list(entry["rules"])[:2])
    caught = round(entry["value"] * entry["n"])
    return (f"{row.name} ({rules})" if rules else row.name, f"{row.value} {row.interval}", shown(caught), row.n)


def _measured(name: str) -> Callable[[Run], Section | None]:
    """Return the section of one part of the metrics: headline numbers first, those of groups folded."""

    def section(run: Run) -> Section | None:
        part = metrics_parts(run).get(name)
        if not part:
            return None
        audit = bool(run.params.data)
        rows = [(row, depth) for row, depth in flat(part) if not (audit and _of_generation(row))]
        first = [row for row in headline(name, part) if not (audit and _of_generation(row))]
        first += [row for row, depth in rows if depth == 0 and row not in first and row.name not in ("size", "seed")]
        if not first:
            return None
        lead = LEAD[name]
        return Section(
            lead.title,
            [with_unit(row) for row in first],
            note=lead.note,
            rest=[with_unit(row) for row, _ in rows if row not in first and row.name != "seed"],
            figures=lead.figures,
        )

    return section


def _of_generation(row: Row) -> bool:
    """Whether an audit has no such measure: it belongs to generation (cost, too), or the rows do not hold it."""
    return row.name.startswith(OF_GENERATION) or row.value == "–"


def students(run: Run) -> Section | None:
    """Return what program and fine-tuned students scored; a simulated one says so."""
    rows = [
        (
            f"{name}, {kind}{' (simulated)' if simulated else ''}",
            f"{file}: {measure.replace('_', ' ')}",
            shown(value),
            interval(low, high),
        )
        for file, name, kind, simulated, measure, value, low, high in student_rows(run)
    ]
    note = "Official scoring rules; what a student is and how it was asked stands in the file of its name, in scores/."
    columns = ("student", "benchmark file: score", "value", "95 % interval")
    return Section("Students' scores", rows, note=note, columns=columns, text=(0, 1)) if rows else None


SECTIONS: tuple[Callable[[Run], Section | None], ...] = (
    what_was_run,
    audited,
    failures,
    funnel,
    rejected,
    usable,
    error_left,
    mutations,
    _measured("diversity"),
    _measured("quality"),
    _measured("downstream"),
    students,
    _measured("cost"),
)
"""All sections of a run's page, in reading order."""


def of(run: Run) -> list[Section]:
    """Return the sections that this run has something to say in. Raises RecordError for a damaged part."""
    return [section for make in SECTIONS if (section := make(run)) is not None]
