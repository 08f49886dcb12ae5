"""``genesis predict``: ask a model about a benchmark's items, and score what it answers."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXAMPLES = """examples:
  genesis predict --benchmark bfcl --lm openai/NAME --api-base http://127.0.0.1:8000/v1 --limit 200
  genesis predict --benchmark acebench --data DIR --lm openai/NAME -p budget.calls=2000 -p concurrency=16
  genesis predict --benchmark bfcl --lm openai/NAME --demos DATA --k 4 --pick nearest --out nearest4
  genesis predict --benchmark bfcl --lm openai/NAME --optimize DATA --budget-calls 500 --out gepa
Demonstrations and improved instructions (GEPA, extra `optimize`) come from DATA, never from the benchmark's items.
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
    _add_program(parser)
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


def _add_program(parser: Any) -> None:
    """Declare the options that stand for the parameters ``student.*``."""
    group = parser.add_argument_group("the program (parameters student.*)")
    group.add_argument("--demos", metavar="DATA", help="show right answers from this data set in the prompt")
    group.add_argument("--k", metavar="K", help="demonstrations in a prompt (default: 4)")
    group.add_argument("--pick", choices=("random", "nearest"), help="the same demonstrations for all, or the nearest")
    group.add_argument("--optimize", metavar="DATA", help="improve the instructions with GEPA on a split of this first")
    group.add_argument("--budget-calls", metavar="N", help="LM calls the optimisation may make (default: 500)")
    group.add_argument("--budget-tokens", metavar="N", help="tokens the optimisation may use (default: no limit)")


_STUDENT = {"demos": "demos", "k": "k", "pick": "pick", "optimize": "optimize"} | {
    "budget_calls": "optimize_calls",
    "budget_tokens": "optimize_tokens",
}


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
    for option, name in _STUDENT.items():
        value = getattr(arguments, option)
        if value is not None and option in ("demos", "optimize", "pick"):
            data.setdefault("student", {})[name] = value
        elif value is not None:
            parameters.apply_override(data, f"student.{name}={value}")
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
        _print_program(score["program"] or {})
        print_report(score)
        _print_replies(score["outcomes"], params)
    if score["simulated"]:
        print("offline (simulated) LM: an instrument check, no result about any model", file=sys.stderr)
    if score["failed"]:
        print(f"{len(score['failed'])} items have no answer: {score['failed'][0][1]}", file=sys.stderr)
    return 1 if score["failed"] else 0


def _print_replies(outcomes: dict[str, int], params: Any) -> None:
    """Say how many replies could be used, and what to try; nothing where nearly all could."""
    from genesis.lm.advice import advice

    made = sum(count for kind, count in outcomes.items() if kind != "failed")
    hints = advice(outcomes, made, adapter=params.adapter, max_tokens=params.max_tokens)
    if not hints:
        return
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(outcomes.items()) if kind not in ("good", "failed"))
    print(f"replies usable: {outcomes.get('good', 0)} of {made} ({told})")
    for hint in hints:
        print(f"  {hint}")
    print("  an unusable reply holds no call: it counts as right where no call is right (irrelevance)")


def _print_program(program: dict[str, Any]) -> None:
    if "demos" in program:
        part = program["demos"]
        left = f", {part['excluded']} of scored items left out" if part["excluded"] else ""
        print(f"{part['k']} demonstrations ({part['pick']}) out of {part['decisions']} of {part['data']}{left}")
    if "optimize" in program:
        part = program["optimize"]
        print(
            f"GEPA on {part['data']}: correctness {part['before']:.3f} -> {part['after']:.3f} on {part['choose']} "
            f"decisions, {part['candidates']} instructions scored, {part['calls']} calls, {part['tokens']} tokens; "
            f"ended: {part['ended']}"
        )


def _slug(name: str) -> str:
    import re

    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("._") or "lm"


def _progress(done: int, total: int) -> None:
    """Show how far it is: a line that rewrites itself on a terminal, a line every tenth elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{done}/{total} items", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done == total or done % max(1, total // 10) == 0:
        print(f"{done}/{total} items", file=sys.stderr, flush=True)
