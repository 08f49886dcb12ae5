"""ACEBench (English): Normal, twelve categories, and Special, three; the official rule and a strict one.

Official (``accuracy``): Normal by :mod:`genesis.downstream.acebench_rule`, multi-turn scored per dialogue (right if
all its steps are); Special by phrases that ACEBench's prompt dictates. ``normal`` and ``special`` are unweighted means
over categories. It gives its own gold 95.6 on Normal: in multi-turn answers all white space is taken out before they
are read, and lists inside objects are then compared with it. (Older versions of its code do so in all categories,
which gives the gold 90.7; figures from them are not comparable.) It rounds each category to three digits before the
mean; here nothing is rounded.

Strict (``strict``, Normal): every gold call matched by one call of its own, with the gold's very parameters; numbers
equal as numbers, booleans as booleans, text equal but for case and ``,./-_*^`` and spaces; lists in order. Special
has no stricter reading: its strict verdict is the official one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from genesis.benchmarks import acebench as data
from genesis.benchmarks.item import Item
from genesis.downstream.acebench_rule import accepts, plain_name, standard
from genesis.downstream.predictions import Calls, Prediction, UndecodableError, native_calls
from genesis.downstream.scoring import Scored, accuracy, mean, pooled
from genesis.downstream.textcalls import read_calls

NAME = "acebench"
MULTI_TURN = ("normal_multi_turn_user_adjust", "normal_multi_turn_user_switch")


def items(folder: str | Path) -> list[Item]:
    """Return the items of all categories. Raises BenchmarkError."""
    return [item for category in data.CATEGORIES for item in data.items(folder, category)]


def score(predictions: Mapping[str, Prediction], found: Sequence[Item]) -> list[Scored]:
    """Return the verdict on every prediction, in the benchmark's order; steps of a dialogue each have their own."""
    return [verdict(item, predictions[item.id]) for item in found if item.id in predictions]


def verdict(item: Item, prediction: Prediction) -> Scored:
    """Return the verdict on one prediction; None where the official code itself would stop with an error."""
    if item.category in data.SPECIAL:
        reason = _special(item, prediction)
        return Scored(item.id, item.category, not reason, reason, strict=not reason)
    try:
        read, calls = _decode(prediction, item.category in MULTI_TURN)
    except UndecodableError as error:
        return Scored(item.id, item.category, False, f"undecodable: {error}", strict=False)
    answers = item.gold if isinstance(item.gold, list) else [item.gold]
    strict = calls is not None and any(_strict(calls, answer) for answer in answers)
    reasons = []
    for answer in answers:
        try:
            reasons.append(accepts(item.functions, read, answer))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            reason = f"the official rule fails: {type(error).__name__}: {error}"
            return Scored(item.id, item.category, None, reason, strict=strict)
        if not reasons[-1]:
            return Scored(item.id, item.category, True, "", strict=strict)
    return Scored(item.id, item.category, False, reasons[0], strict=strict)


def _decode(prediction: Prediction, squeeze: bool) -> tuple[Calls, Calls | None]:
    """Return the calls as the official decoder sees them and as they are; None: readable only without white space.

    Native calls go the official way too: as the text that Python would write for them.
    """
    if prediction.calls is not None:
        calls = native_calls(prediction)
        return [_squeezed(call) for call in calls] if squeeze else calls, calls
    text = (prediction.text or "").strip()
    if not squeeze:
        calls = read_calls(text, single=False, empty_call_is_text=False)
        return calls, calls
    squeezed = read_calls("".join(text.split()), single=False, empty_call_is_text=False)
    try:
        return squeezed, read_calls(text, single=False, empty_call_is_text=False)
    except UndecodableError:
        return squeezed, None


def _squeezed(value: Any) -> Any:
    """Take the spaces out of all text inside; Python writes other white space as escapes, which stay."""
    if isinstance(value, str):
        return value.replace(" ", "")
    if isinstance(value, dict):
        return {_squeezed(key): _squeezed(inner) for key, inner in value.items()}
    return [_squeezed(inner) for inner in value] if isinstance(value, list) else value


