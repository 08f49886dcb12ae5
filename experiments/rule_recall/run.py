"""What the rules miss and what they accuse wrongly, on gold that is not ours.

    python experiments/rule_recall/run.py ../shared/data      # half a minute of CPU; writes results.json and table.md

Recall: known defects planted in BFCL's gold, one at a time, at most 300 of each kind. False alarms: the gold of BFCL,
ACEBench and API-Bank as it stands. Grounding: what each threshold would flag wrongly and catch. No model takes part.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from genesis.checks import audit
from genesis.checks.gold import gold
from genesis.checks.mutate import mutation_table

HERE = Path(__file__).resolve().parent


def table(recall: list[dict[str, Any]], alarms: list[dict[str, Any]], curve: list[dict[str, Any]]) -> str:
    """Return the three tables as Markdown."""
    lines = [
        "| planted defect | group | planted | caught | 95 % interval | by |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in recall:
        if row["planted"]:
            rules = ", ".join(f"{name.removeprefix('rule:')} {count}" for name, count in list(row["rules"].items())[:3])
            lines.append(
                f"| {row['kind']} | {row['group']} | {row['planted']} | {100 * row['recall']:.1f} % |"
                f" {100 * row['low']:.1f}-{100 * row['high']:.1f} % | {rules} |"
            )
    lines += [
        "",
        "| gold | items | break their own schema | fail | flagged by grounding |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in alarms:
        lines.append(
            f"| {row['benchmark']} | {row['items']} | {len(row['own_schema'])} | {100 * row['fail_rate']:.2f} % |"
            f" {100 * row['grounding_flags']:.1f} % |"
        )
    lines += [
        "",
        "| threshold of grounding | false flags on clean values | wrong values caught |",
        "| --- | --- | --- |",
    ]
    for row in curve:
        lines.append(f"| {row['threshold']} | {100 * row['false_flags']:.2f} % | {100 * row['recall']:.1f} % |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write results.json and table.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="the folder that holds acebench_en and apibank")
    parser.add_argument("--most", type=int, default=300, help="defects of each kind (default: 300)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    clean = gold("bfcl")
    recall = mutation_table(clean, given.seed, most=given.most)
    alarms = audit.golds_table(given.data)
    curve = audit.grounding_curve(clean, seed=given.seed)
    shortened = [{**row, "missed": row["missed"][:3]} for row in recall]
    result = {"seed": given.seed, "most": given.most, "recall": shortened, "gold": alarms, "grounding_curve": curve}
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    (HERE / "table.md").write_text(table(recall, alarms, curve))
    print(table(recall, alarms, curve))


if __name__ == "__main__":
    main()
