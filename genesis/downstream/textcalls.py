"""Calls written as text, read by walking Python's syntax tree; nothing is ever evaluated.

    >>> read_calls("[math.factorial(number=5), greet(names=['Ada', 'Bo'])]")
    [{'math.factorial': {'number': 5}}, {'greet': {'names': ['Ada', 'Bo']}}]

BFCL's and ACEBench's official decoders read text this way, and what is odd here is theirs: positional arguments are
dropped, any unary operator negates (``+5`` is -5), a bare name is its own text (``true`` is ``"true"``). They call
``eval`` on binary operators; here arithmetic on literals is worked out instead, and an expression with a name or a call
in it is undecodable.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from genesis.downstream.predictions import Calls, UndecodableError

_MAX_TEXT = 200_000
_MAX_SIZE = 100_000
"""Most items of a sequence, and bits of a number, that arithmetic may make."""
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}


def read_calls(text: str, *, single: bool = True, empty_call_is_text: bool = True) -> Calls:
    """Return the calls that ``text`` is: a list (or tuple, or set) of calls; also one call alone where ``single``.

    ``empty_call_is_text``: an argument that is itself a call without keywords becomes its own source text (BFCL), or
    ``{name: {}}`` (ACEBench). Raises UndecodableError; takes at most 200,000 characters.
    """
    if len(text) > _MAX_TEXT:
        raise UndecodableError(f"{len(text)} characters; at most {_MAX_TEXT} are read as calls")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a model's text concerns nobody
            body = ast.parse(text, mode="eval").body
        elements = [body] if single and isinstance(body, ast.Call) else getattr(body, "elts", None)
        if elements is None:
            raise UndecodableError(f"a {type(body).__name__.lower()} is no list of calls")
        calls = []
        for element in elements:
            if not isinstance(element, ast.Call):
                raise UndecodableError(f"a {type(element).__name__.lower()} stands where a call should")
            calls.append(_call(element, empty_call_is_text))
        return calls
    except UndecodableError:
        raise
    except (SyntaxError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise UndecodableError(f"{type(error).__name__}: {error}") from error


def _call(node: ast.Call, empty_call_is_text: bool) -> dict[str, Any]:
    arguments = {
        "**" if keyword.arg is None else keyword.arg: _value(keyword.value, empty_call_is_text)
        for keyword in node.keywords
    }
    return {_name(node.func): arguments}


def _name(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def _value(node: ast.expr | None, empty_call_is_text: bool) -> Any:
    match node:
        case ast.Constant(value=value):
            return "..." if value is Ellipsis else value
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return -value  # type: ignore[operator]
        case ast.List(elts=elements):
            return [_value(element, empty_call_is_text) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple(_value(element, empty_call_is_text) for element in elements)
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_value(key, empty_call_is_text): _value(value, empty_call_is_text) for key, value in pairs}
        case ast.BinOp():
            return _arithmetic(node)
        case ast.Name(id=name):
            return name
        case ast.Call(keywords=[]):
            return ast.unparse(node) if empty_call_is_text else {_name(node.func): {}}
        case ast.Call():
            return _call(node, empty_call_is_text)
        case ast.Subscript():
            return ast.unparse(node.value) + "[" + ast.unparse(node.slice) + "]"
    raise UndecodableError(f"a {type(node).__name__.lower()} is no value")


def _arithmetic(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_arithmetic(operand))
        case ast.List(elts=elements):
            return [_arithmetic(element) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple(_arithmetic(element) for element in elements)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            first, second = _arithmetic(left), _arithmetic(right)
            _check_size(op, first, second)
            return _OPERATORS[type(op)](first, second)
    raise UndecodableError(f"arithmetic on a {type(node).__name__.lower()} is not worked out")


def _check_size(op: ast.operator, first: Any, second: Any) -> None:
    """Refuse what would make something huge: ``9**9**9``, ``'a' * 10**9``."""
    size = 0
    if isinstance(op, ast.Pow) and isinstance(first, int) and isinstance(second, int):
        size = first.bit_length() * abs(second)
    elif isinstance(op, ast.LShift) and isinstance(first, int) and isinstance(second, int):
        size = first.bit_length() + abs(second)
    elif isinstance(op, ast.Mult):
        for sequence, times in ((first, second), (second, first)):
            if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
                size = len(sequence) * max(0, times)
    elif isinstance(op, ast.Mod) and isinstance(first, (str, bytes)):
        raise UndecodableError("text formatting is not worked out")  # '%999999999d' % 1
    if size > _MAX_SIZE:
        raise UndecodableError("arithmetic with a result too large")
