"""Prompts, rendered as DSPy's adapters render them, at a fraction of the cost.

    >>> plan = plan_for(dspy.Predict("question -> answer").signature, "chat")
    >>> render(plan, [], {"question": "Who?"})[1]["content"].splitlines()[:2]
    ['[[ ## question ## ]]', 'Who?']

What depends on the signature alone (the system message with its JSON Schemas, the output reminder) is made once;
what is left per call is the inputs' JSON. A signature with DSPy's own types (History, Image, Tool, ...) goes through
DSPy's adapter itself. ``tests/lm/test_render.py`` proves the messages equal to those of ``dspy.Predict``.
"""

from __future__ import annotations

import dataclasses
import json
import math
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import dspy
from dspy.adapters.utils import format_field_value
from pydantic_core import PydanticUndefined

from genesis.errors import LMConfigError
from genesis.text import clean_text

AdapterName = Literal["chat", "json"]
Messages = list[dict[str, str]]

_dumps = json.JSONEncoder(ensure_ascii=False).encode
_OTHER = object()


@dataclass(frozen=True, slots=True)
class Plan:
    """What one signature and one adapter fix for all their calls."""

    adapter: Any
    """DSPy's adapter, for what the fast path does not cover (demonstrations, its own types)."""
    name: AdapterName
    plain: bool
    """Whether no field has one of DSPy's own types."""
    system: str
    reminder: str


_PLANS: dict[AdapterName, weakref.WeakKeyDictionary[Any, Plan]] = {
    "chat": weakref.WeakKeyDictionary(),
    "json": weakref.WeakKeyDictionary(),
}


def plan_for(signature: Any, name: AdapterName) -> Plan:
    """Return the memoised plan of a signature (a class: a changed prompt is another class)."""
    plan = _PLANS[name].get(signature)
    if plan is None:
        plan = _PLANS[name][signature] = _make_plan(signature, name)
    return plan


def _make_plan(signature: Any, name: AdapterName) -> Plan:
    adapter = (
        dspy.ChatAdapter(use_json_adapter_fallback=False)
        if name == "chat"
        else dspy.JSONAdapter(use_native_function_calling=False)
    )
    plain = not any(_is_dspy_type(field.annotation) for field in signature.fields.values())
    # The plan holds no reference to the signature: it is its key, and the memory of plans must not only grow.
    return Plan(
        adapter,
        name,
        plain,
        adapter.format_system_message(signature),
        adapter.user_message_output_requirements(signature),
    )


def _is_dspy_type(annotation: Any) -> bool:
    if isinstance(annotation, type) and annotation.__module__.startswith("dspy."):
        return True
    return any(_is_dspy_type(part) for part in get_args(annotation))


def render(plan: Plan, signature: Any, demos: list[Any], inputs: Mapping[str, Any]) -> Messages:
    """Return the messages that ``dspy.Predict`` would send. Raises LMConfigError for a missing input."""
    values = complete_inputs(signature, inputs)
    if not plan.plain:
        messages: Messages = plan.adapter.format(signature, demos, values)
        return messages
    parts = [
        f"[[ ## {name} ## ]]\n{_field_text(field, values[name])}"
        for name, field in signature.input_fields.items()
        if name in values
    ]
    parts.append(plan.reminder)
    messages = [{"role": "system", "content": plan.system}]
    if demos:
        messages.extend(plan.adapter.format_demos(signature, demos))
    messages.append({"role": "user", "content": "\n\n".join(parts).strip()})
    for message in messages:
        message["content"] = clean_text(message["content"])
    return messages


def complete_inputs(signature: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with the signature's defaults. Raises LMConfigError naming what is missing or unknown."""
    values = dict(inputs)
    known = signature.input_fields
    takes = f"the signature takes {list(known)}"
    for name, field in known.items():
        if name not in values:
            if field.default is PydanticUndefined:
                raise LMConfigError(f"{signature.__name__}: input '{name}' is missing; {takes}")
            values[name] = field.default
    for name in values:
        if name not in known:
            raise LMConfigError(f"{signature.__name__}: unknown input '{name}'; {takes}")
    return values


def _field_text(field: Any, value: Any) -> str:
    if type(value) is str:
        return value
    if not (isinstance(value, list) and field.annotation is str):
        plain = _plain(value)
        if plain is not _OTHER:
            return _dumps(plain) if isinstance(plain, (dict, list)) else str(plain)
    text: str = format_field_value(field_info=field, value=value)
    return text


def _plain(value: Any) -> Any:
    """Return ``value`` as plain JSON data, or ``_OTHER`` where only DSPy's serialiser knows the answer."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is float:
        return value if math.isfinite(value) else _OTHER
    if kind is list or kind is tuple:
        items = [_plain(item) for item in value]
        return _OTHER if any(item is _OTHER for item in items) else items
    if kind is dict:
        return _plain_mapping(value.items())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_mapping((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    return _OTHER


def _plain_mapping(pairs: Any) -> Any:
    result = {}
    for key, item in pairs:
        plain = _plain(item)
        if type(key) is not str or plain is _OTHER:
            return _OTHER
        result[key] = plain
    return result
