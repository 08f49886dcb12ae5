"""What the simulated tools work out, against values known from elsewhere: closed forms, tables, geography."""

from __future__ import annotations

import math
from datetime import datetime
from random import Random
from typing import Any

import pytest

from genesis.lm.offline import atlas, history, polynomials
from genesis.lm.offline.drawing import values_of
from genesis.lm.offline.formulas import compute
from genesis.lm.offline.lands import land, settled
from genesis.lm.offline.values import draw
from genesis.lm.offline.vocabulary import entries, pairs


@pytest.mark.parametrize(
    ("about", "arguments", "field", "expected"),
    [
        # geometry and numbers: textbook values
        ("Calculate the area of a triangle given its base and height.", {"base": 6, "height": 10}, "area", 30),
        ("Area of a triangle from its sides.", {"side1": 3, "side2": 4, "side3": 5}, "area", 6),
        ("Calculate the volume of a sphere.", {"radius": 3}, "volume", 113.0973),
        ("Compute the hypotenuse of a triangle.", {"a": 5, "b": 12}, "hypotenuse", 13),
        ("Find the greatest common divisor of two numbers.", {"a": 1071, "b": 462}, "gcd", 21),
        ("Find the least common multiple of two numbers.", {"a": 21, "b": 6}, "lcm", 42),
        ("Calculate the factorial of a number.", {"number": 10}, "factorial", 3628800),
        ("Calculate the body mass index (BMI).", {"weight": 70, "height": 1.75}, "bmi", 22.9),
        ("Find the angle between the hands of a clock.", {"hours": 3, "minutes": 30}, "angle", 75),
        ("Population standard deviation of numbers.", {"numbers": [2, 4, 4, 4, 5, 5, 7, 9]}, "standard_deviation", 2),
        # chances: 20 flips, 13 heads; a full house of five cards is 3,744 of 2,598,960 hands; seven with two dice
        ("Binomial probability.", {"n": 20, "k": 13, "p": 0.5}, "probability", 77520 / 2**20),
        ("Probability of a full house in poker.", {"hand_size": 5}, "probability", 3744 / 2598960),
        ("Probability of rolling a sum with two dice.", {"desired_sum": 7}, "probability", 1 / 6),
        # money: 1.05^10 x 1,000; 200,000 at 6 % over 30 years costs 1,199.10 a month; CAGR of a doubling in 10 years
        ("Compound interest.", {"principal": 1000, "rate": 0.05, "time": 10, "n": 1}, "final_amount", 1628.89),
        ("Simple interest.", {"principal": 1000, "rate": 0.05, "time": 3}, "interest", 150),
        (
            "Calculate the monthly mortgage payment.",
            {"loan_amount": 200000, "interest_rate": 0.06, "loan_term": 30},
            "monthly_payment",
            1199.10,
        ),
        (
            "Compound annual growth rate (CAGR).",
            {"initial_value": 1, "final_value": 2, "years": 10},
            "cagr",
            2**0.1 - 1,
        ),
        ("Net present value.", {"cash_flows": [110, 121], "discount_rate": 0.1}, "net_present_value", 200),
        # physics: a fall of 20 m; two charges of 1 C at 1 m; sound of 440 Hz; a loop of 1 A and 1 m
        ("Final speed in free fall.", {"height": 20, "gravity": 9.81}, "final_speed_ms", 19.8091),
        ("Calculate kinetic energy.", {"mass": 2, "velocity": 3}, "kinetic_energy", 9),
        ("Calculate the electric force.", {"charge1": 1, "charge2": 1, "distance": 1}, "force_n", 8.9875e9),
        ("Wavelength of a sound.", {"frequency": 440}, "wavelength_m", 0.7795),
        ("Range of a projectile.", {"initial_speed": 10, "angle": 45}, "range_m", 10.1937),
        ("Resonant frequency of a circuit.", {"inductance": 1, "capacitance": 1}, "frequency_hz", 1 / (2 * math.pi)),
    ],
)
def test_formulas_give_known_values(about: str, arguments: dict[str, Any], field: str, expected: float) -> None:
    found = compute(about, arguments)
    assert found is not None
    assert found[field] == pytest.approx(expected, rel=2e-3, abs=5e-5)


@pytest.mark.parametrize(("a", "b", "c"), [(1, -3, 2), (2, 5, -3), (6, 7, 2), (1, 0, -9)])
def test_roots_of_a_quadratic_satisfy_it(a: float, b: float, c: float) -> None:
    found = compute("Solve a quadratic equation.", {"a": a, "b": b, "c": c})
    assert found is not None
    assert len(found["roots"]) == 2
    assert all(abs(a * x * x + b * x + c) < 1e-2 for x in found["roots"])


@pytest.mark.parametrize("text", ["x**3 - 2*x", "3x^2 + 2x - 1", "x**2 - 4"])
def test_the_derivative_is_the_limit_of_the_slope(text: str) -> None:
    terms = polynomials.parse(text)
    slope = (polynomials.at(terms, 2 + 1e-6) - polynomials.at(terms, 2 - 1e-6)) / 2e-6
    assert polynomials.at(polynomials.derived(terms), 2) == pytest.approx(slope, rel=1e-5)
    steps = 4000
    sums = sum(polynomials.at(terms, (number + 0.5) * 3 / steps) for number in range(steps)) * 3 / steps
    assert polynomials.area(terms, 0, 3) == pytest.approx(sums, rel=1e-4)


