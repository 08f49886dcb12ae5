"""``genesis score``: a model's predictions against BFCL, API-Bank or ACEBench."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "score",
        help="score predictions on BFCL, API-Bank or ACEBench",
        description="Score predictions by the benchmark's official rule, with intervals.",
        epilog="examples: genesis score --benchmark bfcl --predictions gold; "
        "genesis score --benchmark acebench --predictions p.jsonl --data DIR --json --out verdicts.jsonl",
    )
    parser.add_argument("--benchmark", required=True, choices=("bfcl", "apibank", "acebench"))
    parser.add_argument(
        "--predictions",
        required=True,
        metavar="FILE|gold",
        help="JSON lines {id, tool_calls: [{name, arguments}]} or {id, text}; gold: the benchmark's own answers",
    )
    parser.add_argument(
        "--data", metavar="DIR", help="folder of the benchmark's data (default: as `genesis data get` put it)"
    )
    parser.add_argument("--out", metavar="FILE", help="write a verdict an item, JSON lines")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Score and print."""
    from genesis.cli import print_json
    from genesis.downstream.score import score, to_row

    report = score(arguments.benchmark, arguments.predictions, arguments.data)
    if arguments.out:
        write_rows(arguments.out, [to_row(one) for one in report.scored])
    if arguments.json:
        print_json(report.summary)
    else:
        print_report(report.summary)
    return 0


def write_rows(path: str, rows: list[dict[str, Any]]) -> None:
    """Write JSON lines, whole or not at all. Raises FormatError where the file cannot be written."""
    import os
    from pathlib import Path

    import msgspec

    from genesis.errors import FormatError

    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        temporary.replace(target)
    except OSError as error:
        raise FormatError(f"{path}: cannot be written: {error.strerror}") from error


def print_report(summary: dict[str, Any]) -> None:
    """Print categories and aggregates as a table, and what the reader must know beside it."""
    strict = any("strict" in part for part in summary["categories"].values())
    width = max(len(name) for name in [*summary["categories"], *summary["aggregates"]])
    print(
        f"{'category':<{width}}  {'n':>5}  {'correct':>7}  {'accuracy [95 % interval]':<26}"
        + ("strict" if strict else "")
    )
    for name, part in summary["categories"].items():
        extra = figure(part["strict"]) if "strict" in part else ""
        print(f"{name:<{width}}  {part['n']:>5}  {part['correct']:>7}  {figure(part):<26}{extra}".rstrip())
    print()
    for name, part in summary["aggregates"].items():
        print(f"{name:<{width}}  {figure(part)}")
    _print_notes(summary)


def _print_notes(summary: dict[str, Any]) -> None:
    def say(text: str) -> None:
        print(text, file=sys.stderr)

    if summary["partial"]:
        say(f"partial: {summary['predicted']} of {summary['items']} items are predicted; no figure is the benchmark's")
    if summary["unscored"]:
        say(f"unscored: the official rule itself fails on {len(summary['unscored'])} items, counted neither way")
    say(
        f"{len(summary['unsatisfiable'])} items reject their own gold, {len(summary['duplicates'])} repeat another's "
        "request (listed with --json)"
    )


def figure(part: dict[str, Any]) -> str:
    """Return ``95.58 [93.19, 96.76]`` in percent, or ``-``."""
    if part["accuracy"] is None:
        return "-"
    low, high = part["interval"]
    return f"{100 * part['accuracy']:.2f} [{100 * low:.2f}, {100 * high:.2f}]"
