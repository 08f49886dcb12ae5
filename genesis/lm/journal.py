"""The journal: every reply with its outcome, on disk before it is used.

A folder of shards, one a writing process; a shard is append-only JSON lines::

    {"x":"9f0c...","k":"<32 hex digits>","i":0,"a":"user","s":[{"o":"good","t":"..."}],"p":412,"c":97}

``x`` is a checksum of the rest of the line, ``k`` the request's key (prompt, model, endpoint, sampling settings,
seed), ``i`` the number of its first sample, ``s`` the samples with their outcome. The first line is a header with
the models' identities. A torn last line (a killed process) is cut off with a warning; damage anywhere else raises
RecordError with file and offset. Rows of paid replies are waited for until the disk has them, many to one fsync.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import xxhash

from genesis.errors import LockedError, RecordError
from genesis.lm.keys import KeyIndex

log = logging.getLogger("genesis.lm")

VERSION = 1
_HEAD = 24  # {"x":"<16 hex digits>",
_FLUSH_BYTES = 1 << 18
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
    """Yield (offset, row's JSON) of a shard. Raises RecordError for damage before the last line.

    A damaged end (a line without newline, a line of NULs, a torn line) ends the iteration; :func:`sound_length` says
    where.
    """
    for offset, _, body in _scan(path):
        if body is not None:
            yield offset, body


def _scan(path: Path) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield (start, end, body) of sound lines, then (start, start, None) where a damaged tail begins."""
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
            return _read_header(path, body)
    raise RecordError(f"{folder}: no journal here")


def _read_header(path: Path, body: bytes) -> Header:
    try:
        header = _header.decode(body)
    except msgspec.DecodeError as error:
        raise RecordError(f"{path}: the first line is no journal header: {error}") from error
    if header.version > VERSION:
        raise RecordError(f"{path}: journal version {header.version}; this genesis reads up to {VERSION}")
    return header


class Journal:
    """An open journal: reads all shards of its folder, appends to its own."""

    def __init__(self, folder: Path, *, shard: str = "0", header: Header | None = None, readonly: bool = False):
        self.folder = folder
        self._index = KeyIndex()
        self._files: list[BinaryIO] = []
        self._pending: dict[tuple[str, int], Entry] = {}
        self._buffer: list[tuple[tuple[str, int], bytes]] = []
        self._buffered = 0
        self._written = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._own = -1
        self._fd = -1
        self.broken: RecordError | None = None
        own = folder / f"{shard}.jsonl"
        try:
            if not readonly:
                folder.mkdir(parents=True, exist_ok=True)
                self._fd = os.open(own, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
                _lock(self._fd, own)
            for path in shards(folder):
                self._read(path, cut=not readonly and path == own)
            if not readonly and header is not None:
                self._write_header(own, header)
        except OSError as error:
            self._release()
            raise RecordError(f"{own}: cannot be opened: {error.strerror}") from error
        except BaseException:
            self._release()
            raise

    def _read(self, path: Path, *, cut: bool) -> None:
        number = len(self._files)
        self._files.append(path.open("rb"))
        if cut:
            self._own = number
        first, end = True, 0
        for start, end, body in _scan(path):  # noqa: B007
            if body is None:
                size = path.stat().st_size
                log.warning("%s: the last %d bytes are torn; cut", path, size - start)
                if cut:
                    os.ftruncate(self._fd, start)
                break
            if first:
                _read_header(path, body)
                first = False
            elif body.startswith(b'{"k":"'):
                self._index.add(body[6:38], _first_of(body), number, start)
        if cut:
            self._written = end

    def _write_header(self, own: Path, header: Header) -> None:
        if self._written == 0:
            line = frame(header)
            os.write(self._fd, line)
            os.fsync(self._fd)
            _fsync_folder(self.folder)
            self._written = len(line)

    def entries(self) -> Iterator[Entry]:
        """Yield all entries on disk, shard by shard."""
        for path in shards(self.folder):
            for _, body in scan(path):
                if body.startswith(b'{"k":"'):
                    yield _entry.decode(body)

    def get(self, key: str, first: int) -> Entry | None:
        """Return the entry of a request's samples from number ``first`` on, or None."""
        entry = self._pending.get((key, first))
        if entry is not None:
            return entry
        for number, offset in self._index.find(key.encode(), first):
            file = self._files[number]
            file.seek(offset)
            body = unframe(file.readline()[:-1])
            if body is None:
                raise RecordError(f"{self.folder}: shard {number} changed under us at byte {offset}")
            found = _entry.decode(body)
            if found.k == key and found.i == first:
                return found
        return None

    async def put(self, entry: Entry, *, durable: bool) -> None:
        """Append an entry; with ``durable`` return only when the disk has it. Raises RecordError (disk full)."""
        if self.broken is not None:
            raise self.broken
        line = frame(entry)
        self._pending[entry.k, entry.i] = entry
        self._index.add(entry.k.encode(), entry.i, self._own, self._written + self._buffered)
        self._buffer.append(((entry.k, entry.i), line))
        self._buffered += len(line)
        if durable:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(done)
            if self._flusher is None:
                self._flusher = asyncio.create_task(self._flush_all())
            await asyncio.shield(done)
        elif self._buffered > _FLUSH_BYTES and self._flusher is None:
            self._write_now(sync=False)

    def _take(self) -> tuple[list[tuple[str, int]], bytes]:
        keys, data = [key for key, _ in self._buffer], b"".join(line for _, line in self._buffer)
        self._buffer.clear()
        return keys, data

    def _save(self, data: bytes, sync: bool) -> None:
        """Write ``data`` (also called in a thread); on failure leave the file as it was before. Raises RecordError."""
        try:
            write_all(self._fd, data)
            if sync:
                os.fdatasync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, self._written)
            self.broken = RecordError(f"{self.folder}: cannot be written: {error.strerror}; what is there is sound")
            raise self.broken from error

    def _saved(self, keys: list[tuple[str, int]], size: int) -> None:
        self._written += size
        self._buffered -= size
        for key in keys:
            self._pending.pop(key, None)

    def _write_now(self, *, sync: bool) -> None:
        keys, data = self._take()
        self._save(data, sync)
        self._saved(keys, len(data))

    async def _flush_all(self) -> None:
        """Write what has gathered, fsync in a thread, wake the waiters; again while more has gathered meanwhile."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        try:
            while self._waiting:
                (keys, data), waiting = self._take(), self._waiting
                self._waiting = []
                try:
                    await loop.run_in_executor(self._thread, self._save, data, True)
                except RecordError as error:
                    for done in (*waiting, *self._waiting):
                        if not done.done():
                            done.set_exception(error)
                    self._waiting = []
                    return
                self._saved(keys, len(data))
                for done in waiting:
                    if not done.done():
                        done.set_result(None)
        finally:
            self._flusher = None

    async def close(self) -> None:
        """Write and sync what is left, unlock. Raises RecordError where that fails."""
        try:
            if self._flusher is not None:
                await asyncio.wait([self._flusher])
            if self._buffer and self.broken is None:
                self._write_now(sync=True)
        finally:
            self._release()

    def _release(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        for file in self._files:
            file.close()
        self._files = []
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _first_of(body: bytes) -> int:
    """Return ``i`` of an entry's JSON without decoding the rest: it follows the key."""
    start = body.index(b'"i":', 38) + 4
    return int(body[start : body.index(b",", start)])


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LockedError(f"{path}: another process writes this journal") from error


def write_all(fd: int, data: bytes) -> None:
    """Write all of ``data``; a short write (a disk getting full) is followed up, so that the error shows."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


_COUNTED = ("calls", "completions", "prompt_tokens", "completion_tokens", "estimated", "resamples")


def totals(entries: Iterator[Entry]) -> dict[str, dict[str, Any]]:
    """Return calls, completions and tokens by agent: what the journal's requests cost."""
    result: dict[str, dict[str, Any]] = {}
    for entry in entries:
        row = result.setdefault(entry.a, dict.fromkeys(_COUNTED, 0))
        row["calls"] += 1
        row["completions"] += len(entry.s)
        row["prompt_tokens"] += entry.p
        row["completion_tokens"] += entry.c
        row["estimated"] += entry.e
        row["resamples"] += entry.m > 0
    return result
