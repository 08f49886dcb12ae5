"""``genesis train``: fine-tune a student (SFT, then GRPO), or score one in this process."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXAMPLES = """examples:
  genesis train sft --data dialogues.jsonl --dry-run --rows 10000     # what it needs, on paper; no torch
  genesis train sft --data dialogues.jsonl --out students/a -p train.recipe=rl_part
  genesis train grpo --data dialogues.jsonl --model students/a/model --out students/a-rl -p train.recipe=rl_part
  genesis train score students/a-rl/model --benchmark bfcl --limit 200 --out predictions/a-rl
  genesis train sft --data dialogues.jsonl --model tiny --out /tmp/tiny   # a random small model, on a CPU
The same command continues a run that was stopped. A student that is served is scored by `genesis predict`.
"""


def add(commands: Any) -> None:
    """Declare the commands."""
    from genesis.cli import show_examples

    parser = commands.add_parser(
        "train",
        help="fine-tune a student on dialogues: SFT, then GRPO; or score one",
        description="Fine-tune a student with TRL and PEFT (extra `train`), and score it in this process.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stages = parser.add_subparsers(dest="stage", metavar="STAGE", required=True)
    for stage, told in (("sft", "supervised: whole dialogues"), ("grpo", "reinforced: the paper's two rewards")):
        one = stages.add_parser(stage, help=told)
        show_examples(one, EXAMPLES, f"train {stage}")
        _add_stage(one)
    score = stages.add_parser("score", help="score a fine-tuned student")
    show_examples(score, EXAMPLES, "train score")
    score.add_argument("model", help="folder or name of the student")
    score.add_argument("--benchmark", required=True, choices=("bfcl", "apibank", "acebench"))
    score.add_argument("--data", metavar="DIR", help="folder of the benchmark's data")
    score.add_argument("--limit", type=int, metavar="N", help="items asked (default: all)")
    score.add_argument("--seed", type=int, default=0, help="draws the items (default: 0)")
    score.add_argument("--max-completion", type=int, default=512, metavar="N", help="most tokens of an answer")
    score.add_argument("--batch", type=int, default=16, metavar="N", help="prompts asked at once (default: 16)")
    score.add_argument(
        "--out", metavar="DIR", help="folder for predictions, verdicts and score, as `genesis predict`'s"
    )
    score.add_argument("--json", action="store_true", help="print one JSON object")
    score.set_defaults(handler=run_score)


def _add_stage(parser: Any) -> None:
    parser.add_argument("params", nargs="?", metavar="PARAMS", help="parameters file (YAML); its group `train` is used")
    parser.add_argument("--data", metavar="FILE", help="data set to train on (train.data)")
    parser.add_argument("--model", metavar="NAME", help="chat model by name or folder, or tiny (train.model)")
    parser.add_argument("--out", metavar="DIR", help="folder of the run (default: students/STAGE)")
    parser.add_argument("--dry-run", action="store_true", help="print what it needs, train nothing")
    parser.add_argument("--rows", type=int, metavar="N", help="with --dry-run: plan for N dialogues of the same kind")
    parser.add_argument("-p", dest="overrides", action="append", default=[], metavar="NAME=VALUE", help="a parameter")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Plan or train, print."""
    from genesis import params as parameters
    from genesis.cli import print_json
    from genesis.downstream.training import show

    overrides = list(arguments.overrides)
    params = parameters.load(arguments.params, overrides) if arguments.params else _params(overrides)
    params = _with(params, {"data": arguments.data, "model": arguments.model})
    if arguments.dry_run:
        found = show.plan(params, arguments.stage, rows=arguments.rows)
        print_json(found) if arguments.json else print(show.plan_text(found))
        return 0
    if arguments.stage == "sft":
        from genesis.downstream.training.sft import sft as train
    else:
        from genesis.downstream.training.grpo import grpo as train
    found = train(params, arguments.out or f"students/{arguments.stage}")
    print_json(found) if arguments.json else print(show.result_text(found))
    return 0


def run_score(arguments: argparse.Namespace) -> int:
    """Score a student in this process, print."""
    from genesis.cli import print_json
    from genesis.cli.score import print_report
    from genesis.downstream.interface import score_student
    from genesis.downstream.training.local import LocalStudent
    from genesis.errors import ParamsError

    if arguments.batch < 1 or arguments.max_completion < 1:
        raise ParamsError("train score: expected --batch and --max-completion of 1 or more")
    student = LocalStudent.load(arguments.model, max_completion=arguments.max_completion, batch=arguments.batch)
    report = score_student(
        student,
        arguments.benchmark,
        data=arguments.data,
        limit=arguments.limit,
        seed=arguments.seed,
        out=arguments.out,
    )
    if arguments.json:
        print_json(report.summary)
    else:
        print(f"{student.name}, in process, greedy", file=sys.stderr)
        print_report(report.summary)
    return 0


def _params(overrides: list[str]) -> Any:
    from genesis import params as parameters

    data: dict[str, Any] = {"experiment": "train"}
    for override in overrides:
        parameters.apply_override(data, override)
    return parameters.from_dict(data, "train")


def _with(params: Any, given: dict[str, str | None]) -> Any:
    from dataclasses import replace

    named = {name: value for name, value in given.items() if value is not None}
    return replace(params, train=replace(params.train, **named))
