"""Reading a rendered prompt and writing a reply: DSPy's ChatAdapter and JSONAdapter, from their text alone.

The system message lists the fields, the last user message holds the values::

    1. `persona` (str): how the person writes          [[ ## persona ## ]]
    2. `wishes` (list[Wish]): what the person ...      terse
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from genesis.errors import LMConfigError

_FIELD = re.compile(r"^\d+\. `(\w+)` \((.*?)\):", re.MULTILINE)
_HEADER = re.compile(r"\[\[ ## (\w+) ## \]\]")
_LINE_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


@dataclass(frozen=True, slots=True)
class Layout:
    """What the system message says about the fields and the form of the reply."""

    style: Literal["chat", "json"]
    inputs: tuple[tuple[str, str], ...]
    """(name, type as written), in order."""
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as read: ``inputs`` hold decoded JSON, or text for ``str`` fields; treat them as read-only."""

    layout: Layout
    inputs: dict[str, Any]
    text: str
    """The user message it was read from."""


def read(messages: list[dict[str, str]]) -> Prompt:
    """Read the prompt's fields. Raises LMConfigError where the messages were not written by a DSPy adapter."""
    system = next((str(m.get("content") or "") for m in messages if m.get("role") == "system"), "")
    user = next((str(m.get("content") or "") for m in reversed(messages) if m.get("role") == "user"), "")
    layout = read_layout(system)
    return Prompt(layout, _read_inputs(layout, user), user)


@lru_cache(maxsize=64)
def read_layout(system: str) -> Layout:
    """Read field names and reply style from a system message. Raises LMConfigError."""
    head, marker, tail = system.partition("Your output fields are:\n")
    tail, structure, after = tail.partition("\nAll interactions will be structured")
    if not marker or not structure or "Your input fields are:" not in head:
        raise LMConfigError(
            "offline (simulated) LM: the prompt lists no input and output fields; it answers prompts written by "
            "DSPy's ChatAdapter or JSONAdapter only"
        )
    inputs = tuple(_FIELD.findall(head))
    outputs = tuple(name for name, _ in _FIELD.findall(tail))
    style: Literal["chat", "json"] = "json" if "Outputs will be a JSON object" in after else "chat"
    return Layout(style, inputs, outputs)


def _read_inputs(layout: Layout, user: str) -> dict[str, Any]:
    """Cut the user message at its headers, from the end: text in a field may look like an earlier header."""
    end = user.rfind("\n\nRespond with ")
    rest = user if end < 0 else user[:end]
    values: dict[str, Any] = {}
    for name, kind in reversed(layout.inputs):
        header = f"[[ ## {name} ## ]]\n"
        start = rest.rfind("\n" + header)
        if start < 0:
            if not rest.startswith(header):
                if (rest + "\n").endswith("\n" + header) or rest + "\n" == header:
                    start, text = len(rest) - len(header) + 1, ""
                else:
                    continue
            else:
                start, text = 0, rest[len(header) :]
        else:
            text = rest[start + 1 + len(header) :]
        values[name] = _decode(name, kind, text.strip())
        rest = rest[:start].rstrip("\n") if start > 0 else ""
    return values


def _decode(name: str, kind: str, text: str) -> Any:
    if kind == "str":
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise LMConfigError(
            f"offline (simulated) LM: field '{name}' ({kind}) holds no JSON: {text[:60]!r}: {error}"
        ) from error


def write(layout: Layout, fields: dict[str, Any]) -> str:
    """Write the output fields in the form the prompt asks for, in its order."""
    if layout.style == "json":
        return msgspec.json.encode({name: fields[name] for name in layout.outputs}).decode()
    parts = [f"[[ ## {name} ## ]]\n{_chat_value(fields[name])}" for name in layout.outputs]
    return "\n\n".join([*parts, "[[ ## completed ## ]]"])


def _chat_value(value: Any) -> str:
    if isinstance(value, str):
        return _HEADER.sub(r"\1", value)  # a header inside a value would cut the reply in two
    return msgspec.json.encode(value).decode().translate(_LINE_BREAKS)
