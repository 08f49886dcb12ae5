"""Plant one known defect at a time in good dialogues: what the rules catch, what they miss, what they alarm at.

    rows = mutation_table(dialogues, seed=0)      one row a kind: planted, failed, flagged, recall with its interval
    rows = false_alarms(dialogues)                one row a rule that fails or flags the clean dialogues

A defect counts as caught where the rules say something about the dialogue that they did not say before. Groups:
``structural`` (a rule can be sure), ``value`` and ``meaning`` (a rule can only flag), ``plan`` (needs the scenario),
``data set`` (counted, fails no dialogue), ``model`` (only a model can see it: listed so that nobody believes
otherwise).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

import msgspec

from genesis import formats
from genesis.checks import dataset, plant_calls, plant_dialogue, plant_values, rules
from genesis.checks.intervals import wilson
from genesis.checks.plant_calls import Donors, Row
from genesis.dialogue import Dialogue, Verdict
from genesis.errors import RowError
from genesis.formats.messages import write_trl
from genesis.text import stable_hash

Group = Literal["structural", "value", "meaning", "plan", "data set", "model"]
Plant = Callable[[Row, Random, Donors], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of defect."""

    name: str
    group: Group
    plant: Plant

    @property
    def about(self) -> str:
        """One line on what is planted."""
        return (self.plant.__doc__ or "").strip().splitlines()[0]


def _kinds(group: Group, *plants: Plant) -> tuple[Kind, ...]:
    return tuple(Kind(getattr(plant, "__name__", ""), group, plant) for plant in plants)


KINDS: tuple[Kind, ...] = (
    *_kinds(
        "structural",
        plant_calls.wrong_type,
        plant_calls.nested_wrong_type,
        plant_calls.boolean_for_integer,
        plant_calls.number_as_text,
        plant_calls.missing_required,
        plant_calls.undefined_parameter,
        plant_calls.wrong_enum,
        plant_calls.out_of_range,
        plant_calls.unknown_tool,
        plant_calls.arguments_not_json,
        plant_calls.arguments_no_object,
        plant_calls.doubled_call,
        plant_calls.no_tools,
        plant_dialogue.renamed_after_call,
        plant_dialogue.unanswered_call,
        plant_dialogue.result_of_no_call,
        plant_dialogue.result_twice,
        plant_dialogue.lost_call_message,
        plant_dialogue.swapped_turns,
        plant_dialogue.two_user_messages,
        plant_dialogue.assistant_first,
        plant_dialogue.late_system_message,
        plant_dialogue.unknown_role,
        plant_dialogue.empty_user,
        plant_dialogue.empty_result,
        plant_dialogue.empty_answer,
        plant_dialogue.no_messages,
        plant_dialogue.content_no_text,
        plant_dialogue.truncated_dialogue,
        plant_dialogue.call_in_text,
        plant_dialogue.control_character,
        plant_dialogue.other_script,
        plant_dialogue.repeated_sentence,
        plant_dialogue.over_long,
        plant_dialogue.failed_result,
        plant_dialogue.local_path,
        plant_dialogue.duplicate_tool,
        plant_dialogue.no_description,
        plant_dialogue.dialect_schema,
        plant_dialogue.unknown_type,
        plant_dialogue.required_without_property,
    ),
    *_kinds(
        "plan",
        plant_calls.dropped_call,
        plant_calls.call_under_irrelevance,
        plant_calls.early_call,
        plant_dialogue.question_about_nothing,
        plant_dialogue.announced_gap,
        plant_dialogue.refusal_asks,
    ),
    *_kinds(
        "value",
        plant_values.wrong_text,
        plant_values.wrong_number,
        plant_values.wrong_date,
        plant_values.wrong_item,
        plant_values.other_enum_member,
        plant_calls.invented_optional,
        plant_calls.invented_default,
        plant_calls.invented_flag,
        plant_values.swapped_slots,
    ),
    *_kinds(
        "meaning",
        plant_dialogue.truncated_answer,
        plant_dialogue.other_language,
        plant_dialogue.needless_question,
        plant_values.contradicted_number,
        plant_values.contradicted_name,
        plant_values.success_after_error,
        plant_values.invented_reference,
        plant_values.result_of_another,
    ),
    *_kinds("model", plant_values.flipped_boolean, plant_values.wrong_tool, plant_values.off_topic_answer),
)
"""Every kind of defect that can be planted in one dialogue; `mutation_table` adds near-duplicates, of a data set."""


