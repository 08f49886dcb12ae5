"""Tools from Python functions: signatures, type hints, docstrings of three styles; imports that fail are named."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pytest

from genesis.errors import PoolError, ToolError
from genesis.tools.build import build_pool
from genesis.tools.sources.python import describe, schema_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Filter(TypedDict, total=False):
    tag: str


def test_google_docstring() -> None:
    def paint(where: Point, colour: Colour = Colour.RED, *, coats: int = 2, note: str | None = None) -> None:
        """Paint a spot.

        Does it at once.

        Args:
            where (Point): The spot to paint,
                in metres.
            colour: Which colour.

        Returns:
            Nothing.
        """

    tool = describe(paint)
    assert tool["description"] == "Paint a spot. Does it at once."
    properties = tool["parameters"]["properties"]
    assert tool["parameters"]["required"] == ["where"]
    assert properties["where"]["description"] == "The spot to paint, in metres."
    assert properties["where"]["required"] == ["x"]
    assert properties["colour"] == {"enum": ["red", "blue"], "description": "Which colour.", "default": "red"}
    assert properties["coats"] == {"type": "integer", "default": 2}
    assert properties["note"] == {"type": ["string", "null"], "default": None}


def test_numpy_and_sphinx_docstrings() -> None:
    def numpy(a: int, b: str) -> None:
        """Do it.

        Parameters
        ----------
        a : int
            The first
            of them.
        b : str
            The second.
        """

    def sphinx(a: int, b: str) -> None:
        """Do it.

        :param a: The first.
        :param str b: The second.
        :return: nothing
        """

    assert describe(numpy)["parameters"]["properties"]["a"]["description"] == "The first of them."
    assert describe(numpy)["parameters"]["properties"]["b"]["description"] == "The second."
    assert describe(sphinx)["parameters"]["properties"]["b"] == {"type": "string", "description": "The second."}
    assert describe(sphinx)["description"] == "Do it."


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (
            dict[str, list[int]],
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        ),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Annotated[int, "How many."], {"type": "integer", "description": "How many."}),
        (tuple[float, ...], {"type": "array", "items": {"type": "number"}}),
        (datetime.date, {"type": "string", "format": "date"}),
        (Filter, {"type": "object", "properties": {"tag": {"type": "string"}}, "required": []}),
        (list[Point] | None, {"anyOf": [{"type": "array", "items": schema_of(Point)}, {"type": "null"}]}),
        (Any, {}),
    ],
)
def test_type_hints(hint: Any, schema: dict[str, Any]) -> None:
    assert schema_of(hint) == schema


def test_what_json_has_no_values_for_is_an_error() -> None:
    with pytest.raises(ToolError, match="no JSON Schema"):
        schema_of(Path.open)
    with pytest.raises(ToolError, match="cannot be given by name"):
        describe(_positional)


def _positional(a: int, /) -> None: ...


MODULE = '''
from __future__ import annotations
import os
from json import dumps
def area(width: float, height: float = 1.0) -> float:
    """Compute the area of a rectangle."""
def broken(x: NoSuchType) -> None:
    """Has a hint that is not there."""
def _private(): ...
'''


def test_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shapes_for_test.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    pool, report = build_pool(["python:shapes_for_test"], None, 0, allow_exec=True)
    assert [tool.name for tool in pool] == ["area"]
    assert pool["area"].source == "python:shapes_for_test"
    rejected = [finding for finding in report.findings if finding.action == "rejected"]
    assert [finding.tool for finding in rejected] == ["broken"]
    assert "NoSuchType" in rejected[0].reason


@pytest.mark.parametrize(
    ("body", "target", "message"),
    [
        ("raise SystemExit(0)", "", "importing it failed: SystemExit"),
        ("1 / 0", "", "ZeroDivisionError: division by zero"),
        ("def f(): ...", ":g", "has no function 'g'; it has f"),
        ("x = 1", "", "holds no tool"),
    ],
)
def test_modules_that_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, target: str, message: str
) -> None:
    name = f"module_{abs(len(body) * 7 + len(message))}"
    (tmp_path / f"{name}.py").write_text(body)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PoolError, match=message):
        build_pool([f"python:{name}{target}"], None, 0, allow_exec=True)


def test_refused_unless_allowed_and_names_with_paths_refused() -> None:
    with pytest.raises(PoolError, match="executes code"):
        build_pool(["python:os"], None, 0)
    with pytest.raises(PoolError, match=r"expected package\.module"):
        build_pool(["python:../evil"], None, 0, allow_exec=True)
    with pytest.raises(PoolError, match="ModuleNotFoundError"):
        build_pool(["python:no_such_module_here"], None, 0, allow_exec=True)
