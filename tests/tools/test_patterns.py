"""Patterns that can hang a matcher are told from harmless ones, without running any."""

from __future__ import annotations

import pytest

from genesis.tools.patterns import danger

EXPONENTIAL = [
    r"^(a+)+$",
    r"(a*)*b",
    r"(a|aa)+$",
    r"^(\w+\s?)*$",
    r"(.*)*",
    r"(a*b*)*c",
    r"(x+x+)+y",
    r"(?:a{1,3})*b",
    r"^(?=(a+)+$)",
    r"^(\d+|[0-9]+)*$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"^[a-zA-Z]+(?:[_-]?[a-zA-Z0-9]+)*$",
    r"^([a-zA-Z\s]{2,20})(,\s*[a-zA-Z\s]{2,20})*$",
]
HARMLESS = [
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[a-z]+(-[a-z]+)*$",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"^[\w.-]+@[\w.-]+\.\w{2,}$",
    r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$",
    r"^(foo|bar|baz)*$",
    r"^\p{L}+$",
    r"(?<year>\d+)-x",
    r"^https:\/\/",
    r"^.{1,256}$",
    "",
]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_exponential(pattern: str) -> None:
    assert "exponential" in danger(pattern)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_harmless(pattern: str) -> None:
    assert danger(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[", "no regular expression"),
        ("a{1,99999999}", "repeats up to"),
        ("(((a{16}){16}){16})", "positions"),
        ("(" * 400 + "a" + ")" * 400, "no regular expression|positions|^$"),
        ("x" * 5000, "5000 characters"),
        (r"(a)\1+", "cannot be checked"),
        ("(a|b|ab)*" * 60, "too large|exponential"),
    ],
)
def test_what_cannot_be_checked_says_so(pattern: str, reason: str) -> None:
    import re

    assert re.search(reason, danger(pattern))
