"""Notebooks of a few lines, as points of a sweep."""

from __future__ import annotations

from pathlib import Path

import nbformat


def write_notebook(place: Path, name: str, parameters: str, *cells: str) -> None:
    """Write a notebook whose first cell declares ``parameters``."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, place / "notebooks" / f"{name}.ipynb")
