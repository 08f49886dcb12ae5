"""A first, cheap student: does the data teach tool choice with abstention?

A logistic regression over features of (request, tool) pairs is trained on a data set's dialogues and asked which of
the offered tools a benchmark's request needs, or none. Scored items offer no tool that training has seen, by name or
by definition. An untrained baseline (nearest tool by TF-IDF, fixed threshold) stands beside it.

::

    result = probe(dialogues, pool, seed=0, limit=1000)
    result["trained"]["choice"]       # {"n": 512, "correct": 390, "accuracy": 0.762, "interval": [0.723, 0.797], ...}
    result["trained"]["irrelevance"]  # the same, over items where every call is wrong

What it can and cannot see: it reads words, so it measures whether requests and tools of the data go together and
whether there are requests that no offered tool fits. It does not see argument values at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genesis.benchmarks.item import Item
from genesis.dialogue import Dialogue
from genesis.downstream.choice import Question, differences_of, right_of, scores_of
from genesis.downstream.features import Pair, full_view, pair_features, view_cosines
from genesis.text import stable_hash, words
from genesis.tools.tool import Tool

if TYPE_CHECKING:
    from genesis.tools.pool import ToolPool

CHOICE = ("multiple", "live_multiple")
"""BFCL categories with several tools on offer and one call in the gold."""
IRRELEVANCE = ("irrelevance", "live_irrelevance")
BASELINE_THRESHOLD = 0.10
"""Cosine under which the untrained baseline abstains: a round figure, not tuned on the benchmark."""
_FOLDS = 5


def probe(
    dialogues: Iterable[Dialogue],
    pool: ToolPool | None,
    *,
    seed: int = 0,
    limit: int = 1000,
    items: Sequence[Item] | None = None,
) -> dict[str, Any]:
    """Train on ``dialogues``, score on BFCL items without any tool of ``pool`` or of the dialogues.

    ``limit``: most items scored, drawn with ``seed`` in proportion to the categories. ``items`` replaces BFCL's own.
    Returns plain JSON data: counts of items before and after the exclusion, and for ``trained`` and ``untrained``
    accuracy of choice (right tool and no abstention), of ranking (right tool on top, whatever the threshold), of
    irrelevance (abstained), their mean ``balanced``, and ``auroc`` of the best score as a sign that some tool fits;
    accuracies with 95 % Wilson intervals; ``difference`` is trained less untrained on the same items, with interval
    and McNemar's p. ``trained`` is None, with ``reason``, where the dialogues cannot teach.
    Raises MissingExtraError where the benchmark's data is not installed.
    """
    dialogues = list(dialogues)
    found = bfcl_items() if items is None else list(items)
    seen = seen_tools(dialogues, pool)
    left = [item for item in found if not any(touches(function, seen) for function in item.functions)]
    questions = [question for item in draw(left, limit, seed) if (question := from_item(item))]
    lessons = [lesson for dialogue in dialogues for lesson in from_dialogue(dialogue)]
    result: dict[str, Any] = {
        "benchmark": "bfcl",
        "seed": seed,
        "items": {
            "all": _by_category(found),
            "without_pool_tools": _by_category(left),
            "scored": _by_category(questions),
        },
        "lessons": {
            "dialogues": len(dialogues),
            "with_call": sum(lesson.answer is not None for lesson in lessons),
            "without_call": sum(lesson.answer is None for lesson in lessons),
        },
        "untrained": None,
        "trained": None,
        "difference": None,
        "reason": "",
    }
    return result | _taught(lessons, questions, seed)


def _taught(lessons: Sequence[Question], questions: Sequence[Question], seed: int) -> dict[str, Any]:
    """Return the scores of both students, and why there are none where there are none."""
    if not questions:
        return {"reason": "no item is left: every one offers a tool that training has seen"}
    pairs = _pairs(questions)
    before = right_of(questions, pairs, view_cosines(pairs, full_view), BASELINE_THRESHOLD)
    found: dict[str, Any] = {"untrained": scores_of(questions, before, BASELINE_THRESHOLD)}
    if not any(lesson.answer is not None and len(lesson.functions) > 1 for lesson in lessons):
        return found | {"reason": "no dialogue calls one of several offered tools: nothing to learn tool choice from"}
    scores, threshold = _train(lessons, questions, seed)
    after = right_of(questions, pairs, scores, threshold)
    found["trained"] = scores_of(questions, after, threshold)
    found["difference"] = differences_of(questions, before, after, seed)
    if all(lesson.answer is not None for lesson in lessons):
        found["reason"] = "no dialogue shows a request that no offered tool fits: the trained probe never abstains"
    return found


def bfcl_items() -> list[Item]:
    """Return the BFCL items that ask for a choice of tool or for none. Raises MissingExtraError."""
    from genesis.benchmarks import bfcl

    return [item for category in (*CHOICE, *IRRELEVANCE) for item in bfcl.items(category)]


def seen_tools(dialogues: Iterable[Dialogue], pool: ToolPool | None) -> frozenset[str]:
    """Return the marks (names and definitions) of every tool of the pool and of the dialogues."""
    tools: dict[int, Tool] = {id(tool): tool for tool in (pool.tools if pool else ())}
    tools.update({id(tool): tool for dialogue in dialogues for tool in dialogue.tools})
    seen: set[str] = set()
    for tool in tools.values():
        seen |= _marks(tool.to_function())
        if tool.original_name:
            seen |= _marks({"name": tool.original_name})
    return frozenset(seen)


def touches(function: dict[str, Any], seen: frozenset[str]) -> bool:
    """Whether a benchmark's function is one of the seen tools, by name or by definition."""
    return not seen.isdisjoint(_marks(function))


