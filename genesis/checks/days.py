"""Dates: as arguments write them, and as people say them.

>>> days_of("from April 4th, 2023 to 5/3/2024")
[(2023, 4, 4), (2024, 5, 3), (2024, 3, 5)]
>>> date_of("2023-04-04T10:00:00")
datetime.date(2023, 4, 4)
"""

from __future__ import annotations

import datetime
import itertools
import re
from functools import lru_cache

from genesis.checks.lexicon import MONTHS

MAX_DATES = 100
_MONTH_DAY = re.compile(r"^(\d{2})-(\d{2})$")
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$")
_SLASHED = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[T ].*)?$")
_DATE_WORDS = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Za-z]{3,9}\.?(?:,? \d{4})?"
    r"|[A-Za-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?"
    r"|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4})\b"
)


def date_of(value: str) -> datetime.date | None:
    """Return the date an argument writes (ISO, or numbers with the year last), or None."""
    if match := _ISO.match(value):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _SLASHED.match(value):
        month, day, year = int(match[1]), int(match[2]), int(match[3])
        if month > 12:
            month, day = day, month
    elif match := _MONTH_DAY.match(value):
        year, month, day = 2000, int(match[1]), int(match[2])
    else:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def days_of(text: str) -> list[tuple[int, int, int]]:
    """Return (year, month, day) of the dates written out in a text; year 0 where none is said. At most MAX_DATES."""
    found = []
    for match in itertools.islice(_DAYS.finditer(text.lower()), MAX_DATES):
        year, month, day = _parts_of_day(match)
        orders = [(month, day), (day, month)] if match["one"] else [(month, day)]  # 5/3 is read both ways
        found += [(year, first, second) for first, second in orders if 0 < first <= 12 and 0 < second <= _LAST[first]]
    return found


def _parts_of_day(match: re.Match[str]) -> tuple[int, int, int]:
    if match["iso_year"]:
        return int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"])
    if match["one"]:
        return int(match["slash_year"]), int(match["one"]), int(match["other"])
    name, day = match["month_first"] or match["month_after"], match["day_after"] or match["day_first"]
    return int(match["named_year"] or 0), MONTHS[name[:3]], int(day)


_LAST = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_NAME = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAYS = re.compile(
    r"\b(?:(?P<iso_year>(?:19|20)\d\d)[./-]?(?P<iso_month>\d{1,2})[./-]?(?P<iso_day>\d{1,2})"
    r"|(?P<one>\d{1,2})[./-](?P<other>\d{1,2})[./-](?P<slash_year>\d{4})"
    rf"|(?:(?P<month_first>(?:{_MONTH_NAME})[a-z]{{0,6}})[. ]{{1,2}}(?:the )?(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(?P<day_first>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<month_after>(?:{_MONTH_NAME})[a-z]{{0,6}}))"
    r"(?:,? (?P<named_year>(?:19|20)\d\d))?)\b"
)


def phrases(text: str) -> list[str]:
    """Return the first phrases of a text that look like dates, for dateparser."""
    return _DATE_WORDS.findall(text)[:5]


@lru_cache(maxsize=10_000)
def understood(phrase: str) -> tuple[int, int] | None:
    """Return (day, month) as dateparser reads a phrase: English, day before month, against a fixed date."""
    import dateparser

    base = datetime.datetime(2000, 1, 1)
    found = dateparser.parse(phrase, languages=["en"], settings={"RELATIVE_BASE": base, "DATE_ORDER": "DMY"})
    return None if found is None else (found.day, found.month)
