"""Predictions of any model, as JSON lines, for every scorer.

::

    {"id": "simple_python_0", "tool_calls": [{"name": "triangle_area", "arguments": {"base": 10, "height": 5}}]}
    {"id": "irrelevance_3", "text": "None of these functions can do that."}
    {"id": "simple_python_1", "text": "[math.factorial(number=5)]"}

Where ``tool_calls`` is given, even empty, the calls are what is scored; ``text`` is then what was said beside them.
OpenAI's form of a call (``{"function": {"name", "arguments": "<JSON>"}}``) is read too. Arguments that are no JSON
object are the model's fault and become a verdict; a row of another shape is the file's fault and an error.
"""

from __future__ import annotations

import codecs
import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import FormatError

Calls = list[dict[str, Any]]
"""``[{name: arguments}]``: how the benchmarks' own checkers see calls."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model answered to one item."""

    id: str
    calls: tuple[tuple[str, Any], ...] | None = None
    """(name, arguments) of native tool calls; arguments as they came: an object, or the JSON text of one."""
    text: str | None = None


class UndecodableError(FormatError):
    """A model's answer holds no calls in the form its benchmark reads."""


def read(path: str | Path, known: Iterable[str]) -> dict[str, Prediction]:
    """Return the predictions of a file by id, each for one of the ``known`` items.

    Raises FormatError naming file and line: not JSON, no or another id, an id twice, neither calls nor text.
    """
    file = Path(path)
    ids = list(known)
    allowed = set(ids)
    found: dict[str, Prediction] = {}
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from error
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        prediction = _from_line(line, place)
        if prediction.id not in allowed:
            close = difflib.get_close_matches(prediction.id, ids, n=1)
            hint = f"; nearest is {close[0]!r}" if close else f"; ids look like {ids[0]!r}" if ids else ""
            raise FormatError(f"{place}: id {prediction.id!r} is no item of the benchmark{hint}")
        if prediction.id in found:
            raise FormatError(f"{place}: id {prediction.id!r} stands twice")
        found[prediction.id] = prediction
    if not found:
        raise FormatError(f"{path}: holds no prediction")
    return found


def to_row(prediction: Prediction) -> dict[str, Any]:
    """Return the row that :func:`read` reads back."""
    row: dict[str, Any] = {"id": prediction.id}
    if prediction.calls is not None:
        row["tool_calls"] = [{"name": name, "arguments": arguments} for name, arguments in prediction.calls]
    if prediction.text is not None or prediction.calls is None:
        row["text"] = prediction.text or ""
    return row


def native_calls(prediction: Prediction) -> Calls:
    """Return the native calls with their arguments as objects. Raises UndecodableError where one has none."""
    decoded: Calls = []
    for name, arguments in prediction.calls or ():
        if isinstance(arguments, str):
            try:
                arguments = json.loads(arguments)
            except (ValueError, RecursionError) as error:
                raise UndecodableError(f"arguments of {name} are not JSON: {error}") from error
        if not isinstance(arguments, dict):
            raise UndecodableError(f"arguments of {name} are {type(arguments).__name__}, not an object")
        decoded.append({name: arguments})
    return decoded


def _from_line(line: bytes, place: str) -> Prediction:
    row = _decode(line, place)
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise FormatError(f"{place}: expected an object with a text 'id', got {str(row)[:60]!r}")
    calls, text = row.get("tool_calls"), row.get("text")
    if calls is None and text is None:
        raise FormatError(f"{place}: {row['id']} has neither 'tool_calls' nor 'text'; it has {sorted(row)}")
    if text is not None and not isinstance(text, str):
        raise FormatError(f"{place}: text is {type(text).__name__}; expected text")
    if calls is not None and not isinstance(calls, list):
        raise FormatError(f"{place}: tool_calls is {type(calls).__name__}; expected a list")
    return Prediction(row["id"], None if calls is None else tuple(_call(call, place) for call in calls), text)


def _decode(line: bytes, place: str) -> Any:
    """Decode a line; what only Python's json takes (NaN, 1e400, a lone surrogate) is a model's doing and is let in."""
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise FormatError(f"{place}: not JSON: {error}") from error


def _call(row: Any, place: str) -> tuple[str, Any]:
    function: Any = row.get("function", row) if isinstance(row, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise FormatError(f"{place}: expected tool calls like {{'name', 'arguments'}}, got {str(row)[:60]!r}")
    return function["name"], function.get("arguments", {})