def _marks(function: dict[str, Any]) -> set[str]:
    """Return what identifies a tool: its name without case and punctuation, and the words of its description."""
    name = "".join(words(str(function.get("name", "")).replace("_", " ")))
    marks = {f"name {name}"}
    description = words(str(function.get("description") or ""))
    if len(description) > 3:  # "Get data." is shared by tools that have nothing in common
        marks.add("says " + " ".join(description))
    return marks


def draw(items: Sequence[Item], limit: int, seed: int) -> list[Item]:
    """Return about ``limit`` items, each category in proportion (rounded, at least one), in the order given."""
    if len(items) <= limit:
        return list(items)
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.category, []).append(item)
    chosen: set[str] = set()
    for category, group in groups.items():
        size = min(len(group), max(1, round(limit * len(group) / len(items))))
        chosen |= {item.id for item in random.Random(stable_hash("probe", seed, category)).sample(group, size)}
    return [item for item in items if item.id in chosen]


def from_item(item: Item) -> Question | None:
    """Read a benchmark item as a question; None where it offers nothing or its gold is not one offered tool."""
    request = "\n".join(message["content"] for message in item.messages if message["role"] == "user")
    functions = tuple(item.functions)
    if not functions:
        return None
    if item.category in IRRELEVANCE:
        return Question(request, functions, None, item.category)
    called = {name for call in item.gold or () for name in call}
    answers = [index for index, function in enumerate(functions) if function["name"] in called]
    return Question(request, functions, answers[0], item.category) if len(answers) == 1 else None


def from_dialogue(dialogue: Dialogue) -> list[Question]:
    """Return what a dialogue teaches: for each turn that calls one tool, which; for a dialogue without calls, none.

    A dialogue without a call teaches abstention only where its plan says irrelevance, or where nobody knows the plan:
    a request that lacks a parameter does have its tool.
    """
    functions = tuple(tool.to_function() for tool in dialogue.tools)
    names = [tool.name for tool in dialogue.tools]
    lessons: list[Question] = []
    said: list[str] = []
    for message in dialogue.messages:
        if message.role == "user":
            said.append(message.content)
        elif message.role == "assistant" and message.tool_calls:
            called = {call.name for call in message.tool_calls}
            if len(called) == 1 and (name := next(iter(called))) in names:
                lessons.append(Question("\n".join(said), functions, names.index(name), "call"))
            said = said[-1:]
    special = dialogue.scenario.special if dialogue.scenario else "irrelevance"
    calls = any(message.tool_calls for message in dialogue.messages)
    if special == "irrelevance" and not calls and functions and said:
        lessons.append(Question("\n".join(said), functions, None, "no_call"))
    return lessons


def _pairs(questions: Sequence[Question]) -> list[Pair]:
    return [
        Pair(question.request, function, number)
        for number, question in enumerate(questions)
        for function in question.functions
    ]


def _train(lessons: Sequence[Question], questions: Sequence[Question], seed: int) -> tuple[NDArray[np.float64], float]:
    """Return the trained scores of the questions' pairs and the threshold under which the probe abstains.

    The threshold is the one that best tells lessons with a call from lessons without (mean of both shares), judged on
    scores out of fold: a model's confidence in its own training rows says nothing about new ones.
    """
    pairs = _pairs([*lessons, *questions])
    features = pair_features(pairs)
    size = sum(len(lesson.functions) for lesson in lessons)
    owners = np.array([pair.item for pair in pairs[:size]])
    right = np.array(
        [index == lesson.answer for lesson in lessons for index in range(len(lesson.functions))], dtype=np.int64
    )
    folds = np.array([stable_hash("fold", seed, lesson.request) % _FOLDS for lesson in lessons])[owners]
    held_out = np.zeros(size)
    for fold in range(_FOLDS):
        inside = folds != fold
        if right[inside].any() and not inside.all():
            held_out[~inside] = _fit(features[:size][inside], right[inside])(features[:size][~inside])
    best = _best_scores(held_out, owners, len(lessons))
    threshold = _threshold(best, np.array([lesson.answer is not None for lesson in lessons]))
    return _fit(features[:size], right)(features[size:]), threshold


def _fit(features: NDArray[np.float64], right: NDArray[np.int64]) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000))
    model.fit(features, right)
    return lambda rows: model.predict_proba(rows)[:, 1]


def _threshold(best: NDArray[np.float64], fits: NDArray[np.bool_]) -> float:
    """Return the cut between two neighbouring scores with the best mean of both recalls; 0 where nothing is to cut."""
    if fits.all():
        return 0.0
    order = np.unique(best)
    cuts = np.concatenate([[0.0], (order[1:] + order[:-1]) / 2])
    value = [((best[fits] >= cut).mean() + (best[~fits] < cut).mean()) / 2 for cut in cuts]
    return float(cuts[int(np.argmax(value))])


def _best_scores(scores: NDArray[np.float64], owners: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    best = np.full(n, -np.inf)
    np.maximum.at(best, owners, scores)
    return best


def _by_category(items: Iterable[Item | Question]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item.category] = counts.get(item.category, 0) + 1
    return {"total": sum(counts.values()), **dict(sorted(counts.items()))}
