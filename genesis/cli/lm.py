"""``genesis lm`` and ``genesis feedback-bundle``: first contact with a model; a run packed for others."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add(commands: Any) -> None:
    """Declare the commands."""
    group = commands.add_parser(
        "lm",
        help="try a language model before a run",
        epilog="example: genesis lm check openai/NAME --api-base http://127.0.0.1:8000/v1",
    )
    kinds = group.add_subparsers(dest="lm", metavar="WHAT", required=True)
    check = kinds.add_parser(
        "check",
        help="what an endpoint can do, and which parameters to set",
        description="Ask a model some eight short questions and print one table.",
        epilog="example: genesis lm check openai/NAME --api-base http://127.0.0.1:8000/v1",
    )
    check.add_argument("name", help="LM name, for instance openai/NAME")
    check.add_argument("--api-base", default="", help="URL of an OpenAI-compatible endpoint")
    check.add_argument("--api-key-env", default="OPENAI_API_KEY", help="name of the variable that holds the key")
    check.add_argument("--timeout", type=float, default=60.0, help="seconds one call may take (default: 60)")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(handler=run_check)
    bundle = commands.add_parser(
        "feedback-bundle",
        help="pack a run's parameters, versions and journal, without secrets",
        description="Write one .tar.gz that anyone can replay with lm: replay:RUN, without key or network.",
        epilog="example: genesis feedback-bundle experiments/quickstart/s0-2930771b6562 --to bundle.tar.gz",
    )
    bundle.add_argument("run", help="run folder")
    bundle.add_argument("--to", default="", help="the file to write (default: RUN-bundle.tar.gz, here)")
    bundle.add_argument("--json", action="store_true", help="print one JSON object")
    bundle.set_defaults(handler=run_bundle)


def run_check(arguments: argparse.Namespace) -> int:
    """Check and print the table; 1 where a run with this model cannot work."""
    import asyncio

    from genesis.cli import print_json
    from genesis.errors import LMConfigError
    from genesis.lm.check import Checked, check
    from genesis.lm.http import HttpEngine
    from genesis.lm.names import make_engine
    from genesis.params import from_dict

    from_dict({"api_key_env": arguments.api_key_env}, "--api-key-env")  # refuses a key where its name is meant
    engine = make_engine(
        arguments.name, api_base=arguments.api_base, api_key_env=arguments.api_key_env, timeout=arguments.timeout
    )
    if not isinstance(engine, HttpEngine):
        raise LMConfigError(f"{arguments.name}: only an OpenAI-compatible endpoint can be checked; give --api-base")

    async def run() -> Checked:
        try:
            return await check(engine, arguments.name)
        finally:
            await engine.close()

    checked = asyncio.run(run())
    if arguments.json:
        rows = [{"what": row.what, "found": row.found, "advice": row.advice, "ok": row.ok} for row in checked.findings]
        print_json({"lm": checked.name, "usable": checked.usable, "findings": rows, "parameters": checked.parameters})
    else:
        _print_table(checked)
    return 0 if checked.usable else 1


def _print_table(checked: Any) -> None:
    import yaml

    width = max(len(row.what) for row in checked.findings)
    for row in checked.findings:
        advice = f"  -> {row.advice}" if row.advice else ""
        print(f"{row.what:<{width}}  {row.found}{advice}")
    if checked.usable:
        print("\nparameters to set:\n" + yaml.safe_dump(checked.parameters, sort_keys=False).rstrip())


def run_bundle(arguments: argparse.Namespace) -> int:
    """Pack a run."""
    from genesis.cli import print_json
    from genesis.lm.bundle import bundle

    packed = bundle(arguments.run, arguments.to)
    if arguments.json:
        print_json(packed)
    else:
        print(packed["bundle"])
        print(
            f"{packed['files']} files, {packed['bytes']} bytes; replay: tar xzf, then lm: {packed['lm']}",
            file=sys.stderr,
        )
    return 0
