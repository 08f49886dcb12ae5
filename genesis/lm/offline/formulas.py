"""Results that can be worked out: the formulas behind the calculators of a pool.

A formula applies when the description matches and its parameters are among the arguments, by their usual names.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable
from typing import Any

Found = dict[str, Any] | None


def compute(about: str, arguments: dict[str, Any]) -> Found:
    """Return the result of a known formula; None where none applies or the values are outside its domain."""
    for pattern, key, names, formula in FORMULAS:
        if not re.search(pattern, about, re.IGNORECASE):
            continue
        values = [_argument(name, arguments) for name in names]
        if any(value is None for value in values):
            continue
        try:
            value = formula(*values)
            return value if isinstance(value, dict) else {key: _rounded(value)}
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, statistics.StatisticsError):
            return None
    return None


def _argument(names: str, arguments: dict[str, Any]) -> Any:
    """Return the first argument that one of ``names`` (separated by ``|``) names; a ``=`` sets a default."""
    names, _, default = names.partition("=")
    for name in names.split("|"):
        if name in arguments and not isinstance(arguments[name], (str, bool)):
            value = arguments[name]
            return list(value.values()) if isinstance(value, dict) else value
    return float(default) if default else None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("not finite")
        return round(value, 4) if abs(value) < 1e12 else float(f"{value:.6g}")
    return [_rounded(item) for item in value] if isinstance(value, list) else value


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
    return {"roots": [_rounded((-b + sign * math.sqrt(inside)) / (2 * a)) for sign in (1, -1)]}


def _fibonacci(count: float) -> list[int]:
    if count > 60:
        raise ValueError("too many")
    terms = [0, 1]
    while len(terms) < count:
        terms.append(terms[-1] + terms[-2])
    return terms[: int(count)]


def _compound(principal: float, rate: float, years: float, times: float) -> float:
    rate = rate / 100 if rate >= 1 else rate
    return float(round(principal * (1 + rate / times) ** (times * years), 2))


def _simple(principal: float, rate: float, years: float) -> float:
    return float(round(principal * (rate / 100 if rate >= 1 else rate) * years, 2))


def _binomial(n: float, k: float, p: float) -> float:
    if not (0 <= p <= 1 and k <= n <= 1000):
        raise ValueError("out of range")
    return float(math.comb(int(n), int(k)) * p**k * (1 - p) ** (n - k))


def _distance(a: list[float], b: list[float]) -> float:
    return math.dist(a, b)


def _haversine(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    p, q = math.radians(lat1), math.radians(lat2)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return round(2 * 6371 * math.asin(math.sqrt(h)), 1)


def _bmi(weight: float, height: float) -> float:
    return round(weight / (height / 100 if height > 3 else height) ** 2, 1)


def _heron(a: float, b: float, c: float) -> float:
    half = (a + b + c) / 2
    return math.sqrt(half * (half - a) * (half - b) * (half - c))


_P = "principal|principle|principle_amount|principal_amount|initial_investment|investment_amount|present_value"
_R = "rate|interest_rate|annual_rate|annual_interest_rate|rate_of_interest|growth_rate|annual_growth_rate|annual_return"
_T = "time|years|duration|term|time_period|num_years|holding_period"
_N = "n|compounding_per_year|times_compounded|compounding_frequency=1"
Formula = tuple[str, str, tuple[str, ...], Callable[..., Any]]
FORMULAS: tuple[Formula, ...] = (
    # (the description matches, field of the result, arguments, formula)
    (r"area of a (right-angled |right )?triangle", "area", ("base|b", "height|h"), lambda b, h: b * h / 2),
    (r"area of a triangle|triangle.*(area|perimeter)", "area", ("side1|a", "side2|b", "side3|c"), _heron),
    (
        r"area.*circumference|circumference.*area",
        "area",
        ("radius|r",),
        lambda r: {"area": round(math.pi * r * r, 4), "circumference": round(2 * math.pi * r, 4)},
    ),
    (r"circumference of a circle", "circumference", ("radius|r",), lambda r: 2 * math.pi * r),
    (r"area of a circle", "area", ("radius|r",), lambda r: math.pi * r * r),
    (r"area of a rectangle|rectangle.*area", "area", ("length|width|a", "breadth|width|height|b"), lambda a, b: a * b),
    (r"perimeter of a rectangle", "perimeter", ("length|width", "breadth|width|height"), lambda a, b: 2 * (a + b)),
    (r"volume of a sphere", "volume", ("radius|r",), lambda r: 4 / 3 * math.pi * r**3),
    (r"volume of a cylinder", "volume", ("radius|r", "height|h"), lambda r, h: math.pi * r * r * h),
    (r"volume of a cone", "volume", ("radius|r", "height|h"), lambda r, h: math.pi * r * r * h / 3),
    (r"mass of a cone", "mass", ("radius", "height", "density"), lambda r, h, d: math.pi * r * r * h / 3 * d),
    (r"volume of a (cuboid|box)", "volume", ("length|a", "width|breadth|b", "height|c"), lambda a, b, c: a * b * c),
    (r"hypotenuse", "hypotenuse", ("a|side1|leg1", "b|side2|leg2"), math.hypot),
    (r"euclidean norm", "norm", ("x", "y", "z=0"), lambda x, y, z: math.hypot(x, y, z)),
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
    (r"prime numbers", "primes", ("start|lower|low|min", "end|upper|high|max"), _primes),
    (r"fibonacci", "sequence", ("n|limit|count|number|length",), _fibonacci),
    (r"square root", "square_root", ("number|x|n",), math.sqrt),
    (r"raised to|power of", "result", ("base", "exponent|power"), lambda b, e: b**e),
    (r"quadratic equation", "roots", ("a", "b", "c"), _roots),
    (r"\bsum of all (numbers|elements)|sum of.*list", "sum", ("numbers_list|numbers|list|numbers|data",), sum),
    (
        r"average|\bmean\b",
        "mean",
        ("numbers|data|values|array|gradeDict|scores|grades",),
        lambda x: statistics.fmean(x),
    ),
    (r"\bmedian\b", "median", ("numbers|data|values|array|gradeDict|scores|grades",), statistics.median),
    (
        r"standard deviation",
        "standard_deviation",
        ("numbers|data|values|array|gradeDict|scores|grades",),
        statistics.pstdev,
    ),
    (r"\bvariance\b", "variance", ("numbers|data|values|array|gradeDict|scores|grades",), statistics.pvariance),
    (r"product of the first n prime", "product", ("count|n",), lambda n: math.prod(_primes(2, 400)[: int(n)])),
    (r"filter elements", "filtered", ("elements|list",), lambda items: items[: max(1, len(items) - 1)]),
    (r"unique elements sorted", "unique_sorted", ("array|elements",), lambda x: sorted(set(x))),
    (r"sort", "sorted", ("elements|numbers|list|data",), sorted),
    (r"body mass index|\bBMI\b", "bmi", ("weight|weight_kg", "height|height_m"), _bmi),
    (
        r"compound(ed)? interest|future value|return of an investment|projected return",
        "final_amount",
        (_P, _R, _T, _N),
        _compound,
    ),
    (r"simple interest|interest accrued|amount of interest", "interest", (_P, _R, _T), _simple),
    (
        r"compound annual growth|\bCAGR\b",
        "cagr",
        (
            "initial_investment_value|initial_value|start_value",
            "final_investment_value|final_value|end_value",
            "period_in_years|years",
        ),
        lambda a, b, t: (b / a) ** (1 / t) - 1,
    ),
    (
        r"return on investment|\bROI\b",
        "roi_percent",
        ("net_profit|gain|purchase_price", "investment|investment_amount|sale_price"),
        lambda g, i: 100 * g / i,
    ),
    (r"return on equity|\bROE\b", "roe", ("net_income", "shareholder_equity|shareholders_equity"), lambda n, e: n / e),
    (
        r"net profit margin",
        "margin_percent",
        ("net_income|net_profit", "total_revenue|revenue"),
        lambda n, r: 100 * n / r,
    ),
    (r"net profit", "net_profit", ("total_revenue|revenue", "total_cost|cost"), lambda r, c: r - c),
    (
        r"dividend per share",
        "dividend_per_share",
        ("total_payout|total_dividend|dividend_payout", "outstanding_shares|shares"),
        lambda d, s: d / s,
    ),
    (
        r"binomial",
        "probability",
        ("n|trials|number_of_trials", "k|successes|number_of_successes", "p|probability|probability_of_success|prob"),
        _binomial,
    ),
    (
        r"probability of an event",
        "probability",
        ("total_outcomes", "favorable_outcomes|event_outcomes|desired_outcomes"),
        lambda t, f: f / t if f <= t else math.nan,
    ),
    (r"density of a substance|density", "density", ("mass|m", "volume|v"), lambda m, v: m / v),
    (
        r"final velocity|final speed",
        "final_velocity",
        ("initial_velocity|initial_speed", "acceleration", "time"),
        lambda u, a, t: u + a * t,
    ),
    (
        r"displacement",
        "displacement",
        ("initial_velocity|initial_speed", "time", "acceleration=0"),
        lambda u, t, a: u * t + a * t * t / 2,
    ),
    (r"time (?:required|taken).*(?:travel|cover)", "time", ("velocity|speed", "distance"), lambda v, d: d / v),
    (r"\b(speed|velocity)\b.*distance", "speed", ("distance", "time|duration"), lambda d, t: d / t),
    (r"kinetic energy", "kinetic_energy", ("mass|m", "velocity|speed|v"), lambda m, v: m * v * v / 2),
    (r"potential energy", "potential_energy", ("mass|m", "height|h", "gravity|g=9.8"), lambda m, h, g: m * g * h),
    (r"electric current|current by", "current", ("voltage|V", "resistance|R"), lambda v, r: v / r),
    (r"resistance of an electrical circuit|resistance", "resistance", ("voltage|V", "current|I"), lambda v, i: v / i),
    (
        r"resonant frequency",
        "frequency_hz",
        ("inductance|L", "capacitance|C"),
        lambda i, c: 1 / (2 * math.pi * math.sqrt(i * c)),
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
        _distance,
    ),
    (
        r"geographical|distance between",
        "distance_km",
        ("from_lat|lat1|start_lat", "from_long|lon1|start_lon", "to_lat|lat2|end_lat", "to_long|lon2|end_lon"),
        _haversine,
    ),
    (r"paint", "liters_needed", ("coverage_rate", "height", "width"), lambda c, h, w: h * w / c),
)
