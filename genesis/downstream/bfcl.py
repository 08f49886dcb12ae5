"""BFCL v4, single turn: all thirteen categories, verdicts by the official checker, aggregates by v4's formula.

    >>> scored = score(gold())                                                          # doctest: +SKIP
    >>> summary(scored)["aggregates"]["non_live"]["accuracy"]                           # doctest: +SKIP
    0.995

==================== =====================================================================================
aggregate            formula (Patil et al., BFCL v4, ``eval_runner_helper.py``)
==================== =====================================================================================
``non_live``         mean of simple, multiple, parallel, parallel_multiple; simple = mean of the 3 languages
``live``             all items of the four live categories together
``irrelevance``      mean of irrelevance and live_irrelevance
``relevance``        live_relevance
``single_turn``      mean of non_live, live and irrelevance: v4's weights 10, 10, 10 without its multi-turn (30)
                     and agentic (40) parts, so it is no figure of the leaderboard
``..._weighted``     the same items, each item counting the same
==================== =====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genesis.benchmarks import bfcl as data
from genesis.benchmarks.item import Item
from genesis.downstream import official
from genesis.downstream.literals import java, javascript
from genesis.downstream.predictions import Calls, Prediction, UndecodableError, native_calls
from genesis.downstream.scoring import Scored, accuracy, mean, pooled, weighted
from genesis.downstream.textcalls import read_calls
from genesis.errors import MissingExtraError

NAME = "bfcl"
SIMPLE = ("simple_python", "simple_java", "simple_javascript")
NON_LIVE = (*SIMPLE, "multiple", "parallel", "parallel_multiple")
LIVE = ("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple")
NO_CALL = ("irrelevance", "live_irrelevance")
RELEVANCE = "live_relevance"


def items() -> list[Item]:
    """Return all single-turn items. Raises MissingExtraError, BenchmarkError."""
    return [item for category in data.SINGLE_TURN for item in data.items(category)]


def score(predictions: Mapping[str, Prediction], found: Sequence[Item] | None = None) -> list[Scored]:
    """Return the verdict on every prediction, in the benchmark's order. Raises MissingExtraError."""
    known = items() if found is None else found
    return [verdict(item, predictions[item.id]) for item in known if item.id in predictions]


def verdict(item: Item, prediction: Prediction) -> Scored:
    """Return the official verdict on one prediction.

    Where the official checker itself fails (its runner would stop), the verdict is None with the reason.
    """
    try:
        calls: Calls | None = decode(item, prediction)
        problem = ""
    except UndecodableError as error:
        calls, problem = None, str(error)
    if item.category in NO_CALL or item.category == RELEVANCE:
        return _by_presence(item, calls)
    if calls is None:
        return Scored(item.id, item.category, False, f"undecodable: {problem}")
    mode = official.TEXT if prediction.calls is None else official.NATIVE
    try:
        result = official.ast_checker()(
            item.functions, calls, item.gold, official.language(item.category), item.category, mode
        )
    except MissingExtraError:
        raise
    except Exception as error:  # whatever the checker meets, its runner would stop there: no verdict exists
        return Scored(item.id, item.category, None, f"the official checker fails: {type(error).__name__}: {error}")
    reason = "" if result["valid"] else f"{result['error_type']}: {_first(result['error'])}"
    return Scored(item.id, item.category, bool(result["valid"]), reason)


def decode(item: Item, prediction: Prediction) -> Calls:
    """Return the calls of a prediction as the official handlers decode them. Raises UndecodableError.

    Native calls: names lose their dots, as the models behind such APIs never see any. Text: code fences and missing
    brackets are forgiven; Java and JavaScript go through the official parsers, except in the (ir)relevance categories.
    """
    if prediction.calls is not None:
        return [{name.replace(".", "_"): value for name, value in call.items()} for call in native_calls(prediction)]
    text = (prediction.text or "").strip("`\n ")
    text = text if text.startswith("[") else "[" + text
    text = text if text.endswith("]") else text + "]"
    if item.category in ("simple_java", "simple_javascript"):
        parse = official.parse_java if item.category == "simple_java" else official.parse_javascript
        try:
            calls = parse(text[1:-1])
        except MissingExtraError:
            raise
        except Exception as error:  # the parsers raise plain Exception and SyntaxError for what is not their language
            raise UndecodableError(f"{type(error).__name__}: {error}") from error
    else:
        calls = read_calls(text.strip().strip("'"))
    if not isinstance(calls, list) or not all(_is_call(call) for call in calls):
        raise UndecodableError("not a list of calls")
    return calls


def _is_call(call: Any) -> bool:
    return isinstance(call, dict) and len(call) == 1 and isinstance(next(iter(call.values())), dict)


