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

from genesis import text
from genesis.tools import cluster, domains, names
from genesis.tools.decisions import Decision
from genesis.tools.found import Finding, Found
from genesis.tools.pool import features
from genesis.tools.reading import Candidate, examine
from genesis.tools.tool import Tool

NEAR = 0.90
"""Cosine from which two tools count as one.

Measured on BFCL non-live (tests/tools/test_threshold.py): of 862 pairs of different tools that one item offers side by
side, 1 reaches it; of 573 pairs of definitions that share a name, a third.
"""


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
class Curation:
    """What curation gives."""

    tools: tuple[Curated, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    sources: dict[str, int]
    """Definitions read, by short source name."""


def curate(
    found: Iterable[tuple[int, Found]], decisions: Mapping[str, Decision], *, threshold: float = NEAR
) -> Curation:
    """Curate definitions, each with the rank of its source among those asked for."""
    findings: list[Finding] = []
    steps: list[Step] = []
    sources: Counter[str] = Counter()
    kept: list[Candidate] = []
    for rank, one in found:
        sources[one.source] += 1
        candidate, said = examine(one, rank)
        findings += said
        if candidate is not None:
            kept.append(candidate)
    steps.append(Step("lint", sum(sources.values()), len(kept)))
    kept.sort(key=_order)
    for name, step in (("exact duplicates", _exact), ("versions", _versions)):
        before = len(kept)
        kept, merged = step(kept)
        findings += merged
        steps.append(Step(name, before, len(kept)))
    before = len(kept)
    kept, dropped = _decided(kept, decisions)
    findings += dropped
    steps.append(Step("decisions", before, len(kept)))
    before = len(kept)
    kept, merged = _near(kept, threshold)
    findings += merged
    steps.append(Step("near-duplicates", before, len(kept)))
    tools, renamed = _finish(kept, decisions)
    return Curation(tools, tuple(steps), (*findings, *renamed), dict(sorted(sources.items())))


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


def _versions(kept: Sequence[Candidate]) -> tuple[list[Candidate], list[Finding]]:
    first: dict[tuple[str, frozenset[str]], Candidate] = {}
    findings = []
    for one in kept:
        mark = (one.definition.name, frozenset(one.definition.parameters.get("properties", {})))
        if mark in first:
            reason = "another version of the same name with the same parameters"
            findings.append(_merged("versions", one, first[mark], reason))
        else:
            first[mark] = one
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


def _near(kept: Sequence[Candidate], threshold: float) -> tuple[list[Candidate], list[Finding]]:
    if not kept:
        return [], []
    matrix = text.hashed_tfidf(features(_tool(one)) for one in kept)
    merged = cluster.merge(cluster.close_pairs(matrix, threshold), len(kept))
    findings = [
        _merged("near-duplicates", kept[row], kept[stays], f"says the same as {kept[stays].definition.name}", cosine)
        for row, (stays, cosine) in merged.items()
    ]
    return [one for row, one in enumerate(kept) if row not in merged], findings


def _tool(one: Candidate) -> Tool:
    definition = one.definition
    return Tool(definition.name, definition.description, definition.parameters, source=one.source)


def _finish(kept: Sequence[Candidate], decisions: Mapping[str, Decision]) -> tuple[tuple[Curated, ...], list[Finding]]:
    """Give every tool its domain and its legal name."""
    ordered = sorted(kept, key=lambda one: (one.rank, one.definition.name, one.key))
    given = names.assign([one.definition.name for one in ordered])
    tools, findings = [], []
    for one, name in zip(ordered, given, strict=True):
        original = one.definition.name
        decision = decisions.get(one.key)
        domain = decision.domain if decision and decision.domain else domain_of(one)
        tool = replace(_tool(one), name=name, domain=domain, original_name="" if name == original else original)
        tools.append(Curated(tool, one.key, one.doubtful, one.rank))
        if name != original:
            reason = "not legal as it stands" if not names.LEGAL.match(original) else "the name is taken"
            findings.append(Finding("names", "renamed", original, one.source, one.place, f"{reason}: {name}", one.key))
    return tuple(tools), findings


def domain_of(one: Candidate) -> str:
    """Return a definition's domain by the lexicon."""
    definition = one.definition
    parameters = [word for name in definition.parameters.get("properties", {}) for word in text.split_name(name)]
    prior = domains.PRIORS.get(one.source)
    return domains.domain_of(text.split_name(definition.name), text.words(definition.description), parameters, prior)
