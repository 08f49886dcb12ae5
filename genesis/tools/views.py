"""What the tool-pool notebook shows: small tables (pandas), each made by one call; a ready pool has no report."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from genesis.errors import PoolError
from genesis.tools import decisions
from genesis.tools.build import PoolReport
from genesis.tools.decisions import Choice, Decision
from genesis.tools.pool import ToolPool
from genesis.tools.tool import Tool

if TYPE_CHECKING:
    from pandas import DataFrame

_SHOWN = 200
"""Characters of a description that a table shows."""


def table(pool: ToolPool) -> DataFrame:
    """Return one row a tool: name, description, domain, required and optional parameters, source, original name."""
    import pandas as pd

    rows = [
        (
            tool.name,
            tool.description,
            tool.domain,
            len(tool.required),
            len(tool.optional),
            tool.source,
            tool.original_name,
        )
        for tool in pool
    ]
    columns = ["name", "description", "domain", "required", "optional", "source", "original name"]
    return pd.DataFrame(rows, columns=columns)


def domains(pool: ToolPool) -> DataFrame:
    """Return one row a domain and its number of tools, largest first."""
    import pandas as pd

    counts = Counter(tool.domain for tool in pool)
    rows: list[tuple[str, int]] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return pd.DataFrame(rows, columns=["domain", "tools"])


def funnel(report: PoolReport | None) -> DataFrame:
    """Return one row a step of curation: tools before and after."""
    import pandas as pd

    rows = [(step.name, step.before, step.after) for step in report.steps] if report else []
    return pd.DataFrame(rows, columns=["step", "before", "after"])


def defects(report: PoolReport | None) -> DataFrame:
    """Return what was repaired, renamed, rejected, flagged or noted, by step, with an example of each."""
    import pandas as pd

    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for finding in report.findings if report else ():
        if finding.action != "merged":
            groups.setdefault((finding.step, finding.action), []).append((finding.tool, finding.reason))
    rows = [(step, action, len(found), *found[0]) for (step, action), found in sorted(groups.items())]
    return pd.DataFrame(rows, columns=["step", "action", "findings", "for instance", "reason"])


def findings(report: PoolReport | None, action: str = "") -> DataFrame:
    """Return every finding, or those of one action (rejected, merged, repaired, renamed, flagged, noted)."""
    import pandas as pd

    rows = [
        (finding.action, finding.tool, finding.reason, finding.place, finding.source)
        for finding in (report.findings if report else ())
        if action in ("", finding.action)
    ]
    return pd.DataFrame(rows, columns=["action", "tool", "reason", "place", "source"])


def near_duplicates(report: PoolReport | None, most: int = 20) -> DataFrame:
    """Return the definitions that became one, side by side with their cosine: near-duplicates first, then versions."""
    import pandas as pd

    twins = sorted(report.twins if report else (), key=lambda pair: (pair.step != "near-duplicates", -pair.cosine))
    rows = [
        (
            round(pair.cosine, 3),
            pair.step,
            pair.kept.name,
            pair.gone.name,
            pair.kept.description[:_SHOWN],
            pair.gone.description[:_SHOWN],
            ", ".join(pair.kept.parameters.get("properties", {})),
            ", ".join(pair.gone.parameters.get("properties", {})),
        )
        for pair in twins[:most]
    ]
    columns = ["cosine", "step", "kept", "merged into it", "kept says", "merged says", "kept takes", "merged takes"]
    return pd.DataFrame(rows, columns=columns)


def doubtful(report: PoolReport | None) -> DataFrame:
    """Return the tools of the pool that a person should look at, with the reasons; :func:`decide` settles one."""
    import pandas as pd

    reasons: dict[str, list[str]] = {}
    for finding in report.findings if report else ():
        if finding.action == "flagged":
            reasons.setdefault(finding.key, []).append(finding.reason)
    rows = [(name, "; ".join(reasons.get(report.keys[name], ()))) for name in report.doubtful] if report else []
    return pd.DataFrame(rows, columns=["tool", "why"])


def decide(report: PoolReport, path: str | Path, name: str, decision: Choice, why: str = "", domain: str = "") -> None:
    """Keep a person's word on one tool of the pool (``keep`` or ``drop``) in the decisions file. Raises PoolError."""
    if name not in report.keys:
        raise PoolError(f"no tool {name!r} in the pool that the report is about")
    decisions.decide(path, Decision(report.keys[name], name, decision, why, domain))


def one(pool: ToolPool, name: str) -> Tool:
    """Return one tool in full. Raises PoolError naming near names."""
    return pool[name]
