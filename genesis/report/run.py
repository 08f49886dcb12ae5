"""The page of one run, or of one audit: ``report.html`` in its folder."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genesis import params as parameters
from genesis import record
from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.params import Params
from genesis.record import Run
from genesis.report import sections
from genesis.report.numbers import shown
from genesis.report.page import Page, write
from genesis.text import stable_hash

SHOWN_DIALOGUES = 10
AUDIT_ROWS = "shown"
"""Rows of an audited data set that the page shows: ``shown.jsonl``, because the data itself lies elsewhere."""


def build(run: Run) -> Path:
    """Write report.html from what the run's folder holds and return its path. Raises RecordError."""
    meta = run.read_json("run.json")
    params = run.params
    told = str(meta["status"]) if run.held() else run.status  # the runner writes the page before metrics.json
    words = [f"run {run.id}", f"LM: {run.made_by}", f"seed {meta['seed']}", f"started {_day(meta)}", told]
    audit = bool(params.data)
    page = Page(
        title=f"{params.experiment}: {Path(params.data).name if audit else 'function-calling dialogues'}",
        line=" · ".join(words),
        lm=run.made_by,
        simulated=bool(meta["simulated"]),
        tiles=_tiles(meta, audit=audit),
        sections=sections.of(run),
        figures={file.stem: file for file in sorted((run.path / "figures").glob("*.png"))},
        dialogues=drawn(run, AUDIT_ROWS if audit else "dialogues", params.seed),
        drawn="Drawn by seed from the first 1,000 rows" if audit else "Drawn by seed from those accepted",
        reproduce=reproduce(run, params),
        parameters=parameters.dump_changed(params),
        made_with=made_with(meta),
    )
    return write(page, run.file("report.html"))


def drawn(run: Run, name: str, seed: int, count: int = SHOWN_DIALOGUES) -> list[Dialogue]:
    """Return ``count`` dialogues of ``name.jsonl``, drawn by seed, in the file's order; one row in memory at once."""
    whole = sum(1 for _ in run.rows(name))
    chosen = random.Random(stable_hash("report", seed)).sample(range(whole), min(count, whole))
    wanted = set(chosen)
    rows = itertools.compress(run.rows(name), (index in wanted for index in range(whole)))
    return [dialogue_from_row(row) for row in rows]


def reproduce(run: Run, params: Params) -> str:
    """Return the one command that makes the run again from its parameters file, and what it takes."""
    command = "genesis run params.yaml"
    if params.data:
        return f"{command}   # with the data file beside it"
    if record.simulated(params):
        return command
    replay = f"-p lm=replay:{'/'.join(run.path.resolve().parts[-3:])}"
    return f"{command} {replay}   # from the journal, without key or cost; without -p: anew"


def made_with(meta: Mapping[str, Any]) -> str:
    """Return code, commit and versions in one line."""
    git = meta.get("git") or {}
    commit = f"commit {git['commit'][:12]}{' with changes' if git.get('changed') else ''}" if git else "no commit"
    versions = [f"{name} {version}" for name, version in meta["versions"].items() if version]
    return ", ".join([f"Code {meta['code_hash']}", commit, *versions])


def _day(meta: Mapping[str, Any]) -> str:
    return str(meta["started"]).replace("T", " ").replace("+00:00", " UTC")


def _tiles(meta: Mapping[str, Any], *, audit: bool) -> list[tuple[str, str]]:
    counts = meta.get("counts", {})
    if audit:
        names = {"planned": "dialogues", "accepted": "passed", "rejected": "failed"}
    else:
        names = {name: name for name in ("planned", "accepted", "rejected", "errored")}
    tiles = [(name, shown(counts[key])) for key, name in names.items() if key in counts]
    if "calls" in meta:
        tiles.append(("LM calls", shown(meta["calls"])))
    if meta.get("usd"):
        tiles.append(("US dollars", shown(float(meta["usd"]))))
    if meta.get("seconds"):
        tiles.append(("seconds", shown(float(meta["seconds"]))))
    return tiles
