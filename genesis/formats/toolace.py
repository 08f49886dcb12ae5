"""ToolACE: tools as JSON in the system prompt, calls as ``[name(key=value), ...]`` text.

::

    {"system": "You are an expert in composing functions. ... [{\\"name\\": ...}] ...",
     "conversations": [{"from": "user", "value": "..."},
                       {"from": "assistant", "value": "[Get Weather(city=\\"Oslo\\")]"},
                       {"from": "tool", "value": "[{\\"name\\": ..., \\"results\\": {...}}]"}, ...]}

Calls are read by a parser over literals, never evaluated. Schemas are of Python's dialect (``"type": "dict"``) and are
mapped.
"""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from typing import Any

import msgspec

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import RowError
from genesis.formats.rows import CALL, SHAPE, TOOL, answers, encode, groups, list_of, read_tool, text_of
from genesis.tools.tool import Tool

_SYSTEM = (
    "You are an expert in composing functions. You are given a question and a set of possible functions. Based "
    "on the question, you will need to make one or more function/tool calls to achieve the purpose.\n"
    "If none of the function can be used, point it out. If the given question lacks the parameters required by "
    "the function, also point it out.\n"
    "Here is a list of functions in JSON format that you can invoke:\n"
    "{tools}\n"
    "Should you decide to return the function call(s). \n"
    "Put it in the format of [func1(params_name=params_value, params_name2=params_value2...), func2(params)]\n"
    "\n"
    "NO other text MUST be included. \n"
)
_LIST = re.compile(r"\[\s*\{")
_NAME = re.compile(r"\s*([^()\[\]={}\"',]{1,120})\(")
_CONSTANTS = {"true": True, "false": False, "null": None}
_MAX_TEXT = 100_000


def read(row: dict[str, Any]) -> Dialogue:
    """Read a row of ToolACE's form. Raises RowError."""
    tools = _tools(text_of(row, "system"))
    messages: list[Message] = []
    open_calls: tuple[ToolCall, ...] = ()
    made = 0
    names = {tool.name for tool in tools}
    for part in list_of(row, "conversations"):
        speaker, value = text_of(part, "from"), text_of(part, "value")
        if speaker in ("user", "human"):
            messages.append(Message("user", value))
        elif speaker in ("assistant", "gpt"):
            calls = parse_calls(value, names)
            open_calls = tuple(ToolCall(f"call_{made + k}", name, given) for k, (name, given) in enumerate(calls))
            made += len(open_calls)
            messages.append(Message("assistant", "" if open_calls else value, open_calls))
        elif speaker == "tool":
            messages += answers(_results(value, len(open_calls)), open_calls)
        else:
            raise RowError(SHAPE, f"from is {speaker[:40]!r}; expected user, assistant or tool")
    return Dialogue(str(row.get("id", "")), tools, tuple(messages))


@lru_cache(maxsize=10_000)
def _tools(system: str) -> tuple[Tool, ...]:
    match = _LIST.search(system)
    if match is None:
        return ()
    try:
        rows, _ = json.JSONDecoder().raw_decode(system, match.start())
    except (ValueError, RecursionError) as error:
        raise RowError(TOOL, f"system: the list of functions is not JSON: {error}") from error
    return tuple(read_tool(row, dialect=True) for row in rows)


def parse_calls(text: str, names: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Read ``[name(key=value), ...]``; text that is no list of calls gives none. Raises RowError for a broken list.

    >>> parse_calls('[Get Weather(city="Oslo", days=3)]', {"Get Weather"})
    [('Get Weather', {'city': 'Oslo', 'days': 3})]
    """
    text = text.strip()
    if not text.startswith("[") or (first := _NAME.match(text, 1)) is None:
        return []
    if not text.endswith("]") or len(text) > _MAX_TEXT:
        if first[1].strip() in names:
            raise RowError(CALL, f"a list of calls that does not end: {text[:60]!r}")
        return []
    calls = []
    place = 1
    while place < len(text) - 1:
        match = _NAME.match(text, place)
        end = _closing(text, match.end()) if match else -1
        if match is None or end < 0:
            raise RowError(CALL, f"not a list of calls from {text[place : place + 60]!r}")
        calls.append((match[1].strip(), _arguments(text[match.end() : end])))
        rest = re.compile(r"\s*(?:,|\]\s*$)").match(text, end + 1)
        if rest is None:
            raise RowError(CALL, f"not a list of calls from {text[end : end + 60]!r}")
        place = rest.end()
    return calls


def _closing(text: str, start: int) -> int:
    """Return the index of the bracket that closes the one before ``start``; quotes are respected; -1: none."""
    depth, quote, at = 1, "", start
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _arguments(text: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise RowError(CALL, f"arguments are no literals: {text[:80]!r}") from error
    if not isinstance(call, ast.Call) or call.args or any(keyword.arg is None for keyword in call.keywords):
        raise RowError(CALL, f"arguments without names: {text[:80]!r}")
    return {str(keyword.arg): _literal(keyword.value, text) for keyword in call.keywords}


def _literal(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, bool, type(None))):
        return node.value
    if isinstance(node, ast.Name) and node.id in _CONSTANTS:
        return _CONSTANTS[node.id]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_literal(part, text) for part in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _literal(node.operand, text)
        if isinstance(value, (int, float)):
            return -value
    if isinstance(node, ast.Dict) and all(
        isinstance(key, ast.Constant) and isinstance(key.value, str) for key in node.keys
    ):
        pairs = zip(node.keys, node.values, strict=True)
        return {key.value: _literal(value, text) for key, value in pairs if isinstance(key, ast.Constant)}
    raise RowError(CALL, f"not a literal in {text[:80]!r}")


def _results(value: str, count: int) -> list[str]:
    """Return the results of a tool turn; ToolACE writes a list of {"name", "results"}."""
    try:
        rows = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return [value]
    if (
        isinstance(rows, list)
        and len(rows) == count
        and all(isinstance(row, dict) and "results" in row for row in rows)
    ):
        return [row["results"] if isinstance(row["results"], str) else encode(row["results"]) for row in rows]
    return [value]


def write(dialogue: Dialogue) -> dict[str, Any]:
    """Return ToolACE's row. Raises RowError for what it cannot hold: own system text, text beside calls, odd names."""
    tools = [tool.to_function() for tool in dialogue.tools]
    turns: list[dict[str, str]] = []
    for message, results in groups(dialogue):
        if message.role == "system":
            raise RowError(SHAPE, "a system message; the format's own stands in its place")
        if message.tool_calls:
            if message.content:
                raise RowError(SHAPE, "text beside calls; the format has one or the other")
            value = f"[{', '.join(_call_text(call) for call in message.tool_calls)}]"
        else:
            value = message.content
            if value.startswith("["):
                raise RowError(SHAPE, "a text that begins like a list of calls")
        turns.append({"from": message.role, "value": value})
        if results:
            pairs = zip(message.tool_calls, results, strict=True)
            rows = [{"name": call.name, "results": _embedded(result.content)} for call, result in pairs]
            turns.append({"from": "tool", "value": encode(rows)})
    return {"system": _SYSTEM.format(tools=encode(tools)), "conversations": turns}


def _call_text(call: ToolCall) -> str:
    if not all(name.isidentifier() for name in call.arguments) or not _NAME.fullmatch(f"{call.name}("):
        raise RowError(SHAPE, f"{call.name}: names of arguments that the format cannot write: {sorted(call.arguments)}")
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"


def _embedded(content: str) -> Any:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return content
    return value if not isinstance(value, str) and encode(value) == content else content
