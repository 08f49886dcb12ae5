"""The pre-commit hook strips an executed notebook in the index, and leaves the file that is worked on as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

ROOT = Path(__file__).resolve().parent.parent
IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "core.hooksPath=.githooks")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".githooks", tmp_path / ".githooks")
    (tmp_path / "notebooks").mkdir()
    git(tmp_path, "init", "-q")
    return tmp_path


def git(repo: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "NBSTRIPOUT": str(Path(sys.executable).with_name("nbstripout")), **environment}
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(command, cwd=repo, env=surroundings, capture_output=True, text=True, check=False)


def template(secret: str) -> nbformat.NotebookNode:
    first = nbformat.v4.new_code_cell("seed = 0  # s", metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# Why?"), first, nbformat.v4.new_code_cell(f"print({secret!r}[::-1])")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def test_an_executed_notebook_is_committed_stripped(repo: Path) -> None:
    file = repo / "notebooks" / "a b.ipynb"
    nbformat.write(template("tuptuo"), file)
    papermill.execute_notebook(file, file, parameters={"seed": 7}, kernel_name="python3", progress_bar=False)
    executed = file.read_text()
    assert "output" in executed
    assert "injected-parameters" in executed
    (repo / "other.txt").write_text("x")
    git(repo, "add", ".")
    done = git(repo, "commit", "-q", "-m", "notebook")
    assert done.returncode == 0, done.stderr
    assert "notebooks/a b.ipynb stripped" in done.stderr
    kept = git(repo, "show", "HEAD:notebooks/a b.ipynb").stdout
    assert "papermill" not in kept
    assert "injected-parameters" not in kept
    assert "iopub" not in kept
    cells = json.loads(kept)["cells"]
    assert [cell.get("outputs") for cell in cells] == [None, [], []]
    assert [cell.get("execution_count") for cell in cells] == [None, None, None]
    assert "# Why?" in "".join(cells[0]["source"])
    assert file.read_text() == executed
    assert git(repo, "show", "HEAD:other.txt").stdout == "x"


def test_without_the_tool_nothing_is_committed(repo: Path) -> None:
    nbformat.write(template("x"), repo / "notebooks" / "a.ipynb")
    git(repo, "add", ".")
    done = git(repo, "commit", "-q", "-m", "notebook", NBSTRIPOUT="/nowhere/nbstripout")
    assert done.returncode != 0
    assert "run 'make setup'" in done.stderr
    assert git(repo, "rev-parse", "HEAD").returncode != 0
