"""Decisions and reading sheets as CSV or JSONL, for teams that review elsewhere.

    export(run, "sheet.csv", what="doubt")     # one row a dialogue to read; rater, decision, reasons, note are empty
    load(run, "sheet.csv")                     # the filled-in sheet, or another team's decisions; each counts once

A cell that a spreadsheet would take for a formula gets an apostrophe in front, which is taken off again.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal

import msgspec

from genesis.display import dialogue_text
from genesis.errors import FormatError, RecordError
from genesis.record import Run
from genesis.review import queue
from genesis.review.decisions import Decision, append, check, digest, read

What = Literal["decisions", "doubt", "audit", "disagreements"]
NAMES = tuple(field.name for field in fields(Decision))
SHEET = ("id", "version", "queue", "why", "text", "rater", "decision", "reasons", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MAX_BYTES = 100_000_000


def export(run: Run, path: str | Path, *, what: What = "decisions") -> int:
    """Write decisions, or a queue as a sheet to fill in; CSV or JSONL by the name's ending. Returns the rows.

    Raises FormatError for another ending, RecordError where the disk refuses.
    """
    file = Path(path)
    if file.suffix not in (".csv", ".jsonl"):
        raise FormatError(f"{file}: ends in {file.suffix or 'nothing'}; expected .csv or .jsonl")
    rows = [asdict(made) for made in read(run)] if what == "decisions" else list(_sheet(run, what))
    names = NAMES if what == "decisions" else SHEET
    if file.suffix == ".jsonl":
        data = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    else:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([[_cell(row[name]) for name in names] for row in rows])
        data = text.getvalue().encode("utf-8", "replace")
    try:
        file.write_bytes(data)
    except OSError as error:
        raise RecordError(f"{file}: cannot be written: {error.strerror}") from error
    return len(rows)


def _sheet(run: Run, what: queue.Kind) -> Iterator[dict[str, Any]]:
    for item in queue.queue(run, what):
        yield {
            "id": item.dialogue.id,
            "version": digest(item.dialogue),
            "queue": what,
            "why": item.why if what != "audit" else "random sample",
            "text": dialogue_text(item.dialogue),
            "rater": "",
            "decision": "",
            "reasons": [],
            "note": "",
        }


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        if all(isinstance(part, str) for part in value):
            return ";".join(value)
        return msgspec.json.encode(value).decode()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def load(run: Run, path: str | Path, *, rater: str = "") -> dict[str, int]:
    """Take in decisions from a file; returns how many were added, known already, or left empty.

    ``rater`` names who decided where a row does not. All rows are checked before any is taken. Raises FormatError
    naming file and line: unknown decision or reason, no rater, a dialogue or version that the run does not have.
    """
    from genesis.review.settle import entries

    versions = {entry.dialogue.id: digest(entry.dialogue) for entry in entries(run)}
    known = {made.uid for made in read(run)}
    found: list[Decision] = []
    counts = {"added": 0, "known": 0, "empty": 0}
    for number, row in _rows(Path(path)):
        if not row.get("decision"):
            counts["empty"] += 1
            continue
        try:
            made = _decision({**row, "rater": row.get("rater") or rater})
        except (FormatError, msgspec.ValidationError, msgspec.DecodeError) as error:
            raise FormatError(f"{path}:{number}: {error}") from error
        if made.id not in versions:
            raise FormatError(f"{path}:{number}: the run has no dialogue '{made.id}'")
        if versions[made.id] != made.version:
            raise FormatError(f"{path}:{number}: '{made.id}' is another version here ({versions[made.id]})")
        if made.uid in known:
            counts["known"] += 1
            continue
        known.add(made.uid)
        found.append(made)
    if found:
        append(run, *found)
    return {**counts, "added": len(found)}


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise FormatError(f"{file}: larger than {MAX_BYTES:,} bytes")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if file.suffix == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    row = msgspec.json.decode(line, type=dict[str, Any])
                except (msgspec.DecodeError, RecursionError) as error:
                    raise FormatError(f"{file}:{number}: {error}") from error
                yield number, row
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := {"id", "version", "decision"} - set(reader.fieldnames or ()):
        raise FormatError(f"{file}: no column {', '.join(sorted(missing))}; `genesis review export` makes such a sheet")
    for row in reader:
        yield reader.line_num, {name: _plain(value or "") for name, value in row.items() if name}


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def _decision(row: dict[str, Any]) -> Decision:
    """Return a row's decision; one that has no uid gets one from what it says, so that it counts once."""
    plain = {name: row[name] for name in NAMES if name in row and row[name] not in ("", None)}
    if isinstance(plain.get("reasons"), str):
        plain["reasons"] = [part.strip() for part in plain["reasons"].split(";") if part.strip()]
    if isinstance(plain.get("edits"), str):
        plain["edits"] = msgspec.json.decode(plain["edits"])
    if isinstance(plain.get("seconds"), str):
        plain["seconds"] = msgspec.json.decode(plain["seconds"], type=float)
    if isinstance(plain.get("decision"), str):
        plain["decision"] = plain["decision"].strip().lower()
    if "uid" not in plain:
        said = [str(plain.get(name, "")) for name in ("rater", "id", "version", "decision", "reasons", "note", "edits")]
        plain["uid"] = hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]
    blank = {"at": "", "rater": "", "id": "", "version": ""}
    return check(msgspec.convert({**blank, **plain}, Decision))
