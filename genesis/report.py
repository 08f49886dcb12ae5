"""What people look at after a run: the short table in the terminal and report.html.

The page is one self-contained file without scripts: figures are embedded, all text is escaped, and its content
security policy forbids everything else.
"""

from __future__ import annotations

import base64
import importlib.resources
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis import record
from genesis.dialogue import dialogue_from_row
from genesis.display import dialogue_html
from genesis.figures import SIMULATED
from genesis.record import Run
from genesis.review import funnel, residual
from genesis.text import stable_hash

SHOWN_DIALOGUES = 10
NOTES = {
    "diversity": "User turns only; each measure stands beside n and mean length, because most depend on them.",
    "quality": "What the checks found.",
    "downstream": "What a small student learns from the accepted dialogues, beside an untrained baseline.",
    "cost": "Calls and tokens as the engine counted them.",
}


HEADLINES = {
    "diversity": ("n", "mean words", "tool entropy", "slot entropy", "act entropy", "distinct 3", "duplicates near"),
    "quality": ("acceptance", "flag rate", "grounding"),
    "downstream": ("trained / choice", "untrained / choice", "trained / irrelevance", "untrained / irrelevance"),
    "cost": ("calls per accepted", "tokens per accepted"),
}
"""The numbers that the short table shows of each part."""


@dataclass(frozen=True, slots=True)
class Row:
    """One number as a reader sees it."""

    name: str
    value: str
    interval: str = ""
    n: str = ""


def build(run: Run) -> Path:
    """Write report.html from what the run's folder holds and return its path. Raises RecordError."""
    import jinja2
    from markupsafe import Markup

    meta = run.read_json("run.json")
    params = run.params
    lm = record.lm_words(params)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    source = (importlib.resources.files("genesis") / "data" / "report.html.j2").read_text(encoding="utf-8")
    page = environment.from_string(source).render(
        title=f"{params.experiment}: function-calling dialogues",
        run_id=run.id,
        lm=lm,
        simulated=SIMULATED,
        meta=meta,
        tiles=_tiles(meta),
        what=_what(run, meta),
        reasons=rejection_reasons(run)[:20],
        sections=[
            *([_error_section(run)] if meta.get("counts") and not params.data else []),
            *([_mutation_section(run)] if (run.path / "parts/mutations.json").exists() else []),
            *(_section(name, part) for name, part in metrics_parts(run).items() if part),
        ],
        figures=_figures(run),
        dialogues=[Markup(text) for text in _dialogues(run, params.seed)],
        reproduce=f"genesis run --resume {run.path}   # or, elsewhere: genesis run params.yaml   (this run's own file)",
    )
    file = run.file("report.html")
    file.write_text(page, encoding="utf-8")
    return file


def metrics_parts(run: Run) -> dict[str, Any]:
    """Return diversity, quality, cost and downstream as far as the run has them."""
    if run.complete:
        found: dict[str, Any] = run.read_json(record.METRICS)
    else:
        found = run.read_json("parts/metrics.json") if (run.path / "parts/metrics.json").exists() else {}
        if (run.path / "parts/downstream.json").exists():
            found["downstream"] = run.read_json("parts/downstream.json")
    return {name: found[name] for name in ("diversity", "quality", "downstream", "cost") if name in found}


