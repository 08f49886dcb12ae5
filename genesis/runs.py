"""All runs under a folder, as a list to filter and sort.

>>> from genesis.runs import Wanted, listed
>>> [run.id for run in listed("experiments", Wanted(status="complete", params={"n": 4}))]  # doctest: +SKIP
['s0-2930771b6562']

A run is any folder two levels down that holds a run.json: runs, arms of sweeps, trials of prompts. Listing reads
run.json alone, and params.yaml only where a parameter is asked for.
"""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis import params as parameters
from genesis.errors import ParamsError, RecordError
from genesis.record import PROGRESS, TRIALS, Run

if TYPE_CHECKING:
    from pandas import DataFrame

STATUSES = ("started", "running", "complete", "failed", "interrupted", "damaged", "sample")
_AGES = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One run in the list; None: run.json does not say."""

    experiment: str
    id: str
    status: str
    """One of STATUSES; ``damaged`` where run.json cannot be read, ``sample`` for the bundled one."""
    lm: str
    """As it is named in the parameters; ``none (audit)`` where a data set was given."""
    simulated: bool | None
    seed: int | None
    started: str | None
    """ISO 8601, UTC."""
    accepted: int | None
    rejected: int | None
    calls: int | None
    tokens: int | None
    usd: float | None
    seconds: float | None
    path: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


SORTABLE = ("experiment", "id", "status", "lm", "seed", "started", "accepted", "calls", "tokens", "usd", "seconds")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are listed; empty: all but trials of prompts."""

    experiment: str = ""
    """A name, or a pattern with ``*``; ``prompts`` lists the trials."""
    status: str = ""
    lm: str = ""
    """A part of the LM's name."""
    simulated: bool | None = None
    since: datetime.datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """Dotted name -> value, all of which must be the run's."""


def listed(root: str | Path, wanted: Wanted = Wanted(), *, sort: str = "-started") -> list[Listed]:
    """Return the runs under ``root``, sorted by a column (``-`` before it: descending; runs without it last).

    Raises ParamsError for a column or parameter that does not exist.
    """
    column = sort.removeprefix("-")
    if column not in SORTABLE:
        raise ParamsError(f"--sort {sort}: no such column; known: {', '.join(SORTABLE)}")
    for name in wanted.params:
        check_name(name)
    found = [row for file in sorted(Path(root).glob("*/*/run.json")) if (row := _read(file, wanted)) is not None]
    there = [row for row in found if getattr(row, column) is not None]
    there.sort(key=lambda row: getattr(row, column), reverse=sort.startswith("-"))
    return there + [row for row in found if getattr(row, column) is None]


def frame(root: str | Path, most: int = 10) -> DataFrame:
    """Return the newest runs under ``root`` as a table for a notebook; cells are escaped when they are shown."""
    import pandas as pd

    columns = ("experiment", "id", "status", "started", "lm", "accepted", "rejected", "calls", "seconds")
    rows = [[getattr(row, name) for name in columns] for row in listed(root)[:most]]
    table = pd.DataFrame(rows, columns=list(columns), dtype=object)  # counts stay whole where some are missing
    table["lm"] = table["lm"].replace("offline", "offline (simulated)")
    table["started"] = table["started"].str.slice(0, 16).str.replace("T", " ")
    return table.where(table.notna(), "–")


def trials(root: str | Path) -> int:
    """Return how many trials of prompts lie under ``root``."""
    return sum(1 for _ in Path(root).glob(f"{TRIALS}/*/run.json"))


def check_name(name: str) -> None:
    """Raise ParamsError where no parameter has this dotted name; of mappings any key may follow the name."""
    known = {row[0]: row[1] for row in parameters.describe()}
    group = name.partition(".")[0]
    if name not in known and not (group in known and "mapping" in known[group]):
        raise ParamsError(f"-p {name}: no such parameter; `genesis run --help-params` lists all")


