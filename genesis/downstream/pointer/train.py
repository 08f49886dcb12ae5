"""Training: a fixed number of updates on examples, deterministic by seed, on one thread.

>>> trained = train(examples, Settings(updates=200), seed=0)                            # doctest: +SKIP
>>> trained.loss[-1] < trained.loss[0]                                                  # doctest: +SKIP
True
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from genesis.downstream.pointer import batches
from genesis.downstream.pointer.batches import Pair, Reader
from genesis.downstream.pointer.examples import Example
from genesis.downstream.pointer.network import build, torch_
from genesis.downstream.pointer.vectors import Pretrained
from genesis.errors import FormatError
from genesis.text import stable_hash

_POOL = 16
"""Batches that are sorted by length together."""
_CALLED, _COUNTED = 1.0, 0.3
"""Weights of the losses of tool choice and of the number of calls, beside that of arguments."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a probe is trained; the same in every arm of a comparison."""

    updates: int = 500
    batch: int = 16
    rate: float = 4e-3
    width: int = 48
    vectors: str = ""
    """Pretrained word pieces, ``minilm`` or a path; empty: trained from scratch."""


@dataclass(slots=True)
class Trained:
    """A network with what it needs to read."""

    network: Any
    reader: Reader
    pretrained: Pretrained | None
    loss: list[float]
    """Mean training loss of each tenth of the updates."""

    def table(self) -> Any:
        """Return the words met so far as the network's word layer takes them."""
        torch = torch_()
        if self.pretrained is None:
            return torch.from_numpy(self.reader.words.table())
        return torch.from_numpy(self.pretrained.upto(self.reader.words.texts))


@contextlib.contextmanager
def one_thread(seed: int) -> Iterator[None]:
    """Run torch on one thread with a seed of its own; the caller's random state and threads come back as they were."""
    torch = torch_()
    threads = torch.get_num_threads()
    collects = gc.isenabled()
    torch.set_num_threads(1)
    gc.disable()  # a full collection walks every example: a quarter of the time of training
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed % 2**62)
            yield
    finally:
        torch.set_num_threads(threads)
        if collects:
            gc.enable()


