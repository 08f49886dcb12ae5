"""What notebooks show of a run: small tables (pandas) and dialogues, each made by one call.

Text of dialogues and tools is only ever shown escaped: plain DataFrame cells, or ``genesis.display``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis import report, steps
from genesis.checks.intervals import wilson
from genesis.dialogue import Dialogue
from genesis.record import Run
from genesis.text import stable_hash

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Shown:
    """Several dialogues that display themselves in a notebook cell."""

    dialogues: tuple[Dialogue, ...]

    def _repr_html_(self) -> str:
        return "\n".join(dialogue._repr_html_() for dialogue in self.dialogues) or "<i>none</i>"


def pick(run: Run, count: int, *, seed: int = 0, name: str = "dialogues") -> Shown:
    """Return ``count`` dialogues drawn by seed, at most one of each scenario as long as that goes."""
    found = list(steps.dialogues(run, name))
    random.Random(stable_hash("views", seed)).shuffle(found)
    seen: Counter[str] = Counter()
    ranked = []
    for dialogue in found:
        label = dialogue.scenario.label if dialogue.scenario else ""
        ranked.append((seen[label], dialogue))
        seen[label] += 1
    ranked.sort(key=lambda pair: pair[0])
    return Shown(tuple(dialogue for _, dialogue in ranked[:count]))


def by_scenario(run: Run) -> DataFrame:
    """Return one row a scenario: accepted, rejected."""
    import pandas as pd

    rows = [(label, found["accepted"], found["rejected"]) for label, found in _counts(run)]
    return pd.DataFrame(rows, columns=["scenario", "accepted", "rejected"])


def acceptance(run: Run) -> DataFrame:
    """Return one row a scenario: the share accepted, with a 95 % Wilson interval."""
    import pandas as pd

    rows = []
    for label, found in _counts(run):
        low, high = wilson(found["accepted"], found.total())
        rows.append((label, found["accepted"] / found.total(), low, high, found.total()))
    return pd.DataFrame(rows, columns=["scenario", "rate", "low", "high", "n"])


def _counts(run: Run) -> list[tuple[str, Counter[str]]]:
    """Return accepted and rejected dialogues by scenario."""
    counts: dict[str, Counter[str]] = {}
    for name, column in (("dialogues", "accepted"), ("rejected", "rejected")):
        for dialogue in steps.dialogues(run, name):
            label = dialogue.scenario.label if dialogue.scenario else "imported"
            counts.setdefault(label, Counter())[column] += 1
    return sorted(counts.items())


def tally(counts: Mapping[str, int]) -> DataFrame:
    """Return how many dialogues were planned, accepted, rejected and errored, in one row."""
    import pandas as pd

    return pd.DataFrame([counts])


def reasons(run: Run) -> DataFrame:
    """Return why dialogues were rejected, most frequent first."""
    import pandas as pd

    return pd.DataFrame(report.rejection_reasons(run), columns=["reason", "dialogues"])


def checks(found: Mapping[str, Any]) -> DataFrame:
    """Return one row a rule that found something: dialogues failed and flagged."""
    import pandas as pd

    rules = sorted({*found["failed"], *found["flagged"]})
    rows = [(rule, found["failed"].get(rule, 0), found["flagged"].get(rule, 0)) for rule in rules]
    return pd.DataFrame(rows, columns=["rule", "failed", "flagged"])


def audit(found: Mapping[str, Any]) -> DataFrame:
    """Return the audit in short: rows, failed, flagged, and how many rows say that they are simulated."""
    import pandas as pd

    checks = found["checks"]
    rows = [(name, checks[name]) for name in ("format", "dialogues", "failed", "flagged")]
    rows.append((f"marked as simulated, of the first {found['looked_at']}", found["simulated"]))
    return pd.DataFrame(rows, columns=["", "value"]).set_index("")


def rule_counts(checks: Mapping[str, Any]) -> DataFrame:
    """Return one row a rule that found something in a streamed check: dialogues failed, flagged or counted."""
    import pandas as pd

    rows = sorted(checks["reasons"].items(), key=lambda pair: (-pair[1], pair[0]))
    return pd.DataFrame(rows, columns=["rule", "dialogues"])


def failures(checks: Mapping[str, Any], most: int = 20) -> DataFrame:
    """Return the first failures of a streamed check: row, line, rule, reason."""
    import pandas as pd

    return pd.DataFrame(checks["failures"][:most], columns=["index", "line", "rule", "reason"])


def calls_by_agent(run: Run) -> DataFrame:
    """Return calls and tokens by agent, as the engine counted them; what is 0 for every agent is left out."""
    import pandas as pd

    usage = run.read_json("run.json").get("usage", {})
    first = ("calls", "completions", "prompt_tokens", "completion_tokens")
    names = [*first, *sorted({name for counts in usage.values() for name in counts} - set(first))]
    told = [name for name in names if name in first or any(counts.get(name) for counts in usage.values())]
    rows = [(agent, *(counts.get(name, 0) for name in told)) for agent, counts in usage.items()]
    return pd.DataFrame(rows, columns=["agent", *(name.replace("_", " ") for name in told)])


def metrics(part: Mapping[str, Any]) -> DataFrame:
    """Return every number of a metrics object: measure, value, 95 % interval, n."""
    import pandas as pd

    rows = [(row.name, row.value, row.interval, row.n) for row, _ in report.flat(part)]
    return pd.DataFrame(rows, columns=["measure", "value", "95 % interval", "n"])


def paper(run: Run, *experiments: str) -> DataFrame:
    """Return tables of the paper, one below the other: reported figures beside the scores in the run's ``scores/``.

    Scores of simulated models are left out. Raises RecordError for a damaged file of scores.
    """
    import pandas as pd

    from genesis.downstream.reference import tables

    scores = [run.read_json(f"scores/{file.name}") for file in sorted((run.path / "scores").glob("*.json"))]
    columns = ["benchmark", "metric", "system", "value", "low", "high", "kind", "comparable", "formula"]
    return pd.DataFrame([row for one in experiments for row in tables(one, scores)["results"]], columns=columns)


def students(run: Run) -> DataFrame:
    """Return what program and fine-tuned students scored: a row a figure of each file in the run's ``scores/``.

    The files are what ``genesis predict``, ``genesis train score`` and ``genesis score`` print with ``--json``. A
    simulated student says so. Raises RecordError for a damaged file.
    """
    import pandas as pd

    columns = ["file", "student", "kind", "simulated", "measure", "value", "low", "high"]
    return pd.DataFrame(report.student_rows(run), columns=columns)


def series(table: DataFrame, *, x: str, y: str, by: str) -> dict[str, tuple[list[float], list[float]]]:
    """Split a long table into one (xs, ys) a value of ``by``, as ``figures.lines`` takes them."""
    return {str(name): (list(part[x]), list(part[y])) for name, part in table.groupby(by, sort=False)}


def probe_items(found: Mapping[str, Any]) -> DataFrame:
    """Return how many benchmark items there are, have no pool tool, and were scored, by category."""
    import pandas as pd

    return pd.DataFrame(found["items"])


def side_by_side(run: Run, light: Mapping[str, Any], pointer: Mapping[str, Any]) -> DataFrame:
    """Return what every student of a run scored, a row a figure, scenarios never pooled.

    ``light``: what :func:`genesis.steps.teach` returned; ``pointer``: what the pointer probe's ``try_out`` returned,
    with the second data set's figures where there is one; then program and fine-tuned students (:func:`students`).
    ``simulated``: the student, or what it was trained on, is of the offline (simulated) LM.
    """
    import pandas as pd

    from genesis.downstream.pointer import trial

    made = bool(light.get("simulated"))
    parts = [
        {"student": "light probe" if who == "trained" else "untrained", "figure": name, "value": score["accuracy"]}
        | {"low": score["interval"][0], "high": score["interval"][1], "n": score["n"], "simulated": made}
        for who in ("trained", "untrained")
        for name in ("choice", "irrelevance", "ranking")
        if (score := (light[who] or {}).get(name)) and score["n"]
    ]
    sets = [("pointer probe", pointer.get("scenarios"), made)]
    if against := pointer.get("against"):
        known = "simulated" in (against["lm"] or "")
        sets.append((f"pointer probe on {against['name']}", pointer["against_scenarios"], known))
    for student, scenarios, simulated in sets:
        for row in trial.rows(scenarios or {}):
            figure = f"{row.pop('scenario')}: {row.pop('measure')}"
            parts.append({"student": student, "figure": figure, **row, "simulated": simulated})
    for one in students(run).to_dict("records"):
        named = {"student": f"{one['student']} ({one['kind']})", "figure": one["measure"]}
        parts.append({**named, **{name: one[name] for name in ("value", "low", "high", "simulated")}, "n": None})
    return pd.DataFrame(parts, columns=["student", "figure", "value", "low", "high", "n", "simulated"])


def curve(pointer: Mapping[str, Any], *measures: str) -> DataFrame:
    """Return the pointer probe's learning curve: a row a number of dialogues, scenario and measure, with intervals."""
    import pandas as pd

    found = pd.DataFrame(
        pointer.get("curve", []), columns=["dialogues", "scenario", "measure", "value", "low", "high", "n"]
    )
    found.insert(1, "figure", found["scenario"] + ": " + found["measure"])
    return found[found["measure"].isin(measures)].drop(columns=["scenario", "measure"]).reset_index(drop=True)


def changed(pointer: Mapping[str, Any]) -> DataFrame:
    """Return the benchmark items whose argument accuracy differs most between the run's data and the second set's."""
    import pandas as pd

    return pd.DataFrame(pointer.get("changed") or [], columns=["id", "category", "second", "first", "request"]).rename(
        columns={"second": "on this data", "first": "on the second set"}
    )


def summary(run: Run) -> DataFrame:
    """Return the short table that ``genesis run`` ends with; the run by its name, wherever its folder lies."""
    import pandas as pd

    rows = [*report.summary_rows(run)[:-1], ("run", f"{run.path.resolve().parent.name}/{run.id}")]
    return pd.DataFrame(rows, columns=["", "value"]).set_index("")
