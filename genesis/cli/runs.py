"""``genesis runs``: which runs there are, and what one of them is."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXAMPLES = """examples:
  genesis runs                                             # newest first
  genesis runs --experiment 'ablate_*' --status failed
  genesis runs --real --since 7d --sort -usd               # made with a real model, dearest first
  genesis runs -p n=4 -p pool.size=100 --json
  genesis runs show s0-2930771b6562                        # also a folder, or latest
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "runs",
        help="list, filter and sort runs; show one",
        description=(
            "List the runs under a folder. The status is the truth of now: a run whose process was killed is "
            "interrupted, whatever its run.json says; its command continues it."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="[show]")
    _shared(parser)
    parser.add_argument("--experiment", default="", metavar="NAME", help="its runs only; may hold *; prompts: trials")
    parser.add_argument("--status", default="", metavar="STATUS", help="started, running, complete, failed, ...")
    parser.add_argument("--lm", default="", metavar="PART", help="a part of the LM's name")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--simulated", action="store_true", help="made with the offline (simulated) LM")
    kind.add_argument("--real", action="store_true", help="made without it")
    parser.add_argument("--since", default="", metavar="WHEN", help="a date, or an age: 30m, 12h, 7d, 2w")
    parser.add_argument(
        "-p", dest="params", action="append", default=[], metavar="NAME=VALUE", help="with this parameter"
    )
    parser.add_argument("--sort", default="-started", metavar="COLUMN", help="- before it: descending (-started)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="the first N (default: all)")
    parser.set_defaults(handler=handle)
    show = actions.add_parser(
        "show",
        help="one run: how it stands, its numbers, what differs from the defaults, its files",
        description="Show one run: how it stands, its numbers, what differs from the defaults, its files.",
        epilog="example: genesis runs show latest",
    )
    show.add_argument("run", metavar="RUN", help="a run's folder or id, or latest")
    _shared(show)
    show.set_defaults(handler=handle_show)


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", default="experiments", metavar="DIR", help="folder of runs (default: experiments)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def handle(arguments: argparse.Namespace) -> int:
    """List."""
    from genesis import runs
    from genesis.cli import print_json
    from genesis.errors import ParamsError

    if arguments.status and arguments.status not in runs.STATUSES:
        raise ParamsError(f"--status {arguments.status}: no such status; known: {', '.join(runs.STATUSES)}")
    wanted = runs.Wanted(
        experiment=arguments.experiment,
        status=arguments.status,
        lm=arguments.lm,
        simulated=True if arguments.simulated else False if arguments.real else None,
        since=runs.since(arguments.since) if arguments.since else None,
        params=_values(arguments.params),
    )
    found = runs.listed(arguments.root, wanted, sort=arguments.sort)
    shown = found[: arguments.limit] if arguments.limit > 0 else found
    if arguments.json:
        print_json({"root": arguments.root, "found": len(found), "runs": [row.to_json() for row in shown]})
        return 0
    if shown:
        print(table(shown))
    trials = runs.trials(arguments.root) if not arguments.experiment else 0
    more = f"; {trials} trials of prompts: --experiment prompts" if trials else ""
    print(f"{len(shown)} of {len(found)} runs under {arguments.root}{more}", file=sys.stderr)
    return 0


def _values(texts: list[str]) -> dict[str, Any]:
    """Return name -> value of ``-p NAME=VALUE``."""
    from genesis.errors import ParamsError
    from genesis.strict_yaml import parse_yaml

    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise ParamsError(f"-p {text}: expected NAME=VALUE")
        found[name] = parse_yaml(value, f"-p {name}")
    return found


def table(rows: list[Any]) -> str:
    """Return the runs as aligned text."""
    from genesis.display import visible

    head = ("experiment", "run", "status", "started", "LM", "accepted", "calls", "USD", "seconds")
    cells = [head] + [
        (
            row.experiment,
            row.id,
            row.status,
            (row.started or "–")[:16].replace("T", " "),
            "offline (simulated)" if row.lm == "offline" else visible(str(row.lm)) or "–",
            _of(row),
            "–" if row.calls is None else f"{row.calls:,}",
            "–" if not row.usd else f"{row.usd:.2f}",
            "–" if row.seconds is None else f"{row.seconds:.1f}",
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 5 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _of(row: Any) -> str:
    if row.accepted is None:
        return "–"
    return f"{row.accepted:,} of {row.accepted + (row.rejected or 0):,}"


def handle_show(arguments: argparse.Namespace) -> int:
    """Show one run."""
    from genesis import params, record, runner
    from genesis.cli import print_json
    from genesis.report.run import made_with, reproduce

    run = record.open_run(arguments.run, arguments.root)
    if arguments.json:
        print_json(runner.result(run))
        return 0
    meta, told = run.read_json("run.json"), run.params
    print(f"{run.path.parent.name}/{run.id}: {run.status}, started {meta.get('started', '–')}\n")
    print(runner.summary(run))
    print(f"\nmade with                  {made_with(meta)}")
    print(f"made again by              {reproduce(run, told)}\n")
    print("params.yaml, what differs from the defaults:")
    print("".join(f"  {line}\n" for line in params.dump_changed(told).splitlines()))
    print("files: " + ", ".join(_files(run.path)))
    return 0


def _files(folder: Any) -> list[str]:
    names = sorted(folder.iterdir(), key=lambda item: item.name)
    return [f"{item.name}/" if item.is_dir() else item.name for item in names if item.name != "lock"]
