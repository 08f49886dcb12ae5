"""Rows as lines of JSON in a file: appended in one write, read past a torn end, replaced whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from genesis.errors import RecordError


def append(file: Path, row: dict[str, Any]) -> None:
    """Append one row in a single write. Raises RecordError where the disk refuses."""
    line = msgspec.json.encode(row) + b"\n"
    try:
        with file.open("ab") as stream:
            stream.write(line)
    except OSError as error:
        raise RecordError(f"{file}: {error.strerror}; what is there is valid, resume later") from error


def read(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file; an absent file has none.

    A torn last line is passed over (:func:`mend` cuts it); damage in the middle raises RecordError with the offset.
    """
    if not file.exists():
        return
    offset = 0
    with file.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                return
            yield _decode(line, file, offset)
            offset += len(line)


def mend(file: Path) -> int:
    """Cut a torn tail (no final newline, or a block of NULs) off a file; return the bytes cut."""
    if not file.exists():
        return 0
    data = file.read_bytes()
    kept = data.rstrip(b"\0")
    kept = kept[: kept.rfind(b"\n") + 1]
    if len(kept) < len(data):
        with file.open("r+b") as stream:
            stream.truncate(len(kept))
    return len(data) - len(kept)


def replace(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write a file anew, whole or not at all. Raises RecordError."""
    write_atomic(file, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def order(file: Path, place: Callable[[dict[str, Any]], int]) -> None:
    """Bring the rows of a file into the order of ``place``, whole or not at all, one in memory at once."""
    places = [place(row) for row in read(file)]
    if places == sorted(places):
        return
    with file.open("rb") as stream:
        ends = list(accumulate(len(line) for line in stream))
        starts = [0, *ends]
        rows = sorted(range(len(places)), key=places.__getitem__)
        write_atomic(file, (_piece(stream, starts[row], ends[row]) for row in rows))


def write_atomic(file: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file, whole or not at all: a temporary one beside it, synced, then renamed. Raises RecordError."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RecordError(f"{file}: cannot be written: {error.strerror}") from error


def _decode(line: bytes, file: Path, offset: int) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RecordError(f"{file}: damaged at byte {offset}: {error}") from error
    if not isinstance(row, dict):
        raise RecordError(f"{file}: damaged at byte {offset}: expected an object")
    return row


def _piece(stream: BinaryIO, start: int, end: int) -> bytes:
    stream.seek(start)
    return stream.read(end - start)
