"""Tools of an OpenAPI 3.x document, JSON or YAML: one tool an operation, parameters and body merged.

A parameter keeps its name; properties of a JSON body that is an object stand beside the parameters (``body_NAME`` where
a parameter has the name), any other body is the parameter ``body``. Local references are resolved, others are an error
of the operation; nothing is fetched. What a caller does not choose is left out: read-only properties, cookies, and the
headers ``Accept``, ``Content-Type`` and ``Authorization`` (as OpenAPI says), each with a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import PoolError, ToolError
from genesis.tools import refs
from genesis.tools.found import Found

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SKIPPED_HEADERS = ("accept", "content-type", "authorization")
_BODIES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
_ASIDE = ("xml", "externalDocs", "discriminator", "example")
_MAX_BYTES = 64 << 20
_MAX_VALUES = 2_000_000


@dataclass(slots=True)
class _Operation:
    """The parameters of one operation while they are put together."""

    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def put(self, name: str, schema: dict[str, Any], *, needed: bool) -> None:
        if name in self.properties:
            self.notes.append((f"/properties/body_{name}", f"the body's {name!r} beside a parameter of that name"))
            name = f"body_{name}"
        self.properties[name] = schema
        if needed:
            self.required.append(name)


def document_tools(path: str) -> Iterator[Found]:
    """Yield one tool for every operation of a document. Raises PoolError naming file and line, or JSON pointer."""
    file = Path(path)
    source = f"openapi:{file.name}"
    document = _document(file)
    version = str(document.get("openapi", ""))
    if not version.startswith("3."):
        older = f"Swagger {document['swagger']}" if "swagger" in document else f"openapi: {version!r}"
        raise PoolError(f"{file}: {older}; expected an OpenAPI 3.x document")
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise PoolError(f"{file}#/paths: expected an object with at least one path")
    for route, item in paths.items():
        pointer = f"#/paths/{str(route).replace('~', '~0').replace('/', '~1')}"
        try:
            item = _followed(document, item)
        except ToolError as error:
            raise PoolError(f"{file}{pointer}: {error}") from error
        if not isinstance(item, dict):
            raise PoolError(f"{file}{pointer}: expected an object, got {type(item).__name__}")
        for method in METHODS:
            if method in item:
                yield _tool(document, item, str(route), method, source, f"{pointer}/{method}")


def _tool(document: Any, item: dict[str, Any], route: str, method: str, source: str, place: str) -> Found:
    operation = item[method]
    name = operation.get("operationId") if isinstance(operation, dict) else None
    name = (
        name if isinstance(name, str) and name.strip() else f"{method}_{route.strip('/').replace('/', '_') or 'root'}"
    )
    name = name.replace("{", "by_").replace("}", "")
    try:
        if not isinstance(operation, dict):
            raise ToolError(f"expected an operation (an object), got {type(operation).__name__}")
        parts = _operation(document, item, operation)
    except ToolError as error:
        return Found({"name": name}, source, place, broken=str(error))
    said = [operation.get("summary"), operation.get("description")]
    texts = [text.strip() for text in said if isinstance(text, str) and text.strip()] or [f"{method.upper()} {route}"]
    about = " ".join(text if text[-1] in ".!?" else f"{text}." for text in dict.fromkeys(texts))
    parameters = {"type": "object", "properties": parts.properties, "required": parts.required}
    if operation.get("deprecated") is True:
        parts.notes.append(("", "the operation is deprecated"))
    raw = {"name": name, "description": about, "parameters": parameters}
    return Found(raw, source, place, notes=tuple(parts.notes))


def _operation(document: Any, item: dict[str, Any], operation: dict[str, Any]) -> _Operation:
    parts = _Operation()
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for listed in (item.get("parameters", []), operation.get("parameters", [])):
        if not isinstance(listed, list):
            raise ToolError(f"parameters: expected a list, got {type(listed).__name__}")
        for one in listed:
            parameter = _followed(document, one)
            if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
                raise ToolError("parameters: expected objects with a name")
            merged[(parameter["name"], str(parameter.get("in")))] = parameter
    for (name, where), parameter in merged.items():
        if where == "cookie" or (where == "header" and name.lower() in _SKIPPED_HEADERS):
            parts.notes.append(("", f"the {where} {name!r} is no choice of the caller's; left out"))
            continue
        schema = parameter.get("schema")
        if schema is None:
            schema = _dict(next(iter(_dict(parameter.get("content")).values()), {})).get("schema", {})
        schema = _schema(document, schema, parts)
        if isinstance(parameter.get("description"), str):
            schema["description"] = parameter["description"].strip()
        parts.put(name, schema, needed=parameter.get("required") is True or where == "path")
    if "requestBody" in operation:
        _body(document, _followed(document, operation["requestBody"]), parts)
    return parts


def _body(document: Any, body: Any, parts: _Operation) -> None:
    content = _dict(_dict(body).get("content"))
    kinds = [kind for kind in content if kind.split(";")[0].strip() in _BODIES or kind.split(";")[0].endswith("+json")]
    kind = (
        min(kinds, key=lambda kind: (kind.split(";")[0] not in _BODIES[:1], kind)) if kinds else next(iter(content), "")
    )
    if len(content) > 1:
        parts.notes.append(("", f"of the body's forms {sorted(content)} the tool takes {kind!r}"))
    schema = _merged(_schema(document, _dict(content.get(kind)).get("schema", {}), parts))
    needed = _dict(body).get("required") is True
    properties = schema.get("properties")
    alternatives = schema.keys() & {"oneOf", "anyOf", "allOf", "not", "if"}
    if not isinstance(properties, dict) or alternatives:
        if isinstance(_dict(body).get("description"), str):
            schema.setdefault("description", body["description"].strip())
        parts.put("body", schema, needed=needed)
        return
    for name, part in properties.items():
        if isinstance(part, dict) and part.get("readOnly") is True:
            parts.notes.append(("", f"the body's {name!r} is read-only; left out"))
            continue
        parts.put(name, part, needed=needed and name in schema.get("required", ()))
    if not needed and schema.get("required"):
        parts.notes.append(("", f"the body may be left out; {', '.join(map(str, schema['required']))} not required"))


def _schema(document: Any, schema: Any, parts: _Operation) -> dict[str, Any]:
    """Return a schema with references resolved and OpenAPI's own words turned into JSON Schema's."""
    plain = _plain(refs.resolve(schema if schema is not None else {}, document))
    if not isinstance(plain, dict):
        raise ToolError(f"expected a schema (an object), got {type(plain).__name__}")
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    plain: dict[str, Any] = {}
    for key, part in value.items():
        if key in ("properties", "patternProperties") and isinstance(part, dict):
            plain[key] = {name: _plain(schema) for name, schema in part.items()}
        elif key in ("enum", "default", "const", "examples"):
            plain[key] = part
        elif key == "example":
            plain["examples"] = [part]
        elif key not in _ASIDE:
            plain[key] = _plain(part)
    return plain


def _merged(schema: dict[str, Any]) -> dict[str, Any]:
    """Merge ``allOf`` of objects into one object: how OpenAPI documents write inheritance."""
    branches = schema.get("allOf")
    if not isinstance(branches, list) or not all(isinstance(part, dict) for part in branches):
        return schema
    whole: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in map(_merged, branches):
        if part.keys() & {"oneOf", "anyOf", "allOf", "not", "if"} or part.get("type", "object") != "object":
            return schema
        for key, value in part.items():
            if key == "properties":
                whole[key] = {**value, **whole.get(key, {})}
            elif key == "required":
                whole[key] = list(dict.fromkeys([*whole.get(key, []), *value]))
            else:
                whole.setdefault(key, value)
    return whole


def _followed(document: Any, value: Any) -> Any:
    """Follow a reference to a parameter, body or path item, a few steps at most."""
    for _ in range(16):
        if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
            return value
        value = refs.target(document, value["$ref"])
    raise ToolError("references lead in a circle")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _document(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise PoolError(f"{file}: is larger than {_MAX_BYTES >> 20} MiB")
        data = file.read_bytes()
    except OSError as error:
        raise PoolError(f"{file}: cannot be read: {error.strerror or error}") from error
    if not data.strip():
        raise PoolError(f"{file}: is empty")
    document = _json(file, data) if data.lstrip()[:1] == b"{" else _yaml(file, data)
    if not isinstance(document, dict):
        raise PoolError(f"{file}: expected an OpenAPI document (an object), got {type(document).__name__}")
    return document


def _json(file: Path, data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise PoolError(f"{file}: nested too deeply to be read") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        digits = str(error).rpartition("(byte ")[2].rstrip(")")
        line = data[: int(digits)].count(b"\n") + 1 if digits.isdigit() else data.count(b"\n") + 1
        raise PoolError(f"{file}:{line}: not JSON: {error}") from error


def _yaml(file: Path, data: bytes) -> Any:
    import yaml

    try:
        return _jsonable(yaml.load(data, Loader=_yaml_loader()))
    except RecursionError as error:
        raise PoolError(f"{file}: nested too deeply to be read") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error)
        raise PoolError(f"{file}{where}: not YAML: {' '.join(str(reason).split())[:160]}") from error


@lru_cache(maxsize=1)
def _yaml_loader() -> Any:
    """Return a safe loader that reads scalars as YAML 1.2 does, as OpenAPI asks: ``NO`` and ``2024-01-01`` are text."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Yaml12Loader", (base,), {"yaml_implicit_resolvers": {}})
    for tag, pattern, starts in (
        ("null", r"^(?:~|null|Null|NULL|)$", "~nN"),
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?\d+$", "-+0123456789"),
        ("float", r"^[-+]?(?:\.\d+|\d+\.\d*|\d+(?=[eE]))(?:[eE][-+]?\d+)?$", "-+.0123456789"),
    ):
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), [*starts])
    loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
    loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
    loader.add_constructor("tag:yaml.org,2002:int", lambda own, node: int(node.value))
    return loader


def _jsonable(document: Any) -> Any:
    """Copy a YAML document with text as keys and dates as text; aliases are written out, within a bound."""
    left = [_MAX_VALUES]

    def copy(value: Any, depth: int) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise ValueError(f"unfolds to more than {_MAX_VALUES} values (aliases)")
        if depth > 200:
            raise ValueError("nested deeper than 200 levels")
        if isinstance(value, dict):
            return {_key(key): copy(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list):
            return [copy(part, depth + 1) for part in value]
        return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)

    return copy(document, 0)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else {True: "true", False: "false", None: "null"}.get(key, str(key))
