"""Which diversity measures order corpora of known diversity rightly, whatever else is done to them?

    python experiments/metric_validity/run.py            # about five minutes; writes table.csv, orders.{csv,png,pdf}

Corpora are made from real requests (BFCL's, read from the installed bfcl-eval): a request whose gold values stand in it
is a template, and filling it with other values gives any number of different requests. Diversity is planted as the
number of templates, and of names for values, that a corpus of 1,000 requests is drawn from: 1,200, 300 or 75. A measure
is right where the corpus of more templates comes out as the more diverse, although one of the two has been shortened,
lengthened, padded (a greeting of 6 words, a closing of 10, an opening of 17) or cut to a quarter. It sees copies where
a corpus of which 30 % are copies of the rest comes out below all corpora without copies of the same level.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from genesis.benchmarks import bfcl
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.metrics.bleu import self_bleu
from genesis.metrics.columns import Columns, Facet, Rows, from_dialogues
from genesis.metrics.duplicates import near_pairs, repeats
from genesis.metrics.lexical import compression_ratio, distinct_n, distinct_trimmed, mattr, rouge_l
from genesis.metrics.semantic import clusters, nearest_distance, remote_clique, spectrum, tfidf, vendi
from genesis.metrics.statistics import blocks
from genesis.metrics.structural import distinct, entropy
from genesis.text import stable_hash

HERE = Path(__file__).resolve().parent
CATEGORIES = ("simple_python", "multiple", "live_simple", "live_multiple")
LEVELS = (1200, 300, 75)
N = 1000
SIZE = 125
"""Requests at which "fixed n" measures are taken: the cut corpus has two blocks of it."""
COPIES = 0.3
GREETINGS = ("Hello, could you please help me?", "Hi there! I need your help.", "Good morning, one question please.")
OPENINGS = (
    "Hello, I hope you are having a good day. I wonder if you could help me with the following.",
    "Hi there! Thank you for your help so far, I really appreciate it. Here is what I need.",
    "Good morning. I am a bit in a hurry today, so please be quick and precise with this one.",
)
CLOSINGS = ("Thank you very much in advance for your help!", "Please let me know as soon as you can, thanks a lot.")
SYLLABLES = ("ka", "ro", "mi", "ten", "sal", "vor", "ni", "bel", "do", "gra", "lu", "pis")


@dataclass(frozen=True, slots=True)
class Template:
    """A real request, cut where its values stand, and the call it leads to."""

    tool: str
    parts: tuple[str, ...]
    """Text around the values: one more than there are values."""
    values: tuple[tuple[str, str], ...]
    """(parameter, value as written) in the order of the text."""


def templates() -> list[Template]:
    """Return every BFCL request of one call in whose text at least one gold value stands."""
    found = {}
    for category in CATEGORIES:
        for item in bfcl.items(category):
            users = [message["content"] for message in item.messages if message["role"] == "user"]
            if len(users) != 1 or len(item.gold) != 1:
                continue
            (tool, arguments), *_ = item.gold[0].items()
            made = _template(tool, users[0], arguments)
            if made is not None and 8 <= len(users[0].split()) <= 80:
                found.setdefault(made.parts, made)
    return list(found.values())


def _template(tool: str, text: str, arguments: dict[str, list[Any]]) -> Template | None:
    places = []
    for name, allowed in arguments.items():
        for value in allowed:
            written = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
            at = text.find(written) if written else -1
            if at >= 0:
                places.append((at, at + len(written), name, written))
                break
    places.sort()
    places = [place for number, place in enumerate(places) if not number or place[0] >= places[number - 1][1]]
    if not places:
        return None
    edges = [0, *(edge for start, end, *_ in places for edge in (start, end)), len(text)]
    parts = tuple(text[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))
    return Template(tool, parts, tuple((name, written) for _, _, name, written in places))


def filled(template: Template, names: list[str], generator: random.Random) -> tuple[str, dict[str, str]]:
    """Return a request of a template with other values, and its arguments."""
    arguments = {name: _value(written, names, generator) for name, written in template.values}
    words = [template.parts[0]]
    for (name, _), part in zip(template.values, template.parts[1:], strict=True):
        words += [arguments[name], part]
    return "".join(words), arguments


def _value(written: str, names: list[str], generator: random.Random) -> str:
    if written.replace(".", "", 1).isdigit():
        return str(2 + generator.randrange(10 * len(names)))
    return generator.choice(names)


def corpus(pool: list[Template], level: int, seed: int) -> list[Dialogue]:
    """Draw N requests from ``level`` templates, with values from ``level`` names."""
    generator = random.Random(stable_hash("corpus", level, seed))
    chosen = generator.sample(pool, level)
    names = ["".join(generator.choices(SYLLABLES, k=3)).capitalize() for _ in range(level)]
    made = []
    for number in range(N):
        template = generator.choice(chosen)
        text, arguments = filled(template, names, generator)
        call = ToolCall("c", template.tool, dict(arguments))
        messages = (Message("user", text), Message("assistant", "", (call,)))
        made.append(Dialogue(f"{level}-{number}", (), messages))
    return made


def reworded(made: list[Dialogue], change: Callable[[str, random.Random], str], seed: int) -> list[Dialogue]:
    generator = random.Random(stable_hash("reworded", seed))
    return [
        replace(one, messages=(Message("user", change(one.messages[0].content, generator)), *one.messages[1:]))
        for one in made
    ]


def shorter(text: str, generator: random.Random) -> str:
    return " ".join(text.split()[:12])


def longer(text: str, generator: random.Random) -> str:
    return f"{text} My reference for this is {' '.join(str(generator.randint(100, 999)) for _ in range(12))}."


def greeting(text: str, generator: random.Random) -> str:
    return f"{generator.choice(GREETINGS)} {text}"


def opening(text: str, generator: random.Random) -> str:
    return f"{generator.choice(OPENINGS)} {text}"


def closing(text: str, generator: random.Random) -> str:
    return f"{text} {generator.choice(CLOSINGS)}"


def copied(made: list[Dialogue], seed: int) -> list[Dialogue]:
    """Replace a share of the dialogues by copies of others of the same corpus."""
    generator = random.Random(stable_hash("copied", seed))
    keep = generator.sample(made, round(N * (1 - COPIES)))
    found = keep + [generator.choice(keep) for _ in range(N - len(keep))]
    generator.shuffle(found)
    return found


CHANGES: dict[str, Callable[[list[Dialogue], int], list[Dialogue]]] = {
    "none": lambda made, seed: made,
    "shorter": lambda made, seed: reworded(made, shorter, seed),
    "longer": lambda made, seed: reworded(made, longer, seed),
    "greeting": lambda made, seed: reworded(made, greeting, seed),
    "opening": lambda made, seed: reworded(made, opening, seed),
    "closing": lambda made, seed: reworded(made, closing, seed),
    "quarter": lambda made, seed: made[: N // 4],
    "copies": copied,
}
ORDERED = ("none", "shorter", "longer", "greeting", "closing", "opening", "quarter")


def measures(columns: Columns) -> dict[str, float]:
    """Return every measure, turned so that more is more diverse."""
    requests, n = columns.requests, columns.n
    everything = np.arange(n, dtype=np.int64)
    embed = tfidf(columns)

    def fixed(measure: Callable[[Rows], float]) -> float:
        return float(np.mean([measure(rows) for rows in blocks(n, SIZE)]))

    def facet(name: str) -> Facet:
        return getattr(columns, name)

    texts = [columns.texts[row] for row in range(n)]
    vectors = embed(everything)
    whole = vendi(spectrum(embed, everything))
    labels = clusters(vectors, 50)
    return {
        "tool entropy, fixed n": fixed(lambda rows: entropy(facet("tools").of(rows))),
        "tool kinds, fixed n": fixed(lambda rows: distinct(facet("tools").of(rows))),
        "slot entropy, fixed n": fixed(lambda rows: entropy(facet("slots").of(rows))),
        "tool kinds, all": distinct(facet("tools").codes),
        "value entropy, fixed n": fixed(lambda rows: entropy(facet("values").of(rows))),
        "distinct-3, 15 words, fixed n": fixed(lambda rows: distinct_n(requests, rows)),
        "distinct-3, trimmed, 15 words, fixed n": fixed(lambda rows: distinct_trimmed(requests, rows)),
        "distinct-3, 15 words, all": distinct_n(requests, everything),
        "distinct-3, whole text, all": distinct_n(requests, everything, window=10_000),
        "distinct-1, whole text, all": distinct_n(requests, everything, n=1, window=10_000),
        "type-token ratio per request": float(
            np.mean(
                [len(np.unique(part)) / max(1, len(part)) for part in np.split(requests.codes, requests.starts[1:-1])]
            )
        ),
        "MATTR": fixed(lambda rows: mattr(requests, rows)),
        "self-BLEU, fixed n": -fixed(lambda rows: self_bleu(requests, rows)),
        "self-BLEU, all": -self_bleu(requests, everything),
        "ROUGE-L, pairs": -rouge_l(requests, np.random.default_rng(n).permutation(n)),
        "compression, 5 kB": -float(
            np.mean([compression_ratio(texts[at : at + 125], 5_000) for at in range(0, n, 125)])
        ),
        "compression, all": -len("\n".join(texts).encode()) / _compressed(texts),
        "Vendi, fixed n": fixed(lambda rows: vendi(spectrum(embed, rows))[0]),
        "Vendi, all": whole[0],
        "Vendi inf, fixed n": fixed(lambda rows: vendi(spectrum(embed, rows))[1]),
        "nearest distance, fixed n": fixed(lambda rows: nearest_distance(embed(rows))),
        "remote clique": remote_clique(vectors),
        "cluster entropy": entropy(labels),
        "1 - exact duplicates": 1 - _value_of(repeats(columns.exact)),
        "1 - masked duplicates": 1 - _value_of(repeats(columns.masked)),
        "1 - near duplicates": 1 - len(near_pairs(requests)) / n,
    }


def _value_of(estimate: Any) -> float:
    return float(estimate.value)


def _compressed(texts: list[str]) -> int:
    import zstandard

    return len(zstandard.ZstdCompressor(level=9).compress("\n".join(texts).encode()))


def observations(seeds: int) -> Iterator[dict[str, Any]]:
    """Yield every measure of every corpus under every change."""
    pool = templates()
    if len(pool) < max(LEVELS):
        raise SystemExit(f"only {len(pool)} templates; expected {max(LEVELS)} at least")
    for seed in range(seeds):
        for level in LEVELS:
            made = corpus(pool, level, seed)
            for change, apply in CHANGES.items():
                columns = from_dialogues(apply(made, seed))
                words = float(columns.lengths.mean())
                for measure, value in measures(columns).items():
                    yield {
                        "seed": seed,
                        "level": level,
                        "change": change,
                        "n": columns.n,
                        "words": round(words, 2),
                        "measure": measure,
                        "value": round(float(value), 6),
                    }


def orders(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each measure and change, the share of pairs in the right order; for copies, the share that is seen.

    A pair is two levels of one seed, of which either one is changed; ``shift`` is how far the change moves the
    measure, in the distance of the two outer levels (median over seeds and levels).
    """
    values = table.set_index(["measure", "change", "level", "seed"])["value"].sort_index()
    rows = []
    for measure in table["measure"].unique():
        known = values[measure]
        span = abs(known["none"][LEVELS[0]].mean() - known["none"][LEVELS[-1]].mean())
        row: dict[str, Any] = {"measure": measure}
        row |= {change: round(float(np.mean(_right(known, change))), 3) for change in ORDERED}
        fell = [known["copies"][level] < known["none"][level].min() - 1e-12 for level in LEVELS]
        row["copies"] = round(float(np.mean(fell)), 3)
        for change in (*ORDERED[1:], "copies"):
            moved = [(known[change][level] - known["none"][level]).abs() for level in LEVELS]
            row[f"shift_{change}"] = round(float(pd.concat(moved).median() / span), 3) if span > 1e-9 else None
        if measure.endswith("duplicates"):  # a rate of repetition: it orders nothing
            row |= dict.fromkeys([*ORDERED, *(name for name in row if name.startswith("shift_"))])
        rows.append(row)
    return pd.DataFrame(rows)


