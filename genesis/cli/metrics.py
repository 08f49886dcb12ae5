"""``genesis metrics``: how diverse a data set is, how good, and what it cost."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_EXAMPLES = """examples:
  genesis metrics dialogues.jsonl
  genesis metrics latest --json
  genesis metrics dialogues.parquet --against bfcl --against acebench:../shared/data/acebench_en
  genesis metrics sharegpt.json --format sharegpt --size 500
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "metrics",
        help="diversity, quality and cost of a data set or run",
        description="Measure a data set (any format that can be imported) or a run; every number with its interval.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("dataset", metavar="DATASET", help="a file, a run's folder or id, or latest")
    parser.add_argument("--format", help="format of the file (default: detected)")
    parser.add_argument("--size", type=_positive, help="dialogues at which diversity is measured (default: by n)")
    parser.add_argument("--embedder", default="tfidf", metavar="NAME", help="tfidf or a sentence-transformers model")
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="BENCHMARK[:DIR]",
        help="also contamination by bfcl, acebench:DIR or apibank:DIR; may be repeated",
    )
    parser.add_argument("--root", default="experiments", metavar="DIR", help="folder of runs (default: experiments)")
    parser.add_argument("--workers", type=_positive, help="processes that read a large file (default: CPUs, at most 4)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 or more")
    return value


def handle(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from genesis.cli import print_json
    from genesis.metrics.source import open_source

    workers = arguments.workers or min(4, len(os.sched_getaffinity(0)))
    source = open_source(arguments.dataset, root=arguments.root, format=arguments.format, workers=workers)
    found = source.report(size=arguments.size, embedder=arguments.embedder)
    if arguments.against:
        from genesis.metrics.contamination import contamination

        found["diversity"]["contamination"] = {name: contamination(source.accepted, name) for name in arguments.against}
    if arguments.json:
        print_json({"dataset": source.name, "lm": source.lm or None, **found})
    else:
        print(f"{source.name}{f' ({source.lm})' if source.lm else ''}", file=sys.stderr)
        print(table(found))
    return 0


def table(found: Mapping[str, Any]) -> str:
    """Return the report as aligned text: measure, value, interval, n."""
    rows = [("", "value", "95 % interval", "n", "at")]
    for part in ("diversity", "quality", "cost"):
        rows += [(part.upper(), "", "", "", ""), *_rows(found[part], "  ")]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _rows(part: Mapping[str, Any], indent: str) -> Iterator[tuple[str, str, str, str, str]]:
    for name, entry in part.items():
        label = indent + (name.replace("_", " ") if len(indent) == 2 else name)  # deeper, keys may be data
        if isinstance(entry, Mapping) and "value" in entry:
            low, high = entry.get("low"), entry.get("high")
            interval = "" if low is None or high is None else f"[{shown(low)}, {shown(high)}]"
            yield label, shown(entry["value"]), interval, shown(entry.get("n")), shown(entry.get("size", ""))
        elif name == "mix":
            for scenario, row in entry.items():
                yield f"{indent}mix {scenario}", f"{row['accepted']} of {row['planned']}", "", "", ""
        elif name == "by_agent":
            for agent, row in entry.items():
                each = f"{shown(row['calls_per_accepted'])} calls, {shown(row['tokens_per_accepted'])} tokens"
                yield f"{indent}{agent}, per accepted", each, "", "", ""
        elif isinstance(entry, Mapping) and entry:
            yield label, "", "", "", ""
            yield from _rows(entry, indent + "  ")
        elif isinstance(entry, list):
            if entry:
                more = " ..." if len(entry) > 3 else ""
                yield label, f"{len(entry)}: {', '.join(map(_brief, entry[:3]))}{more}", "", "", ""
        elif not isinstance(entry, Mapping):
            yield label, shown(entry), "", "", ""


def _brief(entry: Any) -> str:
    return ", ".join(map(str, entry.values())) if isinstance(entry, Mapping) else str(entry)


def shown(value: Any) -> str:
    """Return a number for a reader; None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
