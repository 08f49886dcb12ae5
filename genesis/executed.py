"""Executed notebooks as they are kept: true to what happened, and without paths of the machine they were made on.

Papermill marks every cell "completed" when the kernel dies, and writes absolute paths into the parameters cell and the
metadata. What is kept in ``<run>/notebooks/`` names its run as ``..``, where JupyterLab's kernel finds it, wherever the
run's folder lies.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DIED = "DeadKernel"
UP = ".."


def tell_death(file: Path) -> str:
    """Mark in a saved notebook the cell in which the kernel died, and the cells that were never begun.

    Returns where it died, in words: ``cell 4``. Without a saved file, or where no cell was begun: ``the start``.
    """
    import nbformat

    if not file.is_file():
        return "the start"
    notebook = nbformat.read(file, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    where = "the start"
    for number, cell in enumerate(cells, 1):
        told = cell.metadata.setdefault("papermill", {})
        if not told.get("start_time"):
            told.update(status="pending", exception=None)
        elif "shell.execute_reply" not in cell.metadata.get("execution", {}):
            where = f"cell {number}"
            told.update(status="failed", exception=True)
            evalue = "the kernel died while this cell ran"
            cell.outputs.append(nbformat.v4.new_output("error", ename=DIED, evalue=evalue, traceback=[evalue]))
    notebook.metadata.setdefault("papermill", {})["exception"] = True
    words = f"**The kernel died in {where}.** What stands below it was not executed."
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(words, metadata={"tags": ["papermill-error-cell-tag"]}))
    _write(file, nbformat.writes(notebook))
    return where


def make_portable(file: Path, run: Path, template: Path) -> None:
    """Make the paths of the run, of the folder of results and of the template relative in a saved notebook."""
    if not file.is_file():
        return
    folder = run.resolve()
    text = file.read_text(encoding="utf-8")
    for path, short in (
        (folder, UP),
        (folder.parent.parent, f"{UP}/{UP}/{UP}"),
        (template, f"notebooks/{template.name}"),
    ):
        if path.parent != path:
            text = text.replace(_quoted(path), short)
    _write(file, _with_paths(json.loads(text), template.name))


def _quoted(path: Path) -> str:
    """Return a path as it stands inside a JSON text."""
    return json.dumps(str(path))[1:-1]


def _with_paths(notebook: dict[str, Any], name: str) -> str:
    told = notebook["metadata"].get("papermill", {})
    told.update({key: name for key in ("output_path",) if key in told})
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _write(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
