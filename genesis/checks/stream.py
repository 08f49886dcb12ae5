"""Check a data set of any size: streaming, on several processes, in bounded memory, in the order of the file.

    summary = check_file("data.jsonl", workers=2)
    summary.dialogues, summary.failed, summary.reasons

JSON lines are cut into byte ranges that processes check apart; a JSON list and Parquet are handed out in pieces. A row
that is no dialogue (torn, of another format, too long, of the wrong shape) counts in ``dialogues`` and ``failed``.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from genesis import formats
from genesis.checks import dataset, rules
from genesis.dialogue import Dialogue, Verdict
from genesis.errors import FormatError, RowError
from genesis.formats import lines
from genesis.formats.rows import NOT_JSON
from genesis.tools.tool import Tool

PIECE = 4_000_000
"""Bytes of JSON lines that one task checks."""
ROWS = 2_000
"""Rows that one task checks, of a list or Parquet."""
MAX_LISTED = 100_000
"""Failures kept in the summary; all are in the verdicts file."""


@dataclass(slots=True)
class Summary:
    """What was found in a data set."""

    dialogues: int = 0
    failed: int = 0
    flagged: int = 0
    """Not failed, but flagged."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rule id -> dialogues it failed or flagged; rules 44 and 45 -> dialogues counted."""
    failures: list[dict[str, Any]] = field(default_factory=list)
    """``{"index", "line", "rule", "reason"}``, one for each failed rule of a dialogue."""
    failures_left_out: int = 0
    format: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the plain object that ``genesis check --json`` prints."""
        return {
            "dialogues": self.dialogues,
            "failed": self.failed,
            "flagged": self.flagged,
            "reasons": dict(sorted(self.reasons.items())),
            "failures": self.failures,
            "failures_left_out": self.failures_left_out,
            "format": self.format,
        }


@dataclass(slots=True)
class _Found:
    """What one task found; indices and lines count from its own start."""

    rows: int = 0
    lines: int = 0
    failed: int = 0
    flagged: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, int, str, str]] = field(default_factory=list)
    traces: dataset.Traces = field(default_factory=dataset.Traces)
    verdicts: list[tuple[int, int, str, tuple[Verdict, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Task:
    """What every task needs to know."""

    path: Path
    expected: str
    off: frozenset[str]
    keep_verdicts: bool
    pool: dict[str, Tool] | None


def check_file(
    path: str | Path,
    format: str | None = None,
    *,
    off: Sequence[str] = (),
    workers: int | None = None,
    out: str | Path | None = None,
    pool: Sequence[Tool] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Check every row of a file; ``out`` takes a JSON line of verdicts a row, ``pool`` offers tools to rows without.

    Raises FormatError for the file as a whole, ParamsError for an unknown rule in ``off``.
    """
    file = Path(path)
    kind = lines.kind(file)
    expected = formats.family(format) if format else formats.detect_file(file)
    rules.check(Dialogue("", (), ()), off=off)  # an unknown rule is told before any work
    offered = {tool.name: tool for tool in pool} if pool is not None else None
    task = _Task(file, expected, frozenset(off), out is not None, offered)
    summary = Summary(format=expected)
    traces = dataset.Traces()
    writer = _verdict_file(out) if out is not None else None
    line = 0
    try:
        for found in _results(task, kind, workers):
            _add(summary, found, line)
            dataset.join(traces, found.traces)
            if writer is not None:
                writer.write(_verdict_lines(found, summary.dialogues - found.rows, line))
            line += found.lines
            if progress is not None:
                progress(summary.dialogues)
    finally:
        if writer is not None:
            writer.close()
    for name, count in dataset.counts(traces).items():
        if count:
            summary.reasons[name] = count
    return summary


def _verdict_file(out: str | Path) -> Any:
    try:
        return Path(out).open("wb")
    except OSError as error:
        raise FormatError(f"{out}: cannot be written: {error.strerror}") from error


def _results(task: _Task, kind: str, workers: int | None) -> Iterator[_Found]:
    """Yield what the tasks found, in the order of the file."""
    if kind == "lines":
        pieces: Iterator[Any] = lines.ranges(task.path, PIECE)
        work: Callable[[Any], _Found] = partial(_check_range, task)
        many = task.path.stat().st_size > PIECE
    else:
        rows = lines.items(task.path) if kind == "list" else lines.parquet_rows(task.path)
        pieces = _batches(iter(rows))
        work = partial(_check_rows, task)
        many = task.path.stat().st_size > PIECE
    count = workers if workers is not None else min(8, len(os.sched_getaffinity(0)))
    if count <= 1 or not many:
        yield from map(work, pieces)
        return
    context = multiprocessing.get_context("spawn" if multiprocessing.current_process().daemon else "fork")
    with context.Pool(count, initializer=_quiet) as processes:
        yield from _bounded(processes, work, pieces, 2 * count)


