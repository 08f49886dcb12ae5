"""Review for a notebook: settle the run, and what is left as small tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genesis.record import Run
from genesis.review.agreement import between_raters
from genesis.review.funnel import counts
from genesis.review.judged import judgements
from genesis.review.plan import plan
from genesis.review.queue import passed
from genesis.review.residual import residual
from genesis.review.settle import entries, settle, settled_by_people

if TYPE_CHECKING:
    from pandas import DataFrame

PART = "parts/error.json"


def finish(run: Run) -> dict[str, Any]:
    """Settle the run with what people decided and write parts/error.json (residual error, funnel, agreement).

    A run without model verdicts and decisions is left as it is. Returns what became of the dialogues.
    """
    settled: dict[str, Any] = settle(run) if touched(run) else {}
    run.write_json(PART, {"residual": residual(run), "funnel": counts(run), "agreement": between_raters(run)})
    return settled


def touched(run: Run) -> bool:
    """Whether model or people have said anything about a run."""
    return any((run.path / f"{name}.jsonl").exists() for name in ("model", "decisions"))


def error_table(run: Run) -> DataFrame:
    """Return the error left and the error of the screening, each with its interval, and how it was measured."""
    import pandas as pd

    found = residual(run)
    rows = [("error left in what is accepted", found)]
    if "screening" in found:
        rows.append(("error of what rules and model let pass", found["screening"]))
    return pd.DataFrame(
        [
            (words, _share(part["value"]), f"[{_share(part['low'])}, {_share(part['high'])}]")
            if part["value"] is not None
            else (words, "not measured", "")
            for words, part in rows
        ],
        columns=["", "value", "95 % interval"],
    ).assign(method=found["method"], read=found["read"], minutes=found["minutes"])


def agreement_table(run: Run) -> DataFrame:
    """Return one row a pair of raters: dialogues both read, raw agreement, kappa, AC1."""
    import pandas as pd

    rows = [
        (" and ".join(row["raters"]), row["n"], row["agreement"], _interval(row["kappa"]), _interval(row["ac1"]))
        for row in between_raters(run)
    ]
    return pd.DataFrame(rows, columns=["raters", "both read", "agreement", "kappa", "AC1"])


def plan_table(run: Run, *, widths: Sequence[float]) -> DataFrame:
    """Return how many dialogues to read, by stratum, for each wished width of the interval."""
    import pandas as pd

    if not passed(run):
        return pd.DataFrame(columns=["width", "read", "of", "minutes"])
    rows = []
    for width in widths:
        found = plan(run, width=width)
        by = {row["stratum"]: row["read"] for row in found["strata"]}
        rows.append({"width": width, "read": found["read"], "of": found["of"], "minutes": found["minutes"], **by})
    return pd.DataFrame(rows)


def settled_table(settled: Mapping[str, int]) -> DataFrame:
    """Return in one row what became of the dialogues when people's decisions were applied; empty: nothing to apply."""
    import pandas as pd

    return pd.DataFrame([settled] if settled else [])


def model_table(found: Mapping[str, Any]) -> DataFrame:
    """Return what the model checker found: judged, rejected by aspect, cost a dialogue."""
    import pandas as pd

    rows: list[tuple[str, Any]] = [("judged", found["judged"]), ("rejected", found["failed"])]
    rows += [(f"  for {aspect}", count) for aspect, count in found["failed_by_aspect"].items()]
    rows += [("without a usable reply", found["undecided"]), ("not judged", found["unjudged"])]
    cost = found["cost_per_dialogue"].items()
    rows += [
        (f"{name.replace('_', ' ')} per dialogue", "–" if value is None else f"{value:,.1f}") for name, value in cost
    ]
    return pd.DataFrame(rows, columns=["model check", "value"])


def labelled(run: Run) -> tuple[list[float], list[bool]]:
    """Return the model's raw confidence and whether people accept, for every dialogue that has both.

    Pitfall: where only doubtful dialogues were read, the map is theirs; read an audit sample first.
    """
    judged = judgements(run)
    known = {entry.dialogue.id: entry.dialogue for entry in entries(run) if not entry.rejected_before}
    people, _ = settled_by_people(run, known)
    pairs = [
        (sure, said.outcome == "accept")
        for name, said in sorted(people.items())
        if said.outcome != "disagree" and name in judged and (sure := judged[name].confidence) is not None
    ]
    return [sure for sure, _ in pairs], [right for _, right in pairs]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _interval(found: dict[str, Any]) -> str:
    if found.get("value") is None:
        return "–"
    if found.get("low") is None:
        return f"{found['value']:.2f}"
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