def summary_rows(run: Run) -> list[tuple[str, str]]:
    """Return the rows of the short table that ``genesis run`` ends with."""
    meta = run.read_json("run.json")
    counts = meta.get("counts", {})
    rows = [("LM", record.lm_words(run.params))]
    if counts and run.params.data:
        rows.append(("dialogues", f"{counts['planned']} checked, {counts['rejected']} failed"))
    elif counts:
        words = [f"{counts.get(name, 0)} {name}" for name in ("planned", "accepted", "rejected", "errored")]
        rows.append(("dialogues", ", ".join(words)))
        rows += [("  rejected for", f"{reason} ({count})") for reason, count in rejection_reasons(run)[:5]]
    for name, part in metrics_parts(run).items():
        rows.append((name, ""))
        rows += [(f"  {row.name}", f"{row.value} {row.interval}".rstrip()) for row in headline(name, part)]
    if counts and not run.params.data:
        found = residual(run)
        error = _error_row("error left", found)
        how = f"({found['method']})" if found["value"] is not None else ""
        rows.append((error.name, " ".join(filter(None, (error.value, error.interval, how)))))
    if "calls" in meta:
        tokens = meta.get("tokens", {})
        rows.append(("calls", f"{meta['calls']:,}"))
        rows.append(("tokens", f"{sum(tokens.values()) if isinstance(tokens, dict) else tokens:,}"))
    rows.append(("seconds", f"{meta.get('seconds', 0):.1f}"))
    rows.append(("run folder", str(run.path)))
    return rows


def rejection_reasons(run: Run) -> list[tuple[str, int]]:
    """Return why dialogues were rejected and how many for each, most first: the failed checks' ids, else the reason."""
    counted: Counter[str] = Counter()
    for row in run.rows("rejected"):
        found = {verdict["check"] for verdict in row.get("verdicts") or () if verdict.get("outcome") == "fail"}
        counted.update(found or {str((row.get("provenance") or {}).get("reason", "no reason was recorded"))})
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def flat(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[Row, int]]:
    """Yield every number of a nested metrics object as (row, depth).

    A leaf is a number, or an object with ``value`` (or ``accuracy``), perhaps an interval and ``n``. None is unscored.
    """
    depth = prefix.count("/")
    for name, entry in part.items():
        words = f"{prefix}{name}".replace("_", " ")
        if isinstance(entry, Mapping):
            if "value" in entry or "accuracy" in entry:
                yield _leaf(words, entry), depth
            yield from flat({key: inner for key, inner in entry.items() if _inner(entry, key)}, f"{prefix}{name} / ")
        elif isinstance(entry, (int, float)) or entry is None:
            yield Row(words, shown(entry)), depth


def _inner(entry: Mapping[str, Any], key: str) -> bool:
    """Whether a key of an entry is a number of its own, and not a part of the entry's leaf."""
    return not ("value" in entry or "accuracy" in entry) or isinstance(entry[key], Mapping)


def _leaf(words: str, entry: Mapping[str, Any]) -> Row:
    low, high = entry.get("interval") or (entry.get("low"), entry.get("high"))
    interval = f"[{shown(low)}, {shown(high)}]" if low is not None and high is not None else ""
    value = entry["value"] if "value" in entry else entry["accuracy"]
    return Row(words, shown(value), interval, shown(entry["n"]) if "n" in entry else "")


