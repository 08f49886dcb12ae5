"""``genesis paper``: all experiments of the paper, run or resumed, after saying what they cost."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from genesis.cli.sweep import add_workers, say, warn_other_code

EXAMPLES = """examples:
  genesis paper --scale small                       # every experiment on a few tools, offline: does it all run?
  genesis paper --dry-run --lm openai/NAME -p 'prices={openai/NAME: [0.15, 0.6]}'
  genesis paper --lm openai/NAME --api-base http://127.0.0.1:8000/v1 --jobs 2
  genesis paper --only ablate_memory --only ablate_judge
  genesis run params/figures.yaml                   # figures and tables of whatever there is
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "paper",
        help="run or resume the paper's experiments, after saying what they cost",
        description=(
            "Run the sweeps params/main_bfcl.yaml, main_ood, ablate_judge, ablate_memory, dialogues_per_tool, "
            "ablate_evaluation, tool_expansion and rl. Arms that experiments share are made once. Calls that cost "
            "money are asked about first."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lm", default="", help="model for all agents (default: as in the files, offline)")
    parser.add_argument("--api-base", default="", metavar="URL", help="OpenAI-compatible endpoint")
    parser.add_argument("--only", action="append", default=[], metavar="EXPERIMENT", help="only this one; can repeat")
    parser.add_argument("--scale", choices=("full", "small"), default="full", help="small: a few tools, one seed")
    parser.add_argument("-p", dest="overrides", action="append", default=[], metavar="NAME=VALUE", help="set for all")
    add_workers(parser)
    parser.add_argument("--params", default="params", metavar="DIR", help="folder of the sweep files (default: params)")
    parser.add_argument("--out", default="experiments", metavar="DIR", help="folder of results (default: experiments)")
    parser.add_argument("--dry-run", action="store_true", help="say what it costs; run nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before spending")
    parser.add_argument("--json", action="store_true", help="print one JSON object; spending then needs --yes")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Plan, say what it costs, ask where it costs money, run."""
    from genesis import cluster
    from genesis.cli import print_json
    from genesis.errors import ParamsError
    from genesis.paper import run as paper
    from genesis.sweep.table import Table

    if arguments.scheduler:
        cluster.check_address(arguments.scheduler)
    overrides = [*paper.parameters_of(arguments.lm, arguments.api_base), *arguments.overrides]
    small = arguments.scale == "small"
    planned = paper.plan(arguments.params, only=arguments.only, small=small, overrides=overrides)
    offline = paper.is_offline(planned)
    paper.validate(planned)
    costs = paper.costs(planned, arguments.out) if arguments.dry_run or not small else []
    if costs:
        say(table(costs))
    for command in paper.commands(planned):
        say(f"not run here, needs a GPU: {command}")
    if arguments.dry_run:
        if arguments.json:
            print_json({"experiments": costs, "offline": offline})
        return 0
    if not offline and not arguments.yes and (arguments.json or not sys.stdin.isatty()):
        raise ParamsError("paper: these experiments call a model that may cost money; say --yes to go on unasked")
    if not offline and not arguments.yes and input("go on? [y/N] ").strip().lower() not in ("y", "yes"):
        return 1
    boards = paper.run(
        planned,
        arguments.out,
        jobs=arguments.jobs or arguments.cores,
        scheduler=arguments.scheduler,
        watch=lambda sweep: _announced(sweep, Table()),
    )
    return _tell(boards, arguments)


def _announced(sweep: Any, shown: Any) -> Any:
    from genesis.sweep.execute import lm_words

    say(f"{sweep.name}: {len(sweep.points)} points - {lm_words(sweep)}")
    return shown


def _tell(boards: list[Any], arguments: argparse.Namespace) -> int:
    from genesis.cli import print_json
    from genesis.sweep.execute import to_json

    for board in boards:
        warn_other_code(board)
    if arguments.json:
        print_json({"sweeps": [to_json(board) for board in boards]})
    else:
        for board in boards:
            states = board.states
            copied = sum("copied_from" in s.run.read_json("run.json") for s in states if s.status == "done")
            failed = [state for state in states if state.status == "failed"]
            print(f"{board.sweep.name:<24} {board.count('done')} of {len(states)} points done, {copied} shared")
            for state in failed:
                print(f"  failed: {state.run.path}: {state.error}")
    return 0 if all(board.count("done") == len(board.states) for board in boards) else 1


def table(costs: list[dict[str, Any]]) -> str:
    """Return what each experiment costs, and all of them, as aligned text."""
    names = ("points", "to_make", "dialogues", "calls", "tokens")
    known = all(row["usd"] is not None for row in costs)
    total = {name: sum(row[name] for row in costs) for name in names}
    total |= {"experiment": "all", "usd": sum(row["usd"] for row in costs) if known else None}
    lines = [f"{'experiment':<26}{'points':>8}{'to make':>9}{'dialogues':>11}{'calls':>12}{'tokens':>16}{'usd':>12}"]
    for row in [*costs, total]:
        usd = "unknown" if row["usd"] is None else f"{row['usd']:,.2f}"
        lines.append(
            f"{row['experiment']:<26}{row['points']:>8,}{row['to_make']:>9,}{row['dialogues']:>11,}"
            f"{row['calls']:>12,}{row['tokens']:>16,}{usd:>12}"
        )
    note = "expected, rehearsed with the offline (simulated) LM; a real model's replies are longer"
    return "\n".join([*lines, note])
