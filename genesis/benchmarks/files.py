"""Reading a benchmark's files: JSON lines or a JSON array, with the place of what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import BenchmarkError


def rows(path: Path, needs: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows of a JSON-lines or JSON-array file, each an object with the fields ``needs``.

    Raises BenchmarkError naming file and line (JSON lines) or index (array).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BenchmarkError(f"{path}: cannot be read: {error.strerror or error}") from error
    found: list[dict[str, Any]] = []
    for place, row in _located(path, data):
        missing = [name for name in needs if not isinstance(row, dict) or name not in row]
        if missing:
            raise BenchmarkError(f"{path}:{place}: expected an object with {list(needs)}; {missing[0]!r} is missing")
        found.append(row)
    if not found:
        raise BenchmarkError(f"{path}: holds no item")
    return found


def _located(path: Path, data: bytes) -> list[tuple[str, Any]]:
    if data.lstrip()[:1] == b"[":
        whole = _decode(path, "1", data)
        return [(f"[{index}]", row) for index, row in enumerate(whole)]
    lines = enumerate(data.split(b"\n"), 1)
    return [(str(number), _decode(path, str(number), line)) for number, line in lines if line.strip()]


def _decode(path: Path, place: str, data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BenchmarkError(f"{path}:{place}: not JSON: {error}") from error
