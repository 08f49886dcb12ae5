"""Tools written down in files, in every shape that repositories publish; damage is named with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from genesis.errors import PoolError
from genesis.tools.build import build_pool
from genesis.tools.pool import load_pool, save_pool, to_openai_file

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of the city."}},
    "required": ["city"],
}
WEATHER = {"name": "weather", "description": "Tell the weather in a city.", "parameters": SCHEMA}
TRAINS = {"name": "trains", "description": "List the next departures of trains.", "parameters": SCHEMA}
WRAPPED = [{"type": "function", "function": WEATHER}, {"type": "function", "function": TRAINS}]

SHAPES: dict[str, Any] = {
    "openai": WRAPPED,
    "object": {"tools": WRAPPED},
    "bare": [WEATHER, TRAINS],
    "functions": {"functions": [WEATHER, TRAINS]},
    "mcp": {"tools": [{**WEATHER, "inputSchema": SCHEMA, "parameters": None}, TRAINS]},
    "anthropic": [
        {"name": t["name"], "description": t["description"], "input_schema": SCHEMA} for t in (WEATHER, TRAINS)
    ],
    "gemini": {"tools": [{"functionDeclarations": [WEATHER, TRAINS]}]},
    "bfcl": [{"id": "simple_0", "function": [WEATHER]}, {"id": "simple_1", "function": [TRAINS, WEATHER]}],
}


def _write(path: Path, rows: Any, *, lines: bool = False) -> str:
    text = "\n".join(json.dumps(row) for row in rows) if lines else json.dumps(rows, indent=1)
    path.write_text(text)
    return f"tools:{path}"


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_as_json(tmp_path: Path, shape: str) -> None:
    pool, _ = build_pool([_write(tmp_path / "t.json", SHAPES[shape])], None, 0)
    assert [(tool.name, tool.required, tool.source) for tool in pool] == [
        ("trains", ("city",), "tools:t.json"),
        ("weather", ("city",), "tools:t.json"),
    ]


@pytest.mark.parametrize("shape", ["openai", "bare", "anthropic", "bfcl"])
def test_shapes_as_json_lines(tmp_path: Path, shape: str) -> None:
    pool, _ = build_pool([_write(tmp_path / "t.jsonl", SHAPES[shape], lines=True)], None, 0)
    assert len(pool) == 2


def test_rows_of_a_data_set(tmp_path: Path) -> None:
    rows = [
        {"messages": [{"role": "user", "content": "hi"}], "tools": WRAPPED},
        {"query": "...", "tools": json.dumps([WEATHER]), "answers": "[]"},
        {"messages": [], "tools": None},
    ]
    pool, report = build_pool([_write(tmp_path / "rows.jsonl", rows, lines=True)], None, 0)
    assert len(pool) == 2
    assert report.steps[0].before == 3


def test_flat_tables_say_what_is_required(tmp_path: Path) -> None:
    flat = {
        "name": "exchange",
        "description": "Exchange an amount of money.",
        "parameters": {
            "amount": {"type": "float", "description": "How much."},
            "to": {"type": "str, optional", "description": "Currency."},
            "fee": {"type": "int", "description": "Fee.", "default": 2},
        },
    }
    pool, report = build_pool([_write(tmp_path / "xlam.json", [flat])], None, 0)
    assert pool["exchange"].required == ("amount",)
    assert pool["exchange"].properties["fee"] == {"type": "integer", "description": "Fee.", "default": 2}
    assert any("read as required: 'amount'" in finding.reason for finding in report.findings)


@pytest.mark.parametrize("as_text", [False, True])
def test_parquet(tmp_path: Path, as_text: bool) -> None:
    other = {**TRAINS, "parameters": {"type": "object", "properties": {"line": {"type": "integer"}}, "required": []}}
    cells = [WRAPPED, [{"type": "function", "function": other}]]
    column = [json.dumps(cell) for cell in cells] if as_text else cells
    parquet.write_table(pa.table({"tools": column, "n": [1, 2]}), tmp_path / "rows.parquet")
    pool, _ = build_pool([f"tools:{tmp_path / 'rows.parquet'}"], None, 0)
    assert sorted(name for tool in pool for name in tool.properties) == ["city", "city", "line"]
    assert all(None not in tool.parameters.values() for tool in pool)


def test_pool_to_openai_tools_and_back_is_the_identity(tmp_path: Path) -> None:
    pool, _ = build_pool(["bfcl"], 400, 3)
    save_pool(pool, tmp_path / "pool.jsonl")
    (tmp_path / "openai.json").write_text(json.dumps(to_openai_file(pool)))
    (tmp_path / "bare.json").write_text(json.dumps([tool.to_openai() for tool in pool]))
    assert build_pool([f"tools:{tmp_path / 'openai.json'}"], None, 0)[0] == pool
    assert build_pool([f"tools:{tmp_path / 'pool.jsonl'}"], None, 0)[0] == pool
    bare = build_pool([f"tools:{tmp_path / 'bare.json'}"], None, 0)[0]
    assert [tool.to_openai() for tool in bare] == [tool.to_openai() for tool in pool]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  \n ", "is empty"),
        ("not json", ":1: not JSON"),
        ('[\n {"name": "a"},\n {"name": \n]', ":4: not JSON"),
        (json.dumps(WEATHER) + "\n" + '{"name": "b", ', ":2: not JSON"),
        ("3", "expected a tool or a row with tools, got int"),
        ('{"a": 1}', "no tools here.*got \\['a'\\]"),
        ('[{"name": "x", "parameters": {}}, {"b": 1}]', "#/1: no tools here"),
        ('{"tools": 7}', "#/tools: expected a list of tools, got int"),
        ('{"tools": "[{]"}', "#/tools: is text, but no JSON"),
        ("[]", "holds no tool"),
        ("[" * 200_000, "nested too deeply|not JSON"),
    ],
)
def test_damage_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(PoolError, match=rf"bad\.json.*({message})"):
        build_pool([f"tools:{tmp_path / 'bad.json'}"], None, 0)


def test_a_missing_file_and_an_unknown_source(tmp_path: Path) -> None:
    with pytest.raises(PoolError, match=r"none\.json: cannot be read: No such file"):
        build_pool([f"tools:{tmp_path / 'none.json'}"], None, 0)
    with pytest.raises(PoolError, match="unknown kind 'bcfl'; known are bfcl"):
        build_pool(["bcfl"], None, 0)
    with pytest.raises(PoolError, match="expected non_live, live, multi_turn, simple_python"):
        build_pool(["bfcl:simple"], None, 0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[]", ":2: expected an object, got list"),
        ('{"name": "b"}', ":2: b: 'description' is missing"),
        ('{"name": "a", "description": "", "parameters": {}}', "the name 'a' stands twice"),
        ('{"name": "b", "description": "", "parameters": {}, "args": 1}', ":2: b: unknown field 'args'"),
        ('{"name": "b", "description": "", "parameters": {}, "domain": 1}', ":2: b: 'domain' is no text"),
        ('{"name"', ":2: Input data was truncated"),
    ],
)
def test_a_damaged_pool_file(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "p.jsonl").write_text('{"name": "a", "description": "", "parameters": {}}\n' + line)
    with pytest.raises(PoolError, match=rf"p\.jsonl.*{message}"):
        load_pool(tmp_path / "p.jsonl")
