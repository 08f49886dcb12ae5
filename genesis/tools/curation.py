"""Curation: what of the tools found is good enough, distinct and named; every step leaves its counts and reasons.

Steps: lint -> exact duplicates -> versions of one name -> decisions -> near-duplicates -> domains -> names.

*One name with several schemas*: definitions of one name that take the same parameters (the same names at top level)
are versions of one tool, and the best described stays; definitions that take others are tools of their own, and get
names of their own (``_2``, ...).

*Which of two stays*: the one from the source named first, then the one with fewer findings, then the longer
description, then by text: never by the order of arrival.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genesis import text
from genesis.tools import acts, background, cluster, domains, names
from genesis.tools.decisions import Decision
from genesis.tools.found import Finding, Found
from genesis.tools.lint import Definition
from genesis.tools.pool import features
from genesis.tools.reading import Candidate, examine
from genesis.tools.tool import Tool

NEAR = 0.91
"""Cosine from which two tools count as one, where their names do not say opposite acts (:mod:`genesis.tools.acts`): the
lowest, in steps of 0.01, that merges no pair known to be two.

Measured (tests/tools/test_threshold.py): of 9,251 pairs of differently named tools that one item of BFCL, ACEBench or
API-Bank offers side by side, or that one BFCL multi-turn class holds, none is merged (at 0.90 one is, at 0.85 twelve);
of 416 pairs of BFCL definitions that share name and parameters 89 % reach it.
"""
DOUBT = 0.85
"""Cosine from which two tools that are both kept are shown to a person."""


@dataclass(frozen=True, slots=True)
class Curated:
    """A tool that passed, with its key and whether a person should look at it."""

    tool: Tool
    key: str
    doubtful: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Step:
    """How many tools went into a step and came out of it."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Twins:
    """Two definitions that became one."""

    step: str
    kept: Definition
    gone: Definition
    cosine: float


