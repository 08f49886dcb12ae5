"""Every notebook runs by hand with Run-All and its defaults, with no run at hand and with one."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import papermill
import pytest

from genesis import record
from genesis.prompts.drafts import Desk

ROOT = Path(__file__).resolve().parent.parent
LATEST = ("00_start", "30_check", "31_review", "40_metrics", "50_downstream", "52_finetune", "60_report", "70_figures")
OWN = ("10_tool_pool", "20_generate")
ELSEWHERE = (
    "01_prompts",
    "02_audit",
)
"""Executed by a test of their own."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("notebooks", "params"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def run_all(project: Path, name: str) -> str:
    """Execute a notebook as Run-All does, and return all that it prints and shows."""
    done = project / f"{name}.done.ipynb"
    papermill.execute_notebook(project / "notebooks" / f"{name}.ipynb", done, kernel_name="python3", progress_bar=False)
    cells = nbformat.read(done, as_version=4).cells
    return "\n".join(str(output) for cell in cells if cell.cell_type == "code" for output in cell.outputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", LATEST)
def test_without_any_run_the_bundled_sample_is_shown_and_said_to_be(project: Path, name: str) -> None:
    shown = run_all(project, name)
    assert "bundled sample of 40 dialogues" in shown
    assert "offline (simulated) LM" in shown
    assert (project / "experiments" / "sample" / "bundled" / "run.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", OWN)
def test_a_run_of_its_own_is_made(project: Path, name: str) -> None:
    assert "made by hand" in run_all(project, name)
    (folder,) = (project / "experiments" / "by_hand").iterdir()
    assert len(record.Run(folder).params.pool.sources) == 1
    assert sum(1 for _ in (folder / "pool.jsonl").open()) == 60


@pytest.mark.slow
def test_prompts_are_tried_offline_and_the_page_says_what_that_is_worth(project: Path) -> None:
    desk = Desk(project / "experiments", "user")
    desk.save("You play a person. Be brief.", "built-in")
    shown = run_all(project, "01_prompts")
    assert "60 scenarios, 60 tools, seed 0; offline (simulated) LM" in shown
    assert "60 same" in shown
    assert "does not read instructions: the expected difference is 0" in shown
    assert desk.file.exists()  # looking at a draft takes nothing away
    assert sum(1 for _ in (project / "experiments" / "prompts").glob("s0-*/metrics.json")) == 2


@pytest.mark.slow
def test_the_audit_takes_the_bundled_sample_by_default(project: Path) -> None:
    shown = run_all(project, "02_audit")
    assert "marked as simulated, of the first 40" in shown
    assert (project / "experiments" / "by_hand").is_dir()


@pytest.mark.slow
def test_every_notebook_is_executed_by_some_test() -> None:
    assert {file.stem for file in (ROOT / "notebooks").glob("*.ipynb")} == {*LATEST, *OWN, *ELSEWHERE}
