"""The tool pool: tools by name, which of them are alike, and the file they live in (one JSON tool a line).

::

    {"name": "get_weather", "description": "...", "parameters": {...}, "domain": "weather", "source": "bfcl:multiple",
     "original_name": "weather.get"}
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from genesis import text
from genesis.errors import PoolError, ToolError
from genesis.tools.tool import Tool

_KEPT = 64
"""Neighbours kept of a tool once they have been looked up."""


@dataclass(frozen=True)
class ToolPool:
    """Tools with distinct names. Raises PoolError on a name that stands twice."""

    tools: tuple[Tool, ...]

    def __post_init__(self) -> None:
        if len(self.by_name) != len(self.tools):
            seen: set[str] = set()
            twice = next(tool.name for tool in self.tools if tool.name in seen or seen.add(tool.name))  # type: ignore[func-returns-value]
            raise PoolError(f"pool: the name {twice!r} stands twice; names are distinct")

    def __len__(self) -> int:
        return len(self.tools)

    def __iter__(self) -> Iterator[Tool]:
        return iter(self.tools)

    def __getitem__(self, name: str) -> Tool:
        """Return the tool of that name. Raises PoolError naming the nearest known names."""
        try:
            return self.by_name[name]
        except KeyError:
            import difflib

            near = difflib.get_close_matches(name, list(self.by_name), 3)
            raise PoolError(f"pool: no tool {name!r}" + (f"; near: {', '.join(near)}" if near else "")) from None

    @cached_property
    def by_name(self) -> dict[str, Tool]:
        """The tools by name, in pool order."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def hash(self) -> str:
        """Sixteen hex digits over all tools as the pool file would hold them, in order."""
        digest = hashlib.sha256()
        for tool in self.tools:
            digest.update(_line(tool))
        return digest.hexdigest()[:16]

    @cached_property
    def _index(self) -> tuple[Any, dict[str, int], dict[str, list[tuple[str, float]]]]:
        matrix = text.hashed_tfidf(features(tool) for tool in self.tools)
        return matrix, {tool.name: row for row, tool in enumerate(self.tools)}, {}

    def related(self, name: str, k: int) -> list[tuple[str, float]]:
        """Return the ``k`` tools most like ``name`` as (name, cosine), best first, ties in pool order.

        Cosine of hashed TF-IDF over name, description and parameters (:func:`features`). Raises PoolError.
        """
        matrix, rows, kept = self._index
        if name not in rows:
            self[name]
        found = kept.get(name)
        if found is None or len(found) < min(k, len(self.tools) - 1):
            ranked = text.nearest(matrix, rows[name], max(k, _KEPT))
            found = kept[name] = [(self.tools[row].name, cosine) for row, cosine in ranked]
        return found[:k]


def features(tool: Tool) -> list[str]:
    """Return the tokens by which tools are compared: the name's words twice, the description's, the parameters'.

    Parameter names are marked, so that a ``location`` said in a description is not the parameter ``location``. Bare
    numbers in the name do not count: they tell namesakes apart.
    """
    name = [word for word in text.split_name(tool.original_name or tool.name) if not word.isdecimal()]
    tokens = name + name + text.words(tool.description)
    for parameter, schema in tool.properties.items():
        tokens.append("p:" + "_".join(text.split_name(parameter)))
        if isinstance(schema, dict):
            tokens += text.words(str(schema.get("description", "")))
            tokens += [f"e:{value}".lower() for value in schema.get("enum", ())[:20]]
    return tokens


def to_row(tool: Tool) -> dict[str, Any]:
    """Return the tool as a line of a pool file holds it."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "domain": tool.domain,
        "source": tool.source,
        "original_name": tool.original_name,
    }


def from_row(row: Any) -> Tool:
    """Read a tool from a line of a pool file. Raises ToolError naming the field and what was expected."""
    if not isinstance(row, dict):
        raise ToolError(f"expected an object, got {type(row).__name__}")
    for field, kind in (("name", str), ("description", str), ("parameters", dict)):
        if not isinstance(row.get(field), kind):
            raise ToolError(f"{str(row.get('name', '?'))[:80]}: {field!r} is missing or no {kind.__name__}")
    unknown = set(row) - set(Tool.__dataclass_fields__)
    if unknown:
        raise ToolError(f"{row['name'][:80]}: unknown field {sorted(unknown)[0]!r}; is this a pool file?")
    extras = {field: row[field] for field in ("domain", "source", "original_name") if field in row}
    if wrong := [field for field, value in extras.items() if not isinstance(value, str)]:
        raise ToolError(f"{row['name'][:80]}: {wrong[0]!r} is no text")
    return Tool(row["name"], row["description"], row["parameters"], **extras)


def load_pool(path: str | Path) -> ToolPool:
    """Read a pool file. Raises PoolError naming file and line."""
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise PoolError(f"{file}: cannot be read: {error.strerror or error}") from error
    tools = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            tools.append(from_row(msgspec.json.decode(line)))
        except (msgspec.DecodeError, RecursionError, ToolError) as error:
            raise PoolError(f"{file}:{number}: {error}") from error
    if not tools:
        raise PoolError(f"{file}: holds no tool")
    try:
        return ToolPool(tuple(tools))
    except PoolError as error:
        raise PoolError(f"{file}: {error}") from error


def save_pool(pool: ToolPool, path: str | Path) -> None:
    """Write a pool file whole or not at all (beside, then renamed). Raises PoolError."""
    write_whole(path, (_line(tool) for tool in pool.tools))


def write_whole(path: str | Path, chunks: Iterable[bytes]) -> None:
    """Write a file beside its place and rename it into place once it is complete. Raises PoolError."""
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.writelines(chunks)
                out.flush()
                os.fsync(out.fileno())
            Path(beside).chmod(0o644)
            Path(beside).replace(file)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise
    except OSError as error:
        raise PoolError(f"{file}: cannot be written: {error.strerror or error}") from error


def to_openai_file(pool: ToolPool) -> dict[str, Any]:
    """Return the pool as ``{"tools": [OpenAI's form, ...], "about": {name: domain, source, original name}}``.

    ``tools`` is what endpoints take; ``tools:FILE`` reads the whole back as the same pool.
    """
    about = {
        tool.name: {"domain": tool.domain, "source": tool.source, "original_name": tool.original_name}
        for tool in pool.tools
    }
    return {"tools": [tool.to_openai() for tool in pool.tools], "about": about}


def _line(tool: Tool) -> bytes:
    return msgspec.json.encode(to_row(tool)) + b"\n"
