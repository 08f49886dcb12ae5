"""What the tool-pool notebook shows: small tables (pandas), each made by one call; a ready pool has no report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from genesis.tools.build import PoolReport
from genesis.tools.pool import ToolPool
from genesis.tools.tool import Tool

if TYPE_CHECKING:
    from pandas import DataFrame


def table(pool: ToolPool) -> DataFrame:
    """Return one row a tool: name, domain, description, parameters, source, original name."""
    import pandas as pd

    rows = [
        (
            tool.name,
            tool.domain,
            tool.description,
            len(tool.required),
            len(tool.optional),
            tool.source,
            tool.original_name,
        )
        for tool in pool
    ]
    columns = ["name", "domain", "description", "required", "optional", "source", "original name"]
    table = pd.DataFrame(rows, columns=columns)
    return table[["name", "domain", "required", "optional", "source", "description", "original name"]]


def domains(pool: ToolPool) -> DataFrame:
    """Return one row a domain and its number of tools, largest first."""
    import pandas as pd

    counts = Counter(tool.domain for tool in pool)
    return pd.DataFrame(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])), columns=["domain", "tools"])


def funnel(report: PoolReport | None) -> DataFrame:
    """Return one row a step of curation: tools before and after."""
    import pandas as pd

    rows = [(step.name, step.before, step.after) for step in report.steps] if report else []
    return pd.DataFrame(rows, columns=["step", "before", "after"])


def defects(report: PoolReport | None) -> DataFrame:
    """Return what was repaired, renamed, rejected or flagged, by step, with an example of each."""
    import pandas as pd

    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for finding in report.findings if report else ():
        if finding.action != "merged":
            groups.setdefault((finding.step, finding.action), []).append((finding.tool, finding.reason))
    rows = [(step, action, len(found), *found[0]) for (step, action), found in sorted(groups.items())]
    return pd.DataFrame(rows, columns=["step", "action", "findings", "for instance", "reason"])


def near_duplicates(report: PoolReport | None, most: int = 20) -> DataFrame:
    """Return merged tools beside the tools that stand for them."""
    import pandas as pd

    found = [finding for finding in (report.findings if report else ()) if finding.action == "merged" and finding.twin]
    rows = [(finding.twin, finding.tool, finding.step, finding.reason) for finding in found[:most]]
    return pd.DataFrame(rows, columns=["kept", "merged into it", "step", "why"])


def one(pool: ToolPool, name: str) -> Tool:
    """Return one tool in full."""
    return pool.by_name[name]
