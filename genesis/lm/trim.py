"""Prompts that would not fit the model's window are cut down, with notice: tools first, then the oldest talk.

In this order, until the estimate fits: long descriptions of tools and parameters; tools that nothing else in the
prompt names, from the end; the oldest lines of the conversation but the first. What does not fit even then is
RejectedLMError: the call fails, not the run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from genesis.errors import RejectedLMError
from genesis.lm.engine import prompt_estimate
from genesis.lm.render import Messages

SHORT = 60
"""Characters that are left of a description."""


def fit(draw: Callable[[Mapping[str, Any]], Messages], inputs: Mapping[str, Any], room: int) -> tuple[Messages, bool]:
    """Return messages of at most ``room`` tokens (estimated), and whether any were cut. Raises RejectedLMError."""
    messages = draw(inputs)
    size = first = prompt_estimate(messages)
    if size <= room:
        return messages, False
    for trimmed in _steps(dict(inputs)):
        messages = draw(trimmed)
        size = prompt_estimate(messages)
        if size <= room:
            return messages, True
    raise RejectedLMError(
        f"a prompt of about {first} tokens does not fit {room}; trimmed as far as it goes it has {size}"
    )


def _steps(inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield ever smaller inputs."""
    names = [name for name, value in inputs.items() if _are_tools(value)]
    for name in names:
        inputs[name] = [_shortened(tool) for tool in inputs[name]]
    if names:
        yield dict(inputs)
    for name in names:
        tools = list(inputs[name])
        rest = {key: value for key, value in inputs.items() if key != name}
        others = msgspec.json.encode(rest, enc_hook=str).decode()
        for tool in reversed(tools.copy()):
            if len(tools) > 1 and not re.search(rf"(?<![\w-]){re.escape(str(tool.get('name')))}(?![\w-])", others):
                tools.remove(tool)
                inputs[name] = list(tools)
                yield dict(inputs)
    lines = inputs.get("conversation")
    while isinstance(lines, list) and len(lines) > 2:
        lines = [lines[0], *lines[2:]]
        inputs["conversation"] = lines
        yield dict(inputs)


def _are_tools(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "description" in one for one in value)
    )


def _shortened(value: Any) -> Any:
    """Return a tool with every description cut short."""
    if isinstance(value, dict):
        return {
            key: item[:SHORT] if key == "description" and isinstance(item, str) else _shortened(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return value
