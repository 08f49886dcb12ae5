"""``genesis predict``: ask a model about a benchmark's items, and score what it answers."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXAMPLES = """examples:
  genesis predict --benchmark bfcl --lm openai/NAME --api-base http://127.0.0.1:8000/v1 --limit 200
  genesis predict --benchmark acebench --data DIR --lm openai/NAME -p budget.calls=2000 -p concurrency=16
The same command continues a run that was stopped. With the offline (simulated) LM it is an instrument check.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "predict",
        help="ask a model about a benchmark's items and score its answers",
        description="Ask any LM through the engine (journal, budget, resume); write predictions, verdicts, score.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--benchmark", required=True, choices=("bfcl", "apibank", "acebench"))
    parser.add_argument(
        "--lm", required=True, metavar="NAME", help="LM by name: offline, replay:FOLDER, provider/model"
    )
    parser.add_argument("--api-base", default="", metavar="URL", help="URL of an OpenAI-compatible endpoint")
    parser.add_argument(
        "--mode", default="auto", choices=("auto", "native", "text"), help="the API's own tool calls, or text"
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="items asked, in proportion to the categories (default: all)"
    )
    parser.add_argument(
        "--data", metavar="DIR", help="folder of the benchmark's data (default: as `genesis data get` put it)"
    )
    parser.add_argument(
        "--out", default="", metavar="DIR", help="folder of the results (default: predictions/BENCHMARK-LM)"
    )
    parser.add_argument(
        "-p",
        dest="overrides",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter (`genesis run --help-params`)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask, score, print."""
    import asyncio

    from genesis import params as parameters
    from genesis.cli import print_json
    from genesis.cli.score import print_report
    from genesis.downstream.predict import predict

    data: dict[str, Any] = {"experiment": "predict", "temperature": 0.0, "lm": arguments.lm}
    if arguments.api_base:
        data["api_base"] = arguments.api_base
    for override in arguments.overrides:
        parameters.apply_override(data, override)
    params = parameters.from_dict(data, "predict")
    folder = arguments.out or f"predictions/{arguments.benchmark}-{_slug(arguments.lm)}"
    score = asyncio.run(
        predict(
            arguments.benchmark,
            params,
            folder,
            data=arguments.data,
            limit=arguments.limit,
            mode=arguments.mode,
            progress=_progress,
        )
    )
    if arguments.json:
        print_json(score)
    else:
        print(f"{score['lm']}, {score['mode']} tool calls, temperature {score['temperature']:g}, {folder}")
        print_report(score)
    if score["simulated"]:
        print("offline (simulated) LM: an instrument check, no result about any model", file=sys.stderr)
    if score["failed"]:
        print(f"{len(score['failed'])} items have no answer: {score['failed'][0][1]}", file=sys.stderr)
    return 1 if score["failed"] else 0


def _slug(name: str) -> str:
    import re

    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("._") or "lm"


def _progress(done: int, total: int) -> None:
    """Show how far it is: a line that rewrites itself on a terminal, a line every tenth elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{done}/{total} items", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done == total or done % max(1, total // 10) == 0:
        print(f"{done}/{total} items", file=sys.stderr, flush=True)
