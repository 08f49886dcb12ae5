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
import functools
import json
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
    inputs: Mapping[str, Any]
    """Input fields by name (DSPy makes this dict anew whenever it is asked)."""
    outputs: Mapping[str, Any]
    """Output fields by name."""


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
        signature.input_fields,
        signature.output_fields,
    )


def _is_dspy_type(annotation: Any) -> bool:
    if isinstance(annotation, type) and annotation.__module__.startswith("dspy."):
        return True
    return any(_is_dspy_type(part) for part in get_args(annotation))


def render(plan: Plan, signature: Any, demos: list[Any], inputs: Mapping[str, Any]) -> Messages:
    """Return the messages that ``dspy.Predict`` would send. Raises LMConfigError for a missing input."""
    values = complete_inputs(plan, signature, inputs)
    if not plan.plain:
        messages: Messages = plan.adapter.format(signature, demos, values)
        return messages
    parts = [
        f"[[ ## {name} ## ]]\n{_field_text(field.annotation, field, values[name])}"
        for name, field in plan.inputs.items()
    ]
    parts.append(plan.reminder)
    messages = [{"role": "system", "content": plan.system}]
    if demos:
        messages.extend(plan.adapter.format_demos(signature, demos))
    messages.append({"role": "user", "content": "\n\n".join(parts).strip()})
    for message in messages:
        message["content"] = clean_text(message["content"])
    return messages


def complete_inputs(plan: Plan, signature: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with the signature's defaults. Raises LMConfigError naming what is missing or unknown."""
    values = dict(inputs)
    known = plan.inputs
    for name, field in known.items():
        if name not in values:
            if field.default is PydanticUndefined:
                raise LMConfigError(
                    f"{signature.__name__}: input '{name}' is missing; the signature takes {list(known)}"
                )
            values[name] = field.default
    for name in values:
        if name not in known:
            raise LMConfigError(f"{signature.__name__}: unknown input '{name}'; the signature takes {list(known)}")
    return values


class Fixed(dict[str, Any]):
    """A JSON object that nobody changes any more: however many prompts show it, it is encoded once."""

    __slots__ = ("text",)

    text: str

    @staticmethod
    def encoded(value: Fixed) -> str:
        """Return its JSON, as prompts hold it."""
        try:
            return value.text
        except AttributeError:
            value.text = _encode(value)
            return value.text


def _field_text(annotation: Any, field: Any, value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is list and value and all(type(item) is Fixed for item in value):
        return f"[{', '.join(map(Fixed.encoded, value))}]"
    if not (annotation is str and isinstance(value, list)):
        try:
            if isinstance(value, (dict, list, tuple)):
                return _encode(value)
            if value is None or type(value) in (bool, int):
                return str(value)
        except _NotPlainError:
            pass
    text: str = format_field_value(field_info=field, value=value)
    return text


class _NotPlainError(Exception):
    """A value that only DSPy's serialiser knows."""


def _shallow(value: Any) -> dict[str, Any]:
    """Return a dataclass as a dict, one level deep; the encoder asks again for what is inside."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _names(type(value))}
    raise _NotPlainError


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


_encode = json.JSONEncoder(ensure_ascii=False, default=_shallow).encode
