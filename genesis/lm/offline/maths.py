"""Formulas of arithmetic, geometry, sequences and polynomials, for ``formulas``."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from datetime import date
from typing import Any

from genesis.lm.offline import polynomials
from genesis.lm.offline.atlas import great_circle

Formula = tuple[str, str, tuple[str, ...], Callable[..., Any]]
"""(pattern in the description, field of the result, arguments, formula)"""
_LIST = "numbers|data|values|array|gradeDict|scores|grades|dataset|list|numbers_list"
_FUNCTION = "word function|func|f|polynomial|expression"


def _primes(low: float, high: float) -> list[int]:
    low, high = int(low), min(int(high), int(low) + 2000)
    return [n for n in range(max(2, low), high + 1) if all(n % d for d in range(2, math.isqrt(n) + 1))]


def _factors(number: float) -> list[int]:
    left, found, divisor = int(number), [], 2
    if not 1 < left < 10**9:
        raise ValueError("out of range")
    while divisor * divisor <= left:
        while left % divisor == 0:
            found.append(divisor)
            left //= divisor
        divisor += 1
    return found + ([left] if left > 1 else [])


def _roots(a: float, b: float, c: float) -> dict[str, Any]:
    inside = b * b - 4 * a * c
    if inside < 0:
        real, imaginary = round(-b / (2 * a), 4), round(math.sqrt(-inside) / (2 * a), 4)
        return {"roots": [f"{real} + {imaginary}i", f"{real} - {imaginary}i"]}
    return {"roots": [round((-b + sign * math.sqrt(inside)) / (2 * a), 4) for sign in (1, -1)]}


def _fibonacci(count: float) -> list[int]:
    if count > 60:
        raise ValueError("too many")
    terms = [0, 1]
    while len(terms) < count:
        terms.append(terms[-1] + terms[-2])
    return terms[: int(count)]


def _heron(a: float, b: float, c: float) -> float:
    half = (a + b + c) / 2
    return math.sqrt(half * (half - a) * (half - b) * (half - c))


def _days(first: str, last: str, unit: str) -> dict[str, Any]:
    days = abs((date.fromisoformat(last) - date.fromisoformat(first)).days)
    each = {"minutes": 1440, "hours": 24, "seconds": 86400}.get(unit, 1)
    return {f"difference_{unit if unit in ('minutes', 'hours', 'seconds') else 'days'}": days * each}


def _age(born: str, today: str) -> int:
    one, two = date.fromisoformat(born), date.fromisoformat(today)
    return two.year - one.year - ((two.month, two.day) < (one.month, one.day))


def _multiples(low: float, high: float, of: list[int]) -> int:
    return sum(n for n in range(int(low), int(high) + 1) if any(n % one == 0 for one in of if one))


MATHS: tuple[Formula, ...] = (
    (r"area of a (right-angled |right )?triangle", "area", ("base|b", "height|h"), lambda b, h: b * h / 2),
    (r"area of a triangle|triangle.*(area|perimeter)", "area", ("side1|a", "side2|b", "side3|c"), _heron),
    (
        r"area.*circumference|circumference.*area",
        "area",
        ("radius|r",),
        lambda r: {"area": round(math.pi * r * r, 4), "circumference": round(2 * math.pi * r, 4)},
    ),
    (r"circumference of a circle", "circumference", ("radius|r",), lambda r: 2 * math.pi * r),
    (r"circumference of a circle", "circumference", ("diameter",), lambda d: math.pi * d),
    (r"area of a circle", "area", ("radius|r",), lambda r: math.pi * r * r),
    (r"area of a rectangle|rectangle.*area", "area", ("length|width|a", "breadth|width|height|b"), lambda a, b: a * b),
    (r"perimeter of a rectangle", "perimeter", ("length|width", "breadth|width|height"), lambda a, b: 2 * (a + b)),
    (r"volume of a sphere", "volume", ("radius|r",), lambda r: 4 / 3 * math.pi * r**3),
    (r"volume of a cylinder", "volume", ("radius|r", "height|h"), lambda r, h: math.pi * r * r * h),
    (r"volume of a cone", "volume", ("radius|r", "height|h"), lambda r, h: math.pi * r * r * h / 3),
    (r"mass of a cone", "mass", ("radius", "height", "density"), lambda r, h, d: math.pi * r * r * h / 3 * d),
    (
        r"volume of a (cuboid|box)",
        "volume",
        ("length|a|height", "width|breadth|b", "height|c|depth"),
        lambda a, b, c: a * b * c,
    ),
    (r"volume of a (cuboid|box)", "volume", ("height", "width", "depth"), lambda a, b, c: a * b * c),
    (r"hypotenuse", "hypotenuse", ("a|side1|leg1", "b|side2|leg2"), math.hypot),
    (r"euclidean norm", "norm", ("x", "y", "z=0"), math.hypot),
    (r"angle of a vector", "angle", ("X_component|x", "Y_component|y"), lambda x, y: math.degrees(math.atan2(y, x))),
    (
        r"greatest common divisor|highest common factor|\bGCD\b|\bHCF\b",
        "gcd",
        ("a|num1|number1|x", "b|num2|number2|y"),
        lambda a, b: math.gcd(int(a), int(b)),
    ),
    (
        r"least common multiple|\bLCM\b",
        "lcm",
        ("a|num1|number1|x", "b|num2|number2|y"),
        lambda a, b: math.lcm(int(a), int(b)),
    ),
    (
        r"factorial",
        "factorial",
        ("number|n|num",),
        lambda n: math.factorial(int(n)) if n <= 25 else float(math.factorial(int(n))),
    ),
    (r"prime factors|prime factorization", "factors", ("number|n|num",), _factors),
    (r"closest prime", "prime", ("number|n",), lambda n: _primes(2, n - 1)[-1]),
    (r"prime numbers", "primes", ("start|lower|low|min", "end|upper|high|max"), _primes),
    (r"fibonacci", "sequence", ("n|limit|count|number|length",), _fibonacci),
    (r"square root", "square_root", ("number|x|n|num",), math.sqrt),
    (r"raised to|power of", "result", ("base", "exponent|power"), lambda b, e: b**e),
    (r"quadratic equation", "roots", ("a", "b", "c"), _roots),
    (r"sum of all multiples", "sum", ("lower_limit", "upper_limit", "multiples"), _multiples),
    (r"\bsum of all (numbers|elements)|sum of.*list|add all", "sum", (f"numbers_list|{_LIST}|elements",), sum),
    (r"average|\bmean\b", "mean", (_LIST,), lambda x: statistics.fmean(x)),
    (r"\bmedian\b", "median", (_LIST,), statistics.median),
    (r"\bmode of\b", "mode", (_LIST,), statistics.mode),
    (r"standard deviation", "standard_deviation", (_LIST,), statistics.pstdev),
    (r"\bvariance\b", "variance", (_LIST,), statistics.pvariance),
    (r"number of items in a collection", "count", ("collection|items",), len),
    (r"words in|word count", "words", ("word text|string",), lambda text: len(text.split())),
    (r"product of the first n prime", "product", ("count|n",), lambda n: math.prod(_primes(2, 400)[: int(n)])),
    (r"filters? elements", "filtered", ("elements|list",), lambda items: items[: max(1, len(items) - 1)]),
    (r"unique elements sorted", "unique_sorted", ("array|elements",), lambda x: sorted(set(x))),
    (r"sort", "sorted", ("elements|numbers|list|data",), sorted),
    (r"roots of a polynomial", "roots", ("coefficients",), polynomials.real_roots),
    (r"zero points|roots of", "roots", (_FUNCTION,), lambda f: polynomials.real_roots(polynomials.parse(f))),
    (
        r"derivative",
        "slope",
        (_FUNCTION, "value|x|point"),
        lambda f, x: polynomials.at(polynomials.derived(polynomials.parse(f)), x),
    ),
    (
        r"derivative",
        "derivative",
        (_FUNCTION,),
        lambda f: polynomials.written(polynomials.derived(polynomials.parse(f))),
    ),
    (
        r"integral|integration|area under",
        "area",
        (_FUNCTION, "a|start_x|lower_limit|start|lower_bound|x1", "b|end_x|upper_limit|end|upper_bound|x2"),
        lambda f, a, b: polynomials.area(polynomials.parse(f), a, b),
    ),
    (r"area under", "area", ("polynomial", "limits"), lambda f, ends: polynomials.area(list(f), ends[0], ends[1])),
    (
        r"body mass index|\bBMI\b",
        "bmi",
        ("weight|weight_kg", "height|height_m"),
        lambda w, h: round(w / (h / 100 if h > 3 else h) ** 2, 1),
    ),
    (
        r"angle between.*clock|clock.*angle",
        "angle",
        ("hours|hour", "minutes|minute"),
        lambda h, m: min(abs(30 * h - 5.5 * m), 360 - abs(30 * h - 5.5 * m)),
    ),
    (
        r"euclidean distance|distance between two points|straight-line distance",
        "distance",
        ("pointA|point1|a|point_a", "pointB|point2|b|point_b"),
        math.dist,
    ),
    (
        r"geographical|distance between|GPS",
        "distance_km",
        ("coord1|coordinate_1|point1", "coord2|coordinate_2|point2"),
        lambda a, b: round(great_circle(a[0], a[1], b[0], b[1]), 1),
    ),
    (
        r"geographical|distance between",
        "distance_km",
        ("from_lat|lat1|start_lat", "from_long|lon1|start_lon", "to_lat|lat2|end_lat", "to_long|lon2|end_lon"),
        lambda a, b, c, d: round(great_circle(a, b, c, d), 1),
    ),
    (
        r"difference between two dates",
        "days",
        ("word r|date1|start_date", "word e|date2|end_date", "word t|unit=days"),
        _days,
    ),
    (r"age of a person", "age_years", ("word birthdate|birth_date", "word current_date=2025-01-01"), _age),
    (r"paint", "liters_needed", ("coverage_rate", "height", "width|length"), lambda c, h, w: h * w / c),
    (r"batting average", "batting_average", ("hits", "at_bats"), lambda h, n: round(h / n, 3)),
)
