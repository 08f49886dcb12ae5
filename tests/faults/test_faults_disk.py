"""A full disk and a read-only folder: found, said, nothing lost, resumable. On a small tmpfs."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_faults_kill import files, params_for

from genesis import record, steps
from genesis.errors import GenesisError, RecordError
from genesis.lm.testing import Server, offline_script


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_it_resumes_to_the_same(small_disk: Path, tmp_path: Path) -> None:
    with Server(offline_script(), latency=0.005, keep=0) as server:
        params = params_for(server.url, tmp_path)
        calm = record.create(params, tmp_path / "calm")
        asyncio.run(steps.generate(calm, params))
        undisturbed = server.calls

        run = record.create(params, small_disk)
        with pytest.raises(RecordError, match="No space left on device"):
            asyncio.run(steps.generate(run, params))
        stopped = server.calls - undisturbed
        assert 0 < stopped < undisturbed
        list(run.rows("dialogues"))  # what is on disk can be read
        subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
        asyncio.run(steps.generate(record.open_run(str(run.path), small_disk), params))
        assert files(small_disk) == files(tmp_path / "calm")
        assert server.calls - undisturbed <= undisturbed + params.concurrency


def test_a_read_only_folder_is_found_before_anything_is_spent(small_disk: Path, tmp_path: Path) -> None:
    with Server(offline_script(), keep=0) as server:
        params = params_for(server.url, tmp_path)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(RecordError, match=r"Read-only file system"):
            record.create(params, small_disk)
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        run = record.create(params, small_disk)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(GenesisError, match="Read-only file system"):
            asyncio.run(steps.generate(run, params))
        assert server.calls == 0
