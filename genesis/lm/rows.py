"""The form of the journal: append-only JSON lines, each with a checksum.

::

    {"x":"9f0c...","k":"<32 hex digits>","i":0,"a":"user","s":[{"o":"good","t":"..."}],"p":412,"c":97}

``x`` is a checksum of the rest of the line, ``k`` the request's key (prompt, model, endpoint, sampling settings,
seed), ``i`` the number of its first sample, ``s`` the samples with their outcome. The first line of a shard is a
header with the models' identities.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import xxhash

from genesis.errors import RecordError
from genesis.lm.usage import UNUSABLE

VERSION = 1
_HEAD = 24  # {"x":"<16 hex digits>",
Outcome = str


class Sample(msgspec.Struct, omit_defaults=True, frozen=True):
    """One sample as it was received, with what came of it."""

    o: Outcome
    """good, empty, refused, cut or unparsable."""
    t: str = ""
    """The text."""
    r: str = ""
    """The reason, where the outcome is not good."""
    g: str = ""
    """The reasoning trace."""


class Entry(msgspec.Struct, omit_defaults=True, frozen=True):
    """One answered request."""

    k: str
    i: int
    a: str
    s: list[Sample]
    p: int
    """Prompt tokens of the request."""
    c: int
    """Completion tokens of the request."""
    e: bool = False
    """Token counts are estimates."""
    m: int = 0
    """Number of the fresh sample that replaced an unparsable one; 0 for a first try."""


class Session(msgspec.Struct, frozen=True):
    """What a session adds at its end: what no entry holds."""

    session: dict[str, dict[str, int | float]]
    """Agent -> attempts, retries, possibly_billed, rejected, trimmed, waited."""


class Header(msgspec.Struct, omit_defaults=True, frozen=True):
    """The first line of a shard."""

    version: int
    lms: dict[str, str]
    """Agent (or ``default``) -> identity of its model."""
    names: dict[str, str] = {}
    """Agent (or ``default``) -> the model's name."""
    simulated: list[str] = []
    """Agents (or ``default``) whose model is simulated."""


_encoder = msgspec.json.Encoder()
_entry = msgspec.json.Decoder(Entry)
_header = msgspec.json.Decoder(Header)
_session = msgspec.json.Decoder(Session)


def frame(row: msgspec.Struct) -> bytes:
    """Return a row as its line: checksum first."""
    body = _encoder.encode(row)
    return b'{"x":"%016x",' % xxhash.xxh3_64_intdigest(body) + body[1:] + b"\n"


def unframe(line: bytes) -> bytes | None:
    """Return the row's JSON, or None where the line is damaged."""
    body = b"{" + line[_HEAD:]
    if line[:6] != b'{"x":"' or line[6:22] != b"%016x" % xxhash.xxh3_64_intdigest(body):
        return None
    return body


def scan(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, row's JSON) of a shard up to a torn tail. Raises RecordError for damage before the last line."""
    for offset, _, body in scan_all(path):
        if body is not None:
            yield offset, body


def scan_all(path: Path) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield (start, end, body) of sound lines, then, where the tail is damaged, (start, start, None)."""
    offset = 0
    with path.open("rb") as file:
        for line in file:
            body = unframe(line[:-1]) if line.endswith(b"\n") else None
            if body is None:
                _check_tail(path, file, offset, line)
                yield offset, offset, None
                return
            yield offset, offset + len(line), body
            offset += len(line)


def _check_tail(path: Path, file: BinaryIO, offset: int, bad: bytes) -> None:
    """Raise RecordError where sound lines follow a damaged one: that is no torn tail."""
    file.seek(offset + len(bad))
    for line in file:
        if line.endswith(b"\n") and unframe(line[:-1]) is not None:
            raise RecordError(
                f"{path}: damaged at byte {offset} with sound rows after it; restore the file from a copy, "
                "or cut it there to lose what follows"
            )


def shards(folder: Path) -> list[Path]:
    """Return the shards of a journal, in order."""
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def header_of(folder: Path) -> Header:
    """Return the header of a journal. Raises RecordError where there is none or a newer version wrote it."""
    for path in shards(folder):
        for _, body in scan(path):
            return read_header(path, body)
    raise RecordError(f"{folder}: no journal here")


def read_header(path: Path, body: bytes) -> Header:
    try:
        header = _header.decode(body)
    except msgspec.DecodeError as error:
        raise RecordError(f"{path}: the first line is no journal header: {error}") from error
    if header.version > VERSION:
        raise RecordError(f"{path}: journal version {header.version}; this genesis reads up to {VERSION}")
    return header


def is_entry(body: bytes) -> bool:
    """Whether a row's JSON is an entry: its key comes first."""
    return body.startswith(b'{"k":"')


def key_of(body: bytes) -> bytes:
    """Return the key of an entry's JSON without decoding the rest."""
    return body[6:38]


def first_of(body: bytes) -> int:
    """Return ``i`` of an entry's JSON without decoding the rest: it follows the key."""
    start = body.index(b'"i":', 38) + 4
    return int(body[start : body.index(b",", start)])


def decode_entry(body: bytes) -> Entry:
    """Decode an entry's JSON."""
    return _entry.decode(body)


_COUNTED = ("calls", "completions", "prompt_tokens", "completion_tokens", "estimated", "resamples", *UNUSABLE)


def totals(bodies: Iterator[bytes]) -> dict[str, dict[str, float]]:
    """Return by agent what the journal's requests cost, from its rows' JSON.

    Attempts, waits and possibly billed calls come from the sessions that ended; a killed one counts an attempt a call.
    """
    result: dict[str, dict[str, float]] = {}
    for body in bodies:
        if is_entry(body):
            entry = decode_entry(body)
            row = result.setdefault(entry.a, dict.fromkeys(_COUNTED, 0))
            used = (1, len(entry.s), entry.p, entry.c, entry.e, entry.m > 0)
            for name, counted in zip(_COUNTED, used, strict=False):
                row[name] += counted
            for sample in entry.s:
                if sample.o in UNUSABLE:
                    row[sample.o] += 1
        elif body.startswith(b'{"session"'):
            for agent, counts in _session.decode(body).session.items():
                row = result.setdefault(agent, dict.fromkeys(_COUNTED, 0))
                for name, count in counts.items():
                    row[name] = row.get(name, 0) + count
    for row in result.values():
        row["attempts"] = max(row.get("attempts", 0), row["calls"])
    return result
