"""Replies, parsed as DSPy's adapters parse them, but never by a second paid call and never without bounds.

    >>> parse(plan_for(signature, "chat"), signature, "[[ ## best ## ]]\\n2\\n\\n[[ ## completed ## ]]")
    {'best': 2}

Differences from DSPy, all towards refusing: text over ``MAX_CHARS``, nesting over ``MAX_DEPTH``, numbers of more than
``MAX_DIGITS`` digits, NaN and infinities, the prompt's own placeholder (``{best}``) for text. One towards accepting:
where the chat headers are missing but the reply holds a JSON object with the fields (prose or a code fence around it
does not matter), that object is taken; DSPy would pay for a second call.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import json
import math
import re
import weakref
from typing import Any, Literal, Union, get_args, get_origin

import json_repair
from dspy.adapters.chat_adapter import field_header_pattern
from dspy.adapters.utils import apply_output_field_defaults, parse_value
from dspy.utils.exceptions import AdapterParseError
from pydantic import TypeAdapter, ValidationError

from genesis.errors import ReplyError
from genesis.lm.render import Plan

MAX_CHARS = 200_000
MAX_REPAIR_CHARS = 20_000
"""Repairing takes up to quadratic time; strictly valid JSON may be longer."""
MAX_DEPTH = 64
MAX_DIGITS = 300

_DIGITS = re.compile(rf"\d{{{MAX_DIGITS},}}")
_ADAPTERS: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()


def parse(plan: Plan, signature: Any, text: str) -> dict[str, Any]:
    """Return the output fields of a reply. Raises ReplyError with a short reason."""
    check_bounds(text)
    try:
        if not plan.plain:
            fields: dict[str, Any] = plan.adapter.parse(signature, text)
        elif plan.name == "chat":
            fields = _parse_chat(plan, signature, text)
        else:
            fields = _parse_json(plan, signature, text)
    except (ValueError, RecursionError, TypeError, AdapterParseError) as error:
        raise ReplyError(_short(error)) from error
    for name, value in fields.items():
        if not _finite(value):
            raise ReplyError(f"field '{name}' holds a number that is not finite")
    return fields


def check_bounds(text: str) -> None:
    """Refuse a reply that could take unbounded time or stack, in time linear in its length. Raises ReplyError."""
    if len(text) > MAX_CHARS:
        raise ReplyError(f"the reply has {len(text)} characters; at most {MAX_CHARS} are read")
    if _DIGITS.search(text):
        raise ReplyError(f"the reply holds a number of more than {MAX_DIGITS} digits")
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ReplyError(f"the reply is nested deeper than {MAX_DEPTH} levels")


def _depth(text: str) -> int:
    """Return the deepest nesting of brackets, a bound from above (brackets inside strings count too)."""
    deepest = level = 0
    for match in re.finditer(r"[\[\]{}]", text):
        level = level + 1 if match.group() in "[{" else max(level - 1, 0)
        deepest = max(deepest, level)
    return deepest


def _parse_chat(plan: Plan, signature: Any, text: str) -> dict[str, Any]:
    sections: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in text.splitlines():
        stripped = line.strip()
        match = field_header_pattern.match(stripped) if stripped.startswith("[[") else None
        if match:
            rest = line[match.end() :].strip()
            sections.append((match.group(1), [rest] if rest else []))
        else:
            sections[-1][1].append(line)
    fields: dict[str, Any] = {}
    for name, lines in sections:
        if name is not None and name not in fields and name in plan.outputs:
            fields[name] = _value(plan, signature, name, "\n".join(lines).strip())
    if not fields and "{" in text:
        return _parse_json(plan, signature, text)
    return _completed(plan, signature, fields)


def _parse_json(plan: Plan, signature: Any, text: str) -> dict[str, Any]:
    data = _load(text)
    if not isinstance(data, dict):
        start, end = text.find("{"), text.rfind("}")
        data = _load(text[start : end + 1]) if 0 <= start < end else None
    if not isinstance(data, dict):
        raise ReplyError("the reply holds no JSON object")
    fields = {name: _value(plan, signature, name, value) for name, value in data.items() if name in plan.outputs}
    return _completed(plan, signature, fields)


def _completed(plan: Plan, signature: Any, fields: dict[str, Any]) -> dict[str, Any]:
    if len(fields) == len(plan.outputs):
        return {name: fields[name] for name in plan.outputs}
    completed: dict[str, Any] = apply_output_field_defaults(signature, fields)
    missing = [name for name in plan.outputs if name not in completed]
    if missing:
        raise ReplyError(f"field '{missing[0]}' is missing from the reply")
    return completed


def _value(plan: Plan, signature: Any, name: str, value: Any) -> Any:
    """Return one field's value, as DSPy's ``parse_value`` does, with the type's validator made once."""
    annotation = plan.outputs[name].annotation
    try:
        if annotation is str:
            text = str(value)
            if text.strip() == f"{{{name}}}":
                raise ReplyError(f"field '{name}' is the prompt's own placeholder")
            return text
        if _is_special(annotation):
            return parse_value(value, annotation)
        adapters = _ADAPTERS.setdefault(signature, {})
        adapter = adapters.get(name)
        if adapter is None:
            adapter = adapters[name] = TypeAdapter(annotation)
        return adapter.validate_python(_candidate(value) if isinstance(value, str) else value)
    except (ValidationError, ValueError) as error:
        raise ReplyError(f"field '{name}': {_short(error)}") from error


def _is_special(annotation: Any) -> bool:
    """Whether DSPy reads the annotation by rules of its own: literals, enums, optional text."""
    origin = get_origin(annotation)
    if origin is Literal or not (isinstance(annotation, type) or origin is not None):
        return True
    return (
        origin is Union
        or (origin is not None and type(None) in get_args(annotation))
        or isinstance(annotation, enum.EnumMeta)
    )


def _candidate(text: str) -> Any:
    candidate = _load(text)
    if candidate == "" and text != "":
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError):
            return text
    return candidate


def _refuse_constant(name: str) -> Any:
    raise ReplyError(f"the reply holds {name}, which is no JSON number")


_strict = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _load(text: str) -> Any:
    """Return what ``json_repair.loads`` returns: valid JSON as it is, else a repair of bounded cost."""
    try:
        return _strict(text)
    except json.JSONDecodeError:
        if len(text) > MAX_REPAIR_CHARS:
            raise ReplyError(
                f"not valid JSON, and with {len(text)} characters too long to repair (at most {MAX_REPAIR_CHARS})"
            ) from None
    return json_repair.loads(text)


def _finite(value: Any) -> bool:
    kind = type(value)
    if kind is str or kind is int or kind is bool:
        return True
    if kind is float:
        return math.isfinite(value)
    if kind is list or kind is tuple:
        return all(map(_finite, value))
    if kind is dict:
        return all(map(_finite, value.values()))
    if dataclasses.is_dataclass(value):
        return all(_finite(getattr(value, field.name)) for field in dataclasses.fields(value))
    return True


def _short(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place + ': ' if place else ''}{first['msg']}"
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:197] + "..."