def _bounded(processes: Any, work: Callable[[Any], _Found], pieces: Iterator[Any], ahead: int) -> Iterator[_Found]:
    """Map in order with at most ``ahead`` tasks handed out, so that memory stays bounded."""
    waiting: list[Any] = []
    for piece in pieces:
        waiting.append(processes.apply_async(work, (piece,)))
        if len(waiting) >= ahead:
            yield waiting.pop(0).get()
    for result in waiting:
        yield result.get()


def _quiet() -> None:
    """Prepare a worker: its objects form no cycles, and collecting would cost a third of the time."""
    gc.collect()
    gc.freeze()
    gc.disable()


def _batches(rows: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_range(task: _Task, piece: tuple[int, int]) -> _Found:
    found = _Found()
    start, end = piece
    with task.path.open("rb") as stream:
        stream.seek(start)
        found.lines = _count_lines(stream, end - start)
    traced = dataset.Piece()
    for number, data, length in lines.lines(task.path, start, end):
        _check_row(task, found, traced, number, data, length)
    found.traces = traced.traces()
    return found


def _count_lines(stream: Any, left: int) -> int:
    count = 0
    while left > 0 and (part := stream.read(min(1 << 20, left))):
        count += part.count(b"\n")
        left -= len(part)
    return count


def _check_rows(task: _Task, batch: list[bytes]) -> _Found:
    found = _Found(lines=len(batch))
    traced = dataset.Piece()
    for number, data in enumerate(batch, 1):
        _check_row(task, found, traced, number, data, len(data))
    found.traces = traced.traces()
    return found


def _check_row(task: _Task, found: _Found, piece: dataset.Piece, line: int, data: bytes, length: int) -> None:
    index = found.rows
    found.rows += 1
    name = ""
    try:
        if length > lines.MAX_ROW:
            raise formats.too_long(length)
        dialogue = formats.parse(data, task.expected)
        if task.pool is not None and not dialogue.tools:
            dialogue = _offered(dialogue, task.pool)
        name = dialogue.id
        verdicts = rules.check(dialogue, off=task.off)
        piece.add(dialogue)
    except RowError as error:
        verdicts = (Verdict(error.check, "fail", (str(error),)),)
    except RecursionError:
        verdicts = (Verdict(NOT_JSON, "fail", ("nested too deeply to be read",)),)
    if task.keep_verdicts:
        found.verdicts.append((index, line, name, verdicts))
    if verdicts[0] is not rules.PASS:
        _note(found, index, line, verdicts)


def _offered(dialogue: Dialogue, pool: dict[str, Tool]) -> Dialogue:
    """Offer the pool's tools that a row without tools of its own calls."""
    names = dict.fromkeys(call.name for message in dialogue.messages for call in message.tool_calls)
    return replace(dialogue, tools=tuple(pool[name] for name in names if name in pool))


def _note(found: _Found, index: int, line: int, verdicts: tuple[Verdict, ...]) -> None:
    failed = False
    for verdict in verdicts:
        found.reasons[verdict.check] += 1
        if verdict.outcome == "fail":
            failed = True
            found.failures.append((index, line, verdict.check, verdict.reasons[0]))
    found.failed += failed
    found.flagged += not failed


def _add(summary: Summary, found: _Found, line: int) -> None:
    for index, place, rule, reason in found.failures:
        if len(summary.failures) < MAX_LISTED:
            row = {"index": summary.dialogues + index, "line": line + place, "rule": rule, "reason": reason}
            summary.failures.append(row)
        else:
            summary.failures_left_out += 1
    summary.dialogues += found.rows
    summary.failed += found.failed
    summary.flagged += found.flagged
    summary.reasons.update(found.reasons)


def _verdict_lines(found: _Found, first: int, line: int) -> bytes:
    rows = (
        {"index": first + index, "line": line + place, "id": name, "verdicts": msgspec.to_builtins(verdicts)}
        for index, place, name, verdicts in found.verdicts
    )
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
