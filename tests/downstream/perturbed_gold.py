"""Predictions made from a benchmark's gold: left whole, spoiled one way an item, emptied, or garbage; all by hash.

The official runners' verdicts on exactly these predictions are frozen beside this file (``frozen/``), so a change here
needs them frozen anew (``freeze_bfcl.py``, ``freeze_acebench.py`` say how).
"""

from __future__ import annotations

import copy
import json
from typing import Any

from genesis.downstream.predictions import Prediction
from genesis.text import stable_hash

Call = tuple[str, Any]

_GARBAGE_TEXTS = (
    "",
    "   ",
    "[]",
    "I am sorry, none of these functions can help.",
    "[call(",
    "[f(a=1), 'x']",
    '```json\n[{"name": "f"}]\n```',
    "f(a=1)(b=2)",
    "[f(a=__import__('os').getcwd())]",
    "[f(a=1+2, b='x'*3, c=[1]+[2], d=7)]",
    "[f(a=+5, b=not True, c=~1)]",
    "[f(a=lambda: 1)]",
    "[f(*args, **kwargs)]",
    "[f(5, a={**x})]",
    "[f(a={[1]: 2})]",
    "[f(a=x[0], b=y.z[1:2], c=g(), d=h(k=1))]",
    "[f(a=...)]",
    "[f(a=b.c)]",
    "{f(a=1), g(b=2)}",
    "(f(a=1), g(b=2))",
    "f(a=1)",
    "'[f(a=1)]'",
    "[a.b.c(x='y')]",
    "[f(a=1, a=2)]",
    "[f(a=f'{x}')]",
    "[f(a=1_000, b=0x1F, c=1e400, d=1j)]",
    "\x00[f(a=1)]",
    "[f(a='\ud83d')]".encode("utf-8", "replace").decode(),
    "[" * 300,
    "[f(a=" + "(" * 150 + "1" + ")" * 150 + ")]",
    "new Foo().bar(x=1)",
    "foo(x = new int[]{1, 2}, y = 'c', z = true);",
    "foo({a: 1}, b = [1, 2], c = x => x)",
)
_GARBAGE_CALLS: tuple[tuple[Call, ...], ...] = (
    (("f", {}),),
    (("f", []),),
    (("f", "not json"),),
    (("f", '{"a": NaN}'),),
    (("f", None),),
    (("", {}),),
    (("f", {"a": {"b": [{"c": None}]}}), ("f", {"a": {"b": [{"c": None}]}})),
    (("f", '["a"]'),),
    (("f", 3),),
    (("f", '{"a": 1, "a": 2}'),),
)


def garbage_text(item_id: str) -> Prediction:
    """Return text that is (mostly) no call at all."""
    return Prediction(item_id, None, _GARBAGE_TEXTS[stable_hash("text", item_id) % len(_GARBAGE_TEXTS)])


def garbage_calls(item_id: str) -> Prediction:
    """Return calls that no model should make."""
    return Prediction(item_id, _GARBAGE_CALLS[stable_hash("calls", item_id) % len(_GARBAGE_CALLS)])


def perturbed(prediction: Prediction, salt: str = "") -> Prediction:
    """Return a prediction with one thing changed, which one by the hash of its id; some changes are harmless."""
    if not prediction.calls:
        return prediction if stable_hash(salt, prediction.id) % 2 else garbage_calls(prediction.id)
    calls = [(name, copy.deepcopy(arguments)) for name, arguments in prediction.calls]
    change = _CHANGES[stable_hash("change", salt, prediction.id) % len(_CHANGES)]
    change(calls, stable_hash("where", salt, prediction.id))
    return Prediction(prediction.id, tuple(calls))


def as_text(prediction: Prediction) -> Prediction:
    """Return native calls written as Python calls in a list."""
    parts = []
    for name, arguments in prediction.calls or ():
        if not isinstance(arguments, dict):
            arguments = {"arguments": arguments}
        inside = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        parts.append(f"{name}({inside})")
    return Prediction(prediction.id, None, "[" + ", ".join(parts) + "]")


def _pick(calls: list[Call], where: int) -> tuple[dict[str, Any], str | None]:
    arguments = calls[where % len(calls)][1]
    keys = sorted(arguments)
    return arguments, keys[where % len(keys)] if keys else None


def _drop_argument(calls: list[Call], where: int) -> None:
    arguments, key = _pick(calls, where)
    arguments.pop(key, None)


def _extra_argument(calls: list[Call], where: int) -> None:
    _pick(calls, where)[0]["surplus"] = 1


def _wrong_name(calls: list[Call], where: int) -> None:
    name, arguments = calls[where % len(calls)]
    calls[where % len(calls)] = (name + "x", arguments)


def _drop_call(calls: list[Call], where: int) -> None:
    del calls[where % len(calls)]


def _repeat_call(calls: list[Call], where: int) -> None:
    calls.append(copy.deepcopy(calls[where % len(calls)]))


def _reverse_calls(calls: list[Call], where: int) -> None:
    calls.reverse()


def _change_each(calls: list[Call], where: int) -> None:
    """Spoil one value, according to its type."""
    arguments, key = _pick(calls, where)
    if key is not None:
        arguments[key] = _other(arguments[key], where)


def _other(value: Any, where: int) -> Any:
    if isinstance(value, bool):
        return (not value, int(value), str(value).lower(), None)[where % 4]
    if isinstance(value, int):
        return (value + 1, float(value), str(value), value + 0.5, True)[where % 5]
    if isinstance(value, float):
        return (value + 1, int(value), str(value), -value)[where % 4]
    if isinstance(value, str):
        forms = (value.upper(), f" {value}. ", value + "x", value[:-1], 5, [value], {"value": value}, "true", value * 2)
        return forms[where % len(forms)]
    if isinstance(value, list):
        forms = (value[::-1], value[:-1], [*value, value[0]] if value else [1], tuple(value), json.dumps(value), {}, [])
        return list(forms[where % 7]) if where % 7 == 3 else forms[where % 7]
    if isinstance(value, dict):
        inner = dict(value)
        if inner and where % 3 == 0:
            inner.pop(sorted(inner)[0])
        elif inner and where % 3 == 1:
            first = sorted(inner)[where % len(inner)]
            inner[first] = _other(inner[first], where // 3)
        else:
            inner["surplus"] = 1
        return inner
    return "null"


def _swap_values(calls: list[Call], where: int) -> None:
    arguments, key = _pick(calls, where)
    other = next((name for name in sorted(arguments) if name != key), None)
    if key is not None and other is not None:
        arguments[key], arguments[other] = arguments[other], arguments[key]


def _swap_between_calls(calls: list[Call], where: int) -> None:
    if len(calls) > 1:
        (first, one), (second, two) = calls[0], calls[1]
        calls[0], calls[1] = (first, two), (second, one)


def _whisper(calls: list[Call], where: int) -> None:
    """Change nothing that matters: case and spaces of every text."""
    for index, (name, arguments) in enumerate(calls):
        calls[index] = (name, {key: f" {v}".lower() if isinstance(v, str) else v for key, v in arguments.items()})


_CHANGES = (
    _drop_argument,
    _extra_argument,
    _wrong_name,
    _drop_call,
    _repeat_call,
    _reverse_calls,
    _change_each,
    _change_each,
    _change_each,
    _change_each,
    _swap_values,
    _swap_between_calls,
    _whisper,
)
