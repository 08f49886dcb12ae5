"""From a trained network to calls: greedy, or sampled with a seed; and the student behind the common interface.

>>> student = PointerStudent(trained)                                                   # doctest: +SKIP
>>> student.predict(tools, [Message("user", "A table for two in Oslo")]).tool_calls     # doctest: +SKIP
(ToolCall(id='call_1', name='book', arguments={'city': 'Oslo', 'guests': 2}),)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.chat import Message, ToolCall
from genesis.downstream.interface import Question
from genesis.downstream.pointer import values
from genesis.downstream.pointer.batches import Pair
from genesis.downstream.pointer.examples import Example, Field, function_of, make
from genesis.downstream.pointer.network import torch_
from genesis.downstream.pointer.train import Trained, argument_logits, dense, one_thread, tensors
from genesis.downstream.pointer.values import Span

ABSENT = object()
"""The parameter is not given."""
_ALSO = 0.4
"""A further tool is called where its score is at least this share of the best one's."""
_BATCH = 32
Asked = tuple[int, int, int]
"""Example, function, how many calls of it."""
Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the tool and count heads say of one request."""

    shares: NDArray[np.float64]
    """Probability of each tool on offer, "none fits" last."""
    counts: NDArray[np.float64]
    """Probability of 1 to MOST_CALLS calls, a row a tool."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The distribution over answers to one parameter: the likeliest ones, and what each means."""

    shares: NDArray[np.float64]
    values: tuple[Any, ...]
    spans: tuple[Span | None, ...]


def rank(trained: Trained, examples: Sequence[Example]) -> list[Ranked]:
    """Return the tool and count heads' probabilities of every example."""
    torch = torch_()
    found: list[Ranked] = []
    with one_thread(0), torch.no_grad():
        for at in range(0, len(examples), _BATCH):
            part = examples[at : at + _BATCH]
            requests, functions = trained.reader.requests(part), trained.reader.functions(part)
            table = trained.table()
            known = trained.network.encode(table, tensors(requests))
            scores, counts = trained.network.tools(table, known, tensors(functions))
            ranked = torch.cat(
                [dense(scores, torch.from_numpy(functions["owner"]), len(part)), torch.zeros(len(part), 1)], 1
            )
            shares = torch.softmax(ranked.double(), 1).numpy()
            numbers = torch.softmax(counts.double(), 1).numpy()
            first = 0
            for row, example in enumerate(part):
                n = len(example.functions)
                found.append(Ranked(np.append(shares[row, :n], shares[row, -1]), numbers[first : first + n]))
                first += n
    return found


def chosen(ranked: Ranked, rng: np.random.Generator | None = None) -> list[tuple[int, int]]:
    """Return (function, number of calls) of the tools to call; none where "none fits" wins. ``rng``: sampled."""
    shares = ranked.shares
    best = int(np.argmax(shares)) if rng is None else int(rng.choice(len(shares), p=shares / shares.sum()))
    if best == len(shares) - 1:
        return []
    also = [index for index in range(len(shares) - 1) if index != best and shares[index] >= _ALSO * shares[best]]
    tools = [best, *also] if shares[:-1].max() == shares[best] else [best]
    if rng is None:
        return [(tool, int(np.argmax(ranked.counts[tool])) + 1) for tool in sorted(tools)]
    drawn = [rng.choice(ranked.counts.shape[1], p=ranked.counts[t] / ranked.counts[t].sum()) for t in sorted(tools)]
    return [(tool, int(count) + 1) for tool, count in zip(sorted(tools), drawn, strict=True)]


def fill(
    trained: Trained, examples: Sequence[Example], asked: Sequence[Asked], *, most: int = 1
) -> dict[tuple[int, int, int], dict[str, Answers]]:
    """Return the answers to every parameter of the calls asked for, by (example, function, turn), then parameter.

    ``most``: likeliest answers kept a parameter. A later call of a tool sees where the earlier ones, decoded greedily,
    took their values from.
    """
    found: dict[tuple[int, int, int], dict[str, Answers]] = {}
    turns = max((count for _, _, count in asked), default=0)
    for turn in range(turns):
        now = sorted((e, f) for e, f, count in asked if count > turn)
        now.sort(key=lambda place: len(examples[place[0]].tokens))
        for at in range(0, len(now), _BATCH * 2):
            _fill(trained, examples, now[at : at + _BATCH * 2], turn, most, found)
    return found


