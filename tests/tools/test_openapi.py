"""OpenAPI documents as they are really written: bodies, arrays, oneOf, allOf, references, path and query parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genesis.errors import PoolError
from genesis.tools.build import build_pool
from genesis.tools.tool import Tool

DOCUMENT = """
openapi: 3.0.3
info: {title: Parcel desk, version: "1"}
paths:
  /parcels/{parcel-id}:
    parameters:
      - {$ref: '#/components/parameters/ParcelId'}
      - {name: Authorization, in: header, schema: {type: string}}
      - {name: X-Tenant, in: header, required: true, description: Tenant to act for., schema: {type: string}}
    get:
      operationId: parcels.get
      summary: Look up a parcel
      description: Returns where a parcel is and when it arrives.
      parameters:
        - {name: fields, in: query, description: Which fields to return., schema: {type: array, items: {type: string}}}
        - {name: session, in: cookie, schema: {type: string}}
        - name: page
          in: query
          description: Page number.
          schema: {type: integer, minimum: 0, exclusiveMinimum: true, default: 1}
    patch:
      summary: Change the delivery of a parcel
      requestBody:
        required: true
        content:
          application/xml: {schema: {type: string}}
          application/json:
            schema:
              allOf:
                - {$ref: '#/components/schemas/Base'}
                - type: object
                  required: [address]
                  properties:
                    address: {$ref: '#/components/schemas/Address'}
                    fields: {type: string, description: A note on the fields., nullable: true}
  /parcels:
    post:
      operationId: createParcels
      description: Registers several parcels at once.
      requestBody:
        required: true
        description: The parcels.
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/Address'}}
  /payments:
    post:
      operationId: pay
      description: Pays by card or by invoice.
      deprecated: true
      requestBody:
        content:
          application/json:
            schema:
              oneOf:
                - {type: object, properties: {card: {type: string}}, required: [card]}
                - {type: object, properties: {invoice: {type: string}}, required: [invoice]}
  /tree:
    post:
      operationId: plantTree
      description: Plants a tree of nodes.
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}}
  /elsewhere:
    get:
      operationId: elsewhere
      description: Refers to another document.
      parameters: [{name: q, in: query, schema: {$ref: 'https://example.com/schema.json#/Q'}}]
components:
  parameters:
    ParcelId:
      name: parcel-id
      in: path
      required: true
      description: Number on the parcel.
      schema: {type: string, format: uuid}
  schemas:
    Base:
      type: object
      required: [id, weight]
      properties:
        id: {type: integer, readOnly: true}
        weight: {type: number, format: double, description: Weight in kg., example: 1.5}
    Address:
      type: object
      description: Where to bring it.
      required: [city]
      properties:
        city: {type: string}
        country: {type: string, enum: [NO, SE], default: NO}
    Node:
      type: object
      properties:
        children: {type: array, items: {$ref: '#/components/schemas/Node'}}
"""


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, Tool]:
    (tmp_path / "parcels.yaml").write_text(DOCUMENT)
    pool, _ = build_pool([f"openapi:{tmp_path / 'parcels.yaml'}"], None, 0)
    return {tool.original_name or tool.name: tool for tool in pool}


def test_path_query_and_header_parameters(tools: dict[str, Tool]) -> None:
    tool = tools["parcels.get"]
    assert tool.name == "parcels_get"
    assert tool.source == "openapi:parcels.yaml"
    assert tool.description == "Look up a parcel. Returns where a parcel is and when it arrives."
    assert set(tool.properties) == {"parcel-id", "X-Tenant", "fields", "page"}
    assert set(tool.required) == {"parcel-id", "X-Tenant"}
    assert tool.properties["parcel-id"] == {"type": "string", "format": "uuid", "description": "Number on the parcel."}
    assert tool.properties["page"] == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "default": 1,
        "description": "Page number.",
    }


def test_bodies_are_merged_with_parameters_and_inheritance_is_followed(tools: dict[str, Tool]) -> None:
    tool = tools["patch_parcels_by_parcel-id"]
    assert set(tool.properties) == {"parcel-id", "X-Tenant", "weight", "address", "fields"}
    assert set(tool.required) == {"parcel-id", "X-Tenant", "weight", "address"}
    assert tool.properties["address"]["properties"]["country"] == {
        "type": "string",
        "enum": ["NO", "SE"],
        "default": "NO",
    }
    assert tool.properties["fields"]["type"] == ["string", "null"]


def test_a_body_that_is_no_object_is_one_parameter(tools: dict[str, Tool]) -> None:
    tool = tools["createParcels"]
    assert tool.required == ("body",)
    assert tool.properties["body"]["items"]["required"] == ["city"]
    assert [set(branch["properties"]) for branch in tools["pay"].properties["body"]["oneOf"]] == [{"card"}, {"invoice"}]
    assert tools["pay"].required == ()


def test_cycles_and_remote_references_cost_one_operation_each(tmp_path: Path) -> None:
    (tmp_path / "parcels.yaml").write_text(DOCUMENT)
    _, report = build_pool([f"openapi:{tmp_path / 'parcels.yaml'}"], None, 0)
    rejected = {
        finding.tool: (finding.place, finding.reason) for finding in report.findings if finding.action == "rejected"
    }
    assert set(rejected) == {"plantTree", "elsewhere"}
    assert rejected["plantTree"] == ("#/paths/~1tree/post", "reference '#/components/schemas/Node' is a cycle")
    assert "remote, and nothing is fetched" in rejected["elsewhere"][1]
    repaired = " ".join(finding.reason for finding in report.findings if finding.action == "repaired")
    assert "the cookie 'session' is no choice of the caller's" in repaired
    assert "the header 'Authorization' is no choice" in repaired
    assert "deprecated" in repaired


def test_body_and_parameter_of_one_name_are_both_kept(tmp_path: Path) -> None:
    operation: dict[str, Any] = {
        "operationId": "rename",
        "description": "Renames a thing.",
        "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"properties": {"name": {"type": "string"}}, "required": ["name"]}}
            },
        },
    }
    document = {"openapi": "3.1.0", "paths": {"/things/{name}": {"put": operation}}}
    (tmp_path / "d.json").write_text(json.dumps(document))
    pool, _ = build_pool([f"openapi:{tmp_path / 'd.json'}"], None, 0)
    assert set(pool["rename"].required) == {"name", "body_name"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("{", r":1: not JSON"),
        ("a: [1\nb: 2\n", r":2: not YAML"),
        ("[1, 2]", "expected an OpenAPI document"),
        ("swagger: '2.0'\npaths: {}", "Swagger 2.0; expected an OpenAPI 3.x document"),
        ("openapi: 3.0.0", "#/paths: expected an object"),
        ("openapi: 3.0.0\npaths: {/a: 3}", "#/paths/~1a: expected an object, got int"),
        ("openapi: 3.0.0\npaths: {/a: {parameters: []}}", "holds no tool"),
        ("openapi: 3.0.0\npaths: !!python/object/apply:os.system ['true']", "not YAML"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)),
            "unfolds to more than",
        ),
        ("[" * 3000, "nested too deeply|not YAML"),
    ],
)
def test_bad_documents_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(PoolError, match=rf"bad\.yaml.*({message})"):
        build_pool([f"openapi:{tmp_path / 'bad.yaml'}"], None, 0)
