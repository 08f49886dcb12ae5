"""Stage 3 switched off: what generation finishes is exported, contradictions included."""

from __future__ import annotations

import asyncio
from pathlib import Path

from needs import ROOT

from genesis import params, record, review, steps


def test_without_evaluation_nothing_is_rejected_that_generation_finished(tmp_path: Path) -> None:
    counts = {}
    for evaluation in (True, False):
        wanted = params.from_dict(
            {
                "pool": {"path": str(ROOT / "genesis/data/sample/pool.jsonl")},
                "counts": {"single/single/multiple": 12},
                "n": 1,
                "memory": False,
                "evaluation": evaluation,
                "offline": {"contradiction": 0.6},
            }
        )
        run = record.create(wanted, tmp_path)
        asyncio.run(steps.generate(run, wanted))
        found = steps.check(run, wanted)
        asyncio.run(review.check(run, wanted))
        rejected = list(run.rows("rejected"))
        counts[evaluation] = (len(rejected), len(list(run.rows("dialogues"))))
        if not evaluation:
            assert found["moved_to_rejected"] == 0
            assert not any(row["verdicts"] for row in run.rows("dialogues"))
            assert not any(run.rows("model"))
    assert counts[True][0] > counts[False][0]
    assert counts[False][1] > counts[True][1]
