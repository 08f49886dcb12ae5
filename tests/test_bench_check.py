"""``genesis bench check`` and the watch over a command's processes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from genesis.bench.check import write_rows
from genesis.bench.watch import watch
from genesis.cli import main


def test_memory_of_a_command_s_children_is_counted_too() -> None:
    hold = "import time; held = b'x' * 60_000_000; time.sleep(1.2)"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}]); print('done'); sys.exit(3)"
    found = watch([sys.executable, "-c", both])
    assert (found.code, found.output) == (3, "done\n")
    assert 60 < found.peak_mb < 200
    assert 0 < found.cpu_seconds < found.seconds + 1


def test_rows_are_distinct_and_the_same_for_a_seed(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    write_rows(one, 400, 0)
    write_rows(two, 400, 0)
    write_rows(other, 400, 1)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    rows = [msgspec.json.decode(line) for line in one.read_bytes().splitlines()]
    requests = {next(part["content"] for part in row["messages"] if part["role"] == "user") for row in rows}
    assert len(requests) == 400
    assert not any("987654321" in request for request in requests)


@pytest.mark.slow
def test_the_bench_says_how_fast_and_how_large(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "check", "--dialogues", "2000", "--workers", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dialogues"] == 2000
    assert found["failed"] < 0.05 * found["dialogues"]
    assert found["flagged"] < 0.15 * found["dialogues"]
    assert found["rows_per_cpu_s"] > 1000
    assert 1 < found["times_decoding"] < 60
    assert 20 < found["peak_mb"] < 1000


def test_numbers_that_mean_nothing_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "check", "--dialogues", "0"]) == 2
    assert capsys.readouterr().err.startswith("genesis: ")
