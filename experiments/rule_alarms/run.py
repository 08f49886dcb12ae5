"""How often do the rules fail clean dialogues of the offline (simulated) LM?

    python experiments/rule_alarms/run.py                 # about a minute of CPU; writes results.json
    python experiments/rule_alarms/run.py --tools 200 --rounds 2 --seed 8

Clean is known without the rules: the engine's error knobs stand at 0, and every rule is off while the dialogues are
made, so that none has been chosen by the rules. Only then is each checked. Dialogues that were not finished (the user's
turn could not be written) are counted apart. Every failure is listed, for a person to say whose fault it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from genesis import lm, pipeline, record
from genesis.checks import rules
from genesis.checks.intervals import wilson
from genesis.dialogue import dialogue_from_row
from genesis.params import OfflineParams, from_dict
from genesis.scenario import labels
from genesis.tools.build import build_pool

HERE = Path(__file__).resolve().parent


def rows(tools: int, rounds: int, seed: int) -> tuple[list[dict[str, Any]], int]:
    """Return the finished dialogues' rows, and how many were not finished."""
    params = from_dict(
        {
            "mix": dict.fromkeys(labels(), 1),
            "dialogues_per_tool": rounds,
            "seed": seed,
            "n": 1,
            "offline": {part.name: 0.0 for part in fields(OfflineParams)},
            "rules_off": [str(rule.number) for rule in rules.RULES],
            "checker": {"confidence": "off"},
        }
    )
    pool = build_pool(["bfcl"], tools, 0)[0]
    with tempfile.TemporaryDirectory() as folder:
        run = record.create(params, folder)

        async def work() -> None:
            async with lm.open(params, run.journal_path) as caller:
                await pipeline.generate(pool, params, run, caller)

        asyncio.run(work())
        return list(run.rows("dialogues")), sum(1 for _ in run.rows("rejected"))


def alarms(made: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many dialogues fail or are only flagged, by which rule, with 95 % intervals (Wilson)."""
    by_rule: Counter[str] = Counter()
    failures: list[dict[str, str]] = []
    flagged = 0
    for row in made:
        verdicts = rules.check(dialogue_from_row(row))
        fails = [verdict for verdict in verdicts if verdict.outcome == "fail"]
        flagged += not fails and any(verdict.outcome == "flag" for verdict in verdicts)
        if fails:
            by_rule.update(verdict.check for verdict in fails)
            failures.append({"id": row["id"], "rule": fails[0].check, "reason": fails[0].reasons[0]})
    n = len(made)
    return {
        "dialogues": n,
        "failed": len(failures),
        "fail_rate": [len(failures) / n, *wilson(len(failures), n)],
        "by_rule": dict(by_rule),
        "flagged": flagged,
        "failures": failures,
    }


def main() -> None:
    """Make the dialogues, check them, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    made, unfinished = rows(given.tools, given.rounds, given.seed)
    result = {"lm": "offline (simulated) LM", **vars(given), "unfinished": unfinished, **alarms(made)}
    (HERE / "results.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({name: value for name, value in result.items() if name != "failures"}, indent=2))


if __name__ == "__main__":
    main()
