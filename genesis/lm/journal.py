"""The journal: every reply with its outcome, on disk before it is used.

A folder of shards (``rows.py`` has their form), one a writing process. A torn last line (a killed process) is cut off
with a warning; damage anywhere else raises RecordError with file and offset. Rows of paid replies are waited for until
the disk has them, many to one fsync; rows that cost nothing are written when some have gathered.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO

from genesis.errors import LockedError, RecordError
from genesis.lm.keys import KeyIndex
from genesis.lm.rows import (
    Entry,
    Header,
    Session,
    decode_entry,
    first_of,
    frame,
    is_entry,
    key_of,
    read_header,
    scan,
    scan_all,
    shards,
    unframe,
)

log = logging.getLogger("genesis.lm")

_FLUSH_BYTES = 1 << 18


class Journal:
    """An open journal: reads all shards of its folder, appends to its own.

    ``beside``: a pattern of shards that others write at the same time; they are not read, and only the own one counts.
    """

    def __init__(
        self, folder: Path, *, shard: str = "0", header: Header | None = None, readonly: bool = False, beside: str = ""
    ):
        self.folder = folder
        self._beside = beside
        self._shard = shard
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
                if beside and path != own and fnmatch(path.name, beside):
                    continue
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
        for start, end, body in scan_all(path):  # noqa: B007
            if body is None:
                size = path.stat().st_size
                log.warning("%s: the last %d bytes are torn; cut", path, size - start)
                if cut:
                    os.ftruncate(self._fd, start)
                break
            if first:
                read_header(path, body)
                first = False
            elif is_entry(body):
                self._index.add(key_of(body), first_of(body), number, start)
        if cut:
            self._written = end

    def _write_header(self, own: Path, header: Header) -> None:
        if self._written == 0:
            line = frame(header)
            os.write(self._fd, line)
            os.fsync(self._fd)
            _fsync_folder(self.folder)
            self._written = len(line)

    def bodies(self) -> Iterator[bytes]:
        """Yield the JSON of all rows on disk that count, shard by shard."""
        for path in [self.folder / f"{self._shard}.jsonl"] if self._beside else shards(self.folder):
            for _, body in scan(path):
                yield body

    def entries(self) -> Iterator[Entry]:
        """Yield all entries on disk, shard by shard."""
        return (decode_entry(body) for body in self.bodies() if is_entry(body))

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
            found = decode_entry(body)
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
            await done
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

    async def close(self, session: Session | None = None) -> None:
        """Write and sync what is left, and the session's own counts; unlock. Raises RecordError where that fails."""
        try:
            if self._flusher is not None:
                await asyncio.wait([self._flusher])
            if session is not None and self.broken is None and self._fd >= 0:
                line = frame(session)
                self._buffer.append((("", 0), line))
                self._buffered += len(line)
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
