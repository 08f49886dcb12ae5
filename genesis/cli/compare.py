"""``genesis compare``: which differences between runs are real."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

_EXAMPLES = """examples:
  genesis compare experiments/with_memory/s0-2930771b6562 experiments/without/s0-8c1f00aa1b2c
  genesis compare baseline.jsonl ours.jsonl theirs.parquet --json
  genesis compare experiments/ablate_memory          # a sweep: each arm with the baseline, intervals over seeds
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compare",
        help="which differences between runs or data sets are real",
        description=(
            "Compare every run with the first: paired where they share dialogues, diversity at a common fixed n, all "
            "p-values corrected together (Holm). A difference is real where the corrected p is below 0.05. A sweep's "
            "arms are compared with its baseline, paired by seed, with intervals over seeds."
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="run folders or ids, or files; the first is the baseline; or one sweep"
    )
    parser.add_argument("--root", default="experiments", metavar="DIR", help="folder of runs (default: experiments)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Compare and print."""
    from genesis.cli import print_json
    from genesis.errors import FormatError
    from genesis.metrics.compare import Side, compare
    from genesis.metrics.source import open_source

    if len(arguments.runs) == 1 and (sweep := _sweep_folder(arguments.runs[0], arguments.root)):
        return _compare_sweep(sweep, arguments.json)
    if len(set(arguments.runs)) < len(arguments.runs):
        raise FormatError("compare: the same run stands twice")
    workers = min(4, len(os.sched_getaffinity(0)))
    sources = {ref: open_source(ref, root=arguments.root, workers=workers) for ref in arguments.runs}
    rows = compare({ref: Side(source.accepted, source.rejected) for ref, source in sources.items()})
    lms = {ref: source.lm or None for ref, source in sources.items()}
    if arguments.json:
        print_json({"baseline": arguments.runs[0], "runs": arguments.runs, "lm": lms, "rows": rows})
        return 0
    for ref in arguments.runs[1:]:
        own = [row for row in rows if row["run"] == ref]
        print(f"{arguments.runs[0]} -> {ref}   {lms[ref] or ''}", file=sys.stderr)
        print(table(own))
        real = [row["measure"] for row in own if row["real"]]
        print(f"real differences (Holm-corrected p < 0.05): {', '.join(real) or 'none'}", file=sys.stderr)
    return 0


def _sweep_folder(ref: str, root: str) -> Path | None:
    """Return the folder of a sweep, given by path or by name; None where it is no sweep."""
    return next((path for path in (Path(ref), Path(root) / ref) if (path / "sweep.json").is_file()), None)


def _compare_sweep(folder: Path, as_json: bool) -> int:
    from genesis.cli import print_json
    from genesis.report import build_sweep
    from genesis.sweep.compare import compare

    found = compare(folder)
    page = build_sweep(folder)
    if as_json:
        print_json(found)
        return 0
    for arm in dict.fromkeys(row["arm"] for row in found["rows"]):
        own = [row for row in found["rows"] if row["arm"] == arm]
        print(f"{found['baseline']} -> {arm}   {found['lm']}, seeds {found['seeds']}", file=sys.stderr)
        print(table(own))
        real = [row["measure"] for row in own if row["real"]]
        if len(found["seeds"]) > 1:
            print(f"real differences (Holm-corrected p < 0.05): {', '.join(real) or 'none'}", file=sys.stderr)
    if found["note"]:
        print(f"note: {found['note']}", file=sys.stderr)
    print(f"page: {page}", file=sys.stderr)
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """Return the comparison as aligned text."""
    from genesis.cli.metrics import shown

    cells = [("measure", "first", "second", "difference", "95 % interval", "p", "p corrected", "real", "n", "method")]
    for row in rows:
        interval = "" if row["low"] is None else f"[{shown(row['low'])}, {shown(row['high'])}]"
        cells.append(
            (
                row["measure"],
                *(shown(row[name]) for name in ("first", "second", "value")),
                interval,
                *(shown(row[name]) for name in ("p", "p_corrected")),
                "yes" if row["real"] else "no" if row["p"] is not None else "–",
                shown(row["n"]),
                row["method"],
            )
        )
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 9) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
