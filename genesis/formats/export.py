"""Write a data set as a trainer reads it: split files, and the registration file of frameworks that want one.

::

    out/train.jsonl  out/test.jsonl          openai, llamafactory, hermes, qwen, toolace, xlam, ms-swift, axolotl
    out/train.parquet  out/test.parquet      trl (JSON columns), verl
    out/dataset_info.json                    llamafactory
    out/axolotl.yaml                         axolotl: the ``datasets`` entry of its configuration
    out/export.json                          format, split, seed, rows, and what could not be written, with reasons
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from genesis.dialogue import Dialogue
from genesis.errors import FormatError, RowError
from genesis.formats import WRITERS
from genesis.formats.split import Split, split

_TAGS = {
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
    "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """What was written."""

    format: str
    split: Split
    seed: int
    rows: dict[str, int]
    """Side -> rows."""
    files: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    """(dialogue id, reason) of what the format cannot hold."""
    made_by: tuple[str, ...]
    """The language models in the dialogues' provenance, as they name themselves (offline ones say "simulated")."""


def write(
    dialogues: Iterable[Dialogue],
    format: str,
    folder: str | Path,
    *,
    by: Split = "none",
    test: float = 0.1,
    seed: int = 0,
) -> Export:
    """Write dialogues into a folder, which is made; raises FormatError for an unknown format or an unwritable folder.

    The same dialogues and seed give the same bytes. A dialogue the format cannot hold is skipped with its reason.
    """
    if format not in WRITERS:
        raise FormatError(f"no format {format!r} to write; there are {', '.join(WRITERS)}")
    everything = list(dialogues)
    skipped: list[tuple[str, str]] = []
    sides = {side: _rows(members, format, skipped) for side, members in split(everything, by, test, seed).items()}
    if not any(sides.values()):
        reason = skipped[0][1] if skipped else "there are no dialogues"
        raise FormatError(f"nothing can be written as {format}: {reason}")
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        files = [_write_rows(rows, format, target / side) for side, rows in sides.items()]
        files += _companions(format, target, files)
        counts = {side: len(rows) for side, rows in sides.items()}
        report = Export(format, by, seed, counts, tuple(files), tuple(skipped), _made_by(everything))
        (target / "export.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    except OSError as error:
        raise FormatError(f"{target}: cannot be written: {error.strerror}") from error
    return report


def _made_by(dialogues: Sequence[Dialogue]) -> tuple[str, ...]:
    return tuple(sorted({str(dialogue.provenance["lm"]) for dialogue in dialogues if "lm" in dialogue.provenance}))


def _rows(dialogues: Sequence[Dialogue], format: str, skipped: list[tuple[str, str]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for dialogue in dialogues:
        try:
            rows += list(WRITERS[format](dialogue))
        except RowError as error:
            skipped.append((dialogue.id, str(error)))
    return rows


def _write_rows(rows: list[dict[str, Any]], format: str, stem: Path) -> str:
    if format in ("trl", "verl"):
        file = stem.with_suffix(".parquet")
        if format == "trl":
            _write_trl(rows, file)
        else:
            _write_structs(rows, file)
        return file.name
    file = stem.with_suffix(".jsonl")
    file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return file.name


def _write_trl(rows: list[dict[str, Any]], file: Path) -> None:
    """Write with JSON columns: inferred structs would merge the keys of all tools and turn integers into floats."""
    from genesis.store import write_parquet

    write_parquet(rows, file, ("id", "messages", "tools", "scenario", "provenance"))


def _write_structs(rows: list[dict[str, Any]], file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), file, compression="zstd")


def _companions(format: str, target: Path, files: Sequence[str]) -> list[str]:
    """Write the file by which a framework finds the data."""
    if format == "llamafactory":
        entry = {
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
        }
        info = {f"genesisfunc_{Path(name).stem}": {"file_name": name, **entry, "tags": _TAGS} for name in files}
        (target / "dataset_info.json").write_bytes(msgspec.json.format(msgspec.json.encode(info)))
        return ["dataset_info.json"]
    if format == "axolotl":
        lines = [
            "datasets:",
            "  - path: train.jsonl",
            "    ds_type: json",
            "    type: chat_template",
            "    field_messages: messages",
        ]
        lines += ["    message_property_mappings: {role: role, content: content}", "chat_template: tokenizer_default"]
        (target / "axolotl.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ["axolotl.yaml"]
    return []
