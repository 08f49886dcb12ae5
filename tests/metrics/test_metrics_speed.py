"""Speed of the full report, run by hand: ``pytest -m benchmark tests/metrics/test_metrics_speed.py -s``."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from metrics_corpus import WORDS, call, dialogue


@pytest.mark.benchmark
@pytest.mark.parametrize(("n", "cpu_seconds", "gigabytes"), [(10_000, 6, 2), (1_000_000, 300, 6)])
def test_full_report(tmp_path: Path, n: int, cpu_seconds: float, gigabytes: float) -> None:
    """CPU time, for it does not depend on who else uses the machine."""
    generator = random.Random(0)
    file = tmp_path / "d.jsonl"
    vocabulary = [first + second for first in WORDS for second in WORDS]
    with file.open("wb") as stream:
        for number in range(n):
            said = " ".join(generator.choices(vocabulary, k=60))
            made = dialogue(number, said, call(f"tool_{generator.randrange(1000)}", city=generator.choice(vocabulary)))
            stream.write(msgspec.json.encode(made.to_row()) + b"\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", "from genesis.cli import main; raise SystemExit(main())"]
    subprocess.run([*command, "metrics", str(file), "--json", "--workers", "2"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"\n{n:,} dialogues: {spent:.1f} s of CPU, {after.ru_maxrss / 1e6:.2f} GB")
    assert spent < cpu_seconds
    assert after.ru_maxrss / 1e6 < gigabytes
