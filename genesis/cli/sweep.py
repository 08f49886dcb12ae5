"""``genesis sweep``: many runs that differ in a few parameters, and one summary."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

EXAMPLES = """examples:
  genesis sweep params/ablate_memory.yaml --dry-run
  genesis sweep params/ablate_memory.yaml --jobs 4
  genesis sweep params/ablate_memory.yaml --scheduler tcp://10.0.0.1:8786     # or local:4
  genesis compare experiments/ablate_memory                                  # which differences are real

a sweep file:
  name: ablate_memory                  # the folder of results; none: the file's name
  base: params/quickstart.yaml         # parameters to start from
  set: {pool.size: 100}                # for every arm
  grid: {memory: [true, false]}        # crossed; also zip: {n: [1, 4], judge: [random, llm]}, list: [{n: 1}, {n: 4}]
  seeds: [0, 1, 2]                     # or how many
  baseline: {memory: true}             # the arm that the others are compared with; none: the first

The folder of results is read and written by every worker: with --scheduler it must be shared. A point takes one
worker thread; start workers with one thread for each point they may run at once.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "sweep",
        help="run every point of a sweep file, in processes or on a Dask cluster; one summary row a run",
        description=(
            "Validate every point of a sweep, then run those that are not complete, each in a process of its own. A "
            "failed point keeps its notebook and traceback, the rest goes on; the same command continues."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sweep", help="sweep file (YAML)")
    parser.add_argument(
        "-p", dest="overrides", action="append", default=[], metavar="NAME=VALUE", help="set one for every arm"
    )
    add_workers(parser)
    parser.add_argument("--out", default="experiments", metavar="DIR", help="folder of results (default: experiments)")
    parser.add_argument("--dry-run", action="store_true", help="validate and list the points; run none")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first point that fails")
    parser.add_argument("--allow-exec", action="store_true", help="allow sources that execute code (mcp:, python:)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Declare who runs the points."""
    who = parser.add_mutually_exclusive_group()
    cores = len(os.sched_getaffinity(0))
    who.add_argument("--jobs", type=positive, metavar="N", help=f"points at once on this machine (default: {cores})")
    who.add_argument(
        "--scheduler", default="", metavar="WHERE", help="tcp://HOST:PORT of a Dask scheduler, or local:K workers here"
    )
    parser.set_defaults(cores=cores)


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number of at least 1")
    return int(text)


def handle(arguments: argparse.Namespace) -> int:
    """Validate, then list the points or run them."""
    from genesis import cluster
    from genesis.cli import print_json
    from genesis.sweep import execute, spec
    from genesis.sweep.table import Table

    if arguments.scheduler:
        cluster.check_address(arguments.scheduler)
    sweep = spec.read(arguments.sweep, arguments.overrides)
    spec.validate(sweep, arguments.sweep, allow_exec=arguments.allow_exec)
    say(f"sweep {sweep.name}: {len(sweep.points)} points - {execute.lm_words(sweep)}")
    if arguments.dry_run:
        return _dry(sweep, arguments)
    board = execute.execute(
        sweep,
        arguments.out,
        jobs=arguments.jobs or arguments.cores,
        scheduler=arguments.scheduler,
        fail_fast=arguments.fail_fast,
        allow_exec=arguments.allow_exec,
        watch=Table(),
    )
    warn_other_code(board)
    if arguments.json:
        print_json(result(board, arguments.out))
    else:
        print_summary(board, arguments.out)
    return 0 if board.count("done") == len(board.states) else 1


def _dry(sweep: Any, arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from genesis.cli import print_json
    from genesis.sweep.spec import arm_words

    listed = []
    for point in sweep.points:
        there = (Path(arguments.out) / sweep.name / point.id / "metrics.json").is_file()
        listed.append({"id": point.id, "arm": point.arm, "seed": point.params.seed, "complete": there})
    if arguments.json:
        print_json({"sweep": sweep.name, "baseline": sweep.baseline, "points": listed})
        return 0
    for row in listed:
        print(f"{row['id']}  {row['arm']}, seed {row['seed']}{'  complete already' if row['complete'] else ''}")
    print(f"baseline: {arm_words(sweep.baseline)}; every point is valid, none was run")
    return 0


def warn_other_code(board: Any) -> None:
    """Say which kept points were made with other code than is installed."""
    from genesis import record

    now = record.code_hash()
    old = [state for state in board.states if state.reused and state.run.read_json("run.json").get("code_hash") != now]
    if old:
        say(f"note: {len(old)} kept points were made with other code than is installed now ({now})")


def result(board: Any, out: str) -> dict[str, Any]:
    """Return what ``--json`` prints: sweep.json, the folder, and the summary's rows."""
    from pathlib import Path

    from genesis.sweep import execute, summary

    state = execute.to_json(board)
    folder = Path(out) / board.sweep.name
    return {"folder": str(folder), **state, "rows": summary.rows(folder, state)}


SHOWN = ("acceptance", "tool_entropy", "duplicates_near", "probe_choice")


def print_summary(board: Any, out: str) -> None:
    """Print one line a run: status and headline numbers."""
    from pathlib import Path

    from genesis.cli.metrics import shown

    found = result(board, out)
    cells = [("arm", "seed", "status", "accepted", *SHOWN, "calls")]
    for row in found["rows"]:
        numbers = [shown(row.get(name)) for name in ("accepted", *SHOWN, "calls")]
        cells.append((row["arm"], str(row["seed"]), row["status"], *numbers))
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for line in cells:
        words = [
            cell.ljust(width) if column in (0, 2) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(words).rstrip())
    for state in board.states:
        if state.error:
            print(f"failed: {state.run.path}: {state.error}")
    print(f"{found['lm']}; one row a run: {Path(found['folder']) / 'summary.csv'}; genesis compare {found['folder']}")


def say(text: str) -> None:
    """Print a line on stderr."""
    print(text, file=sys.stderr, flush=True)