def _special(item: Item, prediction: Prediction) -> str:
    """Return why the phrases that the prompt dictates are not in the answer; empty: they are."""
    text = prediction.text or ""
    if item.category == "special_irrelevant":
        return "" if "the limitations of the function" in text else "does not name the limitations of the function"
    phrase = "Missing necessary parameters" if item.category == "special_incomplete" else "There is incorrect value"
    if phrase not in text:
        return f"does not say {phrase!r}"
    for name, values in item.gold.items():
        wanted = [*([name] if item.category == "special_incomplete" else []), *values]
        absent = [value for value in wanted if value not in text]
        if absent:
            return f"does not name {absent}"
    return ""


def _strict(calls: Calls, answer: Mapping[str, Any]) -> bool:
    """Whether calls and gold calls can be paired off, each pair the same."""
    left = [(name, arguments) for call in calls for name, arguments in call.items()]
    if len(left) != len(answer):
        return False
    for key, wanted in answer.items():
        match = next((one for one in left if one[0] == plain_name(key) and _same(one[1], wanted)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same(value: Any, wanted: Any) -> bool:
    """Whether two values are the same: numbers by value, booleans apart from numbers, text but for its dress."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    if isinstance(wanted, (int, float)):
        return isinstance(value, (int, float)) and value == wanted
    if isinstance(wanted, str):
        return isinstance(value, str) and standard(value) == standard(wanted)
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() == wanted.keys()
            and all(_same(value[k], wanted[k]) for k in wanted)
        )
    if isinstance(wanted, list):
        return isinstance(value, (list, tuple)) and len(value) == len(wanted) and all(map(_same, value, wanted))
    return bool(value == wanted)


def gold(found: Sequence[Item]) -> dict[str, Prediction]:
    """Return the benchmark's own gold as predictions: calls in Normal, the dictated phrases in Special."""
    return {item.id: _gold(item) for item in found}


def _gold(item: Item) -> Prediction:
    if item.category == "special_irrelevant":
        return Prediction(item.id, None, item.gold)
    if item.category == "special_incomplete":
        parts = [f"Missing necessary parameters ({', '.join(v)}) for the api ({name})" for name, v in item.gold.items()]
        return Prediction(item.id, None, ", ".join(parts))
    if item.category == "special_error_param":
        parts = [
            f"There is incorrect value ({', '.join(v)}) for the parameters ({name})" for name, v in item.gold.items()
        ]
        return Prediction(item.id, None, ", ".join(parts) + " in the conversation history.")
    answer = item.gold[0] if isinstance(item.gold, list) else item.gold
    return Prediction(item.id, tuple((plain_name(key), arguments) for key, arguments in answer.items()))


def summary(scored: Iterable[Scored]) -> dict[str, Any]:
    """Return ``{"benchmark", "categories", "aggregates"}`` with the strict figures beside the official ones.

    ``n`` counts dialogues in the multi-turn categories; ``process`` there is the accuracy of their single steps.
    """
    found = list(scored)
    part: dict[str, Any] = {}
    strict: dict[str, Any] = {}
    for category in data.CATEGORIES:
        inside = [one for one in found if one.category == category]
        official = [one.correct for one in inside]
        severe = [one.strict for one in inside]
        if category in MULTI_TURN:
            dialogues = [list(steps) for _, steps in groupby(inside, key=lambda one: one.id.rsplit("_", 1)[0])]
            official = [_all([step.correct for step in steps]) for steps in dialogues]
            severe = [_all([step.strict for step in steps]) for steps in dialogues]
        strict[category] = accuracy(severe)
        part[category] = accuracy(official) | {"strict": strict[category]}
        if category in MULTI_TURN:
            part[category]["process"] = accuracy(one.correct for one in inside)
    aggregates: dict[str, Any] = {}
    for suffix, source in (("", part), ("_strict", strict)):
        normal = [source[category] for category in data.NORMAL]
        aggregates[f"normal{suffix}"] = mean(normal)
        aggregates[f"normal_weighted{suffix}"] = pooled(normal)
        aggregates[f"multi_turn{suffix}"] = mean([source[category] for category in MULTI_TURN])
        aggregates[f"special{suffix}"] = mean([source[category] for category in data.SPECIAL])
    return {"benchmark": NAME, "categories": part, "aggregates": aggregates}


def _all(verdicts: Sequence[bool | None]) -> bool | None:
    """Right if all are; wrong if any is; else no verdict."""
    if any(verdict is False for verdict in verdicts):
        return False
    return None if None in verdicts else True
