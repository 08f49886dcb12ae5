"""``genesis probe``: what a small student learns from a data set, and whether another set teaches it more."""

from __future__ import annotations

import argparse
import sys
from typing import Any

_EXAMPLES = """examples:
  genesis probe dialogues.jsonl
  genesis probe latest --seeds 3 --json
  genesis probe ours.jsonl --against theirs.parquet --seeds 3      # paired differences, equal n, equal updates
  genesis probe ours.jsonl --seeds 1 --updates 150 --items 300     # a quick look, about 30 s of CPU
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "probe",
        help="train a small student on a data set and score what it learns (needs the extra probe)",
        description=(
            "Train a pointer network on a data set or run, score it on BFCL items none of whose tools it has seen: "
            "argument accuracy (greedy and by probability), tool choice with abstention, official AST (greedy and "
            "sampled), number of calls; scenario by scenario. With --against, print paired differences by item."
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("train", metavar="TRAIN", help="a file in any format that can be imported, a run, or latest")
    parser.add_argument("--against", metavar="OTHER", help="another one: the differences are TRAIN less OTHER")
    parser.add_argument("--seeds", type=_positive, default=3, metavar="N", help="training runs an arm (default: 3)")
    parser.add_argument(
        "--n", type=_positive, help="dialogues a run, drawn anew by seed (default: all; the smaller set)"
    )
    parser.add_argument("--updates", type=_positive, help="updates a run, equal in both arms (default: 500)")
    parser.add_argument("--items", type=_positive, help="benchmark items scored at most (default: all that are left)")
    parser.add_argument("--vectors", default="", metavar="PATH", help="pretrained word pieces: minilm, or a folder")
    parser.add_argument("--format", help="format of the files (default: detected)")
    parser.add_argument("--root", default="experiments", metavar="DIR", help="folder of runs (default: experiments)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


def handle(arguments: argparse.Namespace) -> int:
    """Train, score, print."""
    from genesis.cli import print_json
    from genesis.downstream.pointer import network, probe, source
    from genesis.downstream.pointer.train import Settings

    network.torch_()
    settings = Settings(vectors=arguments.vectors, **({"updates": arguments.updates} if arguments.updates else {}))
    names = [arguments.train, *([arguments.against] if arguments.against else [])]
    sets = [source.load(name, root=arguments.root, format=arguments.format) for name in names]
    result = probe.report(
        sets,
        settings,
        seeds=arguments.seeds,
        n=arguments.n,
        most=arguments.items,
        progress=lambda text: print(text, file=sys.stderr, flush=True),
    )
    if arguments.json:
        print_json(result)
    else:
        print(table(result))
    return 0


def table(result: dict[str, Any]) -> str:
    """Return the report as aligned text."""
    first = result["arms"][0]
    lines = [f"{arm['name']}: {arm['lm'] or 'LM not known'}; {arm['dialogues']} dialogues" for arm in result["arms"]]
    lines.append(_items(result["items"]["total"]))
    for scenario, measures in first["scenarios"].items():
        lines.append("")
        lines.append(f"{scenario:<16}{'value':>8}  {'95 % interval':<18}{'n':>6}" + _head(result))
        for measure, row in measures.items():
            if measure == "categories":
                continue
            text = f"  {measure:<14}{row['value']:>8.4f}  [{row['low']:.4f}, {row['high']:.4f}]  {row['n']:>6}"
            lines.append((text + _difference(result, scenario, measure)).rstrip())
    lines.append(
        f"\n{result['seconds']:.0f} s CPU; {result['seeds']} runs an arm of {result['settings']['updates']} updates"
    )
    if result["assumed"]:
        lines.append(
            "one run an arm: how runs spread is taken from runs of 3,000 dialogues and 500 updates, for smaller ones "
            "from those of 1,000 and 100 where they spread more (experiments/probe_sensitivity, instrument_checks)"
        )
    return "\n".join(lines)


def _items(total: dict[str, int]) -> str:
    return (
        f"scored: {total['scored']} of {total['all']} BFCL items "
        f"({total['without_seen_tools']} offer no tool that training has seen)"
    )


def _head(result: dict[str, Any]) -> str:
    return "   difference  95 % interval        p (Holm)" if result["differences"] else ""


def _difference(result: dict[str, Any], scenario: str, measure: str) -> str:
    row = (result["differences"] or {}).get(scenario, {}).get(measure)
    if row is None:
        return ""
    sure = "-" if row["p_corrected"] is None else f"{row['p_corrected']:.4f}"
    return f"   {row['difference']:>+10.4f}  [{row['low']:+.4f}, {row['high']:+.4f}]  {sure:>9}"