def since(text: str, now: datetime.datetime | None = None) -> datetime.datetime:
    """Return the time that ``2026-11-26``, ``2026-11-26T09:00`` or an age (``30m``, ``12h``, ``7d``, ``2w``) names.

    Raises ParamsError.
    """
    aged = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    if aged:
        return (now or datetime.datetime.now(datetime.UTC)) - datetime.timedelta(**{_AGES[aged[2]]: int(aged[1])})
    try:
        told = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise ParamsError(f"--since {text}: expected a date (2026-11-26) or an age (30m, 12h, 7d, 2w)") from error
    return told if told.tzinfo else told.replace(tzinfo=datetime.UTC)


def _read(file: Path, wanted: Wanted) -> Listed | None:
    """Return the run of a run.json, None where it is not wanted."""
    experiment = file.parent.parent.name
    if not fnmatch.fnmatchcase(experiment, wanted.experiment or "*") or (
        experiment == TRIALS and not wanted.experiment
    ):
        return None
    run = Run(file.parent)
    try:
        row = _row(run, _so_far(run))
    except (RecordError, AttributeError, TypeError):
        row = _damaged(run)
    told = (not wanted.status or row.status == wanted.status) and wanted.lm.lower() in row.lm.lower()
    if not told or (wanted.simulated is not None and row.simulated is not wanted.simulated):
        return None
    if wanted.since and (not row.started or since(row.started) < wanted.since):
        return None
    return row if not wanted.params or _has(run, wanted.params) else None


def _so_far(run: Run) -> dict[str, Any]:
    """Return run.json; where generation was stopped before it wrote its counts, with what is there."""
    meta: dict[str, Any] = run.read_json("run.json")
    if "counts" in meta or not (run.path / PROGRESS).exists():
        return meta
    made = {"accepted": _lines(run.path / "dialogues.jsonl"), "rejected": _lines(run.path / "rejected.jsonl")}
    return {**run.read_json(PROGRESS), **meta, "counts": made}


def _lines(file: Path) -> int:
    if not file.exists():
        return 0
    with file.open("rb") as stream:
        return sum(line.endswith(b"\n") for line in stream)


def _row(run: Run, meta: Mapping[str, Any]) -> Listed:
    counts = meta.get("counts") or {}
    tokens = meta.get("tokens")
    lm = meta.get("lm", "")
    audit = lm == "offline" and meta.get("simulated") is False
    return Listed(
        experiment=run.path.parent.name,
        id=run.id,
        status=run.status,
        lm="none (audit)" if audit else ", ".join(sorted(set(lm.values()))) if isinstance(lm, dict) else lm,
        simulated=meta.get("simulated"),
        seed=meta.get("seed"),
        started=meta.get("started"),
        accepted=counts.get("accepted"),
        rejected=counts.get("rejected"),
        calls=meta.get("calls"),
        tokens=sum(tokens.values()) if isinstance(tokens, dict) else tokens,
        usd=meta.get("usd"),
        seconds=meta.get("seconds"),
        path=str(run.path),
    )


def _damaged(run: Run) -> Listed:
    nothing = dict.fromkeys(("seed", "started", "accepted", "rejected", "calls", "tokens", "usd", "seconds"))
    return Listed(run.path.parent.name, run.id, "damaged", "", None, path=str(run.path), **nothing)


def _has(run: Run, wanted: Mapping[str, Any]) -> bool:
    """Whether the run's parameters have these values; a file that cannot be read has none."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        values = yaml.load((run.path / "params.yaml").read_bytes(), Loader=loader)
    except (OSError, yaml.YAMLError):
        return False
    defaults = parameters.to_dict(parameters.Params())
    return all(_at(values, _parts(name), _at(defaults, _parts(name))) == value for name, value in wanted.items())


def _parts(name: str) -> Sequence[str]:
    group, dot, rest = name.partition(".")
    return (group, rest) if dot else (group,)


def _at(values: Any, parts: Sequence[str], default: Any = None) -> Any:
    """Return a value by its place; ``default`` where a file of an older version does not name it."""
    for part in parts:
        if not isinstance(values, Mapping) or part not in values:
            return default
        values = values[part]
    return values