def test_small_results_keep_their_digits() -> None:
    found = compute("Magnetic field of a circular loop.", {"current": 1, "radius": 1})
    assert found is not None
    assert found["magnetic_field_t"] == pytest.approx(2e-7 * math.pi, rel=1e-4)


def test_values_outside_a_formulas_domain_give_no_result() -> None:
    assert compute("Resistance.", {"voltage": 5, "current": 0}) is None
    assert compute("Calculate the square root.", {"number": -4}) is None
    assert compute("Probability of a full house in poker.", {"hand_size": 3}) is None


@pytest.mark.parametrize(
    ("one", "other", "km"), [("Paris", "Rome", 1106), ("Oslo", "Lisbon", 2740), ("New York", "Los Angeles", 3936)]
)
def test_great_circles_are_those_of_the_globe_and_the_same_both_ways(one: str, other: str, km: float) -> None:
    ends = [tuple(float(number) for number in atlas.row("place", city)[:2]) for city in (one, other)]
    there, back = atlas.great_circle(*ends[0], *ends[1]), atlas.great_circle(*ends[1], *ends[0])
    assert there == pytest.approx(km, rel=0.02)
    assert there == pytest.approx(back)
    assert atlas.great_circle(*ends[0], *ends[0]) == 0


def test_roads_are_longer_than_the_air_way_and_flights_faster_than_roads() -> None:
    ends = {"start": "Paris", "end": "Rome"}
    air = atlas.known("Geographic distance between two cities.", ends, Random(1))
    road = atlas.known("Get directions from one location to another.", ends, Random(1))
    flight = atlas.known("Find the flight duration between two cities.", ends, Random(1))
    assert air is not None
    assert road is not None
    assert flight is not None
    assert road["distance_km"] > air["distance_km"] > 1000
    assert flight["duration_hours"] * 60 < road["duration_minutes"]


@pytest.mark.parametrize(
    ("about", "arguments", "expected"),
    [
        ("Convert a temperature.", {"value": 100, "from_unit": "Celsius", "to_unit": "Fahrenheit"}, 212),
        ("Convert a length.", {"value": 10, "from_unit": "miles", "to_unit": "kilometers"}, 16.0934),
    ],
)
def test_units_are_converted(about: str, arguments: dict[str, Any], expected: float) -> None:
    found = atlas.known(about, arguments, Random(1))
    assert found is not None
    assert [value for value in found.values() if isinstance(value, float | int)] == [pytest.approx(expected, rel=1e-3)]


def test_history_is_the_worlds() -> None:
    found = history.known("Get the date of an historical event.", {"event": "fall of the Berlin Wall"})
    assert found is not None
    assert "1989" in str(found)


def test_the_two_ends_of_a_drive_are_on_one_land() -> None:
    assert land("Oslo") == land("Naples") == "Europe"
    assert land("Accra") != land("Tokyo")
    schema = {"start": {"type": "string", "description": "City"}, "end": {"type": "string", "description": "City"}}
    kinds = {"start": "city", "end": "city"}
    for seed in range(40):
        rng = Random(seed)
        drawn = {name: draw("city", schema[name], "Driving.", rng) for name in schema}
        ends = settled(drawn, kinds, schema, "Get driving directions.", rng)
        assert land(ends["start"].json) == land(ends["end"].json)
        assert ends["start"] != ends["end"]


def test_a_stay_ends_a_few_days_after_it_began_in_any_form_of_date() -> None:
    for form in ("YYYY-MM-DD", "MM-DD-YYYY"):
        text = {"type": "string", "description": f"Date in the format {form}."}
        say = {"from_date": text, "to_date": text}
        wish = {"tool": "book", "does": "Book a hotel room.", "say_now": say}
        for seed in range(20):
            drawn = values_of([wish], [], Random(seed))[0]
            pattern = "%Y-%m-%d" if form.startswith("Y") else "%m-%d-%Y"
            start, end = (datetime.strptime(drawn[name].json, pattern) for name in say)
            assert 0 < (end - start).days <= 21


def test_museums_stand_in_their_own_city() -> None:
    known = {*entries("values", "museum"), *entries("values", "building"), *entries("values", "landmark")}
    assert pairs("homes", "city_of").keys() <= known
    place = {"museum": {"type": "string", "description": "Museum"}, "city": {"type": "string", "description": "City"}}
    drawn = {name: draw(name, schema, "Hours.", Random(5)) for name, schema in place.items()}
    home = pairs("homes", "city_of")[drawn["museum"].json]
    assert settled(drawn, {"museum": "museum", "city": "city"}, place, "Hours.", Random(5))["city"].json == home


def test_every_airport_stands_near_a_city_of_the_atlas() -> None:
    for city, line in pairs("homes", "airport").items():
        assert atlas.row("place", city), city
        assert atlas.known("Find the closest airport.", {"location": city}, Random(1)) == {
            "airport": line.split(",")[0],
            "distance_km": int(line.split(",")[1]),
        }
