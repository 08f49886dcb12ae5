"""Calls in text: read as the official decoders read them, without ever evaluating."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from genesis.downstream.predictions import UndecodableError
from genesis.downstream.textcalls import read_calls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[f(a=1, b='x')]", [{"f": {"a": 1, "b": "x"}}]),
        ("a.b.c(x=[1, 'y', (2.5, None)])", [{"a.b.c": {"x": [1, "y", (2.5, None)]}}]),
        ("[f(a={'k': -1, 'l': true})]", [{"f": {"a": {"k": -1, "l": "true"}}}]),
        ("[f(5, a=+5)]", [{"f": {"a": -5}}]),
        ("[f(a=2 * 30 + 1, b='ab' * 2)]", [{"f": {"a": 61, "b": "abab"}}]),
        ("[f(c=[1] + [2], d=7 // 2, e=2 ** 10)]", [{"f": {"c": [1, 2], "d": 3, "e": 1024}}]),
        ("[f(a=g(), b=h(k=1), c=x[0], d=...)]", [{"f": {"a": "g()", "b": {"h": {"k": 1}}, "c": "x[0]", "d": "..."}}]),
        ("[]", []),
    ],
)
def test_reads_what_the_official_decoder_reads(text: str, expected: list[dict[str, Any]]) -> None:
    assert read_calls(text) == expected


def test_a_nested_empty_call_differs_between_benchmarks() -> None:
    assert read_calls("[f(a=g())]", empty_call_is_text=False) == [{"f": {"a": {"g": {}}}}]
    with pytest.raises(UndecodableError, match="no list of calls"):
        read_calls("f(a=1)", single=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[f(",
        "[1, 2]",
        "[f(a=b.c)]",
        "[f(a={[1]: 2})]",
        "[f(a=int('3') + 1)]",
        "[f(a=__import__('os').system('true') + 1)]",
        "[f(a=(lambda: 1)() + 1)]",
        "[f(a=1 / 0)]",
        "[f(a=9 ** 9 ** 9)]",
        "[f(a=1 << 10 ** 9)]",
        "[f(a='a' * 10 ** 9)]",
        "[f(a=10 ** 9 * [0])]",
        "[f(a='%999999999d' % 1)]",
        "[f(a=f'{x}')]",
        "\x00",
        "[f(a=" + "9" * 5000 + ")]",
        "(" * 1000,
        "f(a=" + "-" * 50_000 + "1)",
        "f(a=" + "1+" * 50_000 + "1)",
        "f(a=" + "[" * 190 + "]" * 190 + ", b=" + "x." * 20_000 + "y)",
        "f(a='" + "x" * 300_000 + "')",
    ],
)
def test_garbage_is_undecodable_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(UndecodableError):
        read_calls(text)
    assert time.process_time() - started < 20, "a bound against hanging, not a speed"


def test_nothing_is_run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("[f(a=open('made', 'w'))]", "[f(a=open('made', 'w') + 1)]", "[f(a=[open('made', 'w')][0])]"):
        with contextlib.suppress(UndecodableError):
            read_calls(text)
    assert list(tmp_path.iterdir()) == []
