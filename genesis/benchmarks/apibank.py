"""API-Bank as prepared for function-calling evaluation: three levels, one gold call an item.

>>> functions("1. Name: Add\\nDescription: Adds.\\nParameters: {'a': {'type': 'int', 'description': 'One.'}}")
[{'name': 'Add', 'description': 'Adds.', 'parameters': {'a': {'type': 'int', 'description': 'One.'}}}]

The functions stand as text in each item's system prompt and are read from there (``ast.literal_eval``: nothing is
run); ``parameters`` is the flat table of the benchmark, without ``required``. ``gold`` is ``[{"name", "parameters"}]``,
all values text. The prompts as they stand are ``extra["system"]`` and ``extra["user"]``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import msgspec

from genesis.benchmarks import files
from genesis.benchmarks.item import Item
from genesis.errors import BenchmarkError

LEVELS = ("L1", "L2", "L3")
_TOOLS = re.compile(r"you can use the following tools:\n(.*?)\n\n\*\*Steps", re.DOTALL)
_FUNCTION = re.compile(
    r"^\d+\. (?:Name: (?P<name>[^\n]+)\nDescription: (?P<about>.*?)|(?P<short>[^\n:]+): (?P<told>.*?))"
    r"\nParameters: (?P<parameters>\{.*?\})\s*(?=\n\d+\. |\Z)",
    re.DOTALL | re.MULTILINE,
)
_PART = re.compile(r"<(user|response|tool_call|obs)>(.*?)</\1>", re.DOTALL)


def raw_functions(folder: str | Path, level: str) -> list[dict[str, Any]]:
    """Return every function definition of a level in file order, repetitions included. Raises BenchmarkError."""
    return [function for item in items(folder, level) for function in item.functions]


def items(folder: str | Path, level: str) -> list[Item]:
    """Return the items of a level (``L1``, ``L2``, ``L3``) in file order. Raises BenchmarkError."""
    if level not in LEVELS:
        raise BenchmarkError(f"API-Bank has no level {level!r}; it has {', '.join(LEVELS)}")
    path = Path(folder) / f"level-{level[1]}-api_processed.json"
    found = []
    for index, row in enumerate(files.rows(path, ("system", "user", "answer"))):
        place = f"{path}:[{index}]"
        listed = _TOOLS.search(row["system"])
        if listed is None:
            raise BenchmarkError(f"{place}: the system prompt lists no tools")
        gold = row["answer"] if isinstance(row["answer"], list) else [row["answer"]]
        extra = {"system": row["system"], "user": row["user"], "other": row.get("other")}
        try:
            offered, said = functions(listed[1]), messages(row["user"])
        except BenchmarkError as error:
            raise BenchmarkError(f"{place}: {error}") from error
        found.append(Item(f"{level}_{index}", level, said, offered, gold, extra))
    return found


def functions(text: str) -> list[dict[str, Any]]:
    """Read the numbered list of tools in a system prompt. Raises BenchmarkError where part of it is not understood."""
    found = []
    end = 0
    for match in _FUNCTION.finditer(text):
        if text[end : match.start()].strip():
            break
        name, about = match["name"] or match["short"], match["about"] or match["told"] or ""
        try:
            parameters = ast.literal_eval(match["parameters"])
        except (ValueError, SyntaxError) as error:
            raise BenchmarkError(f"tool {name}: parameters are no literal: {error}") from error
        found.append({"name": name.strip(), "description": about.strip(), "parameters": parameters})
        end = match.end()
    if not found or text[end:].strip():
        raise BenchmarkError(f"the list of tools is not understood from {text[end:].strip()[:60]!r}")
    return found


def messages(text: str) -> list[dict[str, Any]]:
    """Read the dialogue records of a user prompt: users, responses, calls and their results, in order."""
    found: list[dict[str, Any]] = []
    for kind, content in _PART.findall(text):
        if kind == "user":
            found.append({"role": "user", "content": content.strip()})
        elif kind == "response":
            found.append({"role": "assistant", "content": content.strip()})
        elif kind == "obs":
            found.append({"role": "tool", "content": content.strip()})
        else:
            found.append({"role": "assistant", "content": "", "tool_calls": _calls(content)})
    return found


def _calls(text: str) -> list[dict[str, Any]]:
    calls = []
    for line in text.strip().splitlines():
        try:
            call = msgspec.json.decode(line)
            function = {"name": call["name"], "arguments": call["parameters"]}
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise BenchmarkError(f"tool call {line[:60]!r} is not understood: {error}") from error
        calls.append({"type": "function", "function": function})
    return calls
