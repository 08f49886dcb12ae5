"""``genesis pool``: build, show, compare pools of tools."""

from __future__ import annotations

import argparse
import sys
from typing import Any

_BUILD = """examples:
  genesis pool build --from bfcl --size 1000 --seed 0 --out pool.jsonl
  genesis pool build --from bfcl --from acebench:../shared/data/acebench_en --out pool.jsonl --report report.json
"""


def add(commands: Any) -> None:
    """Declare the parsers of ``genesis pool``."""
    parser = commands.add_parser("pool", help="build, show and compare pools of tools", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    build = verbs.add_parser(
        "build",
        help="read tools from where they live, curate them, write a pool",
        epilog=_BUILD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    build.add_argument(
        "--from", dest="sources", action="append", required=True, metavar="SOURCE", help="may be repeated"
    )
    build.add_argument("--size", type=int, help="tools in the pool; without it, all that are good and distinct")
    build.add_argument("--seed", type=int, default=0, help="picks the tools within a domain (default 0)")
    build.add_argument("--out", required=True, metavar="FILE", help="the pool, one JSON tool a line")
    build.add_argument("--fill", action="append", default=[], metavar="SOURCE", help="tops up a pool that is too small")
    build.add_argument("--decisions", metavar="FILE", help="people's decisions (default: beside the pool, where there)")
    build.add_argument("--report", metavar="FILE", help="write the whole report, with every reason, as JSON")
    build.add_argument("--json", action="store_true", help="print the report's counts as one JSON object")
    build.set_defaults(handler=_build)


def _build(arguments: argparse.Namespace) -> int:
    import msgspec

    from genesis.cli import print_json
    from genesis.tools import pool as pools
    from genesis.tools.build import build_pool
    from genesis.tools.decisions import beside

    pool, report = build_pool(
        arguments.sources,
        arguments.size,
        arguments.seed,
        fill=arguments.fill,
        decisions=arguments.decisions or beside(arguments.out),
        allow_exec=True,  # what a person types may run; what a file says may not
    )
    pools.save_pool(pool, arguments.out)
    if arguments.report:
        pools.write_whole(arguments.report, [msgspec.json.format(msgspec.json.encode(report.to_json()), indent=1)])
    if arguments.json:
        print_json(report.counts())
    else:
        _tell(report, arguments.out)
    return 0


def _tell(report: Any, out: str) -> None:
    for step in report.steps:
        print(f"{step.name:20} {step.before:6} -> {step.after:6}", file=sys.stderr)
    print(f"{report.size} tools in {len(report.domains)} domains, hash {report.pool_hash}, in {out}", file=sys.stderr)
    if report.doubtful:
        print(f"{len(report.doubtful)} tools are doubtful: `genesis pool show {out} --doubtful`", file=sys.stderr)
