"""Contamination: how much of a benchmark's requests and gold calls stands in a data set.

>>> contamination(columns, "bfcl")["requests"]["exact"]["value"]
0.0
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from genesis.benchmarks import acebench, apibank, bfcl
from genesis.benchmarks.item import Item
from genesis.errors import BenchmarkError
from genesis.metrics.bleu import mix
from genesis.metrics.columns import Columns, Facet, Rows
from genesis.metrics.duplicates import THRESHOLD, near_pairs, word_hashes
from genesis.metrics.extract import call_hash
from genesis.metrics.statistics import rate
from genesis.text import words

GRAM = 8
"""Words in a row that a request must share with an item to count as overlapping."""
FORMULA = 0.2
"""A user message that more than this share of a benchmark's items has is its prompt, not a request."""
GOLDS = 256
EXAMPLES = 10
_CHUNK = 50_000
_NUMBER = re.compile(r"_\d+$")


def items(benchmark: str) -> list[Item]:
    """Return all items of ``bfcl``, ``acebench:DIR`` or ``apibank:DIR``. Raises BenchmarkError, MissingExtraError."""
    name, _, folder = benchmark.partition(":")
    if name == "bfcl":
        return [item for category in bfcl.SINGLE_TURN for item in bfcl.items(category)]
    if name in ("acebench", "apibank") and not folder:
        raise BenchmarkError(f"{name}: where is its data? expected {name}:DIR")
    if name == "acebench":
        return [item for category in acebench.CATEGORIES for item in acebench.items(folder, category)]
    if name == "apibank":
        return [item for level in apibank.LEVELS for item in apibank.items(folder, level)]
    raise BenchmarkError(f"unknown benchmark {benchmark!r}; expected bfcl, acebench:DIR or apibank:DIR")


def contamination(columns: Columns, benchmark: str, found: Sequence[Item] | None = None) -> dict[str, Any]:
    """Return how much of a benchmark stands in a data set: shares of its dialogues, with Wilson intervals.

    Requests: ``exact`` (case and spaces apart), ``near`` (Jaccard of word 3-grams >= 0.7, of all user turns together),
    ``overlap`` (eight words in a row in common, which also sees a request inside a longer one). Gold calls: share of
    the data's calls that a benchmark's gold allows, looking past case and numbers as text, and share of items whose
    gold is met. After the n-gram overlap of Brown et al. 2020 and the near copies of Lee et al. 2022. Pitfall: a common
    call (``get_time()``) is met by chance; read gold calls beside requests.
    """
    if found is None:
        found = items(benchmark)
    texts = requests(found)
    hits = {
        "exact": np.isin(columns.exact, _exact(texts)),
        "near": np.zeros(columns.n, bool),
        "overlap": _overlaps(columns.requests, texts),
    }
    joined = _joined(texts, columns.requests)
    pairs = near_pairs(joined, before=len(texts))
    hits["near"][[b - len(texts) for _, b, _ in pairs]] = True
    shares = {name: rate(int(hit.sum()), columns.n) for name, hit in hits.items()}
    closest = sorted(pairs, key=lambda pair: (-pair[2], pair[1]))[:EXAMPLES]
    return {
        "benchmark": benchmark.partition(":")[0],
        "items": len(found),
        "requests": {name: share.to_json() if share else None for name, share in shares.items()},
        "gold_calls": _gold_calls(columns, found),
        "near_threshold": THRESHOLD,
        "examples": [
            {"id": columns.ids[b - len(texts)], "item": found[a].id, "similarity": same} for a, b, same in closest
        ],
    }


def requests(found: Sequence[Item]) -> list[str]:
    """Return each item's user turns as one text, without what the benchmark's prompt repeats."""
    said = [[str(message["content"]) for message in item.messages if message["role"] == "user"] for item in found]
    counts = Counter(text for turns in said for text in set(turns))
    return ["\n".join(text for text in turns if counts[text] <= max(1, FORMULA * len(found))) for turns in said]


def _exact(texts: Sequence[str]) -> NDArray[np.uint64]:
    plain = [" ".join(text.lower().split()) for text in texts]
    return np.array([xxhash.xxh3_64_intdigest(text.encode("utf-8", "replace")) for text in plain if text], np.uint64)


def _facet(texts: Sequence[str]) -> Facet:
    known: dict[str, int] = {}
    rows = [words(text) for text in texts]
    codes = [known.setdefault(word, len(known)) for row in rows for word in row]
    return Facet(list(known), np.array(codes, np.int32), np.cumsum([0, *(len(row) for row in rows)]))


