"""Results that can be worked out: the formulas behind the calculators of a pool.

A formula applies when the description matches and its parameters are among the arguments, by their usual names. The
tables stand in ``maths``, ``chances``, ``money`` and ``physics``.

>>> compute("Calculate the area of a circle.", {"radius": 2})
{'area': 12.5664}
"""

from __future__ import annotations

import math
import statistics
from typing import Any

from genesis.lm.offline.chances import CHANCES
from genesis.lm.offline.maths import MATHS
from genesis.lm.offline.money import MONEY
from genesis.lm.offline.physics import PHYSICS
from genesis.lm.offline.vocabulary import matching

FORMULAS = (*MATHS, *CHANCES, *MONEY, *PHYSICS)
_PATTERNS = tuple(pattern for pattern, *_ in FORMULAS)
_A_YEAR = {
    "annually": 1, "yearly": 1, "semi-annually": 2, "semiannually": 2, "quarterly": 4, "monthly": 12,
    "weekly": 52, "daily": 365,
}  # fmt: skip


def compute(about: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of a known formula; None where none applies or the values are outside its domain."""
    for at in matching(_PATTERNS, about):
        _, key, names, formula = FORMULAS[at]
        values = [_argument(name, arguments) for name in names]
        if any(value is None for value in values):
            continue
        try:
            value = formula(*values)
            return value if isinstance(value, dict) else {key: rounded(value)}
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, IndexError, statistics.StatisticsError):
            return None
    return None


def _argument(names: str, arguments: dict[str, Any]) -> Any:
    """Return the first argument that one of ``names`` (separated by ``|``) names; a ``=`` sets a default.

    ``"word"`` before the names takes texts: ``word function|func``.
    """
    wanted, _, default = names.partition("=")
    text = wanted.startswith("word ")
    for name in wanted.removeprefix("word ").split("|"):
        if name not in arguments:
            continue
        value = arguments[name]
        if isinstance(value, str) and not text:
            value = _A_YEAR.get(value.lower())
        if value is not None and not isinstance(value, bool):
            return list(value.values()) if isinstance(value, dict) else value
    return (default if text else float(default)) if default else None


def rounded(value: Any) -> Any:
    """Round to what people write: four decimals, six digits of a large number. Raises ValueError for no number."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("not finite")
        return round(value, 4) if 0.001 <= abs(value) < 1e12 or value == 0 else float(f"{value:.6g}")
    return [rounded(item) for item in value] if isinstance(value, list) else value
