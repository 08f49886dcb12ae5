"""One row a run: what varies, how it went, the headline numbers with their intervals, what it cost.

A sweep's folder, ``experiments/<name>/``, holds its runs' folders, ``sweep.json`` (the file's content, the points with
status and error, the baseline, the LM), ``summary.csv`` and ``summary.parquet``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import RecordError
from genesis.record import Run

STATE = "sweep.json"
MEASURES: Mapping[str, tuple[str, ...]] = {
    # column: its place in metrics.json
    "acceptance": ("quality", "acceptance"),
    "flag_rate": ("quality", "flag_rate"),
    "grounding": ("quality", "grounding"),
    "error_left": ("error", "residual"),
    "tool_entropy": ("diversity", "tool_entropy"),
    "slot_entropy": ("diversity", "slot_entropy"),
    "distinct_3": ("diversity", "distinct_3"),
    "duplicates_near": ("diversity", "duplicates_near"),
    "mean_words": ("diversity", "mean_words"),
    "probe_choice": ("downstream", "trained", "choice"),
    "probe_irrelevance": ("downstream", "trained", "irrelevance"),
}
PLAIN: Mapping[str, tuple[str, ...]] = {
    "calls_per_accepted": ("cost", "calls_per_accepted"),
    "tokens_per_accepted": ("cost", "tokens_per_accepted"),
    "diversity_size": ("diversity", "size"),
}
COUNTS = ("planned", "accepted", "rejected", "errored")


def read_state(folder: str | Path) -> dict[str, Any]:
    """Return a sweep's sweep.json. Raises RecordError where the folder holds none, or a damaged one."""
    state: dict[str, Any] = Run(Path(folder)).read_json(STATE)
    if not isinstance(state, dict) or "points" not in state:
        raise RecordError(f"{Path(folder) / STATE}: no sweep: 'points' is missing")
    return state


def rows(folder: str | Path, state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row a point, in the sweep's order; a number that a run does not have is None."""
    return [_row(Run(Path(folder) / point["id"]), point, state) for point in state["points"]]


def write(folder: str | Path, state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write summary.csv and summary.parquet, and return their rows."""
    import pandas as pd

    found = rows(folder, state)
    table = pd.DataFrame(found)
    for name in state["varied"]:
        table[name] = [cell(row[name]) for row in found]
    run = Run(Path(folder))
    table.to_csv(run.file("summary.csv"), index=False, lineterminator="\n")
    table.to_parquet(run.file("summary.parquet"), index=False)
    return found


def cell(value: Any) -> Any:
    """Return a parameter's value as one cell: lists and groups as JSON text."""
    return msgspec.json.encode(value).decode() if isinstance(value, (list, dict)) else value


def _row(run: Run, point: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"run": point["id"], "arm": point["arm"]}
    row |= {name: point["overrides"].get(name) for name in state["varied"]}
    row |= {"seed": point["seed"], "status": point["status"], "error": point["error"], "lm": state["lm"]}
    meta = run.read_json("run.json") if (run.path / "run.json").exists() else {}
    metrics = run.read_json("metrics.json") if run.complete and point["status"] == "done" else {}
    row |= {name: (meta.get("counts") or {}).get(name) for name in COUNTS}
    for name, place in MEASURES.items():
        row |= _interval(name, at(metrics, place))
    row |= {name: at(metrics, place) for name, place in PLAIN.items()}
    row |= _scores(run)
    tokens = meta.get("tokens") or {}
    row |= {"calls": meta.get("calls"), "tokens": sum(tokens.values()) if tokens else None}
    row |= {"usd": meta.get("usd"), "seconds": meta.get("seconds"), "code_hash": meta.get("code_hash")}
    row |= {"copied_from": meta.get("copied_from")}
    return row


def at(data: Any, place: Sequence[str]) -> Any:
    """Return what lies at a place of nested mappings; None where there is nothing."""
    for key in place:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def value_of(entry: Any) -> float | None:
    """Return the value of an entry of metrics.json, in either of its two forms."""
    if not isinstance(entry, Mapping):
        return entry if isinstance(entry, (int, float)) else None
    value: float | None = entry.get("value", entry.get("accuracy"))
    return value


def _interval(name: str, entry: Any) -> dict[str, Any]:
    found = entry if isinstance(entry, Mapping) else {}
    low, high = found.get("interval") or (found.get("low"), found.get("high"))
    return {name: value_of(entry), f"{name}_low": low, f"{name}_high": high}


def _scores(run: Run) -> dict[str, Any]:
    """Return the benchmark scores of the run's student: one column an aggregate, with its interval."""
    found: dict[str, Any] = {}
    for file in sorted((run.path / "scores").glob("*.json")):
        score = run.read_json(f"scores/{file.name}")
        for name, entry in (score.get("aggregates") or {}).items():
            found |= _interval(f"{file.stem}_{name}", entry)
    return found
