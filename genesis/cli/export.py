"""``genesis export``: write a run's dialogues, or any data set, as a trainer reads it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  genesis export experiments/quickstart/s0-2930771b6562 --format trl --out data/trl
  genesis export data.jsonl --format llamafactory --split tool --test 0.1 --seed 0 --out data/lf
formats: trl openai llamafactory hermes qwen toolace xlam ms-swift axolotl verl
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "export",
        help="write a run or a data set in a trainer's format, split by tool or by dialogue",
        description="Write accepted dialogues of a run, or any data set that can be read, in a trainer's format.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", help="a run folder, or a file in any format that can be read")
    parser.add_argument("--format", required=True, metavar="NAME", help="the format to write")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--from", dest="read_as", metavar="NAME", help="the file's format, where it is not detected")
    parser.add_argument(
        "--split", choices=("none", "dialogue", "tool"), default="none", help="how to split (default: none)"
    )
    parser.add_argument(
        "--test", type=float, default=0.1, metavar="SHARE", help="share of the test split (default: 0.1)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the split (default: 0)")
    parser.add_argument("--push", metavar="OWNER/NAME", help="upload the folder to the Hugging Face Hub, private")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Read, split, write, and say what could not be written."""
    import msgspec

    from genesis.cli import print_json
    from genesis.formats import dialogues
    from genesis.formats.export import write

    file = _file(arguments.source)
    found = dialogues(file, arguments.read_as)
    report = write(found, arguments.format, arguments.out, by=arguments.split, test=arguments.test, seed=arguments.seed)
    card = _card(arguments, report.rows)
    pushed = _push(arguments)
    if arguments.json:
        print_json({**msgspec.to_builtins(report), "out": arguments.out, "card": card, "pushed": pushed})
        return 0
    for side, rows in report.rows.items():
        print(f"{side:<8}{rows:>8,} rows")
    print(f"folder  {arguments.out}: {', '.join([*report.files, *([card] if card else [])])}")
    if pushed:
        print(f"pushed  {pushed}")
    if report.skipped:
        name, reason = report.skipped[0]
        print(f"skipped {len(report.skipped):,} that the format cannot hold, first {name}: {reason}", file=sys.stderr)
    return 0


def _card(arguments: argparse.Namespace, rows: dict[str, int]) -> str:
    """Write the dataset card beside a run's export and return its name; other data has no known origin: none."""
    from dataclasses import replace

    from genesis.card import measure, write
    from genesis.record import open_run

    if not (Path(arguments.source) / "run.json").is_file():
        return ""
    run = open_run(arguments.source)
    facts = replace(measure(run), splits=rows, formats=(arguments.format,))
    return write(run, arguments.out, facts).name


def _push(arguments: argparse.Namespace) -> str:
    """Upload the folder where that was asked for, and return its address."""
    from genesis.card import push_to_hub

    return push_to_hub(arguments.out, arguments.push) if arguments.push else ""


def _file(source: str) -> Path:
    """Return the file of a source: a run folder's accepted dialogues, or the file itself. Raises FormatError."""
    from genesis.errors import FormatError

    path = Path(source)
    if not path.is_dir():
        return path
    for name in ("dialogues.parquet", "dialogues.jsonl"):
        if (path / name).is_file():
            return path / name
    raise FormatError(f"{source}: holds no dialogues.parquet; is it a run folder?")
