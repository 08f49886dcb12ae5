"""Every notebook is short, bare of logic, stripped, and declares parameters that exist."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from genesis import params, runner

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda file: file.stem)
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text())
    return {**loaded, "name": request.param.stem}


def sources(notebook: dict[str, Any], kind: str = "code") -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_it_is_short_and_opens_with_its_question(notebook: dict[str, Any]) -> None:
    assert len(notebook["cells"]) <= 12
    assert notebook["cells"][0]["cell_type"] == "markdown"
    first = "".join(notebook["cells"][0]["source"])
    assert first.startswith("# ")
    assert "?" in first.splitlines()[0]
    assert "**Out:**" in first


def test_it_holds_no_logic(notebook: dict[str, Any]) -> None:
    for source in sources(notebook):
        tree = compile(source, notebook["name"], "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.Try, ast.Lambda)
        assert not [node for node in ast.walk(tree) if isinstance(node, kinds)], source


def test_it_is_committed_without_outputs(notebook: dict[str, Any]) -> None:
    assert "papermill" not in notebook["metadata"]
    for cell in notebook["cells"]:
        assert "papermill" not in cell["metadata"]
        assert "injected-parameters" not in cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_its_parameters_are_the_workbench_s_own_and_carry_help(notebook: dict[str, Any]) -> None:
    known = params.to_dict(params.Params())
    tagged = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    declared = runner.declared(notebook["name"])
    assert declared
    for name, found in declared.items():
        assert found["help"], f"{name}: no trailing comment"
        if name == "run":
            continue
        value = ast.literal_eval(found["default"])
        if isinstance(value, dict):
            assert value.items() <= known[name].items()
        else:
            assert value == known[name]


def test_the_default_steps_exist() -> None:
    assert set(params.STEPS) <= {file.stem for file in NOTEBOOKS}


def test_the_start_leads_to_every_notebook() -> None:
    start = json.loads((ROOT / "notebooks" / "00_start.ipynb").read_text())
    text = "".join("".join(cell["source"]) for cell in start["cells"] if cell["cell_type"] == "markdown")
    linked = set(re.findall(r"\]\((\S+\.ipynb)\)", text))
    assert linked == {file.name for file in NOTEBOOKS} - {"00_start.ipynb"}
    for name in linked:
        assert f"[{name.removesuffix('.ipynb')}]({name})" in text