def _fill(
    trained: Trained,
    examples: Sequence[Example],
    now: Sequence[tuple[int, int]],
    turn: int,
    most: int,
    found: dict[tuple[int, int, int], dict[str, Answers]],
) -> None:
    torch = torch_()
    rows = sorted({example for example, _ in now})
    place = {example: row for row, example in enumerate(rows)}
    batch = [examples[example] for example in rows]
    pairs: list[Pair] = []
    owners: list[tuple[int, int]] = []
    for e, f in now:
        found[e, f, turn] = {}
        for field in examples[e].functions[f].fields:
            if field.kind == "other":
                continue
            before = [found[e, f, k][field.name].spans[0] for k in range(turn)]
            pairs.append(Pair(place[e], field, turn, tuple(span for span in before if span is not None)))
            owners.append((e, f))
    if not pairs:
        return
    with one_thread(0), torch.no_grad():
        requests = trained.reader.requests(batch)
        trained.reader.pairs(batch, pairs, requests["tokens"].shape[1])  # meets every word before the table is made
        table = trained.table()
        known = trained.network.encode(table, tensors(requests))
        logits = argument_logits(trained, table, known, batch, pairs).double()
        top, index = torch.topk(torch.softmax(logits, 1), min(most, logits.shape[1]), dim=1)
    length = known["tokens"].shape[1]
    for row, (pair, (e, f)) in enumerate(zip(pairs, owners, strict=True)):
        answers = [_answer(int(i), pair.field, examples[e], length, logits.shape[1]) for i in index[row]]
        found[e, f, turn][pair.field.name] = Answers(
            top[row].numpy(), tuple(value for value, _ in answers), tuple(span for _, span in answers)
        )


def _answer(index: int, field: Field, example: Example, length: int, width: int) -> tuple[Any, Span | None]:
    """Return what one answer means: a value and the span it was read from."""
    spans = length * values.LONGEST
    if index == width - 1:
        return ABSENT, None
    if index >= spans:
        option = index - spans
        return (field.options[option] if option < len(field.options) else ABSENT), None
    start, more = divmod(index, values.LONGEST)
    end = start + more
    if end >= len(example.tokens):
        return ABSENT, None
    place = (example.tokens[start].start, example.tokens[end].end)
    value = values.read(example.request, place, field.kind, whole=field.whole, day=field.day)
    return (ABSENT if value is None else value), (start, end)


def arguments(answers: Mapping[str, Answers], rng: np.random.Generator | None = None) -> Arguments:
    """Return a call's arguments: the likeliest answers, or drawn ones (from those kept)."""
    given: Arguments = {}
    for name, found in answers.items():
        pick = 0 if rng is None else int(rng.choice(len(found.shares), p=found.shares / found.shares.sum()))
        if found.values[pick] is not ABSENT:
            given[name] = found.values[pick]
    return given


def calls_of(
    trained: Trained, examples: Sequence[Example], ranked: Sequence[Ranked] | None = None
) -> list[list[tuple[str, Arguments]]]:
    """Return the greedy calls of every example; none where no tool fits."""
    ranked = rank(trained, examples) if ranked is None else ranked
    picks = [chosen(one) for one in ranked]
    filled = fill(trained, examples, [(e, f, count) for e, pick in enumerate(picks) for f, count in pick])
    return [
        [(examples[e].functions[f].name, arguments(filled[e, f, k])) for f, count in pick for k in range(count)]
        for e, pick in enumerate(picks)
    ]


class PointerStudent:
    """A trained probe behind ``predict(tools, messages) -> message``."""

    simulated = False

    def __init__(self, trained: Trained, name: str = "pointer probe") -> None:
        self.trained = trained
        self.name = name

    def predict(self, tools: Sequence[Mapping[str, Any]], messages: Sequence[Message]) -> Message:
        """Return the assistant's next message: calls, or that no tool fits."""
        (answer,) = self.predict_many([Question(tuple(map(dict, tools)), tuple(messages))])
        return answer

    def predict_many(self, questions: Sequence[Question]) -> list[Message]:
        """Return the next message of every conversation."""
        examples = [make(request_of(one.messages), [function_of(tool) for tool in one.tools]) for one in questions]
        offered = [index for index, example in enumerate(examples) if example.functions]
        calls = dict(zip(offered, calls_of(self.trained, [examples[index] for index in offered]), strict=True))
        return [_message(calls.get(index, [])) for index in range(len(examples))]


def _message(calls: Sequence[tuple[str, Arguments]]) -> Message:
    if not calls:
        return Message("assistant", "None of the tools on offer can do that.")
    given = (ToolCall(f"call_{number}", name, values) for number, (name, values) in enumerate(calls, 1))
    return Message("assistant", "", tuple(given))


def request_of(messages: Sequence[Message]) -> str:
    """Return what the user said since the message before the last calls, as in training."""
    said: list[str] = []
    for message in messages:
        if message.role == "user":
            said.append(message.content)
        elif message.role == "assistant" and message.tool_calls:
            said = said[-1:]
    return "\n".join(said)
