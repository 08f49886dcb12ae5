"""The measures of a run that people look at: which come first, what they mean, and the short table of the terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis import record
from genesis.lm.advice import advice
from genesis.lm.usage import UNUSABLE
from genesis.record import Run
from genesis.report.numbers import flat, percent, with_unit
from genesis.report.section import Row
from genesis.review import residual


@dataclass(frozen=True, slots=True)
class Lead:
    """How a part of the metrics is introduced."""

    title: str
    note: str
    first: tuple[str, ...]
    """The measures that the short table shows, and the page first."""
    figures: tuple[str, ...] = ()


LEAD = {
    "diversity": Lead(
        "Diversity",
        "User turns only; each measure stands beside n and mean length, because most depend on them.",
        ("n", "mean words", "tool entropy", "slot entropy", "act entropy", "distinct 3", "duplicates near"),
        ("coverage", "requests"),
    ),
    "quality": Lead(
        "Quality", "What the checks found.", ("acceptance", "flag rate", "grounding"), ("acceptance", "mix")
    ),
    "downstream": Lead(
        "Downstream",
        "What a small student learns from the accepted dialogues, beside an untrained baseline on the same items.",
        (
            "trained / choice",
            "untrained / choice",
            "difference / choice",
            "trained / irrelevance",
            "untrained / irrelevance",
            "difference / irrelevance",
        ),
        ("downstream",),
    ),
    "cost": Lead(
        "Cost",
        "Calls and tokens as the engine counted them.",
        ("calls per accepted", "tokens per accepted"),
    ),
}
"""The parts of metrics.json in reading order."""


def metrics_parts(run: Run) -> dict[str, Any]:
    """Return diversity, quality, downstream and cost as far as the run has them."""
    if run.complete:
        found: dict[str, Any] = run.read_json(record.METRICS)
    else:
        found = run.read_json("parts/metrics.json") if (run.path / "parts/metrics.json").exists() else {}
        if (run.path / "parts/downstream.json").exists():
            found["downstream"] = run.read_json("parts/downstream.json")
    return {name: found[name] for name in LEAD if name in found}


def headline(name: str, part: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a part of the metrics that the short table shows."""
    rows = {row.name: row for row, _ in flat(part)}
    return [rows[wanted] for wanted in LEAD[name].first if wanted in rows]


def rejection_reasons(run: Run) -> list[tuple[str, int]]:
    """Return why dialogues were rejected and how many for each, most first: the failed checks' ids, else the reason."""
    counted: Counter[str] = Counter()
    for row in run.rows("rejected"):
        found = {verdict["check"] for verdict in row.get("verdicts") or () if verdict.get("outcome") == "fail"}
        reason = str((row.get("provenance") or {}).get("reason", "no reason was recorded"))
        counted.update(found or {_check_of(reason)})
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True, slots=True)
class Replies:
    """What became of one agent's replies."""

    agent: str
    calls: int
    replies: int
    outcomes: Mapping[str, int]
    """Unusable ones by outcome."""

    @property
    def usable(self) -> int:
        """Replies that held what was asked for."""
        return self.replies - sum(self.outcomes.values())


def replies(run: Run) -> list[Replies]:
    """Return what became of the LM's replies, agent by agent, fresh samples included."""
    return [
        Replies(agent, used["calls"], used["completions"], {kind: used.get(kind, 0) for kind in UNUSABLE})
        for agent, used in run.read_json("run.json").get("usage", {}).items()
        if used.get("completions")
    ]


def what_to_try(run: Run) -> list[str]:
    """Return what to try next where many of the replies could not be used; empty where most could."""
    found, params = replies(run), run.params
    outcomes = {kind: sum(one.outcomes[kind] for one in found) for kind in UNUSABLE}
    made = sum(one.replies for one in found)
    return advice(outcomes, made, adapter=params.adapter, max_tokens=params.max_tokens)


def student_rows(run: Run) -> list[tuple[str, str, str, bool, str, float, float, float]]:
    """Return a row for each figure of the files in the run's ``scores/``, which program and fine-tuned students have
    written: file, student, kind, simulated, measure, value, low, high.

    The files are what ``genesis predict``, ``genesis train score`` and ``genesis score`` print with ``--json``. Raises
    RecordError for a damaged file.
    """
    rows = []
    for file in sorted((run.path / "scores").glob("*.json")):
        score = run.read_json(f"scores/{file.name}")
        name = score.get("student") or score.get("lm") or file.stem
        kind = (
            "fine-tuned"
            if "student" in score
            else "program" + "".join(f", {part}" for part in score.get("program") or {})
        )
        for measure, part in (score.get("aggregates") or {}).items():
            if part["accuracy"] is not None:
                simulated = bool(score.get("simulated"))
                rows.append((file.stem, name, kind, simulated, measure, part["accuracy"], *part["interval"]))
    return rows


def _check_of(reason: str) -> str:
    """Return the rule a reason begins with, so that its dialogues count together; a reason without one as it is."""
    named = re.match(r"(?:rule|model):[\w-]+(?=: )", reason)
    return named.group() if named else reason


def summary_rows(run: Run) -> list[tuple[str, str]]:
    """Return the rows of the short table that ``genesis run`` ends with."""
    meta = run.read_json("run.json")
    counts = meta.get("counts", {})
    rows = [("LM", run.made_by)]
    if counts and run.params.data:
        rows.append(("dialogues", f"{counts['planned']} checked, {counts['rejected']} failed"))
    elif counts:
        words = [f"{counts.get(name, 0)} {name}" for name in ("planned", "accepted", "rejected", "errored")]
        rows.append(("dialogues", ", ".join(words)))
        rows += [("  rejected for", f"{reason} ({count})") for reason, count in rejection_reasons(run)[:5]]
        rows += _replies_rows(run)
    for name, part in metrics_parts(run).items():
        first = [with_unit(row) for row in headline(name, part) if row.value != "–"]
        told = [(f"  {row.name}", f"{row.value} {row.interval}".rstrip()) for row in first]
        rows += [(name, ""), *told] if told else []
    if counts and not run.params.data:
        rows.append(("error left", _error_left(residual(run))))
    if "calls" in meta:
        tokens = meta.get("tokens", {})
        rows.append(("calls", f"{meta['calls']:,}"))
        rows.append(("tokens", f"{sum(tokens.values()) if isinstance(tokens, dict) else tokens:,}"))
    if meta.get("seconds"):  # known when the last notebook has ended
        rows.append(("seconds", f"{meta['seconds']:.1f}"))
    rows.append(("run folder", str(run.path)))
    return rows


def _replies_rows(run: Run) -> list[tuple[str, str]]:
    """Return how many replies could be used, by agent, and what to try; nothing where nearly all could."""
    hints = what_to_try(run)
    if not hints:
        return []
    found = replies(run)
    usable, made = sum(one.usable for one in found), sum(one.replies for one in found)
    agents = ", ".join(f"{one.agent} {one.usable / one.replies:.0%}" for one in found)
    told = f"{usable:,} of {made:,} ({usable / made:.0%}): {agents}"
    return [("replies usable", told), *(("  try", hint) for hint in hints)]


def _error_left(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "not measured"
    row = percent(found)
    return f"{row.value} {row.interval} ({found['method']})"