def plant(dialogue: Dialogue, kind: Kind, seed: int, donors: Donors) -> Row | None:
    """Return a row with one defect of a kind, or None where the dialogue has no place for it."""
    row: Row = msgspec.json.decode(msgspec.json.encode(write_trl(dialogue)))
    rng = Random(stable_hash(seed, kind.name, dialogue.id))
    return row if kind.plant(row, rng, donors) else None


def verdicts_of(row: Row, off: Collection[str] = frozenset()) -> tuple[Verdict, ...]:
    """Check a row, shape included."""
    try:
        return rules.check(formats.parse(msgspec.json.encode(row), "messages"), off=off)
    except RowError as error:
        return (Verdict(error.check, "fail", (str(error),)),)


def donors(dialogues: Iterable[Dialogue], most: int = 2000) -> Donors:
    """Collect values that dialogues give, to be planted in others: texts of arguments, in order of first appearance."""
    texts: dict[str, None] = {}
    for dialogue in dialogues:
        for message in dialogue.messages:
            for call in message.tool_calls:
                texts.update(
                    dict.fromkeys(v for v in call.arguments.values() if isinstance(v, str) and 3 < len(v) < 40)
                )
        if len(texts) >= most:
            break
    return {"string": [text for text in texts if not text[0].isdigit()]}


def mutation_table(
    dialogues: Sequence[Dialogue],
    seed: int = 0,
    *,
    most: int = 300,
    off: Collection[str] = frozenset(),
    kinds: Collection[str] | None = None,
    plan: bool = True,
) -> list[dict[str, Any]]:
    """Return one row a kind of defect, planted in at most ``most`` dialogues that pass the rules.

    ``plan=False`` hides the scenarios: what the rules catch in data whose plan nobody knows.

    Keys: kind, group, about, planted, failed, flagged, caught, recall (caught / planted, None where nothing could be
    planted), low and high (95 % Wilson interval), rules (rule id -> times it caught), missed (ids, at most five).
    """
    if not plan:
        dialogues = [replace(dialogue, scenario=None) for dialogue in dialogues]
    clean = [dialogue for dialogue in dialogues if not dialogue_fails(dialogue, off)]
    order = sorted(clean, key=lambda dialogue: stable_hash(seed, "order", dialogue.id))
    given = donors(clean)
    rows = [_measure(kind, order, seed, given, most, off) for kind in KINDS if kinds is None or kind.name in kinds]
    if kinds is None or "near_duplicate" in kinds:
        rows.append(_near_duplicates(order[:most], seed))
    return rows


def dialogue_fails(dialogue: Dialogue, off: Collection[str] = frozenset()) -> bool:
    """Whether any rule fails a dialogue."""
    return any(verdict.outcome == "fail" for verdict in rules.check(dialogue, off=off))


def _measure(
    kind: Kind, order: Sequence[Dialogue], seed: int, given: Donors, most: int, off: Collection[str]
) -> dict[str, Any]:
    planted = failed = flagged = 0
    caught_by: Counter[str] = Counter()
    missed: list[str] = []
    for dialogue in order:
        row = plant(dialogue, kind, seed, given)
        if row is None:
            continue
        planted += 1
        before = {(v.check, reason) for v in rules.check(dialogue, off=off) for reason in v.reasons}
        news = [v for v in verdicts_of(row, off) if any((v.check, reason) not in before for reason in v.reasons)]
        failed += any(verdict.outcome == "fail" for verdict in news)
        flagged += bool(news) and all(verdict.outcome == "flag" for verdict in news)
        caught_by.update(verdict.check for verdict in news)
        if not news and len(missed) < 5:
            missed.append(dialogue.id)
        if planted == most:
            break
    return _row(kind.name, kind.group, kind.about, planted, failed, flagged, caught_by, missed)


