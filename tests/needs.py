"""Outside parts that a test needs: skipped where they are absent, an error in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def require(found: bool, what: str) -> None:
    """Skip where an outside part is absent; in CI its absence is an error."""
    if found:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what}: absent, and CI requires it")
    pytest.skip(f"{what}: absent")
