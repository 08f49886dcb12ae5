"""The house's walls: imports point down only, and importing the package is cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_imports_point_down_only() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_every_module_has_a_place_in_the_layers() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    rooms = {file.stem if file.is_file() else file.name for file in (ROOT / "genesis").iterdir()}
    rooms -= {"__init__", "__pycache__", "py", "data"}
    homeless = [room for room in sorted(rooms) if f"genesis.{room}" not in text]
    assert not homeless


@pytest.mark.parametrize("statement", ["import genesis", "from genesis.cli import build_parser; build_parser()"])
def test_starting_loads_nothing_heavy(statement: str) -> None:
    heavy = {"dspy", "pandas", "numpy", "scipy", "sklearn", "datasets", "papermill", "aiohttp", "matplotlib"}
    probe = f"import sys; {statement}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
