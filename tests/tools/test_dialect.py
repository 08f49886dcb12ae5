"""Every dialect of type names becomes plain JSON Schema; values follow, and what cannot follow leaves a note."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.benchmarks import bfcl
from genesis.errors import ToolError
from genesis.tools.dialect import to_json_schema
from genesis.tools.found import Found
from genesis.tools.reading import examine
from genesis.tools.typenames import read_type


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("dict", {"type": "object"}),
        ("HashMap", {"type": "object"}),
        ("float", {"type": "number"}),
        ("double", {"type": "number"}),
        ("long", {"type": "integer"}),
        ("Boolean", {"type": "boolean"}),
        ("String", {"type": "string"}),
        ("char", {"type": "string", "maxLength": 1}),
        ("ArrayList", {"type": "array"}),
        ("tuple", {"type": "array"}),
        ("any", {}),
        ("", {}),
        ("list(str)", {"type": "array", "items": {"type": "string"}}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("Array<String>", {"type": "array", "items": {"type": "string"}}),
        ("string[]", {"type": "array", "items": {"type": "string"}}),
        ("Tuple[float, float]", {"type": "array", "items": {"type": "number"}}),
        (
            "Dict[str, List[int]]",
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        ),
        ("Union[int, float]", {"type": ["number", "integer"]}),
        ("int | None", {"type": ["integer", "null"]}),
        ("str, optional", {"type": "string"}),
        ("Optional[str]", {"type": "string"}),
        ("Literal['a', 'b']", {"enum": ["a", "b"]}),
        ("typing.List[str]", {"type": "array", "items": {"type": "string"}}),
    ],
)
def test_type_names(kind: str, plain: dict[str, Any]) -> None:
    assert read_type(kind) == plain


@pytest.mark.parametrize(
    "kind", ["frobnicator", "List[frob]", "Callable[[int], str]", "[[[[", "List[" * 60, 7, {"a": 1}]
)
def test_unknown_types_are_errors(kind: Any) -> None:
    with pytest.raises(ToolError, match="type"):
        read_type(kind, "/properties/x")


@pytest.mark.parametrize(
    ("schema", "plain", "note"),
    [
        ({"type": "float", "default": "1.5"}, {"type": "number", "default": 1.5}, "read as 1.5"),
        ({"type": "boolean", "default": "False"}, {"type": "boolean", "default": False}, "read as False"),
        ({"type": "integer", "default": None}, {"type": "integer"}, "null means left out"),
        ({"type": "integer", "default": "soon"}, {"type": "integer"}, "'soon' is not of type integer"),
        ({"type": "string", "default": "1.5"}, {"type": "string", "default": "1.5"}, ""),
        ({"type": "integer", "enum": ["1", "2"]}, {"type": "integer", "enum": [1, 2]}, "are read as"),
        (
            {"type": "boolean", "enum": ["True", "False", "dontcare"]},
            {"type": ["boolean", "string"], "enum": [True, False, "dontcare"]},
            "the type takes them too",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "enum": ["a", "b"]},
            {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            "stands with the items",
        ),
        (
            {"type": "string", "enum": ["Red"], "default": "red"},
            {"type": "string", "enum": ["Red"], "default": "Red"},
            "spelled",
        ),
        (
            {"type": "string", "enum": ["Red"], "default": "blue"},
            {"type": "string", "enum": ["Red"]},
            "none of the listed",
        ),
        (
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 0},
            "bound",
        ),
        ({"type": "string", "pattern": r"^[\w-.]+$"}, {"type": "string", "pattern": r"^[\w\-.]+$"}, "loose hyphen"),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}, ""),
        ({"type": "array", "items": [{"type": "int"}]}, {"type": "array", "items": {"type": "integer"}}, "positions"),
    ],
)
def test_values_follow_their_types(schema: Any, plain: Any, note: str) -> None:
    mapped, notes = to_json_schema(schema)
    assert mapped == plain
    assert (note in " ".join(one.text for one in notes)) if note else not notes


def test_flags_on_properties_are_collected() -> None:
    schema = {
        "type": "dict",
        "properties": {"a": {"type": "int", "required": True}, "b": {"type": "str", "optional": True}},
    }
    mapped, _ = to_json_schema(schema)
    assert mapped["required"] == ["a"]
    assert mapped["properties"] == {"a": {"type": "integer"}, "b": {"type": "string"}}


@pytest.mark.parametrize("schema", [False, 3, {"properties": 3}, {"anyOf": {}}, {"enum": []}, {"enum": "abc"}])
def test_what_is_no_schema_is_an_error_with_its_place(schema: Any) -> None:
    with pytest.raises(ToolError, match=r"expected|takes no value"):
        to_json_schema({"type": "object", "properties": {"x": schema}})


def test_every_bfcl_definition_becomes_valid_json_schema_and_keeps_defaults_and_enums() -> None:
    for category in (*bfcl.NON_LIVE, "live_simple", "multi_turn"):
        for raw in bfcl.raw_functions(category):
            mapped, notes = to_json_schema(raw["parameters"])
            jsonschema_rs.validator_for(mapped)
            noted = {place for place, _ in notes}
            for name, before in raw["parameters"]["properties"].items():
                for word in ("default", "enum"):
                    if word in before and f"/properties/{name}/{word}" not in noted:
                        assert mapped["properties"][name][word] == before[word]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "enum", "default", "required", "anyOf", "$ref", "a", "pattern"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
@settings(max_examples=300, deadline=None)
def test_any_junk_is_either_a_valid_tool_or_a_rejection(junk: Any) -> None:
    candidate, findings = examine(
        Found({"name": "junk", "description": "Does this and that.", "parameters": junk}, "x")
    )
    if candidate is None:
        assert any(finding.action == "rejected" for finding in findings)
    else:
        jsonschema_rs.validator_for(candidate.definition.parameters)
        assert candidate.definition.parameters["type"] == "object"
