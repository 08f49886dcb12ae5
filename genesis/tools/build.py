"""Building a pool: read the sources, curate, balance over domains; and the report of all that happened.

>>> pool, report = build_pool(["bfcl"], size=60, seed=0)
>>> len(pool), len({tool.domain for tool in pool}) >= 10
(60, True)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genesis.errors import PoolError
from genesis.tools import balance
from genesis.tools import decisions as decided
from genesis.tools import sources as readers
from genesis.tools.curation import NEAR, Curated, Step, Twins, curate
from genesis.tools.found import ACTIONS, Finding, Found
from genesis.tools.pool import ToolPool


@dataclass(frozen=True, slots=True)
class PoolReport:
    """What happened on the way to a pool: counts in and out of every step, and every reason."""

    asked: dict[str, Any]
    """Sources, fill, size, seed, threshold: what the pool was built from."""
    sources: dict[str, int]
    """Definitions read, by source."""
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    domains: dict[str, int]
    """Tools of the pool by domain, largest first."""
    filled: int
    """Tools of the pool that come from the fill sources."""
    doubtful: tuple[str, ...]
    """Names of tools in the pool that a person should look at and nobody has decided about."""
    keys: dict[str, str]
    """Tool name in the pool -> key under which a decision about it is kept."""
    size: int
    pool_hash: str
    twins: tuple[Twins, ...] = ()
    """Definitions that became one, side by side, most alike first; exact duplicates aside."""

    def counts(self) -> dict[str, Any]:
        """Return the counts alone, as ``genesis pool build --json`` prints them."""
        actions = Counter(finding.action for finding in self.findings)
        return {
            "asked": self.asked,
            "read": sum(self.sources.values()),
            "sources": self.sources,
            "steps": [asdict(step) for step in self.steps],
            **{action: actions.get(action, 0) for action in ACTIONS},
            "domains": self.domains,
            "filled": self.filled,
            "doubtful": len(self.doubtful),
            "size": self.size,
            "hash": self.pool_hash,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the whole report as plain JSON data: the counts, every finding, the doubtful tools."""
        return {
            **self.counts(),
            "doubtful_tools": {name: self.keys[name] for name in self.doubtful},
            "findings": [asdict(finding) for finding in self.findings],
        }


def build_pool(
    sources: Sequence[str],
    size: int | None,
    seed: int,
    *,
    fill: Sequence[str] = (),
    decisions: str | Path | None = None,
    allow_exec: bool = False,
    threshold: float = NEAR,
    timeout: float = 60.0,
) -> tuple[ToolPool, PoolReport]:
    """Return a pool of exactly ``size`` tools (None: all that are left), balanced over domains, and its report.

    Same arguments, same data: the same pool, byte for byte. ``fill`` sources are used only where the others leave too
    few; ``timeout`` bounds the seconds an MCP server may take. Raises PoolError naming source and place where a source
    cannot be read, and the number where too few tools are left; a bad tool is no error but a finding.
    """
    if not sources:
        raise PoolError("no source of tools is given; expected at least one, for instance bfcl")
    if size is not None and size < 1:
        raise PoolError(f"size is {size}; expected at least 1")
    people = decided.load(decisions)
    found = list(_read(sources, 0, allow_exec, timeout))
    result = curate(found, people, threshold=threshold)
    if size is not None and len(result.tools) < size and fill:
        found += _read(fill, len(sources), allow_exec, timeout)
        result = curate(found, people, threshold=threshold)
    chosen = _choose(result.tools, size, seed, len(sources))
    pool = ToolPool(tuple(sorted((one.tool for one in chosen), key=lambda tool: tool.name)))
    counts = Counter(tool.domain for tool in pool)
    asked = {"sources": list(sources), "fill": list(fill), "size": size, "seed": seed, "threshold": threshold}
    report = PoolReport(
        asked=asked,
        sources=result.sources,
        steps=(*result.steps, Step("balance", len(result.tools), len(pool))),
        findings=result.findings,
        domains=dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        filled=sum(one.rank >= len(sources) for one in chosen),
        doubtful=tuple(sorted(one.tool.name for one in chosen if one.doubtful)),
        keys={one.tool.name: one.key for one in sorted(chosen, key=lambda one: one.tool.name)},
        size=len(pool),
        pool_hash=pool.hash,
        twins=result.twins,
    )
    return pool, report


def _read(sources: Sequence[str], first_rank: int, allow_exec: bool, timeout: float) -> Iterator[tuple[int, Found]]:
    for rank, source in enumerate(sources, first_rank):
        count = 0
        for found in readers.read(source, allow_exec=allow_exec, timeout=timeout):
            count += 1
            yield rank, found
        if not count:
            raise PoolError(f"source {source!r}: holds no tool")


def _choose(tools: Sequence[Curated], size: int | None, seed: int, fill_rank: int) -> list[Curated]:
    """Return ``size`` tools: from the sources as far as they reach, from the fill sources after."""
    own = [one for one in tools if one.rank < fill_rank]
    spare = [one for one in tools if one.rank >= fill_rank]
    if size is None:
        if not own:
            raise PoolError("curation left no tool; `--report FILE` says why")
        return own
    if len(tools) < size:
        beside = f" and {len(spare)} to fill up with" if spare else "; --fill SOURCE adds others"
        raise PoolError(f"curation left {len(own)} tools, {size - len(own)} fewer than the {size} asked for{beside}")
    drawn = balance.draw(_grouped(own), size, seed, {})
    taken = Counter(one.tool.domain for one in drawn)
    return drawn + balance.draw(_grouped(spare), size - len(drawn), seed, taken)


def _grouped(tools: Sequence[Curated]) -> Mapping[str, list[tuple[str, Curated]]]:
    groups: dict[str, list[tuple[str, Curated]]] = {}
    for one in tools:
        groups.setdefault(one.tool.domain, []).append((one.key, one))
    return groups
