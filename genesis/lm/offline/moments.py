"""Dates, times and spans in the form that a description asks for, and as people say them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random

KINDS = frozenset(
    {"date", "time", "datetime", "birth_date", "date_range", "season_span", "season_sport", "year_text", "time_span"}
)
_START = date(2025, 1, 6)
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def draw(kind: str, description: str, rng: Random) -> tuple[str, str]:
    """Return (value, words) of a moment kind: ``("2025-04-12", "12 April 2025")``."""
    if kind == "time":
        return _time(description, rng)
    if kind == "year_text":
        year = str(rng.randint(2005, 2024))
        return year, year
    if kind in ("season_span", "season_sport"):
        return _season(description, rng)
    if kind == "time_span":
        span = rng.choice(["last 30 days", "past year", "last 6 months", "last week", "next 3 days"])
        return span, f"the {span}"
    day = _day(kind, description, rng)
    if kind == "date_range":
        end = day + timedelta(days=rng.randint(3, 60))
        first, last = written(day, description), written(end, description)
        return f"{first} to {last}", f"{first} to {last}"
    if kind == "datetime":
        hour, minute = rng.randint(7, 20), rng.choice((0, 15, 30, 45))
        stamp = f"{hour:02d}:{minute:02d}"
        if "T" in description or "ISO" in description:
            return f"{day.isoformat()}T{stamp}:00", f"{day.isoformat()} at {stamp}"
        return f"{day.isoformat()} {stamp}:00", f"{day.isoformat()} at {stamp}"
    text = written(day, description)
    return text, rng.choice((said(day, rng), said(day, rng), text))


def _day(kind: str, description: str, rng: Random) -> date:
    if kind == "birth_date":
        return date(rng.randint(1955, 2004), rng.randint(1, 12), rng.randint(1, 28))
    if re.search(r"(?i)histor|past|was |when the", description):
        return date(rng.randint(2010, 2023), rng.randint(1, 12), rng.randint(1, 28))
    return _START + timedelta(days=rng.randrange(700))


def written(day: date, description: str) -> str:
    """Write a date in the form the description names, ISO where it names none."""
    if found := re.search(r"(?i)\b(yyyy|mm|dd)([-/.])(yyyy|mm|dd)\2(yyyy|mm|dd)\b", description):
        parts = {"yyyy": f"{day.year}", "mm": f"{day.month:02d}", "dd": f"{day.day:02d}"}
        return found[2].join(parts[found[index].lower()] for index in (1, 3, 4))
    if re.search(r"(?i)month day, year|\b(january|march|april|june|july|october|december) \d{1,2}, \d{4}", description):
        return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"
    return day.isoformat()


def said(day: date, rng: Random) -> str:
    """Write a date as people do: ``12 April 2025``, ``April 12, 2025``."""
    month = _MONTHS[day.month - 1]
    return rng.choice((f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}"))


def _time(description: str, rng: Random) -> tuple[str, str]:
    hour, minute = rng.randint(7, 21), rng.choice((0, 0, 15, 30, 45))
    if re.search(r"AM|PM|am/pm|12-hour", description):
        text = f"{(hour - 1) % 12 + 1}:{minute:02d} {'AM' if hour < 12 else 'PM'}"
    elif re.search(r"(?i)HH:MM:SS", description):
        text = f"{hour:02d}:{minute:02d}:00"
    else:
        text = f"{hour:02d}:{minute:02d}"
    return text, text


def _season(description: str, rng: Random) -> tuple[str, str]:
    year = rng.randint(2012, 2023)
    if re.search(r"(?i)YYYY-YYYY|\d{4}-\d{4}", description):
        text = f"{year}-{year + 1}"
    elif re.search(r"(?i)YYYY/YYYY|\d{4}/\d{4}", description):
        text = f"{year}/{year + 1}"
    elif re.search(r"(?i)\d{4}/\d{2}\b|YYYY/YY\b", description):
        text = f"{year}/{(year + 1) % 100:02d}"
    elif re.search(r"(?i)\d{4}-\d{2}\b|YYYY-YY\b", description):
        text = f"{year}-{(year + 1) % 100:02d}"
    else:
        text = f"{year}-{year + 1}"
    return text, text
