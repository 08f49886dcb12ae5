"""``genesis data``: benchmark data that no package carries."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    group = commands.add_parser(
        "data", help="fetch benchmark data", epilog="example: genesis data get acebench --to benchmarks/acebench"
    )
    kinds = group.add_subparsers(dest="data", metavar="WHAT", required=True)
    get = kinds.add_parser(
        "get",
        help="fetch a benchmark's data from its public repository and check it",
        description="Fetch acebench or apibank, check every file's SHA-256, keep it in the user's cache folder.",
        epilog="example: genesis data get acebench --to benchmarks/acebench",
    )
    get.add_argument("name", help="acebench or apibank (BFCL's data comes with its package)")
    get.add_argument("--to", default="", metavar="DIR", help="folder to put it in (default: the user's cache folder)")
    get.add_argument("--from", default="", dest="url", metavar="URL", help="a mirror with the same paths below it")
    get.add_argument("--json", action="store_true", help="print one JSON object")
    get.set_defaults(handler=run_get)


def run_get(arguments: argparse.Namespace) -> int:
    """Fetch, check, say where it lies."""
    import sys

    from genesis.cli import print_json
    from genesis.downstream.fetch import get

    found = get(arguments.name, arguments.to or None, url=arguments.url)
    if arguments.json:
        print_json(found)
    else:
        print(found["folder"])
        print(f"{found['files']} files, {found['fetched']} fetched; licence: {found['licence']}", file=sys.stderr)
    return 0
