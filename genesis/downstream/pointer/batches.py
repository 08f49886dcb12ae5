"""Examples as arrays: words by number, spans and options by index, padded to the longest of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.downstream.pointer import values
from genesis.downstream.pointer.examples import KINDS, MOST_CALLS, Example, Field, Function, Label
from genesis.downstream.pointer.tokens import SHAPES, is_number, shapes
from genesis.downstream.pointer.vectors import Words

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
_YES, _NO = ("yes", "true", "with"), ("no", "false", "without")


@dataclass(frozen=True, slots=True)
class Pair:
    """One parameter of one call of one request."""

    example: int
    """Index in the batch."""
    field: Field
    turn: int
    before: tuple[values.Span, ...] = ()
    """Where the earlier calls of the same tool take this parameter's value from."""
    label: Label | None = None


class Reader:
    """Turns examples into arrays; remembers words, tools and requests it has met."""

    def __init__(self) -> None:
        self.words = Words()
        self._known: dict[int, tuple[Example, Ints, Floats]] = {}

    def requests(self, batch: Sequence[Example]) -> dict[str, Any]:
        """Return ``tokens`` (B, T) word numbers, ``shape`` (B, T, SHAPES) and ``inside`` (B, T)."""
        longest = max(1, *(len(example.tokens) for example in batch))
        tokens = np.zeros((len(batch), longest), np.int64)
        shape = np.zeros((len(batch), longest, SHAPES), np.float32)
        for row, example in enumerate(batch):
            if example.tokens:
                ids, looks = self._read(example)
                tokens[row, : len(ids)] = ids
                shape[row, : len(ids)] = looks
        return {"tokens": tokens, "shape": shape, "inside": tokens > 0}

    def _read(self, example: Example) -> tuple[Ints, Floats]:
        known = self._known.get(id(example))
        if known is None:
            ids = np.array(self.words.ids(token.text for token in example.tokens), np.int64)
            known = self._known[id(example)] = (example, ids, np.array(shapes(example.tokens), np.float32))
        return known[1], known[2]

    def functions(self, batch: Sequence[Example]) -> dict[str, Any]:
        """Return the tools on offer, one a row: ``owner`` (F,), and ``name``, ``about``, ``fields`` (F, W) each."""
        rows = [(row, function) for row, example in enumerate(batch) for function in example.functions]
        return {
            "owner": np.array([row for row, _ in rows], np.int64),
            "name": self._padded([function.name_words for _, function in rows]),
            "about": self._padded([function.about_words for _, function in rows]),
            "fields": self._padded([_field_words(function) for _, function in rows]),
        }

    def pairs(self, batch: Sequence[Example], pairs: Sequence[Pair], length: int) -> dict[str, Any]:
        """Return parameters, one a row: words, kinds, marks of earlier calls' values, and which spans are allowed."""
        used = np.zeros((len(pairs), length, 2), np.float32)
        for row, pair in enumerate(pairs):
            for start, end in pair.before:
                used[row, start : end + 1, 0] = 1
                used[row, : end + 1, 1] = 1
        options = [self._options(pair.field) for pair in pairs]
        flat = [(row, words) for row, listed in enumerate(options) for words in listed]
        return {
            "owner": np.array([pair.example for pair in pairs], np.int64),
            "name": self._padded([pair.field.name_words for pair in pairs]),
            "about": self._padded([pair.field.about_words for pair in pairs]),
            "kind": np.array([KINDS.index(pair.field.kind) for pair in pairs], np.int64),
            "turn": np.array([min(pair.turn, MOST_CALLS - 1) for pair in pairs], np.int64),
            "required": np.array([float(pair.field.required) for pair in pairs], np.float32),
            "used": used,
            "allowed": self._allowed(batch, pairs, length),
            "option_owner": np.array([row for row, _ in flat], np.int64),
            "option": self._padded([words for _, words in flat]),
        }

    def _allowed(self, batch: Sequence[Example], pairs: Sequence[Pair], length: int) -> NDArray[np.bool_]:
        """Return where spans may stand, shape (P, T, LONGEST): [p, start, end - start]."""
        table = np.zeros((len(pairs), length, values.LONGEST), bool)
        known: dict[tuple[int, str], NDArray[np.bool_]] = {}
        for row, pair in enumerate(pairs):
            kind = pair.field.kind
            if kind in ("choice", "other"):
                continue
            key = (pair.example, kind)
            if key not in known:
                known[key] = allowed_spans(batch[pair.example], kind)
            found = known[key]
            table[row, : len(found)] = found
        return table

    def _padded(self, lists: Sequence[Sequence[str]]) -> Ints:
        longest = max([1, *map(len, lists)])
        rows = np.zeros((len(lists), longest), np.int64)
        for row, words in enumerate(lists):
            ids = self.words.ids(words)
            rows[row, : len(ids)] = ids
        return rows

    def _options(self, field: Field) -> list[tuple[str, ...]]:
        return [_option_words(option) for option in field.options] if field.kind == "choice" else []


@lru_cache(maxsize=50_000)
def _option_words(option: Any) -> tuple[str, ...]:
    from genesis.text import split_name

    if option is True or option is False:
        return _YES if option else _NO
    return tuple(split_name(str(option))[:6]) or (str(option)[:12] or "empty",)


def _field_words(function: Function) -> tuple[str, ...]:
    return tuple(word for field in function.fields for word in field.name_words)[:30]


def allowed_spans(example: Example, kind: str) -> NDArray[np.bool_]:
    """Return which spans of a request can be a value of a kind, shape (len(tokens), LONGEST)."""
    n = len(example.tokens)
    table = np.zeros((n, values.LONGEST), bool)
    if kind == "number":
        for start, end in values.number_spans(example.tokens):
            if end - start < values.LONGEST:
                table[start, end - start] = True
        return table
    texts = [token.text for token in example.tokens]
    good = np.array([is_number(text) if kind == "numbers" else text[0].isalnum() for text in texts], bool)
    code = np.array([text in "()+-*^/=$#@" for text in texts], bool) if kind == "text" else np.zeros(n, bool)
    for span in range(min(values.LONGEST, n)):
        table[: n - span, span] = good[: n - span] & (good[span:] | (code[span:] if span else False))
    return table


def labels(pairs: Sequence[Pair], length: int) -> dict[str, Any]:
    """Return the right answers: ``spans`` (P, T, LONGEST), ``absent`` (P,) and ``option`` (P,), -1 where none."""
    spans = np.zeros((len(pairs), length, values.LONGEST), bool)
    option = np.full(len(pairs), -1, np.int64)
    for row, pair in enumerate(pairs):
        label = pair.label or Label()
        for start, end in label.spans:
            if end - start < values.LONGEST:
                spans[row, start, end - start] = True
        if label.option is not None:
            option[row] = label.option
    absent = ~spans.any(axis=(1, 2)) & (option < 0)
    return {"spans": spans, "absent": absent, "option": option}
