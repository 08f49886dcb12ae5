"""``genesis plan``: what a run will do and cost, before anything is spent."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "plan",
        help="the exact mix, expected calls, tokens and cost of a run, before anything is spent",
        description="Plan a run and rehearse a little of it with the offline (simulated) LM.",
        epilog="example: genesis plan params/quickstart.yaml -p lm=openai/gpt-4o-mini",
    )
    parser.add_argument("params", help="parameters file (YAML)")
    parser.add_argument("-p", dest="overrides", action="append", default=[], metavar="NAME=VALUE", help="override one")
    parser.add_argument("--allow-exec", action="store_true", help="allow sources that execute code (mcp:, python:)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Plan and print."""
    from genesis import params as parameters
    from genesis.cli import print_json
    from genesis.estimate import estimate, pool_for

    params = parameters.load(arguments.params, arguments.overrides)
    found = estimate(pool_for(params, allow_exec=arguments.allow_exec), params)
    if arguments.json:
        print_json(found)
    else:
        _print(found)
    return 0


def _print(found: dict[str, Any]) -> None:
    print(f"{found['dialogues']:,} dialogues over {found['tools']:,} tools")
    for label, count in found["mix"].items():
        print(f"  {count:7,}  {label}")
    if found["tools_left_out"]:
        print(f"{len(found['tools_left_out'])} tools cannot carry any of these: {', '.join(found['tools_left_out'])}")
    header = ("agent", "lm", "calls", "prompt tok", "reply tok", "largest", "window", "usd")
    rows = [header]
    for agent, row in found["agents"].items():
        rows.append((agent, row["lm"], *(_words(row[key]) for key in (
            "calls", "prompt_tokens", "completion_tokens", "largest_prompt", "context", "usd"))))  # fmt: skip
    total = found["total"]
    rows.append(("all", "", _words(total["calls"]), _words(total["prompt_tokens"]), _words(total["completion_tokens"]),
                 "", "", _words(total["usd"])))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        words = [cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in
                 enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  ".join(words).rstrip())
    print(f"expected, from {found['rehearsed']} dialogues rehearsed with the offline (simulated) LM;")
    print("a real model writes longer replies: take reply tokens as a lower bound")
    for note in found["notes"]:
        print(f"note: {note}")


def _words(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
