"""YAML in the strict subset that every reader agrees on; what is ambiguous is refused with a hint, never guessed.

>>> parse_yaml("seed: 3", "p.yaml")
{'seed': 3}
"""

from __future__ import annotations

import re
from typing import Any

from genesis.errors import ParamsError

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?$")
_AMBIGUOUS = (
    (re.compile(r"(?i)(yes|no|on|off)$"), "write true or false, or put it in quotes"),
    (re.compile(r"(?:True|TRUE|False|FALSE|Null|NULL|~)$"), "write true, false or null in lower case"),
    (re.compile(r"[-+]?0[0-9_]+$"), "a leading zero means octal to some readers; drop it or put it in quotes"),
    (re.compile(r"[-+]?0[xXoObB][0-9a-fA-F_]+$"), "write a decimal number"),
    (re.compile(r"[-+]?[0-9][0-9_]*_[0-9_.]*$"), "write the number without underscores"),
    (re.compile(r"[-+]?[0-9]+(\.)?[eE][-+]?[0-9]+$"), "some readers take this as text; write it like 1.0e-5"),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.)([eE][-+]?[0-9]+)?$"), "write digits on both sides of the point"),
    (re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?$"), "some readers take this as base 60; put it in quotes"),
    (re.compile(r"(?i)[-+]?\.?(inf|infinity|nan)$"), "a parameter is a finite number"),
)
_MAX_BYTES = 1_000_000
_MAX_DEPTH = 20


def parse_yaml(text: str, where: str) -> Any:
    """Parse strict YAML into plain data. Raises ParamsError with line and column for everything ambiguous."""
    import yaml

    if len(text) > _MAX_BYTES:
        raise ParamsError(f"{where}: {len(text)} characters; a parameters file has at most {_MAX_BYTES}")
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ParamsError(
            f"{where}{place}: not YAML: {getattr(error, 'problem', None) or 'nested too deeply'}"
        ) from error
    documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
    if documents > 1:
        raise ParamsError(f"{where}: {documents} YAML documents; expected one")
    return _compose(iter([event for event in events if not isinstance(event, _frame_events())]), where)


def _frame_events() -> tuple[type, ...]:
    import yaml

    return (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)


_END = object()


def _compose(events: Any, where: str, depth: int = 0) -> Any:
    """Turn a stream of YAML events into plain data; returns _END at the end of a collection, None for no event."""
    import yaml

    event = next(events, None)
    if event is None:
        return None
    place = f"{where}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
    if depth > _MAX_DEPTH:
        raise ParamsError(f"{place}: nested deeper than {_MAX_DEPTH} levels")
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise ParamsError(f"{place}: anchors and aliases are not taken; write the value out")
    if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
        return _END
    if getattr(event, "tag", None) not in (None, "!"):
        raise ParamsError(f"{place}: tag {event.tag!r} is not taken; write a plain value")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event.value, place) if event.style is None else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while (item := _compose(events, where, depth + 1)) is not _END:
            items.append(item)
        return items
    mapping: dict[str, Any] = {}
    while (key := _compose(events, where, depth + 1)) is not _END:
        if not isinstance(key, str):
            raise ParamsError(f"{place}: key {key!r} is not text; put it in quotes")
        if key in mapping:
            raise ParamsError(f"{place}: key '{key}' stands twice")
        mapping[key] = _compose(events, where, depth + 1)
    return mapping


def _scalar(text: str, place: str) -> Any:
    if text in ("", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.match(text):
        if len(text) > 18:
            raise ParamsError(f"{place}: {text[:20]}... is a larger number than a parameter takes")
        return int(text)
    if _FLOAT.match(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ParamsError(f"{place}: '{text}': a parameter is a finite number")
        return value
    for pattern, advice in _AMBIGUOUS:
        if pattern.match(text):
            raise ParamsError(f"{place}: '{text}' is ambiguous in YAML: {advice}")
    return text
