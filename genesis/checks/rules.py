"""The rule checker: static, without a model. Every rule of the literature in one visible list, RULES.

    verdicts = check(dialogue)                       what every rule found
    reasons = candidate_reasons(dialogue_so_far)     why a candidate loses before any judging

A rule is a function of a View that yields reasons. A plain reason fails the dialogue; a Flag says that a rule cannot
decide and the model checker should look. Switch a rule off by its id, its number or its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from genesis.checks import ask_rules, call_rules, dialogue_rules, grounding_rules, text_rules, tool_rules
from genesis.checks.view import (
    CALLS,
    DEFAULTS,
    DEFECTS,
    FAULTS,
    NORMAL,
    ODD,
    OPEN,
    RESULTS,
    SCENARIO,
    SEVERAL,
    SPOKEN,
    SYSTEM,
    TURNS,
    TWICE,
    UNASKED,
    UNKNOWN,
    WORDY,
    Flag,
    View,
)
from genesis.dialogue import Dialogue, Verdict
from genesis.errors import ParamsError


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where it comes from, and the function that finds what breaks it."""

    number: int
    name: str
    find: Callable[[View], Iterator[str]]
    sources: str
    """Letters of the papers: A ToolACE, G APIGen, M APIGen-MT, F ToolForge, W When2Call, H Hammer, B BFCL, X xLAM,
    N GenesisFunc, T Toucan, S AgentScaler, O ShoppingBench."""
    candidate: bool = True
    """Whether it makes sense on an unfinished dialogue."""
    needs: int = 0
    """What a dialogue must have for the rule to find anything (bits of `view`, any of them); 0: nothing."""

    heavy: bool = False
    """Whether its cost grows faster than the dialogue: over the caps of rules 11 and 24 it is not asked."""

    @property
    def id(self) -> str:
        """The stable id, for instance ``rule:7-required-parameters``."""
        return f"rule:{self.number}-{self.name}"


RULES: tuple[Rule, ...] = (
    Rule(1, "valid-json-schema", tool_rules.valid_json_schema, "A", candidate=False, needs=DEFECTS),
    Rule(2, "tool-fields", tool_rules.tool_fields, "A N", candidate=False, needs=DEFECTS),
    Rule(3, "known-types", tool_rules.known_types, "B", candidate=False, needs=DEFECTS),
    Rule(4, "unique-tool-names", tool_rules.unique_names, "H", candidate=False, needs=TWICE),
    Rule(5, "call-parses", call_rules.call_parses, "G F M O", needs=FAULTS),
    Rule(6, "offered-name", call_rules.offered_name, "A M X B F", needs=UNKNOWN),
    Rule(7, "required-parameters", call_rules.required_parameters, "A G B F N", needs=FAULTS),
    Rule(8, "undefined-parameters", call_rules.undefined_parameters, "B M F", needs=FAULTS),
    Rule(9, "types", call_rules.types, "G M X B", needs=FAULTS),
    Rule(10, "formats-enums-ranges", call_rules.formats, "A", needs=FAULTS),
    Rule(11, "number-of-calls", call_rules.number_of_calls, "B G", needs=SCENARIO | SEVERAL),
    Rule(12, "parallel-unordered", call_rules.parallel_unordered, "B", candidate=False, needs=SCENARIO),
    Rule(13, "required-tools", call_rules.required_tools, "T F", needs=SCENARIO),
    Rule(14, "failed-execution", call_rules.failed_execution, "G", needs=RESULTS),
    Rule(15, "final-state", call_rules.final_state, "M S", candidate=False, needs=SCENARIO),
    Rule(16, "duplicate-call", call_rules.duplicate_call, "", needs=SEVERAL),
    Rule(17, "dialogue-fields", dialogue_rules.dialogue_fields, "A", needs=SEVERAL | UNASKED),
    Rule(18, "role-order", dialogue_rules.role_order, "A S F"),
    Rule(19, "call-answered", dialogue_rules.call_answered, "A O", needs=OPEN),
    Rule(20, "tool-names-call", dialogue_rules.tool_names_call, "A", needs=RESULTS),
    Rule(21, "no-empty-content", text_rules.no_empty_content, "F", needs=ODD),
    Rule(22, "content-format", text_rules.content_format, "F", needs=SPOKEN),
    Rule(23, "system-conflict", text_rules.system_conflict, "A", needs=SYSTEM),
    Rule(24, "lengths", text_rules.lengths, "A O", needs=ODD),
    Rule(25, "characters", text_rules.characters, "A", needs=ODD),
    Rule(26, "one-language", text_rules.one_language, "A", needs=SPOKEN | TURNS),
    Rule(27, "complete-end", dialogue_rules.complete_end, "A O"),
    Rule(28, "call-where-needed", dialogue_rules.call_where_needed, "T", candidate=False, needs=SCENARIO),
    Rule(29, "failed-result", dialogue_rules.failed_result, "T S", needs=RESULTS),
    Rule(30, "repetition", text_rules.repetition, "S A", needs=WORDY, heavy=True),
    Rule(31, "default-never-said", grounding_rules.default_never_said, "H", needs=DEFAULTS, heavy=True),
    Rule(32, "values-grounded", grounding_rules.values_grounded, "A X", needs=CALLS, heavy=True),
    Rule(33, "result-fits", grounding_rules.result_fits, "A", needs=RESULTS, heavy=True),
    Rule(34, "answer-states-result", grounding_rules.answer_states_result, "N F", needs=RESULTS, heavy=True),
    Rule(35, "recorded-result", grounding_rules.recorded_result, "F", needs=RESULTS, heavy=True),
    Rule(36, "only-wrong-changes", grounding_rules.only_wrong_changes, "F", needs=RESULTS, heavy=True),
    Rule(37, "references", grounding_rules.references, "F", needs=RESULTS, heavy=True),
    Rule(38, "gap-is-required", ask_rules.gap_is_required, "W", candidate=False, needs=SCENARIO, heavy=True),
    Rule(39, "gap-is-real", ask_rules.gap_is_real, "W", needs=SCENARIO, heavy=True),
    Rule(40, "asks-what-is-missing", ask_rules.asks_what_is_missing, "W", needs=TURNS, heavy=True),
    Rule(41, "no-tool-fits", ask_rules.no_tool_fits, "W", candidate=False, needs=SCENARIO, heavy=True),
    Rule(42, "clean-refusal", ask_rules.clean_refusal, "W", candidate=False, needs=SCENARIO, heavy=True),
    Rule(43, "no-tool-no-call", ask_rules.no_tool_no_call, "W", needs=UNKNOWN | SCENARIO),
)
DATASET_RULES = (
    "rule:44-exact-duplicates",
    "rule:44-duplicates-but-digits",
    "rule:44-near-duplicates",
    "rule:45-cap-per-tool",
)
"""Counted over a data set (`dataset`); they fail no dialogue."""
PASS = Verdict("rules", "pass")
_PASSED = (PASS,)