def _row(
    name: str, group: str, about: str, planted: int, failed: int, flagged: int, by: Counter[str], missed: list[str]
) -> dict[str, Any]:
    caught = failed + flagged
    low, high = wilson(caught, planted)
    return {
        "kind": name,
        "group": group,
        "about": about,
        "planted": planted,
        "failed": failed,
        "flagged": flagged,
        "caught": caught,
        "recall": caught / planted if planted else None,
        "low": low,
        "high": high,
        "rules": dict(sorted(by.items(), key=lambda item: (-item[1], item[0]))),
        "missed": missed,
    }


def _near_duplicates(originals: Sequence[Dialogue], seed: int) -> dict[str, Any]:
    """Plant a copy of each dialogue with one word of the user changed, and count what rule 44 sees."""
    piece = dataset.Piece()
    for dialogue in originals:
        piece.add(dialogue)
    alone = dataset.counts(piece.traces())[dataset.NEAR]
    copies = 0
    for dialogue in originals:
        row = write_trl(dialogue)
        users = [message for message in row["messages"] if message["role"] == "user"]
        words = users[0]["content"].split()
        if len(words) < 8:
            continue
        words[Random(stable_hash(seed, "near", dialogue.id)).randrange(len(words))] = "really"
        users[0]["content"] = " ".join(words)
        piece.add(formats.parse(msgspec.json.encode(row), "messages"))
        copies += 1
    seen = min(copies, dataset.counts(piece.traces())[dataset.NEAR] - alone)
    by = Counter({dataset.NEAR: seen}) if seen else Counter[str]()
    about = "A copy of another dialogue with one word of the user changed."
    return _row("near_duplicate", "data set", about, copies, 0, seen, by, [])


def false_alarms(dialogues: Sequence[Dialogue], off: Collection[str] = frozenset()) -> list[dict[str, Any]]:
    """Return one row for each rule that fails or flags clean dialogues, and a last row ``any``.

    Keys: rule, outcome, count, dialogues, rate, low and high (95 % Wilson interval), examples (id and reason, at most
    three). ``any`` has one row an outcome; a dialogue that fails is not counted as flagged.
    """
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = {}
    for dialogue in dialogues:
        found = [verdict for verdict in rules.check(dialogue, off=off) if verdict.outcome != "pass"]
        for verdict in found:
            key = (verdict.check, verdict.outcome)
            counts[key] += 1
            examples.setdefault(key, []).append(f"{dialogue.id}: {verdict.reasons[0]}")
        outcomes = {verdict.outcome for verdict in found}
        if outcomes:
            counts["any", "fail" if "fail" in outcomes else "flag"] += 1
    for outcome in ("fail", "flag"):
        counts.setdefault(("any", outcome), 0)
    rows = []
    for (rule, outcome), count in sorted(counts.items(), key=_by_count):
        low, high = wilson(count, len(dialogues))
        rate = count / len(dialogues) if dialogues else None
        row = {"rule": rule, "outcome": outcome, "count": count, "dialogues": len(dialogues), "rate": rate}
        rows.append(row | {"low": low, "high": high, "examples": examples.get((rule, outcome), [])[:3]})
    return rows


def _by_count(item: tuple[tuple[str, str], int]) -> tuple[bool, int, tuple[str, str]]:
    (rule, outcome), count = item
    return rule == "any", 0 if rule == "any" else -count, (rule, outcome)
