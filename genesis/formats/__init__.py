"""Rows in and out of the formats that trainers and published data sets use.

    for row in read("data.jsonl"):           # the format is detected; row.dialogue, or row.error
        ...
    report = write(dialogues, "llamafactory", "out", split="tool", test=0.1, seed=0)

READERS and WRITERS list what can be imported and exported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from genesis.dialogue import Dialogue
from genesis.errors import FormatError, RowError
from genesis.formats import hermes, lines, messages, sharegpt, toolace, verl, xlam
from genesis.formats.rows import LENGTH, MIXED, NOT_JSON, SHAPE, Row, decode

READERS: Mapping[str, Callable[[dict[str, Any]], Dialogue]] = {
    "trl": messages.read,
    "openai": messages.read,
    "axolotl": messages.read,
    "ms-swift": messages.read,
    "llamafactory": sharegpt.read,
    "sharegpt": sharegpt.read,
    "hermes": hermes.read,
    "qwen": hermes.read,
    "toolace": toolace.read,
    "xlam": xlam.read,
}
"""Format -> reader of one decoded row."""
WRITERS: Mapping[str, Callable[[Dialogue], Iterator[dict[str, Any]]]] = {
    "trl": lambda dialogue: iter([messages.write_trl(dialogue)]),
    "openai": lambda dialogue: iter([messages.write_openai(dialogue)]),
    "axolotl": lambda dialogue: iter([messages.write_axolotl(dialogue)]),
    "ms-swift": lambda dialogue: iter([messages.write_swift(dialogue)]),
    "llamafactory": lambda dialogue: iter([sharegpt.write(dialogue)]),
    "hermes": lambda dialogue: iter([hermes.write(dialogue)]),
    "qwen": lambda dialogue: iter([hermes.write_qwen(dialogue)]),
    "toolace": lambda dialogue: iter([toolace.write(dialogue)]),
    "xlam": lambda dialogue: iter([xlam.write(dialogue)]),
    "verl": verl.rows,
}
"""Format -> writer of a dialogue's rows."""
_FAMILY = {
    "trl": "messages",
    "openai": "messages",
    "axolotl": "messages",
    "ms-swift": "messages",
    "sharegpt": "llamafactory",
}
_ALIKE = ({"hermes", "llamafactory"}, {"qwen", "messages"})
"""Rows of the first look like the second where they hold no tool, no call and no result."""


def family(name: str) -> str:
    """Return the name under which formats that are read alike go. Raises FormatError for an unknown format."""
    if name not in READERS:
        raise FormatError(f"no format {name!r} to read; there are {', '.join(READERS)}")
    return _FAMILY.get(name, name)


def detect(row: Any) -> str:
    """Return the family of a decoded row, or raise RowError naming the keys found."""
    if not isinstance(row, dict):
        raise RowError(SHAPE, f"a row is {type(row).__name__}; expected an object")
    if "messages" in row:
        return _detect_messages(row["messages"])
    if "conversations" in row:
        return _detect_conversations(row)
    if "query" in row and "answers" in row:
        return "xlam"
    raise RowError(SHAPE, f"no known format has the keys {sorted(map(str, row))[:8]}")


def _detect_messages(rows: Any) -> str:
    listed = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    texts = [str(row.get("content")) for row in listed[:4] if not row.get("tool_calls")]
    if any("<tools>" in text or text.startswith("<tool_call>") for text in texts):
        return "qwen"
    return "messages"


def _detect_conversations(row: dict[str, Any]) -> str:
    system = row.get("system")
    if isinstance(system, str) and "unction" in system and ("[{" in system or "[func1(" in system):
        return "toolace"
    turns = (
        [part for part in row["conversations"] if isinstance(part, dict)]
        if isinstance(row["conversations"], list)
        else []
    )
    text = " ".join(str(part.get("value")) for part in turns[:6])
    return "hermes" if "<tools>" in text or "<tool_call>" in text else "llamafactory"


def parse(data: bytes, expected: str) -> Dialogue:
    """Read one row's JSON text as the family ``expected`` (from :func:`family` or :func:`detect`). Raises RowError."""
    if len(data) > lines.MAX_ROW:
        raise too_long(len(data))
    if expected == "messages":
        return _parse_messages(data)
    row = decode(data, NOT_JSON)
    found = detect(row)
    if found != expected and {found, expected} not in _ALIKE:
        raise RowError(MIXED, f"a row of format {found} in a file of format {expected}")
    return READERS["hermes" if found == "hermes" else expected](row)


def _parse_messages(data: bytes) -> Dialogue:
    try:
        return messages.read_line(data)
    except RowError:
        row = decode(data, NOT_JSON)  # tells damage from another format
        found = detect(row)
        if found not in ("messages", "qwen"):
            raise RowError(MIXED, f"a row of format {found} in a file of messages") from None
        raise


def too_long(length: int) -> RowError:
    """Return the error of a row over the cap."""
    return RowError(LENGTH, f"a row of {length:,} bytes; at most {lines.MAX_ROW:,}")


def detect_file(path: str | Path) -> str:
    """Return the family of a file: what the first row that can be decoded is. Raises FormatError."""
    for number, data in _texts(Path(path)):
        if number > 1000:
            break
        try:
            return detect(decode(data, NOT_JSON))
        except RowError:
            continue
    raise FormatError(f"{path}: none of its first rows is of a known format ({', '.join(READERS)})")


def _texts(path: Path) -> Iterator[tuple[int, bytes]]:
    kind = lines.kind(path)
    if kind == "list":
        yield from enumerate(lines.items(path), 1)
    elif kind == "parquet":
        yield from enumerate(lines.parquet_rows(path), 1)
    else:
        for number, data, length in lines.lines(path):
            yield number, data if length <= lines.MAX_ROW + 2 else data.ljust(length)


def read(path: str | Path, format: str | None = None) -> Iterator[Row]:
    """Yield the rows of a file: JSON lines, one JSON list or Parquet, in a named or detected format.

    A row that is no dialogue comes with its error, and the rest is read. Raises FormatError for the file as a whole.
    """
    expected = family(format) if format else detect_file(path)
    for index, (line, data) in enumerate(_texts(Path(path))):
        try:
            yield Row(index, line, parse(data, expected))
        except RowError as error:
            yield Row(index, line, None, error)


def dialogues(path: str | Path, format: str | None = None) -> list[Dialogue]:
    """Return the dialogues of a file. Raises FormatError with file and line for the first row that is none."""
    found = []
    for row in read(path, format):
        if row.dialogue is None:
            raise FormatError(f"{path}:{row.line}: {row.error}")
        found.append(row.dialogue)
    return found
