"""Every tool of the 1,000-tool pool: valid values that stand in the message, whatever is revealed."""

from __future__ import annotations

import importlib.util
import random
import re
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from needs import require
from offline_talk import PERSONAS

from genesis.agents.wire import Wish
from genesis.checks.dialogue_rules import _LOCAL_PATH
from genesis.checks.grounding import Said, support
from genesis.lm.offline.doubts import doubt
from genesis.lm.offline.requests import user_turn
from genesis.lm.offline.results import result
from genesis.lm.offline.values import draw
from genesis.lm.offline.vocabulary import sections
from genesis.memory import INTENTS
from genesis.slots import _differing, varied
from genesis.text import ngrams, words
from genesis.tools.tool import Tool


@cache
def pool() -> tuple[Tool, ...]:
    require(importlib.util.find_spec("bfcl_eval") is not None, "bfcl_eval (make setup installs it)")
    from genesis.tools.build import build_pool

    return build_pool(["bfcl"], 1000, 0)[0].tools


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if isinstance(value, bool) or value is None else [value]


def test_every_parameter_of_every_tool_gets_valid_values_that_nothing_speaks_against() -> None:
    invalid, doubted = [], []
    for tool in pool():
        for name, schema in tool.properties.items():
            check = jsonschema_rs.validator_for(schema, validate_formats=True)
            for seed in range(3):
                value = draw(name, schema, tool.description, random.Random(seed)).json
                if not check.is_valid(value):
                    invalid.append((tool.name, name, value))
                if why := doubt(name, schema, value, tool.description):
                    doubted.append((tool.name, name, value, why))
    assert not invalid, invalid[:5]
    assert not doubted, doubted[:5]


def requests() -> list[tuple[Tool, str, dict[str, Any]]]:
    found = []
    for number, tool in enumerate(pool()):
        rng = random.Random(number)
        say = {n: s for n, s in tool.properties.items() if n in tool.required or rng.random() < 0.4}
        wish = Wish(1, tool.name, tool.description, say)
        fields = user_turn(
            {
                "wishes": [{name: getattr(wish, name) for name in wish.__dataclass_fields__}],
                "persona": rng.choice(PERSONAS),
                "conversation": [],
                "guidance": "",
                "semantic_type": f"{tool.domain}: {rng.choice(INTENTS)}",
            },
            rng,
        )
        found.append((tool, fields["message"], fields["stated"][0]["values"]))
    return found


def test_requests_for_every_tool_state_what_the_message_says() -> None:
    lost, technical, total = [], [], 0
    for tool, message, values in requests():
        said = Said(message)
        jsonschema_rs.validator_for(tool.parameters).validate(values)
        for name, value in values.items():
            total += len(leaves(value))
            lost += [(tool.name, name, leaf, message) for leaf in leaves(value) if support(leaf, said) < 0.8]
            if "_" in name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message):
                technical.append((tool.name, name, message))
        assert message[-1:].strip()
        assert '{"' not in message
        assert "\x02" not in message
    assert not technical, technical[:3]
    assert len(lost) <= 0.002 * total, lost[:5]


def test_requests_are_varied() -> None:
    openings = [words(message)[:15] for _, message, _ in requests()]
    grams = [gram for opening in openings for gram in ngrams(opening, 3)]
    assert len({tuple(opening[:6]) for opening in openings}) > 0.7 * len(openings)
    assert len(set(grams)) > 0.62 * len(grams)


def test_every_tool_has_a_small_result() -> None:
    for tool in pool():
        rng = random.Random(1)
        values = {name: draw(name, schema, tool.description, rng).json for name, schema in tool.properties.items()}
        content = result(tool.to_function(), values, {}, rng)
        assert 1 <= len(content) <= 8, tool.name
        assert "error" not in content
        assert not _LOCAL_PATH.search(str(content)), (tool.name, content)


def test_no_value_or_result_names_a_folder_of_somebodys_machine() -> None:
    """Rule 29 drops a result that holds one, so the vocabulary must hold none."""
    named = [value for name in ("values", "results") for group in sections(name).values() for value in group]
    assert not [value for value in named if _LOCAL_PATH.search(value)]


def test_what_tells_calls_of_one_tool_apart_has_values_enough() -> None:
    """Four calls of one tool need four values of the parameter that the plan picks for it; a few tools have none."""
    short = []
    for tool in pool():
        if not any(varied(schema) for schema in tool.properties.values()):
            continue
        for seed in range(3):
            name = _differing(tool, random.Random(seed))
            schema, rng = tool.properties[name], random.Random(seed)
            drawn = {repr(draw(name, schema, tool.description, rng).json) for _ in range(60)}
            assert len(drawn) >= 2, (tool.name, name, drawn)
            short += [tool.name] if len(drawn) < 4 else []
    assert len(set(short)) <= 20, short


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("email", {"type": "string"}, r"[^@\s]+@[^@\s]+\.\w+"),
        ("start", {"type": "string", "description": "Date in MM-DD-YYYY"}, r".*"),
        ("date", {"type": "string", "description": "Date in MM-DD-YYYY form"}, r"\d\d-\d\d-\d{4}"),
        ("season", {"type": "string", "description": "Season of the team, format YYYY-YYYY"}, r"\d{4}-\d{4}"),
        ("ref", {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"}, r"[A-Z]{2}-\d{4}"),
        (
            "unit",
            {"type": "string", "description": "'miles' or 'kilometers'. Default is 'miles'."},
            r"miles|kilometers",
        ),
        ("when", {"type": "string", "format": "date-time"}, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)"),
        ("token", {"type": "string", "format": "uuid"}, r"[0-9a-f-]{36}"),
        ("zip", {"type": "string", "minLength": 5, "maxLength": 5}, r".{5}"),
    ],
)
def test_texts_take_the_form_that_schema_or_description_asks_for(
    name: str, schema: dict[str, Any], expected: str
) -> None:
    for seed in range(20):
        value = draw(name, schema, "Something.", random.Random(seed)).json
        assert re.fullmatch(expected, value), value
        assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 5, "maximum": 7},
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3},
        {"type": "number", "minimum": -1.5, "maximum": -0.5},
        {"type": "integer", "multipleOf": 5},
        {"type": "number", "maximum": 0.001},
        {"type": ["integer", "null"]},
        {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 90}]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 9},
        {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "maxItems": 2},
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}, "required": ["x", "y"]},
        {"type": "object", "additionalProperties": {"type": "number"}},
        {"const": 7},
        {},
    ],
)
def test_values_validate_under_any_plain_schema(schema: dict[str, Any]) -> None:
    check = jsonschema_rs.validator_for(schema)
    for name in ("rating", "year", "price", "x", "some_values", "population"):
        for seed in range(10):
            value = draw(name, schema, "Something.", random.Random(seed)).json
            assert check.is_valid(value), (name, value)


def test_every_kind_that_rules_name_has_its_vocabulary() -> None:
    from genesis.lm.offline import moments
    from genesis.lm.offline.vocabulary import entries, sections

    kinds = {line.split(" ;")[0] for line in entries("kinds", "string")}
    assert kinds <= sections("values").keys() | moments.KINDS | {"id"}
    for name, known in sections("values").items():
        assert all(known), name
        assert len(set(known)) == len(known), name
