"""Tools written down in a file: OpenAI ``tools`` JSON, data set rows with tools, flat lists, pools.

::

    [{"type": "function", "function": {"name": ..., "description": ..., "parameters": {...}}}]     OpenAI, TRL
    {"tools": [...]}                                     the same in an object; also what an MCP server lists
    {"messages": [...], "tools": [...]}                  one data set row a line; ``tools`` may be JSON text (xLAM)
    {"id": "simple_0", "function": [{...}]}              what BFCL and repositories like it publish
    {"name": ..., "description": ..., "parameters": ...} one tool a line: our pool files, and bare lists

JSON, JSON lines or Parquet. Damage is an error that names file, line and place; a broken *tool* is a finding later.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import PoolError
from genesis.tools.found import Found

_LISTS = ("tools", "functions", "function", "functionDeclarations", "function_declarations", "available_tools")
_SCHEMAS = ("parameters", "arguments", "inputSchema", "input_schema", "description")
_MAX_BYTES = 2 << 30


def file_tools(path: str) -> Iterator[Found]:
    """Yield every tool written in a file. Raises PoolError naming the file and the place."""
    file = Path(path)
    if not path:
        raise PoolError("source 'tools:': expected a file, as in tools:my_tools.json")
    source = f"tools:{file.name}"
    about: dict[str, Any] = {}
    rows = _parquet(file) if file.suffix == ".parquet" else _rows(file, about)
    for place, row in rows:
        for pointer, raw in tools_in(row, f"{path}{place}"):
            yield Found(raw, source, pointer[len(path) :].lstrip(":"), known=_known(raw, about))


def _known(raw: Any, about: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the file says of a tool beside its definition: our pool lines do, and our OpenAI export."""
    if not isinstance(raw, dict):
        return None
    if isinstance(raw.get("function"), dict):
        name = raw["function"].get("name")
        return about.get(name) if isinstance(name, str) and isinstance(about.get(name), dict) else None
    if all(isinstance(raw.get(field), str) for field in ("domain", "source", "original_name")):
        return {field: raw[field] for field in ("domain", "source", "original_name")}
    return None


def tools_in(row: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the tools of one row with their places. Raises PoolError on a row of another shape."""
    if isinstance(row, list):
        for index, part in enumerate(row):
            yield from tools_in(part, f"{place}/{index}")
        return
    if not isinstance(row, dict):
        raise PoolError(f"{place}: expected a tool or a row with tools, got {type(row).__name__}")
    if isinstance(row.get("function"), dict) or ("name" in row and any(field in row for field in _SCHEMAS)):
        yield place, row
        return
    for field in _LISTS:
        if field in row:
            yield from _several(row[field], f"{place}/{field}")
            return
    if row.keys() == {"name"}:
        yield place, row
        return
    raise PoolError(f"{place}: no tools here: expected one of the fields {', '.join(_LISTS)}, got {sorted(row)[:8]}")


def _several(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError) as error:
            raise PoolError(f"{place}: is text, but no JSON: {error}") from error
    if value is None:
        return
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise PoolError(f"{place}: expected a list of tools, got {type(value).__name__}")
    for index, part in enumerate(value):
        if isinstance(part, dict) and any(isinstance(part.get(field), list) for field in _LISTS[3:5]):
            yield from tools_in(part, f"{place}/{index}")
        else:
            yield f"{place}/{index}", part


def _rows(file: Path, about: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the rows of a JSON or JSON-lines file with their places (``:LINE`` or ``#/INDEX``)."""
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise PoolError(f"{file}: is larger than {_MAX_BYTES >> 30} GiB")
        data = file.read_bytes()
    except OSError as error:
        raise PoolError(f"{file}: cannot be read: {error.strerror or error}") from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise PoolError(f"{file}: is empty")
    lines = data.split(b"\n")
    if data.lstrip()[:1] == b"[" or len([line for line in lines if line.strip()]) == 1 or not _is_json(lines[0]):
        whole = _decode(data, f"{file}", data)
        if isinstance(whole, dict) and isinstance(whole.get("about"), dict):
            about.update(whole["about"])
        yield "#", whole
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield f":{number}", _decode(line, f"{file}:{number}", None)


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _decode(data: bytes, place: str, whole: bytes | None) -> Any:
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise PoolError(f"{place}: nested too deeply to be read") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if b"\\ud" in data.lower():  # a lone surrogate: JSON to Python's reader, cleaned when the tool is read
            with contextlib.suppress(ValueError, RecursionError):
                return json.loads(data)
        where = place
        if whole is not None:
            where = f"{place}:{_line_of(whole, str(error))}"
        raise PoolError(f"{where}: not JSON: {error}") from error


def _line_of(data: bytes, message: str) -> int:
    """Return the line of the byte that msgspec names (``... (byte 17)``); the last where it names none."""
    digits = message.rpartition("(byte ")[2].rstrip(")")
    end = int(digits) if digits.isdigit() else len(data)
    return data[:end].count(b"\n") + 1


def _parquet(file: Path) -> Iterator[tuple[str, Any]]:
    import pyarrow.parquet as parquet

    try:
        table = parquet.ParquetFile(file)
        names = [name for name in _LISTS if name in table.schema_arrow.names]
        if not names and "name" in table.schema_arrow.names:
            names = [name for name in ("name", *_SCHEMAS) if name in table.schema_arrow.names]
        if not names:
            raise PoolError(f"{file}: no column of tools; its columns are {table.schema_arrow.names[:12]}")
        number = 0
        for batch in table.iter_batches(columns=names):
            for row in batch.to_pylist():
                yield f"#{number}", _without_none(row)
                number += 1
    except (OSError, ValueError) as error:
        raise PoolError(f"{file}: cannot be read as Parquet: {error}") from error


def _without_none(value: Any) -> Any:
    """Drop the fields that Parquet's structs fill up with null because another tool has them."""
    if isinstance(value, dict):
        return {key: _without_none(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_none(part) for part in value]
    return value
