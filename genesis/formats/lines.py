"""Where rows lie on disk: JSON lines, one JSON list, or Parquet; read in pieces, damage told by line.

``ranges`` cuts a file of JSON lines at line ends into pieces that processes can read apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import FormatError

MAX_ROW = 8_000_000
"""Bytes of a row; a longer one is not decoded."""
_PIECE = 1 << 20


def kind(path: Path) -> str:
    """Return ``lines``, ``list`` or ``parquet``. Raises FormatError for a file that cannot be opened or is empty."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
    if head[:4] == b"PAR1":
        return "parquet"
    if not head.strip(b" \t\r\n\xef\xbb\xbf\x00"):
        raise FormatError(f"{path}: no rows in it")
    return "list" if head.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] == b"[" else "lines"


def ranges(path: Path, size: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) byte ranges of about ``size`` bytes that begin and end at line ends."""
    total = path.stat().st_size
    start = 0
    with path.open("rb") as stream:
        while start < total:
            end = _next_line(stream, start + size, total)
            yield start, end
            start = end


def _next_line(stream: Any, at: int, total: int) -> int:
    """Return the offset after the first line end at or after ``at``; a long line is passed over in pieces."""
    if at >= total:
        return total
    stream.seek(at)
    while piece := stream.read(_PIECE):
        found = piece.find(b"\n")
        if found >= 0:
            return int(at + found + 1)
        at += len(piece)
    return total


def lines(path: Path, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes, int]]:
    """Yield (line number from 1 within the range, text, length in bytes) of lines that are not blank.

    A line over MAX_ROW bytes comes cut to its first 200 bytes: its length tells.
    """
    with path.open("rb") as stream:
        stream.seek(start)
        left = (end if end is not None else path.stat().st_size) - start
        for number, (line, length) in enumerate(_cut(stream, left), 1):
            text = line.strip(b" \t\r\n")
            if number == 1 and start == 0:
                text = text.removeprefix(b"\xef\xbb\xbf")
            if text:
                yield number, text, length


def _cut(stream: Any, left: int) -> Iterator[tuple[bytes, int]]:
    """Yield (line without its end, length in bytes with it); a line over MAX_ROW comes cut to its first 200 bytes."""
    held: list[bytes] = []
    length = 0
    while left > 0 and (block := stream.read(min(_PIECE, left))):
        left -= len(block)
        *whole, last = block.split(b"\n")
        if whole and held:
            length += len(whole[0]) + 1
            yield _joined(held, whole[0], length), length
            held, length = [], 0
            whole = whole[1:]
        for line in whole:
            yield line, len(line) + 1
        if last:
            if length <= MAX_ROW:  # what comes after is only counted
                held.append(last)
            length += len(last)
    if held:
        yield _joined(held, b"", length), length


def _joined(held: list[bytes], end: bytes, length: int) -> bytes:
    return held[0][:200] if length > MAX_ROW else b"".join([*held, end])


def items(path: Path) -> list[bytes]:
    """Return the items of a file that is one JSON list, as texts. Raises FormatError."""
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        return [bytes(item) for item in msgspec.json.decode(data, type=list[msgspec.Raw])]
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"{path}: not one JSON list of rows: {error}") from error


def parquet_rows(path: Path) -> Iterator[bytes]:
    """Yield the rows of a Parquet file as JSON texts; columns of JSON type stand as the values they are.

    Raises FormatError.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(path)
        for batch in source.iter_batches(batch_size=500):
            for row in batch.to_pylist():
                yield msgspec.json.encode({name: _value(name, value) for name, value in row.items()}, enc_hook=str)
    except (OSError, pa.ArrowException) as error:
        raise FormatError(f"{path}: not Parquet that can be read: {error}") from error


def _value(name: str, value: Any) -> Any:
    """Return a cell as a row's value; our own files keep JSON text in each cell and in each item of a list."""
    if isinstance(value, str) and name not in ("id", "system", "query") and value[:1] in ("{", "[", "n"):
        return _decoded(value)
    if isinstance(value, list):
        return [_decoded(item) if isinstance(item, str) and item[:1] in ("{", "[") else _slim(item) for item in value]
    return value


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _slim(value: Any) -> Any:
    """Drop the nulls that Arrow's merged structs put where a message has no such key."""
    if isinstance(value, dict):
        return {name: _slim(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_slim(part) for part in value]
    return value
