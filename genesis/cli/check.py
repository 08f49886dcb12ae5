"""``genesis check``: apply every rule to a data set of any known format, without a model."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genesis.checks.stream import Summary

EXAMPLES = """examples:
  genesis check data.jsonl
  genesis check toolace.json --format toolace --json
  genesis check data.jsonl --off 32 --off one-language --out verdicts.jsonl
  genesis check --rules
exit code: 0 nothing failed (flags are for the model checker), 1 something failed, 2 the file cannot be checked
"""
_SHOWN = 10


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "check",
        help="check a data set by rule, in any known format, without a model",
        description="Apply the rules of the literature to every dialogue of a file; the format is detected.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", help="JSON lines, a JSON list or Parquet")
    parser.add_argument("--format", metavar="NAME", help="trl, openai, llamafactory, hermes, qwen, toolace, xlam, ...")
    parser.add_argument("--pool", metavar="POOL", help="tools for rows that offer none themselves (pool file)")
    parser.add_argument("--off", action="append", default=[], metavar="RULE", help="a rule's id, name or number")
    parser.add_argument("--out", metavar="FILE", help="write the verdicts of every row as JSON lines")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--rules", action="store_true", help="list the rules")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Check the file, or list the rules."""
    from genesis.cli import print_json
    from genesis.errors import FormatError

    if arguments.rules:
        return _list_rules()
    if not arguments.file:
        raise FormatError("genesis check: name a file, or --rules to list the rules")
    if arguments.workers is not None and arguments.workers < 1:
        raise FormatError(f"--workers {arguments.workers}: expected 1 or more")
    from genesis.checks.stream import check_file

    pool = None
    if arguments.pool:
        from genesis.tools.pool import load_pool

        pool = load_pool(arguments.pool).tools
    summary = check_file(
        arguments.file,
        arguments.format,
        off=arguments.off,
        workers=arguments.workers,
        out=arguments.out,
        pool=pool,
        progress=_progress if sys.stderr.isatty() else None,
    )
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if arguments.json:
        print_json(summary.to_json())
    else:
        _print(arguments.file, summary)
    return 1 if summary.failed else 0


def _progress(dialogues: int) -> None:
    print(f"\r{dialogues:,} dialogues", end="", file=sys.stderr, flush=True)


def _list_rules() -> int:
    from genesis.checks.rules import DATASET_RULES, RULES

    for rule in RULES:
        about = (rule.find.__doc__ or "").strip().splitlines()[0]
        print(f"{rule.id:32} {about}")
    for name in DATASET_RULES:
        print(f"{name:32} counted over the data set; fails no dialogue")
    return 0


def _print(file: str, summary: Summary) -> None:
    passed = summary.dialogues - summary.failed - summary.flagged
    print(f"{file} ({summary.format})")
    print(f"{summary.dialogues:>10,}  dialogues")
    print(f"{passed:>10,}  pass every rule")
    print(f"{summary.flagged:>10,}  flagged only: for the model checker")
    print(f"{summary.failed:>10,}  failed")
    if summary.reasons:
        print("\n      rows  rule")
        for rule, count in sorted(summary.reasons.items(), key=lambda item: (-item[1], item[0])):
            print(f"{count:>10,}  {rule}")
    if summary.failures:
        print("\nfirst failures:")
        for row in summary.failures[:_SHOWN]:
            print(f"  {file}:{row['line']}: {_plain(row['rule'])}: {_plain(row['reason'])}")
        left = len(summary.failures) + summary.failures_left_out - _SHOWN
        if left > 0:
            print(f"  ... and {left:,} more (--out FILE writes all)")


def _plain(text: str) -> str:
    """Return text that no terminal takes for a command."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)[:300]