def _by_presence(item: Item, calls: Calls | None) -> Scored:
    """Irrelevance: right without a call; relevance: right with one, whichever it is."""
    called = bool(calls)
    right = called == (item.category == RELEVANCE)
    reason = "" if right else f"calls {next(iter((calls or [{}])[0]), '')}" if called else "no call"
    return Scored(item.id, item.category, right, reason)


def _first(errors: Any) -> str:
    text = str(errors[0] if isinstance(errors, list) and errors else errors)
    return text if len(text) <= 300 else text[:297] + "..."


# --- gold --------------------------------------------------------------------------------------------------------


def gold(found: Sequence[Item] | None = None) -> dict[str, Prediction]:
    """Return the benchmark's own gold as predictions: the first allowed value of each parameter.

    Irrelevance: no call. live_relevance has no gold: a call of the first offered function. A few golds are accepted
    only without their optional parameters; those are left out there. What no form of its gold satisfies fails.
    """
    return {item.id: _gold(item) for item in (items() if found is None else found)}


def _gold(item: Item) -> Prediction:
    if item.category in NO_CALL:
        return Prediction(item.id, ())
    if item.category == RELEVANCE:
        return Prediction(item.id, ((item.functions[0]["name"], {}),))
    full = Prediction(item.id, tuple(_realise(item, call, optional=True) for call in item.gold))
    if verdict(item, full).correct:
        return full
    lean = Prediction(item.id, tuple(_realise(item, call, optional=False) for call in item.gold))
    return lean if verdict(item, lean).correct else full


def _realise(item: Item, call: Mapping[str, Any], *, optional: bool) -> tuple[str, dict[str, Any]]:
    """Return one call that the gold allows; without ``optional``, parameters that may be left out are."""
    name, allowed = next(iter(call.items()))
    function = next((function for function in item.functions if function["name"] == name), None)
    schemas = function["parameters"]["properties"] if function else {}
    required = function["parameters"].get("required", ()) if function else ()
    arguments = {}
    for parameter, values in allowed.items():
        real = [value for value in values if value != ""]
        if real and (optional or len(real) == len(values)):
            arguments[parameter] = _literal(item.category, _plain(real[0]), schemas.get(parameter, {}))
        elif values and parameter in required:
            arguments[parameter] = ""  # "" alone means "may be left out", which a required parameter may not
    return name, arguments


def _plain(value: Any) -> Any:
    """Take the first allowed value of each member of an object (one level: the checker compares deeper ones whole)."""
    if isinstance(value, dict):
        listed = {name: inners if isinstance(inners, list) else [inners] for name, inners in value.items()}
        chosen = {name: [inner for inner in inners if inner != ""] for name, inners in listed.items()}
        return {name: real[0] for name, real in chosen.items() if real}
    if isinstance(value, list) and value and all(isinstance(inner, dict) for inner in value):
        return [_plain(inner) for inner in value]
    return value


def _literal(category: str, value: Any, schema: Mapping[str, Any]) -> Any:
    kind, inner = str(schema.get("type", "any")), schema.get("items", {}).get("type")
    if category == "simple_java":
        return java(value, kind, inner)
    return javascript(value, kind, inner) if category == "simple_javascript" else value


# --- report ------------------------------------------------------------------------------------------------------


def summary(scored: Iterable[Scored]) -> dict[str, Any]:
    """Return ``{"benchmark", "categories", "aggregates"}``; an aggregate with an empty part is None."""
    groups: dict[str, list[bool | None]] = {category: [] for category in data.SINGLE_TURN}
    for one in scored:
        groups[one.category].append(one.correct)
    part = {category: accuracy(verdicts) for category, verdicts in groups.items()}
    simple = [part[category] for category in SIMPLE]
    others = [part[category] for category in NON_LIVE[3:]]
    live = [part[category] for category in LIVE]
    refused = [part[category] for category in NO_CALL]
    sizes = [one["n"] for one in live]
    shares = [1 / 12] * 3 + [1 / 4] * 3  # a language is a third of simple, which is a fourth of Non-Live
    aggregates = {
        "non_live": weighted([*simple, *others], shares),
        "simple": mean(simple),
        "live": pooled(live),
        "irrelevance": mean(refused),
        "relevance": {key: part[RELEVANCE][key] for key in ("accuracy", "interval")},
        "single_turn": weighted(
            [*simple, *others, *live, *refused],
            [*(share / 3 for share in shares), *(size / max(1, sum(sizes)) / 3 for size in sizes), 1 / 6, 1 / 6],
        ),
        "non_live_weighted": pooled([*simple, *others]),
        "live_weighted": pooled(live),
        "irrelevance_weighted": pooled(refused),
        "single_turn_weighted": pooled(list(part.values())),
    }
    return {"benchmark": NAME, "categories": part, "aggregates": aggregates}
