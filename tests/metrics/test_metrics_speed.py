"""Speed of the full report, run by hand: ``pytest -m benchmark tests/metrics/test_metrics_speed.py -s``."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from metrics_corpus import WORDS, call, dialogue

from genesis.bench.watch import genesis, watch


@pytest.mark.benchmark
@pytest.mark.parametrize(("n", "cpu_seconds", "gigabytes"), [(10_000, 6, 2), (1_000_000, 300, 6)])
def test_full_report(tmp_path: Path, n: int, cpu_seconds: float, gigabytes: float) -> None:
    """CPU time, for it does not depend on who else uses the machine; memory of all processes together."""
    generator = random.Random(0)
    file = tmp_path / "d.jsonl"
    vocabulary = [first + second for first in WORDS for second in WORDS]
    with file.open("wb") as stream:
        for number in range(n):
            said = " ".join(generator.choices(vocabulary, k=60))
            made = dialogue(number, said, call(f"tool_{generator.randrange(1000)}", city=generator.choice(vocabulary)))
            stream.write(msgspec.json.encode(made.to_row()) + b"\n")
    found = watch(genesis("metrics", str(file), "--json", "--workers", "2"))
    print(f"\n{n:,} dialogues: {found.cpu_seconds:.1f} s of CPU, {found.peak_mb / 1000:.2f} GB")
    assert found.code == 0
    assert found.cpu_seconds < cpu_seconds
    assert found.peak_mb / 1000 < gigabytes