def headline(name: str, part: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a part of the metrics that the short table shows."""
    rows = {row.name: row for row, _ in flat(part)}
    return [rows[wanted] for wanted in HEADLINES[name] if wanted in rows]


def shown(value: Any) -> str:
    """Return a number for a reader: three significant places, thousands grouped; None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or (value == int(value) and abs(value) >= 100):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 0.001 else f"{value:.3f}"


def _section(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of the metrics for the page: headline numbers first, those of groups folded."""
    rows = list(flat(part))
    first = headline(name, part)
    first += [row for row, depth in rows if depth == 0 and row not in first]
    return {
        "title": name.capitalize(),
        "note": NOTES[name],
        "rows": first,
        "rest": [row for row, _ in rows if row not in first],
    }


HOW_MEASURED = {
    "audit": "People read a random sample of what rules and model let pass; strata are weighted, what nobody has read "
    "counts at its worst.",
    "planted truth": "Nobody has read a sample. The offline engine's defects are planted, so the truth is known here; "
    "with a real model it would be: not measured.",
    "not measured": "Nobody has read a random sample of what is accepted, so nobody knows: `genesis review plan` says "
    "how many to read.",
}


def _mutation_section(run: Run) -> dict[str, Any]:
    """Return what the rules catch of planted defects: by group, and kind by kind folded."""
    found: Mapping[str, Mapping[str, Any]] = run.read_json("parts/mutations.json")
    kinds = {kind: entry for kind, entry in found.items() if entry["value"] is not None}
    groups = {entry["group"]: (0, 0) for entry in kinds.values()}
    for entry in kinds.values():
        caught, planted = groups[entry["group"]]
        groups[entry["group"]] = (caught + round(entry["value"] * entry["n"]), planted + entry["n"])
    rows = [
        Row(f"{group}: share caught", shown(caught / planted), "", shown(planted))
        for group, (caught, planted) in groups.items()
    ]
    rest = [_leaf(f"{kind} ({', '.join(list(entry['rules'])[:2])})", entry) for kind, entry in sorted(kinds.items())]
    note = (
        "One known defect at a time is planted in dialogues that pass; a defect is caught if a rule fails or flags "
        "it. Groups pool kinds of different difficulty and have no interval; each kind below has one (Wilson)."
    )
    return {"title": "What the rules catch", "note": note, "rows": rows, "rest": rest}


def _error_section(run: Run) -> dict[str, Any]:
    """Return the error left and the funnel, as a section of the page."""
    found = residual(run)
    rows = [_error_row("error left in what is accepted", found)]
    if "screening" in found:
        rows.append(_error_row("error of what rules and model let pass", found["screening"]))
    rows += [
        Row(f"left: {stage.partition(' (')[0]}", shown(int(left)), f"{share:.1%} [{low:.1%}, {high:.1%}]")
        for stage, left, _, share, low, high in funnel(run).itertuples(index=False)
    ]
    if found["raters"]:
        rows.append(Row("human minutes", shown(found["minutes"]), "", shown(found["decided"])))
    strata = [
        Row(f"stratum {row['stratum']}: wrong of read", f"{row['wrong']} of {row['read']}", "", shown(row["dialogues"]))
        for row in found["strata"]
    ]
    return {"title": "Error left", "note": HOW_MEASURED[found["method"]], "rows": rows, "rest": strata}


def _error_row(name: str, found: Mapping[str, Any]) -> Row:
    if found["value"] is None:
        return Row(name, "not measured")
    return Row(
        name,
        f"{found['value']:.1%}",
        f"[{found['low']:.1%}, {found['high']:.1%}]",
        shown(found["n"]) if "n" in found else "",
    )


def _tiles(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    counts = meta.get("counts", {})
    tiles = [(name, shown(counts[name])) for name in ("planned", "accepted", "rejected", "errored") if name in counts]
    if "calls" in meta:
        tiles.append(("LM calls", shown(meta["calls"])))
    tiles.append(("seconds", shown(float(meta.get("seconds", 0)))))
    return tiles


def _what(run: Run, meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    params = run.params
    mix = params.counts or params.mix
    tools = meta.get("pool", {}).get("tools", params.pool.size)
    if params.data:
        return [("data", params.data), ("rules switched off", ", ".join(params.rules_off) or "none")]
    rows = [
        ("pool", f"{params.pool.path or ', '.join(params.pool.sources)}; {tools} tools"),
        ("mix", ", ".join(f"{label} {share:g}" for label, share in mix.items() if share)),
        ("candidates a turn", f"{params.n}, judged by: {params.judge}"),
        ("memory", "on" if params.memory else "off"),
        ("dialogues per tool", str(params.dialogues_per_tool)),
    ]
    return [*rows, ("parameters", f"hash {meta['params_hash']}")]


def _figures(run: Run) -> list[dict[str, str]]:
    return [
        {"name": file.stem.replace("_", " "), "png": base64.b64encode(file.read_bytes()).decode()}
        for file in sorted((run.path / "figures").glob("*.png"))
    ]


def _dialogues(run: Run, seed: int) -> Iterable[str]:
    rows = list(run.rows("dialogues"))
    drawn = random.Random(stable_hash("report", seed)).sample(range(len(rows)), min(SHOWN_DIALOGUES, len(rows)))
    return [dialogue_html(dialogue_from_row(rows[index])) for index in sorted(drawn)]