def train(examples: Sequence[Example], settings: Settings, seed: int) -> Trained:
    """Train a network on examples.

    Raises FormatError where no example holds a call, MissingExtraError without torch.
    """
    torch = torch_()
    if not any(example.calls for example in examples):
        raise FormatError("probe: no dialogue calls a tool that it offers: nothing to learn from")
    pretrained = Pretrained(settings.vectors) if settings.vectors else None
    with one_thread(stable_hash("pointer", seed)):
        frozen = pretrained.table.shape[1] if pretrained else 0
        trained = Trained(build(settings.width, settings.width, frozen), Reader(), pretrained, [])
        _read_all(trained.reader, examples)
        table = trained.table()
        optimizer = torch.optim.AdamW(trained.network.parameters(), lr=settings.rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.rate, total_steps=settings.updates + 1, pct_start=0.1, cycle_momentum=False
        )
        losses = []
        for batch in _batches(examples, settings, seed):
            loss = loss_of(trained, table, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained.network.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        trained.network.eval()
    tenth = max(1, len(losses) // 10)
    trained.loss = [round(float(np.mean(losses[at : at + tenth])), 6) for at in range(0, len(losses), tenth)]
    return trained


def _read_all(reader: Reader, examples: Sequence[Example]) -> None:
    """Meet every word once, so that the table of words is complete before training."""
    for at in range(0, len(examples), 256):
        part = examples[at : at + 256]
        reader.requests(part)
        reader.functions(part)
        reader.pairs(part, pairs_of(part), 1 + max(len(example.tokens) for example in part))


def pairs_of(batch: Sequence[Example]) -> list[Pair]:
    """Return every parameter of every call to learn, with its label."""
    found = []
    for row, example in enumerate(batch):
        earlier: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for call in example.calls:
            for number, field in enumerate(example.functions[call.function].fields):
                if field.kind == "other":
                    continue
                before = earlier.setdefault((call.function, number), [])
                label = call.labels[number]
                found.append(Pair(row, field, call.turn, tuple(before), label))
                before.extend(label.spans[:1])
    return found


def _batches(examples: Sequence[Example], settings: Settings, seed: int) -> Iterator[list[Example]]:
    """Yield ``updates`` batches: passes over the examples in random order, neighbours in length together."""
    rng = Random(stable_hash("batches", seed))
    made = 0
    waiting: list[Example] = []
    while made < settings.updates:
        order = list(examples)
        rng.shuffle(order)
        waiting += order
        while len(waiting) >= settings.batch and made < settings.updates:
            part, waiting = waiting[: settings.batch * _POOL], waiting[settings.batch * _POOL :]
            part.sort(key=lambda example: len(example.tokens))
            cut = [part[at : at + settings.batch] for at in range(0, len(part), settings.batch)]
            rng.shuffle(cut)
            for batch in cut[: settings.updates - made]:
                made += 1
                yield batch


def tensors(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return a dict of arrays as torch tensors."""
    torch = torch_()
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def dense(scores: Any, owner: Any, rows: int) -> Any:
    """Return ragged scores as a table (rows, longest), -1e9 where there is none; ``owner`` is sorted."""
    torch = torch_()
    if not len(scores):
        return torch.full((rows, 1), -1e9)
    counts = torch.bincount(owner, minlength=rows)
    first = torch.cumsum(counts, 0) - counts
    place = torch.arange(len(scores)) - first[owner]
    table = torch.full((rows, int(counts.max())), -1e9)
    return table.index_put((owner, place), scores)


def loss_of(trained: Trained, table: Any, batch: Sequence[Example]) -> Any:
    """Return the loss of a batch: arguments, tool choice with abstention, number of calls."""
    torch = torch_()
    network, reader = trained.network, trained.reader
    known = network.encode(table, tensors(reader.requests(batch)))
    functions = tensors(reader.functions(batch))
    scores, counts = network.tools(table, known, functions)
    ranked = torch.cat([dense(scores, functions["owner"], len(batch)), torch.zeros(len(batch), 1)], 1)
    wanted, number = _wanted(batch, ranked.shape[1])
    total = -_CALLED * (wanted * torch.log_softmax(ranked, 1)).sum(1).mean()
    inside = number >= 0
    if bool(inside.any()):
        total = total + _COUNTED * torch.nn.functional.cross_entropy(counts[inside], number[inside])
    pairs = pairs_of(batch)
    if pairs:
        length = known["tokens"].shape[1]
        logits = argument_logits(trained, table, known, batch, pairs)
        right = batches.labels(pairs, length)
        mask = torch.from_numpy(right["spans"]).flatten(1)
        options = torch.zeros((len(pairs), logits.shape[1] - mask.shape[1] - 1), dtype=torch.bool)
        chosen = torch.from_numpy(right["option"])
        rows = torch.nonzero(chosen >= 0).squeeze(-1)
        options[rows, chosen[rows]] = True
        mask = torch.cat([mask, options, torch.from_numpy(right["absent"]).unsqueeze(-1)], 1)
        gold = torch.logsumexp(logits.masked_fill(~mask, -1e9), 1)
        lost = torch.logsumexp(logits, 1) - gold
        total = total + lost.clamp(max=20).mean()
    return total


def argument_logits(trained: Trained, table: Any, known: Any, batch: Sequence[Example], pairs: Sequence[Pair]) -> Any:
    """Return logits of every answer to every parameter: spans (T * LONGEST), then options, then "absent" last."""
    torch = torch_()
    arrays = tensors(trained.reader.pairs(batch, pairs, known["tokens"].shape[1]))
    spans, options, absent = trained.network.arguments(table, known, arrays)
    listed = dense(options, arrays["option_owner"], len(pairs))
    return torch.cat([spans.flatten(1), listed, absent.unsqueeze(-1)], 1)


def _wanted(batch: Sequence[Example], width: int) -> tuple[Any, Any]:
    """Return the distribution over tools, "none" last, (B, width), and the number of calls less 1 a tool, -1: none."""
    torch = torch_()
    wanted = np.zeros((len(batch), width), np.float32)
    number = []
    for row, example in enumerate(batch):
        calls = [0] * len(example.functions)
        for call in example.calls:
            calls[call.function] += 1
        called = [index for index, count in enumerate(calls) if count]
        if called:
            wanted[row, called] = 1 / len(called)
        else:
            wanted[row, -1] = 1
        number += [count - 1 for count in calls]
    return torch.from_numpy(wanted), torch.tensor(number, dtype=torch.long)
