"""Columns straight from files: JSON lines or Parquet in ours / TRL's / OpenAI's form fast and in parallel, any other
format through ``genesis.formats``.

>>> columns = read_columns("experiments/quickstart/s0-2930771b6562/dialogues.parquet")
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from genesis import formats
from genesis.dialogue import tool_from_row
from genesis.errors import FormatError, RowError
from genesis.metrics.columns import CHUNK, Columns, concat
from genesis.metrics.extract import Extract, Said
from genesis.scenario import Scenario
from genesis.tools.tool import Tool

CHUNK_BYTES = 1 << 24
SMALL = 1 << 25
"""Files below this many bytes are read by one process: starting another costs more than it saves."""


class _Function(msgspec.Struct):
    name: str
    arguments: Any = None


class _Call(msgspec.Struct):
    function: _Function | None = None
    name: str | None = None
    arguments: Any = None


class _Message(msgspec.Struct):
    role: str
    content: Any = None
    tool_calls: list[_Call] | None = None


class _Row(msgspec.Struct):
    messages: list[_Message]
    id: Any = None
    scenario: Any = None
    verdicts: Any = None
    provenance: Any = None
    tools: msgspec.Raw = msgspec.Raw(b"[]")


_row_of = msgspec.json.Decoder(_Row).decode
_messages_of = msgspec.json.Decoder(list[_Message]).decode
_json_of = msgspec.json.Decoder().decode


def read_columns(
    path: str | Path, *, format: str | None = None, domains: Mapping[str, str] | None = None, workers: int = 1
) -> Columns:
    """Return the columns of a data set, the same whatever the number of ``workers`` (processes, for large files).

    ``format`` names one of ``genesis.formats.READERS``; None: detected. A row that is no dialogue is counted
    (``unreadable``) and passed over. Raises FormatError where the file cannot be read or no row of it is a dialogue.
    With workers, a script must guard its main part (``if __name__ == "__main__":``), as with any multiprocessing.
    """
    file = Path(path)
    if not file.is_file():
        raise FormatError(f"{file}: no such file")
    known = dict(domains or {})
    if (groups := _parquet_groups(file)) is not None:
        take, units = partial(_take_group, str(file), known), range(groups)
    elif _blank(file):
        return concat([])
    elif formats.lines.kind(file) == "lines":
        family = formats.family(format) if format else formats.detect_file(file)
        take, units = partial(_take_lines, str(file), known, family), range(0, file.stat().st_size, CHUNK_BYTES)
    else:
        return _some(file, concat(_whole(file, format, known)))
    with _mapping(workers if file.stat().st_size >= SMALL else 1) as parts:
        return _some(file, concat(parts(take, units)))


def _some(file: Path, columns: Columns) -> Columns:
    if columns.unreadable and not columns.n:
        raise FormatError(f"{file}: none of {columns.unreadable} rows is a dialogue; {columns.problems[0]}")
    return columns


def _blank(file: Path) -> bool:
    with file.open("rb") as stream:
        return not any(line.strip() for line in stream)


@contextmanager
def _mapping(workers: int) -> Iterator[Any]:
    if workers <= 1:
        yield map
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield pool.imap


def _take_lines(path: str, domains: Mapping[str, str], family: str, start: int) -> Columns:
    """Return the columns of the lines that begin in CHUNK_BYTES from ``start``."""
    extract = Extract(domains)
    with Path(path).open("rb") as stream:
        if start:
            stream.seek(start - 1)
            stream.readline()
        at = stream.tell()
        while at < start + CHUNK_BYTES and (line := stream.readline()):
            if not line.isspace():
                try:
                    if family == "messages":
                        _take(extract, _row_of(line))
                    else:
                        extract.dialogue(formats.parse(line, family))
                except (msgspec.DecodeError, FormatError, RowError, RecursionError) as error:
                    extract.problem(f"line {_line_number(path, at)}: {error}")
            at += len(line)
    return extract.columns()


def _line_number(path: str, offset: int) -> int:
    lines = 1
    with Path(path).open("rb") as stream:
        while offset > 0 and (block := stream.read(min(offset, 1 << 20))):
            lines += block.count(b"\n")
            offset -= len(block)
    return lines


def _parquet_groups(file: Path) -> int | None:
    """Return the row groups of a Parquet file in our form (``messages`` a list of JSON texts); None of another."""
    with file.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(file)
    except (OSError, pa.ArrowException) as error:
        raise FormatError(f"{file}: not Parquet: {error}") from error
    with source:
        schema = source.schema_arrow
        if "messages" not in schema.names or not pa.types.is_list(schema.field("messages").type):
            return None
        kind = schema.field("messages").type.value_type
        text = kind == pa.string() or kind == pa.json_()
        groups: int = source.metadata.num_row_groups
        return groups if text else None


def _take_group(path: str, domains: Mapping[str, str], group: int) -> Columns:
    import pyarrow.parquet as pq

    extract = Extract(domains)
    with pq.ParquetFile(path) as source:
        wanted = [name for name in _Row.__struct_fields__ if name in source.schema_arrow.names]
        table = source.read_row_group(group, columns=wanted)
    columns = [table.column(name).to_pylist() for name in wanted]
    for number, values in enumerate(zip(*columns, strict=True)):
        found = dict(zip(wanted, values, strict=True))
        try:
            row = _Row(_messages_of("[" + ",".join(found.pop("messages")) + "]"), found.pop("id", None))
            row.tools = msgspec.Raw(("[" + ",".join(found.pop("tools", None) or ()) + "]").encode())
            for name, value in found.items():
                setattr(row, name, _json_of(value) if isinstance(value, str) else value)
            _take(extract, row)
        except (msgspec.DecodeError, FormatError, RecursionError) as error:
            extract.problem(f"row group {group}, row {number}: {error}")
    return extract.columns()


def _take(extract: Extract, row: _Row) -> None:
    scenario = row.scenario if isinstance(row.scenario, dict) else {}
    targets = scenario.get("targets")
    extract.add(
        row.id if isinstance(row.id, str) else "" if row.id is None else str(row.id),
        [_said(message) for message in row.messages],
        label=_label(scenario),
        owner=targets[0] if isinstance(targets, list) and targets else None,
        verdicts=[
            (str(verdict.get("check")), str(verdict.get("outcome")))
            for verdict in row.verdicts or ()
            if isinstance(verdict, dict)
        ],
        provenance=row.provenance if isinstance(row.provenance, dict) else None,
        tools=lambda: _tools(row.tools),
    )


def _said(message: _Message) -> Said:
    content = message.content
    if content is None:
        content = ""
    elif isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    elif not isinstance(content, str):
        raise FormatError(f"message: content of role {message.role!r} is {type(content).__name__}; expected text")
    return message.role, content, [_call(call) for call in message.tool_calls or ()]


def _call(call: _Call) -> tuple[str, dict[str, Any]]:
    function = call.function
    name, arguments = (function.name, function.arguments) if function else (call.name, call.arguments)
    if name is None:
        raise FormatError("tool call: has no name")
    if isinstance(arguments, str):
        try:
            arguments = _json_of(arguments or "{}")
        except (msgspec.DecodeError, RecursionError) as error:
            raise FormatError(f"tool call {name}: arguments are not JSON: {error}") from error
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise FormatError(f"tool call {name}: arguments are {type(arguments).__name__}; expected an object")
    return name, arguments


def _label(scenario: Mapping[str, Any]) -> str | None:
    """Return the label of a scenario's row, None of imported data."""
    kind, turns, tasks = scenario.get("kind"), scenario.get("turns"), scenario.get("tasks")
    if not (isinstance(kind, str) and isinstance(turns, str) and isinstance(tasks, str)):
        return None
    plan: Any = Scenario
    label: str = plan(
        kind, turns, tasks, scenario.get("special") or "none", chained=bool(scenario.get("chained"))
    ).label
    return label


def _tools(raw: msgspec.Raw) -> Iterator[Tool]:
    """Yield the tools of a row that are well formed; what is wrong with the others is for the rules to say."""
    try:
        rows = _json_of(raw)
        rows = _json_of(rows) if isinstance(rows, str) else rows
    except (msgspec.DecodeError, RecursionError):
        return
    for row in rows if isinstance(rows, list) else ():
        with suppress(FormatError):
            yield tool_from_row(row)


def _whole(file: Path, format: str | None, domains: Mapping[str, str]) -> Iterator[Columns]:
    """Yield the columns of one JSON list, or of Parquet in another form, chunk by chunk."""
    extract = Extract(domains)
    for number, row in enumerate(formats.read(file, format), 1):
        if row.dialogue is None:
            extract.problem(f"line {row.line}: {row.error}")
        else:
            extract.dialogue(row.dialogue)
        if number % CHUNK == 0:
            yield extract.columns()
            extract = Extract(domains)
    yield extract.columns()
