from __future__ import annotations

from pathlib import Path

import pytest

from genesis.bench import bench_pool
from genesis.tools.pool import save_pool


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder of its own, with a small pool; the working folder of the test."""
    for name in ("notebooks", "params"):
        (tmp_path / name).mkdir()
    save_pool(bench_pool(12), tmp_path / "pool.jsonl")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENESIS_OUT", raising=False)
    return tmp_path