def _right(known: Any, change: str) -> list[bool]:
    found: list[bool] = []
    for place, more in enumerate(LEVELS):
        for fewer in LEVELS[place + 1 :]:
            found += list(known[change][more] > known["none"][fewer] + 1e-12)
            if change != "none":
                found += list(known["none"][more] > known[change][fewer] + 1e-12)
    return found


def figure(table: pd.DataFrame, seeds: int) -> None:
    """Draw the share of right orders as a table of colours."""
    import matplotlib.pyplot as plt

    from genesis.figures import style

    names = {
        "none": "no\nchange",
        "shorter": "12 words\nkept",
        "longer": "14 words\nmore",
        "greeting": "6-word\ngreeting",
        "closing": "10-word\nclosing",
        "opening": "17-word\nopening",
        "quarter": "a quarter\nof n",
        "copies": "30 %\ncopies\n(seen)",
    }
    columns = [*ORDERED, "copies"]
    with style():
        drawn, axes = plt.subplots(figsize=(6.4, 5.6))
        shown = axes.imshow(table[columns].to_numpy(dtype=float), cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(columns)), [names.get(name, name) for name in columns])
        axes.set_yticks(range(len(table)), table["measure"])
        axes.xaxis.tick_top()
        axes.grid(visible=False)
        for row, values in enumerate(table[columns].to_numpy(dtype=float)):
            for column, value in enumerate(values):
                colour = "black" if value > 0.6 or np.isnan(value) else "white"
                axes.text(
                    column,
                    row,
                    "–" if np.isnan(value) else f"{value:.2f}",
                    ha="center",
                    va="center",
                    color=colour,
                    fontsize=6,
                )
        drawn.colorbar(shown, ax=axes, fraction=0.03, label="share of pairs in the right order")
        drawn.text(0.01, 0.05, f"Data: real requests of BFCL with other values; {seeds} seeds; {N} requests a corpus",
                   fontsize=6, color="#555555")  # fmt: skip
        drawn.savefig(HERE / "orders.png", dpi=200, bbox_inches="tight", metadata={"Software": None})
        pdf = {"CreationDate": None, "Producer": None, "Creator": None}
        drawn.savefig(HERE / "orders.pdf", bbox_inches="tight", metadata=pdf)
        plt.close(drawn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    with threadpool_limits(1):
        table = pd.DataFrame(observations(arguments.seeds))
    keys = ["measure", "change", "level"]
    means = table.groupby(keys, sort=False)[["n", "words", "value"]].agg(
        {"n": "first", "words": "mean", "value": ["mean", "std"]}
    )
    means.columns = ["n", "words", "value", "sd_over_seeds"]
    means.round(6).reset_index().to_csv(HERE / "table.csv", index=False, lineterminator="\n")
    found = orders(table)
    found.to_csv(HERE / "orders.csv", index=False, lineterminator="\n")
    figure(found, arguments.seeds)
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
