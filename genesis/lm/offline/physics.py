"""Formulas of physics, chemistry and biology in SI units, for ``formulas``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Formula = tuple[str, str, tuple[str, ...], Callable[..., Any]]
COULOMB = 8.9875e9
MU_0 = 4e-7 * math.pi
EPSILON_0 = 8.854e-12
LIGHT = 299_792_458.0
SOUND = 343.0
ATMOSPHERE = 1.01325
COPPER = 1.68e-8
_U = "initial_velocity|initial_speed|u"
_G = "gravity|g|acceleration_due_to_gravity=9.81"
_ONE, _TWO = "charge1|Q1|q1|charge_1", "charge2|Q2|q2|charge_2"


def _range(speed: float, angle: float) -> float:
    return speed * speed * math.sin(math.radians(2 * angle)) / 9.81


def _mixed(m1: float, t1: float, m2: float, t2: float) -> float:
    return (m1 * t1 + m2 * t2) / (m1 + m2)


PHYSICS: tuple[Formula, ...] = (
    (r"density of a substance|\bdensity\b", "density", ("mass|m", "volume|v"), lambda m, v: m / v),
    (r"population density", "people_per_km2", ("population", "land_area"), lambda p, a: p / a),
    (r"final velocity|final speed", "final_velocity", (_U, "acceleration", "time"), lambda u, a, t: u + a * t),
    (r"final (velocity|speed)|free fall", "final_speed_ms", (f"{_U}=0", "time", _G), lambda u, t, g: u + g * t),
    (
        r"final (velocity|speed)|free fall|falling",
        "final_speed_ms",
        (f"{_U}=0", "height", _G),
        lambda u, h, g: math.sqrt(u * u + 2 * g * h),
    ),
    (r"maximum height", "maximum_height_m", (_U, _G), lambda u, g: u * u / (2 * g)),
    (r"range of a projectile", "range_m", (_U, "angle"), _range),
    (
        r"calculates? the acceleration|acceleration of",
        "acceleration",
        (_U, "final_speed|final_velocity", "time"),
        lambda u, v, t: (v - u) / t,
    ),
    (
        r"displacement|distance (traveled|covered)|total distance",
        "distance_m",
        (_U, "time", "acceleration=9.81"),
        lambda u, t, a: u * t + a * t * t / 2,
    ),
    (r"time (?:required|taken).*(?:travel|cover)", "time", ("velocity|speed", "distance"), lambda v, d: d / v),
    (r"light to travel", "time_years", ("distance_in_light_years",), float),
    (r"velocity of a wave", "velocity_ms", ("frequency", "wavelength"), lambda f, w: f * w),
    (r"wavelength", "wavelength_m", ("frequency",), lambda f: SOUND / f),
    (r"\b(speed|velocity)\b.*distance", "speed", ("distance", "time|duration"), lambda d, t: d / t),
    (r"kinetic energy", "kinetic_energy", ("mass|m", "velocity|speed|v"), lambda m, v: m * v * v / 2),
    (r"potential energy", "potential_energy", ("mass|m", "height|h", "gravity|g=9.8"), lambda m, h, g: m * g * h),
    (r"force required|newton", "force_n", ("mass", "acceleration"), lambda m, a: m * a),
    (r"heat required", "heat_j", ("mass", "specific_heat", "change_in_temp"), lambda m, c, t: m * c * t),
    (
        r"entropy change",
        "entropy_change",
        ("initial_temp|initial_temperature", "final_temp|final_temperature", "heat_capacity|mass"),
        lambda a, b, c: c * math.log(b / a),
    ),
    (
        r"final (equilibrium )?temperature",
        "final_temperature",
        ("mass1|quantity1", "temperature1", "mass2|quantity2", "temperature2"),
        _mixed,
    ),
    (
        r"gas pressure",
        "pressure_bar",
        ("initial_temperature", "final_temperature", "initial_pressure=1.01325"),
        lambda a, b, p: p * (b + 273.15) / (a + 273.15),
    ),
    (r"absolute pressure", "absolute_pressure", ("gauge_pressure", "atm_pressure=1.01325"), lambda g, a: g + a),
    (r"mass of a gas", "mass_g", ("quantity", "molar_mass"), lambda n, m: n * m),
    (r"electric current|current by", "current", ("voltage|V", "resistance|R"), lambda v, r: v / r),
    (r"resistance of an electrical circuit|resistance", "resistance", ("voltage|V", "current|I"), lambda v, i: v / i),
    (r"resistance of a wire", "resistance_ohm", ("length", "area", f"resistivity={COPPER}"), lambda n, a, r: r * n / a),
    (r"electrostatic potential", "potential_energy_j", (_ONE, _TWO, "distance"), lambda p, q, r: COULOMB * p * q / r),
    (r"voltage difference", "voltage_v", ("electric_field", "distance"), lambda e, d: e * d),
    (
        r"electric (force|field)|electromagnetic force|coulomb",
        "force_n",
        (_ONE, _TWO, "r|distance"),
        lambda p, q, r: COULOMB * p * q / r**2,
    ),
    (r"electric field", "electric_field", ("charge", "distance"), lambda q, r: COULOMB * q / r**2),
    (r"capacitance", "capacitance_f", ("A", "d", "K=1"), lambda a, d, k: EPSILON_0 * k * a / d),
    (r"circular loop", "magnetic_field_t", ("current", "radius"), lambda i, r: MU_0 * i / (2 * r)),
    (r"solenoid", "magnetic_field_t", ("current", "turnsPerMeter"), lambda i, n: MU_0 * i * n),
    (
        r"magnetic field",
        "magnetic_field_t",
        ("current|I|enclosed_current", "distance|r|radius"),
        lambda i, r: MU_0 * i / (2 * math.pi * r),
    ),
    (r"amplitude of an electromagnetic", "amplitude_t", ("max_electric_field_strength",), lambda e: e / LIGHT),
    (
        r"resonant frequency",
        "frequency_hz",
        ("inductance|L", "capacitance|C"),
        lambda i, c: 1 / (2 * math.pi * math.sqrt(i * c)),
    ),
    (
        r"population growth|future population|projected population",
        "population",
        ("current_population", "growth_rate", "years"),
        lambda p, r, t: round(p * (1 + (r / 100 if r >= 1 else r)) ** t),
    ),
    (
        r"population growth of an animal",
        "growth_per_year",
        ("current_population", "birth_rate", "death_rate"),
        lambda p, b, d: round(p * (b - d)),
    ),
    (
        r"evolutionary fitness",
        "fitness",
        ("trait_values", "trait_contributions"),
        lambda v, c: sum(a * b for a, b in zip(v, c, strict=False)) / sum(c),
    ),
    (r"work from energy", "work_j", ("energy",), float),
)
