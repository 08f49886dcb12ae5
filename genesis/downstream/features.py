"""What a (request, tool) pair looks like to the probe: cosines and overlaps, no names of tools, no learned words.

Every column is a number in [0, 1] or a difference of two, so that a model trained on the tools of one pool can be used
on tools that it never saw.

>>> pair = Pair("Any rain in Oslo on Friday?", {"name": "get_weather", "description": "Weather of a city."}, 0)
>>> pair_features([pair]).shape
(1, 15)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.text import hashed_tfidf, split_name, words

Matrix = NDArray[np.float64]
_NUMERIC = ("integer", "number", "float", "double", "long")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Pair:
    """One request beside one of the tools on offer."""

    request: str
    function: dict[str, Any]
    """``{"name", "description", "parameters"}``; the types may be a benchmark's dialect."""
    item: int
    """Pairs of the same item compete."""


def name_view(function: dict[str, Any]) -> list[str]:
    """Return the words of a tool's name."""
    return [_stem(word) for word in split_name(str(function.get("name", "")))]


def description_view(function: dict[str, Any]) -> list[str]:
    """Return the words of a tool's description."""
    return [_stem(word) for word in words(str(function.get("description") or ""))]


def parameters_view(function: dict[str, Any]) -> list[str]:
    """Return the words of all parameters' names, descriptions and enum members, nested ones too."""
    found: list[str] = []
    for name, schema in _schemas(function.get("parameters")):
        found += split_name(name) + words(str(schema.get("description") or ""))
        found += [word for member in _members(schema) for word in words(member)]
    return [_stem(word) for word in found]


def full_view(function: dict[str, Any]) -> list[str]:
    """Return all words of a tool: name, description, parameters."""
    return name_view(function) + description_view(function) + parameters_view(function)


def chars_view(function: dict[str, Any]) -> list[str]:
    """Return the 4-character grams of a tool's name and description: they see through endings and compounds."""
    return _grams(name_view(function) + description_view(function))


VIEWS: tuple[Callable[[dict[str, Any]], list[str]], ...] = (
    name_view,
    description_view,
    parameters_view,
    full_view,
    chars_view,
)


def pair_features(pairs: Sequence[Pair]) -> Matrix:
    """Return the features of every pair, shape (len(pairs), 15), rows in the order given.

    Columns: the cosine of the request with each of the five VIEWS; each one less the best of the item's other tools;
    the share of the name's words that were said; the share of enum parameters with a member that was said; whether
    as many numbers were said as there are required numeric parameters; the share of the required parameters' words
    that were said; the share of the request's words that the tool's text holds. Cosines weigh words by their document
    frequency in these pairs' texts (no labels): features of one call are not comparable with those of another.
    """
    if not pairs:
        return np.zeros((0, 2 * len(VIEWS) + 5))
    items = np.array([pair.item for pair in pairs])
    cosines = np.column_stack([view_cosines(pairs, view) for view in VIEWS])
    margins = np.column_stack([_margins(column, items) for column in cosines.T])
    said = {request: {_stem(word) for word in words(request)} for request in {pair.request for pair in pairs}}
    overlaps = np.array([_overlaps(pair, said[pair.request]) for pair in pairs])
    return np.hstack([cosines, margins, overlaps])


def view_cosines(pairs: Sequence[Pair], view: Callable[[dict[str, Any]], list[str]]) -> NDArray[np.float64]:
    """Return the TF-IDF cosine of each pair's request with one view of its tool, shape (len(pairs),)."""
    rows: dict[str, int] = {}
    texts: list[list[str]] = []

    left, right = [], []
    for pair in pairs:  # a request stands beside several tools, a tool beside several requests: each is read once
        request, tool = f"request {pair.request}", f"tool {pair.function}"
        if request not in rows:
            rows[request] = len(texts)
            texts.append(_request(pair.request, view))
        if tool not in rows:
            rows[tool] = len(texts)
            texts.append(view(pair.function))
        left.append(rows[request])
        right.append(rows[tool])
    matrix = hashed_tfidf(texts)
    return np.asarray(matrix[left].multiply(matrix[right]).sum(axis=1), dtype=np.float64).ravel()


def _request(text: str, view: Callable[[dict[str, Any]], list[str]]) -> list[str]:
    tokens = [_stem(word) for word in words(text)]
    return _grams(tokens) if view is chars_view else tokens


def _margins(column: NDArray[np.float64], items: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each value less the best other value of its item (less 0 where it has no rival)."""
    margins = column.copy()
    groups: dict[int, list[int]] = {}
    for row, item in enumerate(items.tolist()):
        groups.setdefault(item, []).append(row)
    for group in groups.values():
        if len(group) > 1:
            order = sorted(group, key=lambda row: -column[row])
            margins[group] -= column[order[0]]
            margins[order[0]] = column[order[0]] - column[order[1]]
    return margins


def _overlaps(pair: Pair, said: set[str]) -> list[float]:
    name = name_view(pair.function)
    schemas = list(_schemas(pair.function.get("parameters")))
    required = set((pair.function.get("parameters") or {}).get("required") or ())
    enums = [_members(schema) for _, schema in schemas if _members(schema)]
    lowered = pair.request.lower()
    hits = sum(any(member.lower() in lowered for member in members if member) for members in enums)
    numeric = sum(name in required and schema.get("type") in _NUMERIC for name, schema in schemas)
    numbers = len(_NUMBER.findall(pair.request))
    needed = [_stem(word) for key in sorted(map(str, required)) for word in split_name(key)]
    text = set(full_view(pair.function))
    return [
        _share(name, said),
        hits / len(enums) if enums else 0.0,
        min(1.0, numbers / numeric) if numeric else 0.5,
        _share(needed, said),
        _share(sorted(said), text),
    ]


def _share(wanted: Sequence[str], found: set[str]) -> float:
    return sum(word in found for word in wanted) / len(wanted) if wanted else 0.0


def _schemas(parameters: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, schema) of all properties, nested ones too; a walk without recursion, so depth is no danger."""
    stack = [parameters]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        properties = node.get("properties")
        for name, schema in (properties if isinstance(properties, dict) else {}).items():
            if isinstance(schema, dict):
                yield name, schema
                stack.append(schema)
        stack.append(node.get("items"))


def _members(schema: dict[str, Any]) -> list[str]:
    members = schema.get("enum")
    return [str(member) for member in members] if isinstance(members, list) else []


def _stem(word: str) -> str:
    """Drop a plural s: requests say `cities` and `flights` where tools say `city` and `flight`."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _grams(tokens: Sequence[str]) -> list[str]:
    padded = (f" {token} " for token in tokens)
    return [token[start : start + 4] for token in padded for start in range(max(1, len(token) - 3))]
