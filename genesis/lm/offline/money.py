"""Formulas of money, for ``formulas``. Rates of 1 and more are percent, below it fractions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Formula = tuple[str, str, tuple[str, ...], Callable[..., Any]]
_P = (
    "principal|principle|principle_amount|principal_amount|initial_investment|investment_amount|present_value|"
    "initial_sum|initial_cost|amount|loan_amount|principal_sum|investment|initial_value|initial_amount|initial_deposit"
)
_R = (
    "rate|interest_rate|annual_rate|annual_interest_rate|rate_of_interest|growth_rate|annual_growth_rate|annual_return|"
    "rate_of_return|yearly_yield|inflation_rate|depreciation_rate|discount_rate|expected_return|return_rate"
)
_T = (
    "time|years|duration|term|time_period|num_years|holding_period|loan_term|time_in_years|time_years|period|"
    "investment_period|number_of_years|period_in_years|t"
)
_N = "n|compounding_per_year|times_compounded|compounding_frequency|compounding_freq|compounds_per_year=1"
_MORE = "contribution|additional_contribution|annual_contribution|regular_contribution|annual_contributions=0"


def _share(rate: float) -> float:
    return rate / 100 if rate >= 1 else rate


def _cents(value: float) -> float:
    return float(round(value, 2))


def _compound(principal: float, rate: float, years: float, times: float) -> float:
    return _cents(principal * (1 + _share(rate) / times) ** (times * years))


def _growing(principal: float, rate: float, years: float, yearly: float) -> float:
    """Return the value after some years, with the same amount added at the end of each."""
    grown = (1 + _share(rate)) ** years
    return _cents(principal * grown + yearly * (grown - 1) / _share(rate))


def _monthly(loan: float, rate: float, years: float) -> dict[str, Any]:
    monthly, count = _share(rate) / 12, years * 12
    payment = loan * monthly / (1 - (1 + monthly) ** -count)
    return {"monthly_payment": _cents(payment), "total_interest": _cents(payment * count - loan)}


def _present(flows: list[float], rate: float, start: float) -> float:
    return _cents(sum(flow / (1 + _share(rate)) ** year for year, flow in enumerate(flows, 1)) - start)


def _internal(flows: list[float]) -> float:
    """Return the internal rate of return, between -99 and 1,000 percent, by halving."""
    low, high = -0.99, 10.0

    def worth(rate: float) -> float:
        return sum(flow / (1 + rate) ** year for year, flow in enumerate(flows))

    if worth(low) * worth(high) > 0:
        raise ValueError("no sign change")
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if worth(low) * worth(middle) <= 0 else (middle, high)
    return round(100 * (low + high) / 2, 2)


def _bond(face: float, coupon: float, wanted: float, years: float) -> float:
    rate = _share(wanted)
    yearly = face * _share(coupon)
    return _cents(yearly * (1 - (1 + rate) ** -years) / rate + face * (1 + rate) ** -years)


def _tip(bill: float, percent: float, people: float) -> dict[str, Any]:
    tip = _cents(bill * percent / 100)
    return {"tip": tip} | ({"tip_per_person": _cents(tip / people)} if people > 1 else {})


MONEY: tuple[Formula, ...] = (
    (r"(monthly|mortgage).*(payment|repayment)", "monthly_payment", (_P, _R, _T), _monthly),
    (
        r"net present value|\bNPV\b",
        "net_present_value",
        ("cash_flows", "discount_rate|rate", "initial_investment=0"),
        _present,
    ),
    (r"internal rate of return", "internal_rate_percent", ("cash_flows",), _internal),
    (
        r"present value of a future",
        "present_value",
        ("payment_per_year", "interest_rate", "years"),
        lambda p, r, t: _cents(p * (1 - (1 + _share(r)) ** -t) / _share(r)),
    ),
    (r"bond price", "bond_price", ("Face_Value", "Coupon_rate", "Required_return", "maturity_years"), _bond),
    (
        r"discounted cash flow of a bond",
        "present_value",
        ("coupon_payment", "period", "discount_rate", "face_value=1000"),
        lambda c, t, r, f: _cents(c * (1 - (1 + _share(r)) ** -t) / _share(r) + f * (1 + _share(r)) ** -t),
    ),
    (r"inflation", "adjusted_sum", (_P, _R, _T), lambda p, r, t: _compound(p, r, t, 1)),
    (r"depreciat", "value", (_P, _R, _T), lambda p, r, t: _cents(p * (1 - _share(r)) ** t)),
    (
        r"predict the profit|profit for given investment",
        "profit",
        (_P, _R, _T),
        lambda p, r, t: _compound(p, r, t, 1) - p,
    ),
    (
        r"capital gains or losses",
        "gain",
        ("purchase_price", "sale_price", "shares"),
        lambda a, b, n: _cents((b - a) * n),
    ),
    (
        r"compound(ed)? interest|future value|return of an investment|projected return|return on a mutual",
        "final_amount",
        (_P, _R, _T, _N, _MORE),
        lambda p, r, t, n, more: _growing(p, r, t, more) if more else _compound(p, r, t, n),
    ),
    (
        r"simple interest|interest accrued|amount of interest",
        "interest",
        (_P, _R, _T),
        lambda p, r, t: _cents(p * _share(r) * t),
    ),
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
        ("net_profit|gain|purchase_price|gain_loss", "investment|investment_amount|sale_price|initial_investment"),
        lambda g, i: 100 * g / i,
    ),
    (
        r"year over year|\bYOY\b",
        "growth_percent",
        ("year1_revenue", "year2_revenue"),
        lambda a, b: round(100 * (b - a) / a, 2),
    ),
    (r"return on equity|\bROE\b", "roe", ("net_income", "shareholder_equity|shareholders_equity"), lambda n, e: n / e),
    (r"debt ratio", "debt_ratio", ("total_liabilities", "total_assets"), lambda d, a: d / a),
    (
        r"net profit margin",
        "margin_percent",
        ("net_income|net_profit", "total_revenue|revenue"),
        lambda n, r: 100 * n / r,
    ),
    (r"net profit", "net_profit", ("total_revenue|revenue", "total_cost|cost"), lambda r, c: r - c),
    (r"total dividend payout", "total_payout", ("shares", "dividend_per_share"), lambda n, d: _cents(n * d)),
    (
        r"dividend per share",
        "dividend_per_share",
        ("total_payout|total_dividend|dividend_payout", "outstanding_shares|shares"),
        lambda d, s: d / s,
    ),
    (
        r"\btip\b",
        "tip",
        ("bill_total|bill_amount|total_bill|bill", "tip_percentage|tip|percentage", "split_bill|split|people=1"),
        _tip,
    ),
    (
        r"discount.*tax",
        "final_price",
        ("price|original_price", "discount_rate|discount", "sales_tax|tax_rate|tax"),
        lambda p, d, t: _cents(p * (1 - _share(d)) * (1 + _share(t))),
    ),
    (r"sales tax", "sales_tax", ("purchase_amount|amount",), lambda p: _cents(p * 0.0825)),
    (r"capital gains tax", "tax", ("short_term_gain", "long_term_gain"), lambda s, g: _cents(0.24 * s + 0.15 * g)),
)
