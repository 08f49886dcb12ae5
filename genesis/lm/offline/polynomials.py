"""Polynomials as calculators take them: read from text, derived, integrated, solved. Coefficients: highest first.

>>> parse("2x**3 - 4x + 7")
[2.0, 0.0, -4.0, 7.0]
"""

from __future__ import annotations

import re
from itertools import pairwise

_TERM = re.compile(r"([+-]?)(\d+(?:\.\d+)?)?\*?(x(?:(?:\*\*|\^)(\d+))?)?")


def parse(text: str) -> list[float]:
    """Read a polynomial in x. Raises ValueError where the text is none."""
    plain = text.replace(" ", "").replace("f(x)=", "")
    powers: dict[int, float] = {}
    at = 0
    while at < len(plain):
        found = _TERM.match(plain, at)
        if found is None or found.end() == at or not (found[2] or found[3]):
            raise ValueError(f"no polynomial: {text!r}")
        power = int(found[4] or 1) if found[3] else 0
        powers[power] = powers.get(power, 0.0) + float(f"{found[1]}{found[2] or 1}")
        at = found.end()
    if not powers or max(powers) > 12:
        raise ValueError(f"no polynomial: {text!r}")
    return [powers.get(power, 0.0) for power in range(max(powers), -1, -1)]


def at(coefficients: list[float], x: float) -> float:
    """Return the value at ``x`` (Horner)."""
    value = 0.0
    for one in coefficients:
        value = value * x + one
    return value


def derived(coefficients: list[float]) -> list[float]:
    """Return the derivative."""
    top = len(coefficients) - 1
    return [one * (top - index) for index, one in enumerate(coefficients[:-1])] or [0.0]


def area(coefficients: list[float], low: float, high: float) -> float:
    """Return the definite integral from ``low`` to ``high``."""
    top = len(coefficients)
    whole = [one / (top - index) for index, one in enumerate(coefficients)] + [0.0]
    return at(whole, high) - at(whole, low)


def written(coefficients: list[float]) -> str:
    """Write a polynomial as people do: ``6x**2 - 4``."""
    top = len(coefficients) - 1
    text = ""
    for index, one in enumerate(coefficients):
        if not one:
            continue
        size, power = abs(one), top - index
        number = "" if size == 1 and power else f"{size:g}"
        name = "" if not power else "x" if power == 1 else f"x**{power}"
        sign = "-" if one < 0 else "+"
        text += f"{sign if text else sign.strip('+')}{number}{name} " if not text else f"{sign} {number}{name} "
    return text.strip() or "0"


def real_roots(coefficients: list[float]) -> list[float]:
    """Return the real roots between -100 and 100, by sign changes and halving; rounded to four decimals."""
    found: list[float] = []
    steps = [index / 4 for index in range(-400, 401)]
    for low, high in pairwise(steps):
        one, two = at(coefficients, low), at(coefficients, high)
        if one == 0:
            found.append(low)
        elif one * two < 0:
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (low, middle) if at(coefficients, low) * at(coefficients, middle) <= 0 else (middle, high)
            found.append(round((low + high) / 2, 4))
    return found
