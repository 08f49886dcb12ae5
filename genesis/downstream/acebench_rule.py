"""ACEBench's official rule for Normal items, restated; what is odd in it is its own and is kept.

It compares little: a number or boolean at the top of the arguments is checked for type only, a text is right if it
contains the gold's, an enum is never checked, optional parameters may be left out, one call may answer two gold calls,
and inside objects text of the value containing text of the gold suffices. Where the official code would stop with an
error, so does :func:`accepts` (KeyError, TypeError, AttributeError): such an item has no verdict.

Source: ``model_eval/checker.py`` of ACEBench (Chen et al. 2025), its ``normal_checker`` and what it calls.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from genesis.downstream.predictions import Calls

_TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
    "list": list,
    "object": dict,
    "objectArray": list,
    "list(string)": list,
    "list(enum)": list,
    "int": int,
    "enum": enumerate,
    "number": int,
}
_NESTED = ("array", "tuple", "list(string)", "list(enum)", "object", "objectArray")
_PUNCTUATION = re.compile(r"[ ,./\-_*^]")
_NUMBERED = re.compile(r"_\d+$")


def plain_name(name: str) -> str:
    """Return a gold call's name without the number that tells two calls of one tool apart: ``f_2`` -> ``f``."""
    return _NUMBERED.sub("", name)


def standard(text: str) -> str:
    """Return text without spaces and ``,./-_*^``, in lower case, with one kind of quotes."""
    return _PUNCTUATION.sub("", text).lower().replace("'", '"')


def accepts(functions: Sequence[Mapping[str, Any]], calls: Calls, answer: Mapping[str, Any]) -> str:
    """Return why the official rule rejects ``calls`` for one gold answer ``{name: arguments}``; empty: it accepts."""
    if len(calls) != len(answer):
        return f"{len(calls)} calls; expected {len(answer)}"
    wanted = [(key, plain_name(key), arguments) for key, arguments in answer.items()]
    called = Counter(name for call in calls for name in call)
    if called != Counter(name for _, name, _ in wanted):
        return f"calls {sorted(called)}; expected {sorted(name for _, name, _ in wanted)}"
    for key, name, arguments in wanted:
        function: Any = next((function for function in functions if function["name"] in key), None)
        reason = f"no call of {name}"
        for call in calls:
            if next(iter(call)) == name:
                reason = _call(function, name, call[name], arguments)
                if not reason:
                    break
        if reason:
            return reason
    return ""


def _call(function: Any, name: str, given: Any, wanted: Mapping[str, Any]) -> str:
    parameters = function["parameters"]
    if given == {} or parameters == {}:
        return "" if given == parameters else f"{name}: has arguments where none are, or none where some are"
    if wanted == parameters["properties"]:
        return ""
    if wanted == {}:
        return f"{name}: expected no arguments"
    if function["name"] != name:
        return f"{name}: not the function on offer"
    for required in parameters["required"]:
        if required not in given:
            return f"{name}: lacks {required}"
    for parameter, value in given.items():
        if parameter not in parameters["properties"] or parameter not in wanted:
            return f"{name}: unexpected {parameter}"
        reason = _argument(parameters["properties"][parameter], value, wanted[parameter])
        if reason:
            return f"{name}: {parameter} {reason}"
    return ""


def _argument(schema: Mapping[str, Any], value: Any, wanted: Any) -> str:
    kind = schema["type"]
    expected, inner = _TYPES[kind], _inner(schema)
    if kind == "tuple" and type(value) is tuple:
        value = list(value)
    if kind == "float" and type(value) is int:
        value = float(value)
    fits, loose = _type(value, wanted, expected, inner)
    if not fits:
        return f"has type {type(value).__name__}; expected {kind}"
    if loose:  # the gold's type is not the schema's: the official rule takes the value for a variable's name
        return ""
    if expected is dict:
        return _object(value, wanted)
    if expected is list and inner is dict:
        if kind == "objectArray" and len(value) == len(wanted) > 0:
            raise TypeError("the official code calls its own function with an argument missing")
        return _objects(value, wanted)
    if expected is str:
        return "" if standard(wanted) in standard(value) else f"is {value!r}; expected {wanted!r}"
    if expected is list:
        same = _standard_all(value) == _standard_all(wanted)
        return "" if same else f"is {value!r}; expected {wanted!r}"
    return ""


def _inner(schema: Mapping[str, Any]) -> type | None:
    """Return the type inside a list or object, as the official rule guesses it; None where it does not look inside."""
    kind = schema["type"]
    if kind not in _NESTED:
        return None
    try:
        inner = schema["items"]["type"]
    except (KeyError, TypeError, IndexError):
        inner = "string" if "string" in kind else "enum" if "enum" in kind else "dict"
    return _TYPES[inner]


def _type(value: Any, wanted: Any, expected: type, inner: type | None) -> tuple[bool, bool]:
    """Return (whether the type fits, whether the value is not compared any more)."""
    has_gold = wanted != ""
    loose = has_gold and type(wanted) is not expected
    if value == "true":
        value = True
    if value == "false":
        value = False
    fits = True
    if type(value) is expected:
        if inner is None:
            return True, loose
        inside = cast("list[Any]", value)
        for one in wanted:  # what cannot be walked stops the official code too
            if type(one) is not list or all(_type(element, one, inner, None)[0] for element in inside):
                return True, loose
        fits = False
    if has_gold and (type(value) is type(wanted) or wanted == value):
        return fits, True
    return False, loose


def _object(value: Any, wanted: Any) -> str:
    if not isinstance(value, dict):
        return f"is {value!r}; expected {wanted!r}"
    if len(value) != len(wanted.keys()):
        return f"has {len(value)} members; expected {len(wanted)}"
    for key, member in value.items():
        if key not in wanted:
            return f"has an unexpected member {key!r}"
        gold = wanted[key]
        member = {"true": True, "false": False}.get(member, member) if isinstance(member, str) else member
        if isinstance(gold, dict):
            reason = _object(member, gold)
            if reason:
                return reason
        elif str(standard(gold) if type(gold) is str else gold) not in str(
            standard(member) if type(member) is str else member
        ):
            return f"member {key!r} is {member!r}; expected {gold!r}"
    return ""


def _objects(value: Sequence[Any], wanted: Sequence[Any]) -> str:
    if len(value) != len(wanted):
        return f"has {len(value)} elements; expected {len(wanted)}"
    for member, gold in zip(value, wanted, strict=True):
        reason = _object(member, gold)
        if reason:
            return reason
    return ""


def _standard_all(values: Sequence[Any]) -> list[Any]:
    return [standard(value) if type(value) is str else value for value in values]
