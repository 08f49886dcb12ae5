"""``genesis run``: validate the parameters, execute the notebooks, print what came out."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXAMPLES = """examples:
  genesis run params/quickstart.yaml
  genesis run params/quickstart.yaml -p seed=1 -p n=2 -p pool.size=100
  genesis run params/quickstart.yaml -p lm=openai/NAME -p api_base=http://127.0.0.1:8000/v1
  genesis run params/quickstart.yaml --scheduler tcp://10.0.0.1:8786     # or local:4
  genesis run --resume experiments/quickstart/s0-2930771b6562
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "run",
        help="execute the notebooks of a parameters file and record the run",
        description="Validate a parameters file, execute its notebooks, record everything in one run folder.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("params", nargs="?", help="parameters file (YAML)")
    parser.add_argument("-p", dest="overrides", action="append", default=[], metavar="NAME=VALUE", help="override one")
    parser.add_argument("--out", default="experiments", metavar="DIR", help="folder of results (default: experiments)")
    parser.add_argument("--again", action="store_true", help="make a complete run anew")
    parser.add_argument("--resume", metavar="RUN", help="continue this run folder with its own parameters")
    parser.add_argument("--allow-exec", action="store_true", help="allow sources that execute code (mcp:, python:)")
    parser.add_argument(
        "--scheduler",
        default="",
        metavar="WHERE",
        help="generate on a Dask cluster, the same data set: tcp://HOST:PORT, or local:K for K workers here",
    )
    parser.add_argument("--help-params", action="store_true", help="list every parameter with type, default and help")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Run, or explain the parameters."""
    from genesis import cluster
    from genesis import params as parameters
    from genesis.errors import ParamsError

    if arguments.help_params:
        for name, kind, default, text in parameters.describe():
            print(f"{name:<24} {text}\n{'':<24} {kind}; default: {default!r}")
        return 0
    if arguments.scheduler:
        cluster.check_address(arguments.scheduler)
    if (arguments.params is None) == (arguments.resume is None):
        raise ParamsError("run: give either a parameters file or --resume RUN")
    return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from genesis import params as parameters
    from genesis import preflight, record, runner
    from genesis.cli import print_json

    if arguments.resume:
        run = record.open_run(arguments.resume, arguments.out)
        params = run.params
    else:
        params = parameters.load(arguments.params, arguments.overrides)
        preflight.check(params, allow_exec=arguments.allow_exec)
        run = record.create(params, arguments.out, again=arguments.again)
    _say_where(run)
    if run.complete:
        _say("complete already: reported, not repeated (--again makes it anew)")
    else:
        runner.execute_all(
            run, params, params.notebooks, say=_say, allow_exec=arguments.allow_exec, scheduler=arguments.scheduler
        )
    if arguments.json:
        print_json(runner.result(run))
    else:
        print(runner.summary(run))
    return 0


def _say_where(run: Any) -> None:
    from genesis import record

    _say(f"run {run.path} - {run.made_by}")
    made_with = run.read_json("run.json").get("code_hash")
    if made_with != record.code_hash():
        _say(f"note: this run was made with other code ({made_with}) than is installed now")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
