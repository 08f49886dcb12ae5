"""The paper's two rewards (PAPER, Training: format compliance and function correctness), each a pure function.

    >>> format_compliance('<tool_call>\\n{"name": "f", "arguments": {"x": 1}}\\n</tool_call>')
    1.0
    >>> function_correctness([("f", {"x": 1, "y": 3})], [("f", {"x": 1, "y": 2})])
    0.75

They are GRPO's rewards, and correctness is also what the optimised program climbs. The paper does not print its
formulas: format is all or nothing here, correctness gives part marks so that a group of samples differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from genesis.downstream.replies import read_reply

Calls = Sequence[tuple[str, Any]]
"""(name, arguments) each."""


def format_compliance(text: str) -> float:
    """Return 1.0 where a completion has the form that the chat template asks for, else 0.0.

    The form: at most one reasoning block, at the start and closed; then words, or calls, or words and calls; every call
    closed, one JSON object with a text ``name`` and an object ``arguments``, nothing after the last call; not empty.
    Whether the tool exists is not a matter of form.
    """
    return 0.0 if read_reply(text).faults else 1.0


def function_correctness(given: Calls, gold: Calls) -> float:
    """Return how right the calls are, in [0, 1]; 1.0 exactly where they are the gold calls, in any order.

    A call for the right function earns 1/2, and 1/2 times the share of right arguments (of the parameters that either
    side names; all right where neither names one). Calls are paired for the best total; missing and surplus calls
    earn nothing: the total is divided by the larger number of calls. Neither side calls: 1.0.
    """
    most = max(len(given), len(gold))
    if not most:
        return 1.0
    if not given or not gold:
        return 0.0
    table = np.array([[_likeness(one, other) for other in gold] for one in given])
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum() / most)


def differences(given: Calls, gold: Calls) -> list[str]:
    """Return in words what is wrong with the calls: feedback for an optimiser. Empty where nothing is."""
    if function_correctness(given, gold) == 1.0:
        return []
    if not gold:
        names = ", ".join(name for name, _ in given)
        return [f"no call is right here, but {names} was called: answer in words instead"]
    if not given:
        return [f"nothing was called; right: {_shown(gold)}"]
    return [f"called {_shown(given)}; right: {_shown(gold)}"]


def same_value(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: 1 and 1.0 are, 1 and true are not; text to the letter."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_value, one, other))
    return type(one) is type(other) and bool(one == other)


def _likeness(one: tuple[str, Any], other: tuple[str, Any]) -> float:
    if one[0] != other[0]:
        return 0.0
    if not isinstance(one[1], Mapping) or not isinstance(other[1], Mapping):
        return 0.5
    names = one[1].keys() | other[1].keys()
    right = sum(name in one[1] and name in other[1] and same_value(one[1][name], other[1][name]) for name in names)
    return 0.5 + 0.5 * (right / len(names) if names else 1.0)


def _shown(calls: Calls) -> str:
    import json

    return "; ".join(f"{name}({json.dumps(arguments, ensure_ascii=False)})" for name, arguments in calls)