_Finds: TypeAlias = "tuple[tuple[str, Callable[[View], Iterator[str]]], ...]"


@lru_cache(maxsize=1024)
def _applied(off: frozenset[str], partial: bool, has: int) -> _Finds:
    """Return (id, function) of the rules that apply. Raises ParamsError for an unknown rule in ``off``."""
    known = {name for rule in RULES for name in (rule.id, rule.name, str(rule.number))}
    known |= {name for ids in DATASET_RULES for name in (ids, ids.partition("-")[2])} | {"44", "45"}
    if unknown := sorted(off - known):
        raise ParamsError(f"rules_off: no rule {unknown[0]!r}; ids are {', '.join(rule.id for rule in RULES)}")
    return tuple(
        (rule.id, rule.find)
        for rule in RULES
        if not off & {rule.id, rule.name, str(rule.number)}
        and (rule.candidate or not partial)
        and (not rule.needs or rule.needs & has)
        and (not rule.heavy or has & NORMAL)
    )


def check(dialogue: Dialogue, *, off: Collection[str] = frozenset()) -> tuple[Verdict, ...]:
    """Return one verdict for each rule that fails or flags the dialogue; one "rules: pass" where none does."""
    view = View(dialogue)
    verdicts: list[Verdict] = []
    for name, find in _applied(frozenset(off), False, view.has):
        reasons = [*find(view)]
        if reasons:
            flagged = all(type(reason) is Flag for reason in reasons)
            verdicts.append(Verdict(name, "flag" if flagged else "fail", tuple(map(str, reasons))))
    return tuple(verdicts) or _PASSED


def candidate_reasons(dialogue: Dialogue, *, off: Collection[str] = frozenset()) -> list[str]:
    """Return why an unfinished dialogue loses before any judging: ``rule:6-offered-name: message 1: ...``.

    Only what a rule can decide; flags are in :func:`candidate_flags`.
    """
    return candidate_findings(dialogue, off=off)[0]


def candidate_flags(dialogue: Dialogue, *, off: Collection[str] = frozenset()) -> list[str]:
    """Return what the rules cannot decide about an unfinished dialogue, for a judge or a preference."""
    return candidate_findings(dialogue, off=off)[1]


def candidate_findings(dialogue: Dialogue, *, off: Collection[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Return :func:`candidate_reasons` and :func:`candidate_flags` of one look at an unfinished dialogue."""
    view = View(dialogue, partial=True)
    reasons: list[str] = []
    flags: list[str] = []
    for name, find in _applied(frozenset(off), True, view.has):
        for reason in find(view):
            (flags if type(reason) is Flag else reasons).append(f"{name}: {reason}")
    return reasons, flags
