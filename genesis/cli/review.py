"""``genesis review``: the model checker, people's decisions, and how much error is left."""

from __future__ import annotations

import argparse
import sys
from typing import Any

_EXAMPLES = """examples:
  genesis review status latest                              # funnel, error left, agreement
  genesis review plan latest --width 0.05                   # how many to read, and from which strata
  genesis review export latest sheet.csv --what audit       # a sheet for a team that reviews elsewhere
  genesis review import latest sheet.csv --rater ann        # the filled-in sheet
  genesis review apply latest                               # settle the run with what people decided
  genesis review model latest                               # judge by model what passed the rules
  genesis review calibrate latest --out checker.json        # confidence -> probability, from people's decisions
  genesis review planted latest                             # what the model checker sees of planted defects
To review in JupyterLab: notebooks/31_review.ipynb
"""


def add(commands: Any) -> None:
    """Declare the commands."""
    parser = commands.add_parser(
        "review",
        help="model checker, human review, and the error left",
        description="The model checker, people's decisions, and how much error is left.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _action(actions, "status", "the funnel, the error left, agreement between raters", _status)
    plan = _action(actions, "plan", "how many dialogues to read for a wished interval", _plan)
    plan.add_argument("--width", type=float, default=0.05, help="width of the 95 %% interval (default: 0.05)")
    out = _action(actions, "export", "write decisions, or a queue as a sheet to fill in", _export)
    out.add_argument("file", help="CSV or JSONL, by its ending")
    kinds = ("decisions", "doubt", "audit", "disagreements")
    out.add_argument("--what", choices=kinds, default="decisions", help="default: decisions")
    out.add_argument("--size", type=int, default=60, help="audit: dialogues to draw at least (default: 60)")
    into = _action(actions, "import", "take in decisions or a filled-in sheet", _import)
    into.add_argument("file", help="CSV or JSONL, by its ending")
    into.add_argument("--rater", default="", help="who decided, where the rows do not say")
    _action(actions, "apply", "settle the run with what model and people said", _apply)
    _action(actions, "model", "judge by model what passed the rules", _model)
    planted = _action(actions, "planted", "the model checker's recall and false alarms on planted defects", _planted)
    planted.add_argument("--most", type=int, default=30, help="dialogues per kind of defect at most (default: 30)")
    fit = _action(actions, "calibrate", "fit confidence to probability on labelled dialogues", _calibrate)
    fit.add_argument("--on", choices=("people", "planted"), default="people", help="whose labels (default: people)")
    fit.add_argument("--most", type=int, default=30, help="planted: dialogues per kind at most (default: 30)")
    fit.add_argument("--method", choices=("isotonic", "platt"), default="isotonic", help="default: isotonic")
    fit.add_argument("--out", required=True, metavar="FILE", help="where to write the map (JSON)")


def _action(actions: Any, name: str, words: str, handler: Any) -> Any:
    from genesis.cli import show_examples

    parser = actions.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    show_examples(parser, _EXAMPLES, f"review {name}")
    parser.add_argument("run", metavar="RUN", help="a run's folder or id, or latest")
    parser.add_argument("--root", default="experiments", metavar="DIR", help="folder of runs (default: experiments)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=handler)
    return parser


def _run(arguments: argparse.Namespace) -> Any:
    from genesis import record

    return record.open_run(arguments.run, arguments.root)


def _print(arguments: argparse.Namespace, found: Any, *words: str) -> int:
    from genesis.cli import print_json

    if arguments.json:
        print_json(found)
    else:
        print("\n".join(words))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from genesis.review import funnel, residual
    from genesis.review.agreement import between_raters
    from genesis.review.funnel import counts
    from genesis.review.tables import agreement_table, error_table

    run = _run(arguments)
    error, pairs = residual(run), between_raters(run)
    tables = [funnel(run), error_table(run), *([agreement_table(run)] if pairs else [])]
    words = [f"\n{table.to_string(index=False)}" for table in tables]
    found = {"funnel": counts(run), "residual": error, "agreement": pairs}
    return _print(arguments, found, f"LM: {error['lm']}", *words)


def _plan(arguments: argparse.Namespace) -> int:
    from genesis.review.plan import plan

    found = plan(_run(arguments), width=arguments.width)
    rows = [
        f"  {row['stratum']:<24}{row['read']:>6} of {row['dialogues']:<7} (read already: {row['read_already']})"
        for row in found["strata"]
    ]
    head = (
        f"read {found['read']} of {found['of']} dialogues for an interval {found['width']:g} wide: "
        f"about {found['minutes']:g} minutes at {found['seconds_each']:g} s each"
    )
    return _print(arguments, found, head, *rows)


def _export(arguments: argparse.Namespace) -> int:
    from genesis.review.exchange import export
    from genesis.review.queue import draw_audit

    run = _run(arguments)
    if arguments.what == "audit":
        draw_audit(run, arguments.size, seed=run.params.seed)
    rows = export(run, arguments.file, what=arguments.what)
    return _print(arguments, {"file": arguments.file, "rows": rows}, f"{arguments.file}: {rows} rows")


def _import(arguments: argparse.Namespace) -> int:
    from genesis.review.exchange import load

    found = load(_run(arguments), arguments.file, rater=arguments.rater)
    words = f"{found['added']} decisions added, {found['known']} known already, {found['empty']} rows left empty"
    print("next: genesis review apply", arguments.run, file=sys.stderr)
    return _print(arguments, found, words)


def _apply(arguments: argparse.Namespace) -> int:
    from genesis.review import finish

    run = _run(arguments)
    with run.lock():
        found = finish(run)
    words = ", ".join(f"{count} {name}" for name, count in found.items())
    return _print(arguments, found, words or "neither model nor people have said anything; the run is as it was")


def _model(arguments: argparse.Namespace) -> int:
    import asyncio

    from genesis.review.model import check

    run = _run(arguments)
    with run.lock():
        found = asyncio.run(check(run, run.params))
    words = (
        f"{found['judged']} judged, {found['failed']} rejected, {found['undecided']} without a usable reply, "
        f"{found['unjudged']} not judged; {found['accepted']} accepted dialogues now"
    )
    return _print(arguments, found, words, *([f"stopped: {found['stopped']}"] if found["stopped"] else []))


def _planted(arguments: argparse.Namespace) -> int:
    rows = _plant(arguments)
    table = [
        f"{row['group']:<12}{row['kind']:<24}{row['caught']:>4} of {row['judged']:<5}"
        f"{row['rate']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        for row in rows
        if row["judged"]
    ]
    unseen = ", ".join(row["kind"] for row in rows if row["planted"] and not row["judged"])
    lm = f"LM: {_run(arguments).read_json('run.json')['lm']}; what the rules fail is not judged: {unseen or 'none'}"
    return _print(arguments, {"rows": rows}, lm, *table)


def _plant(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Judge planted defects in the run's accepted dialogues; the replies go into the run's journal."""
    import asyncio

    from genesis import lm
    from genesis.review.planting import mutation_rows
    from genesis.review.queue import passed

    run = _run(arguments)

    async def judged() -> list[dict[str, Any]]:
        async with lm.open(run.params, run.journal_path) as caller:
            return await mutation_rows(passed(run), run.params, caller, seed=run.params.seed, most=arguments.most)

    with run.lock():
        return asyncio.run(judged())


def _calibrate(arguments: argparse.Namespace) -> int:
    from genesis.checks import calibration
    from genesis.review import planting, tables

    if arguments.on == "planted":
        confidences, labels = planting.labelled(_plant(arguments))
    else:
        confidences, labels = tables.labelled(_run(arguments))
    fitted = calibration.fit(confidences, labels, method=arguments.method)
    before = calibration.assess(confidences, labels)
    after = calibration.assess(confidences, labels, method=arguments.method)
    calibration.save(fitted, arguments.out)
    rows = [
        f"{name:<20}error {found['ece']:.3f} (small-sample bias {found['ece_bias']:.3f}), Brier {found['brier']:.3f}"
        for name, found in (("as given", before), (f"{arguments.method}, held out", after))
    ]
    _reliability_figure(_run(arguments), {"as given": before, f"{arguments.method}, held out": after})
    note = f"{arguments.out}: fitted on {len(labels)} dialogues, {sum(labels)} right"
    return _print(arguments, {"file": arguments.out, "as_given": before, "held_out": after}, *rows, note)


def _reliability_figure(run: Any, found: dict[str, dict[str, Any]]) -> None:
    """Draw share right against confidence, bin by bin, into the run's figures (``reliability.png``, PDF, CSV)."""
    import pandas as pd

    from genesis import figures

    table = pd.DataFrame([{"confidence of": name, **row} for name, one in found.items() for row in one["reliability"]])
    series = {
        str(name): (list(part["confidence"]), list(part["right"]))
        for name, part in table.groupby("confidence of", sort=False)
    }
    source = run.made_by
    drawn = figures.lines(
        {**series, "perfect": ([0, 1], [0, 1])}, x="confidence", y="share right", title="Reliability", source=source
    )
    figures.save(drawn, table, run, "reliability")
