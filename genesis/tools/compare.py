"""Two pools against one another, and a pool against a benchmark's tools: what a paper must say was in domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from genesis import text
from genesis.benchmarks import acebench, apibank, bfcl
from genesis.errors import PoolError
from genesis.tools import background
from genesis.tools.curation import NEAR
from genesis.tools.decisions import key, key_of
from genesis.tools.found import Found
from genesis.tools.pool import ToolPool, features
from genesis.tools.reading import examine
from genesis.tools.tool import Tool

BENCHMARKS = ("bfcl", "acebench", "apibank")
_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes the second pool another than the first."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    """Tool in both -> the fields that differ."""
    same: int

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        changed = {name: list(fields) for name, fields in self.changed.items()}
        return {"added": list(self.added), "removed": list(self.removed), "changed": changed, "same": self.same}


def diff(first: ToolPool, second: ToolPool) -> Difference:
    """Compare two pools by name; order does not count."""
    common = sorted(first.by_name.keys() & second.by_name.keys())
    changed = {name: fields for name in common if (fields := _fields(first.by_name[name], second.by_name[name]))}
    return Difference(
        added=tuple(sorted(second.by_name.keys() - first.by_name.keys())),
        removed=tuple(sorted(first.by_name.keys() - second.by_name.keys())),
        changed=changed,
        same=len(common) - len(changed),
    )


def _fields(one: Tool, other: Tool) -> tuple[str, ...]:
    names = ("description", "parameters", "domain", "source", "original_name")
    return tuple(name for name in names if getattr(one, name) != getattr(other, name))


def benchmark_functions(benchmark: str, data: str = "") -> dict[str, list[dict[str, Any]]]:
    """Return a benchmark's function definitions by category. Raises PoolError, BenchmarkError, MissingExtraError."""
    if benchmark == "bfcl":
        return {category: bfcl.raw_functions(category) for category in (*bfcl.SINGLE_TURN, "multi_turn")}
    if benchmark not in BENCHMARKS:
        raise PoolError(f"benchmark {benchmark!r}: expected one of {', '.join(BENCHMARKS)}")
    if not data:
        raise PoolError(f"benchmark {benchmark!r}: its data is not bundled; give its folder (--data DIR)")
    if benchmark == "acebench":
        return {category: acebench.raw_functions(data, category) for category in acebench.CATEGORIES}
    return {level: apibank.raw_functions(data, level) for level in apibank.LEVELS}


def overlap(pool: ToolPool, functions: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """Return how much of a benchmark's set of tools is in a pool, by category and in all.

    Of the distinct *names*: how many are a tool's original name. Of the distinct *definitions* (name, description and
    parameters after mapping): how many are a tool's, exactly; and how many are *alike* (exact, or cosine of at least
    :data:`~genesis.tools.curation.NEAR`): curation merges versions, so exact definitions alone say too little.
    """
    names = {tool.original_name or tool.name for tool in pool}
    keys = {key_of(tool) for tool in pool}
    distinct: dict[str, dict[str, Tool]] = {}
    for category, raws in functions.items():
        different = {msgspec.json.encode(raw): raw for raw in raws}  # benchmarks repeat most of theirs
        distinct[category] = dict(_definition(raw) for raw in different.values())
    everything = {mark: tool for tools in distinct.values() for mark, tool in tools.items()}
    alike = keys | _alike(pool, everything)
    result = {category: _counts(tools, names, keys, alike) for category, tools in distinct.items()}
    return {"categories": result, "all": _counts(everything, names, keys, alike), "threshold": NEAR}


def _definition(raw: dict[str, Any]) -> tuple[str, Tool]:
    """Return a benchmark's function as a tool with its key; a definition that curation rejects keeps name and text."""
    candidate, _ = examine(Found(raw, ""))
    if candidate is None:
        tool = Tool(str(raw.get("name")), str(raw.get("description")), {"type": "object", "properties": {}})
        return f"rejected {tool.name} {text.stable_hash(raw)}", tool
    definition = candidate.definition
    return key(definition), Tool(*definition)


def _counts(tools: Mapping[str, Tool], names: set[str], keys: set[str], alike: set[str]) -> dict[str, Any]:
    distinct_names = {tool.name for tool in tools.values()}
    counts = {
        "names": len(distinct_names),
        "names_in_pool": len(distinct_names & names),
        "definitions": len(tools),
        "definitions_in_pool": len(tools.keys() & keys),
        "alike_in_pool": len(tools.keys() & alike),
    }
    share = {
        "names_share": counts["names_in_pool"] / counts["names"] if counts["names"] else 0.0,
        "definitions_share": counts["definitions_in_pool"] / counts["definitions"] if counts["definitions"] else 0.0,
        "alike_share": counts["alike_in_pool"] / counts["definitions"] if counts["definitions"] else 0.0,
    }
    return {**counts, **{name: round(value, 4) for name, value in share.items()}}


def _alike(pool: ToolPool, tools: Mapping[str, Tool]) -> set[str]:
    """Return the keys of the definitions that some tool of the pool is nearly the same as."""
    import numpy as np

    if not tools:
        return set()
    ours = _matrix(pool.tools)
    theirs = _matrix(tools.values()).T.tocsr()
    best = np.zeros(len(tools))
    for start in range(0, len(pool), _BLOCK):
        best = np.maximum(best, np.asarray((ours[start : start + _BLOCK] @ theirs).max(axis=0).todense()).ravel())
    return {mark for mark, cosine in zip(tools, best, strict=True) if cosine >= NEAR}


def _matrix(tools: Iterable[Tool]) -> Any:
    return text.hashed_tfidf((features(tool) for tool in tools), idf=background.idf())