@dataclass(frozen=True, slots=True)
class Curation:
    """What curation gives."""

    tools: tuple[Curated, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    sources: dict[str, int]
    """Definitions read, by short source name."""
    twins: tuple[Twins, ...]
    """What was merged, but exact duplicates, most alike first."""


def curate(
    found: Iterable[tuple[int, Found]], decisions: Mapping[str, Decision], *, threshold: float = NEAR
) -> Curation:
    """Curate definitions, each with the rank of its source among those asked for."""
    findings: list[Finding] = []
    sources: Counter[str] = Counter()
    kept: list[Candidate] = []
    for rank, one in found:
        sources[one.source] += 1
        candidate, said = examine(one, rank)
        findings += said
        if candidate is not None:
            kept.append(candidate)
    steps = [Step("lint", sum(sources.values()), len(kept))]
    kept.sort(key=_order)
    twins: list[Twins] = []

    def step(name: str, result: tuple[list[Candidate], list[Finding]]) -> list[Candidate]:
        steps.append(Step(name, len(kept), len(result[0])))
        findings.extend(result[1])
        return result[0]

    kept = step("exact duplicates", _exact(kept))
    matrix, rows = _index(kept)
    kept = step("versions", _versions(kept, matrix, rows, twins))
    kept = step("decisions", _decided(kept, decisions))
    kept = step("near-duplicates", _near(kept, matrix[[rows[one.key] for one in kept]], threshold, decisions, twins))
    tools, renamed = _finish(kept, decisions)
    ordered = tuple(sorted(twins, key=lambda pair: (-pair.cosine, pair.kept.name, pair.gone.name)))
    return Curation(tools, tuple(steps), (*findings, *renamed), dict(sorted(sources.items())), ordered)


def _index(kept: Sequence[Candidate]) -> tuple[Any, dict[str, int]]:
    matrix = text.hashed_tfidf((features(_tool(one)) for one in kept), idf=background.idf())
    return matrix, {one.key: row for row, one in enumerate(kept)}


def _order(one: Candidate) -> tuple[object, ...]:
    definition = one.definition
    return (one.rank, one.defects, -len(definition.description), definition.name, one.key, one.source, one.place)


def _merged(step: str, gone: Candidate, stays: Candidate, reason: str, cosine: float | None = None) -> Finding:
    twin = stays.definition.name
    return Finding(step, "merged", gone.definition.name, gone.source, gone.place, reason, gone.key, twin, cosine)


def _exact(kept: Sequence[Candidate]) -> tuple[list[Candidate], list[Finding]]:
    first: dict[str, Candidate] = {}
    findings = []
    for one in kept:
        if one.key in first:
            findings.append(_merged("exact duplicates", one, first[one.key], "the same definition", 1.0))
        else:
            first[one.key] = one
    return list(first.values()), findings


def _versions(
    kept: Sequence[Candidate], matrix: Any, rows: Mapping[str, int], twins: list[Twins]
) -> tuple[list[Candidate], list[Finding]]:
    first: dict[tuple[str, frozenset[str]], Candidate] = {}
    pairs = []
    for one in kept:
        mark = (one.definition.name, frozenset(one.definition.parameters.get("properties", {})))
        if mark in first:
            pairs.append((one, first[mark]))
        else:
            first[mark] = one
    cosines = cluster.cosines(matrix, [(rows[gone.key], rows[stays.key]) for gone, stays in pairs])
    findings = []
    for (gone, stays), cosine in zip(pairs, cosines, strict=True):
        reason = "another version of the same name with the same parameters"
        findings.append(_merged("versions", gone, stays, reason, cosine))
        twins.append(Twins("versions", stays.definition, gone.definition, cosine))
    return list(first.values()), findings


def _decided(kept: Sequence[Candidate], decisions: Mapping[str, Decision]) -> tuple[list[Candidate], list[Finding]]:
    left, findings = [], []
    for one in kept:
        decision = decisions.get(one.key)
        if decision is not None and decision.decision == "drop":
            reason = f"a person decided: {decision.why or 'drop'}"
            name = one.definition.name
            findings.append(Finding("decisions", "rejected", name, one.source, one.place, reason, one.key))
        else:
            left.append(replace(one, doubtful=one.doubtful and decision is None))
    return left, findings


def _near(
    kept: Sequence[Candidate], matrix: Any, threshold: float, decisions: Mapping[str, Decision], twins: list[Twins]
) -> tuple[list[Candidate], list[Finding]]:
    pairs = cluster.close_pairs(matrix, min(threshold, DOUBT))
    same = [
        pair
        for pair in pairs
        if pair.cosine >= threshold and not acts.opposed(kept[pair.first].original, kept[pair.second].original)
    ]
    merged = cluster.merge(same, len(kept))
    findings = []
    for row, (stays, cosine) in merged.items():
        reason = f"says the same as {kept[stays].definition.name}"
        findings.append(_merged("near-duplicates", kept[row], kept[stays], reason, cosine))
        twins.append(Twins("near-duplicates", kept[stays].definition, kept[row].definition, cosine))
    doubtful = set()
    for first, second, cosine in pairs:
        one, other = kept[second], kept[first]
        if first not in merged and second not in merged and one.key not in decisions:
            doubtful.add(second)
            reason = f"is close to {other.definition.name} (cosine {cosine:.3f}); both are kept"
            name = one.definition.name
            findings.append(Finding("near-duplicates", "flagged", name, one.source, one.place, reason, one.key))
    left = [replace(one, doubtful=one.doubtful or row in doubtful) for row, one in enumerate(kept) if row not in merged]
    return left, findings


def _tool(one: Candidate) -> Tool:
    definition = one.definition
    original = one.original if one.original != definition.name else ""
    return Tool(
        definition.name, definition.description, definition.parameters, source=one.source, original_name=original
    )


def _finish(kept: Sequence[Candidate], decisions: Mapping[str, Decision]) -> tuple[tuple[Curated, ...], list[Finding]]:
    """Give every tool its domain and its legal name."""
    ordered = sorted(kept, key=lambda one: (one.rank, one.definition.name, one.key))
    given = names.assign([one.definition.name for one in ordered])
    tools, findings = [], []
    for one, name in zip(ordered, given, strict=True):
        asked = one.definition.name
        decision = decisions.get(one.key)
        domain = decision.domain if decision and decision.domain else domain_of(one)
        tool = replace(_tool(one), name=name, domain=domain, original_name="" if name == one.original else one.original)
        tools.append(Curated(tool, one.key, one.doubtful, one.rank))
        if name != asked:
            reason = "not legal as it stands" if not names.LEGAL.match(asked) else "the name is taken"
            findings.append(Finding("names", "renamed", asked, one.source, one.place, f"{reason}: {name}", one.key))
    return tuple(tools), findings


def domain_of(one: Candidate) -> str:
    """Return a definition's domain: what a pool says of it, else by the lexicon."""
    definition = one.definition
    if one.known and one.known.get("domain"):
        return str(one.known["domain"])
    parameters = [word for name in definition.parameters.get("properties", {}) for word in text.split_name(name)]
    prior = domains.PRIORS.get(one.source)
    return domains.domain_of(text.split_name(one.original), text.words(definition.description), parameters, prior)