def _joined(texts: Sequence[str], second: Facet) -> Facet:
    """Return the words of the items and, after them, of the data set, under common numbers."""
    first = _facet(texts)
    known = {word: number for number, word in enumerate(first.names)}
    numbers = np.array([known.setdefault(word, len(known)) for word in second.names], np.int32)
    codes = np.concatenate([first.codes, numbers[second.codes] if len(second.codes) else second.codes])
    starts = np.concatenate([first.starts, first.starts[-1] + second.starts[1:]])
    return Facet(list(known), codes, starts)


def _overlaps(data: Facet, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which dialogues share ``GRAM`` words in a row with an item."""
    benchmark = _facet(texts)
    known = np.concatenate([np.zeros(0, np.uint64), *(keys for keys, _ in _grams(benchmark))])
    known = np.unique(known)
    n = len(data.starts) - 1
    hit = np.zeros(n, bool)
    if len(known):
        for keys, rows in _grams(data):
            at = np.searchsorted(known, keys).clip(max=len(known) - 1)
            hit[rows[known[at] == keys]] = True
    return hit


def _grams(facet: Facet) -> Iterator[tuple[NDArray[np.uint64], Rows]]:
    """Yield a hash of every ``GRAM`` words in a row, and its row, part by part; equal text, equal hash."""
    hashes = word_hashes(facet)
    n = len(facet.starts) - 1
    for begin in range(0, n, _CHUNK):
        rows = np.arange(begin, min(n, begin + _CHUNK), dtype=np.int64)
        first = facet.starts[begin]
        word = hashes[facet.codes[first : facet.starts[rows[-1] + 1]]]
        if len(word) < GRAM:
            continue
        key = word[: len(word) - GRAM + 1]
        for step in range(1, GRAM):
            key = mix(key) + word[step : len(word) - GRAM + 1 + step]
        owner = np.repeat(rows, np.diff(facet.starts[begin : rows[-1] + 2]))
        whole = owner[: len(key)] == owner[GRAM - 1 :]
        yield key[whole], owner[: len(key)][whole]


def _gold_calls(columns: Columns, found: Sequence[Item]) -> dict[str, Any]:
    golds = [[call_hash(*call) for call in gold_calls(item)] for item in found]
    known = np.unique(np.array([key for keys in golds for key in keys], np.uint64))
    met = rate(int(np.isin(columns.calls.codes, known).sum()), len(columns.calls.codes))
    ours = set(columns.calls.codes[np.isin(columns.calls.codes, known)].tolist())
    with_gold = [keys for keys in golds if keys]
    hit = rate(sum(not ours.isdisjoint(keys) for keys in with_gold), len(with_gold))
    return {"of_calls": met.to_json() if met else None, "of_items": hit.to_json() if hit else None}


def gold_calls(item: Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calls that an item's gold allows, under the benchmark's name and under its legal form for OpenAI.

    BFCL lists allowed values by parameter: all combinations are meant, of which the first 256 a call are taken.
    """
    for name, arguments in _golds(item.gold):
        legal = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        for known in dict.fromkeys((name, legal)):
            yield known, arguments


def _golds(gold: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in gold if isinstance(gold, list) else [gold]:
        if not isinstance(entry, Mapping):
            continue
        if isinstance(entry.get("name"), str) and isinstance(entry.get("parameters"), Mapping):
            yield entry["name"], dict(entry["parameters"])  # API-Bank
            continue
        for name, arguments in entry.items():
            if not isinstance(arguments, Mapping):
                continue
            if isinstance(gold, list) and arguments and all(isinstance(value, list) for value in arguments.values()):
                yield from ((name, made) for made in islice(_combinations(arguments), GOLDS))  # BFCL
            yield name, dict(arguments)  # ACEBench: the second call of a tool is called name_2
            if _NUMBER.search(name):
                yield _NUMBER.sub("", name), dict(arguments)


def _combinations(allowed: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield arguments for every choice of allowed values; ``""`` among them: the parameter may be left out."""
    names = list(allowed)
    for chosen in product(*(allowed[name] or [""] for name in names)):
        yield {
            name: _first(value)
            for name, value in zip(names, chosen, strict=True)
            if not (value == "" and len(allowed[name]) > 1)
        }


def _first(value: Any) -> Any:
    """Return a BFCL value with the first alternative of each nested parameter: ``{"a": [1, 2]}`` means a is 1 or 2."""
    if isinstance(value, Mapping):
        return {key: _first(parts[0] if isinstance(parts, list) and parts else parts) for key, parts in value.items()}
    return [_first(part) for part in value] if isinstance(value, list) else value
