"""What every test shares: where benchmark data lies, and an environment without keys."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from needs import ROOT, require

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # building its grammars costs 1 s of CPU


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of benchmark data beside the checkout (ACEBench, API-Bank)."""
    folder = ROOT.parent / "shared" / "data"
    require(folder.is_dir(), f"benchmark data in {folder.relative_to(ROOT.parent)} beside the checkout")
    return folder


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may find a real key."""
    for name in list(os.environ):
        if name.endswith("_API_KEY"):
            monkeypatch.delenv(name)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what becomes of the browser tests where there is no browser: they are slow, so most runs deselect them."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        terminalreporter.write_line("browser tests skipped: no Chromium found (Debian: apt-get install chromium)")
