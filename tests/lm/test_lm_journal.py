"""The journal: what is on disk counts, what is torn is cut, what is damaged is an error."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from genesis.errors import LockedError, RecordError
from genesis.lm.journal import Journal
from genesis.lm.keys import KeyIndex
from genesis.lm.rows import Entry, Header, Sample, frame, scan

HEADER = Header(1, {"default": "m@x"}, {"default": "m"})


def entry(number: int, text: str = "hello") -> Entry:
    return Entry(f"{number:032x}", 0, "user", [Sample("good", text)], 10, 5)


async def fill(folder: Path, count: int, start: int = 0) -> None:
    journal = Journal(folder, header=HEADER)
    await asyncio.gather(*(journal.put(entry(number), durable=True) for number in range(start, start + count)))
    await journal.close()


def numbers(folder: Path) -> list[int]:
    journal = Journal(folder, readonly=True)
    try:
        return [int(found.k, 16) for found in journal.entries()]
    finally:
        journal._release()


async def test_entries_are_found_before_and_after_they_are_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path, header=HEADER)
    first = entry(1, "é🌦\x00\x1b")
    await journal.put(first, durable=False)
    assert journal.get(first.k, 0) == first
    await journal.put(entry(2), durable=True)
    assert journal.get(first.k, 0) == first
    assert journal.get(first.k, 1) is None
    assert journal.get(entry(3).k, 0) is None
    await journal.close()
    again = Journal(tmp_path, header=HEADER)
    assert again.get(first.k, 0) == first
    await again.close()


async def test_a_paid_reply_is_on_disk_when_put_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path, header=HEADER)
    await journal.put(entry(1), durable=True)
    assert frame(entry(1)) in (tmp_path / "0.jsonl").read_bytes()
    await journal.close()


async def test_many_puts_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), real(fd)))
    await fill(tmp_path, 200)
    assert len(synced) <= 5
    assert numbers(tmp_path) == list(range(200))


@pytest.mark.parametrize("tail", [b'{"x":"00', b"\0" * 4096, frame(entry(9))[:-1], b'{"x":"0000000000000000","k":1}\n'])
async def test_a_torn_tail_is_cut_with_a_warning(tmp_path: Path, tail: bytes, caplog: pytest.LogCaptureFixture) -> None:
    await fill(tmp_path, 3)
    path = tmp_path / "0.jsonl"
    sound = path.read_bytes()
    path.write_bytes(sound + tail)
    await fill(tmp_path, 2, start=3)
    assert numbers(tmp_path) == [0, 1, 2, 3, 4]
    assert path.read_bytes().startswith(sound)
    assert f"the last {len(tail)} bytes are torn; cut" in caplog.text


async def test_every_cut_of_the_file_leaves_a_readable_journal(tmp_path: Path) -> None:
    await fill(tmp_path / "whole", 3)
    data = (tmp_path / "whole" / "0.jsonl").read_bytes()
    ends = [offset for offset, _ in scan(tmp_path / "whole" / "0.jsonl")] + [len(data)]
    for cut in range(len(data)):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "0.jsonl").write_bytes(data[:cut])
        expected = max(sum(end <= cut for end in ends[1:]) - 1, 0)
        assert len(numbers(folder)) == expected


async def test_damage_in_the_middle_names_file_and_offset(tmp_path: Path) -> None:
    await fill(tmp_path, 5)
    path = tmp_path / "0.jsonl"
    offsets = [offset for offset, _ in scan(path)]
    data = bytearray(path.read_bytes())
    data[offsets[3] + 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(RecordError, match=rf"0\.jsonl: damaged at byte {offsets[3]} with sound rows after it"):
        Journal(tmp_path, header=HEADER)
    assert path.read_bytes() == data


async def test_a_newer_version_and_a_second_writer_are_refused(tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "0.jsonl").write_bytes(frame(Header(2, {"default": "m"})))
    with pytest.raises(RecordError, match="journal version 2"):
        Journal(newer, header=HEADER)
    journal = Journal(tmp_path / "one", header=HEADER)
    with pytest.raises(LockedError, match="another process writes"):
        Journal(tmp_path / "one", header=HEADER)
    await journal.close()


async def test_shards_are_read_together(tmp_path: Path) -> None:
    await fill(tmp_path, 3)
    other = Journal(tmp_path, shard="1", header=HEADER)
    assert other.get(entry(2).k, 0) == entry(2)
    await other.put(entry(7), durable=True)
    await other.close()
    assert numbers(tmp_path) == [0, 1, 2, 7]


async def test_a_read_only_folder_is_found_before_spending(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(RecordError, match="cannot be opened"):
        Journal(blocker / "journal", header=HEADER)


async def test_a_full_disk_stops_the_call_and_leaves_the_file_sound(tmp_path: Path) -> None:
    code = f"""
import asyncio, resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_lm_journal import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # the kernel refuses to write further, as a full disk does
async def main():
    journal = Journal(Path({str(tmp_path)!r}), header=HEADER)
    for number in range(100):
        try:
            await journal.put(entry(number), durable=True)
        except RecordError as error:
            print(number, error)
            try:
                await journal.put(entry(0), durable=True)
            except RecordError:
                print("still refused")
            break
    await journal.close()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    count = int(done.stdout.split()[0])
    assert "cannot be written: File too large; what is there is sound" in done.stdout
    assert "still refused" in done.stdout
    assert numbers(tmp_path) == list(range(count))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4000


def test_the_index_finds_every_key_and_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.lm.keys._RECENT", 1000)
    index = KeyIndex()
    for number in range(25_500):
        index.add(b"%032x" % number, number % 3, number % 2, number * 100)
    for number in range(0, 25_500, 37):
        assert (number % 2, number * 100) in list(index.find(b"%032x" % number, number % 3))
        assert list(index.find(b"%032x" % number, 5)) == []
    assert len(index._recent) <= 1000
    assert all(len(blocks) <= 6 for blocks in index._blocks.values())
