"""A trial: an old and a new prompt on the same scenarios, side by side and in total.

found = await trial(bench, old, new)
found.words()                 # "acceptance 0.933 -> 0.983: +0.050 [-0.012, 0.109]; 4 fixed, 1 broken, 55 the same"
found.rows()[0]["change"]     # "fixed"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis.lm.usage import total
from genesis.metrics import compare as comparing
from genesis.metrics import significance as test
from genesis.metrics.columns import from_dialogues
from genesis.metrics.compare import Side as Columns
from genesis.prompts.bench import Bench, Outcome, Side, make, side_run
from genesis.prompts.drafts import Desk
from genesis.prompts.versions import Prompt

CHANGES = ("broken", "fixed", "lost", "changed", "same")
"""What the new prompt does to a scenario: accepted -> rejected, rejected -> accepted, one side not made, other words
with the same verdict, nothing. In the order shown."""
OWN = ("acceptance", "calls", "tokens")
SIMULATED = (
    "The offline (simulated) LM does not read instructions: the expected difference is 0, whatever the prompt says. "
    "This shows how the bench works, not which prompt is better."
)
IDENTICAL = "Both sides have the same instructions: there is nothing to compare."


@dataclass(frozen=True, slots=True)
class Trial:
    """Two prompts on one bench."""

    bench: Bench
    old: Side
    new: Side
    asked: int
    """LM calls that this trial sent; what was on record is not asked again."""

    def pairs(self) -> list[tuple[str, Outcome, Outcome]]:
        """Return (id, old, new) of every scenario, in plan order."""
        return [(name, one, self.new.outcomes[name]) for name, one in self.old.outcomes.items()]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a scenario: verdicts, reasons, tokens and cost of both sides, and what changed."""
        planned = {one.id: one for one in self.bench.plan}
        return [
            {
                "id": name,
                "scenario": planned[name].scenario.label,
                "tool": planned[name].tool,
                "change": change(old, new),
                **_sides("outcome", old.outcome, new.outcome),
                **_sides("reasons", list(old.reasons), list(new.reasons)),
                **_sides("calls", old.calls, new.calls),
                **_sides("tokens", old.tokens, new.tokens),
                **_sides("usd", old.usd, new.usd),
            }
            for name, old, new in self.pairs()
        ]

    def changes(self) -> dict[str, int]:
        """Return how many scenarios changed how."""
        counts = Counter(change(old, new) for _, old, new in self.pairs())
        return {name: counts[name] for name in CHANGES}

    def totals(self) -> list[dict[str, Any]]:
        """Return one row a measure: first, second, paired difference with its interval, p, corrected p.

        Acceptance is what a trial is about, and stands by itself; the other measures' p are corrected for their number
        (Holm), so that one of many is not taken for a finding.
        """
        rows = [{"measure": name, **difference.to_json()} for name, difference in self._own().items()]
        rows += [row for row in self._diversity() if row["measure"] not in OWN]
        corrected = [rows[0]["p"], *test.holm([row["p"] for row in rows[1:]])]
        return [
            {**row, "p_corrected": p, "real": p is not None and p < comparing.LEVEL}
            for row, p in zip(rows, corrected, strict=True)
        ]

    def _own(self) -> dict[str, test.Difference]:
        decided = [(one, two) for _, one, two in self.pairs() if {one.outcome, two.outcome} <= {"accepted", "rejected"}]
        found = {"acceptance": test.paired_rates_smoothed(*_columns(decided, lambda o: o.outcome == "accepted", bool))}
        for name in ("calls", "tokens"):
            found[name] = test.paired_means(*_columns(decided, lambda o, name=name: getattr(o, name), float))
        priced = [(one, two) for one, two in decided if one.usd is not None and two.usd is not None]
        if priced and len(priced) == len(decided) and any(one.usd or two.usd for one, two in priced):
            found["usd"] = test.paired_means(*_columns(priced, lambda o: o.usd, float))
        return found

    def _diversity(self) -> list[dict[str, Any]]:
        """Return the rows of ``genesis compare`` over the accepted dialogues; none where a side has fewer than two."""
        domains = {tool.name: tool.domain for tool in self.bench.pool.tools}
        kept = [
            [one.dialogue for one in side.outcomes.values() if one.outcome == "accepted" and one.dialogue is not None]
            for side in (self.old, self.new)
        ]
        if min(map(len, kept)) < 2:
            return []
        old, new = (Columns(from_dialogues(dialogues, domains)) for dialogues in kept)
        names = ("first", "second", "value", "low", "high", "p", "n", "method")
        return [
            {"measure": row["measure"], **{name: row[name] for name in names}}
            for row in comparing.compare({"old": old, "new": new})
        ]

    def words(self) -> str:
        """Return the outcome in one sentence."""
        acceptance = self._own()["acceptance"].to_json()
        counts = self.changes()
        said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        if acceptance["value"] is None:
            return f"no scenario is decided on both sides: {said}"
        return (
            f"acceptance {acceptance['first']:.3f} -> {acceptance['second']:.3f}: {acceptance['value']:+.3f} "
            f"[{acceptance['low']:.3f}, {acceptance['high']:.3f}] over {acceptance['n']} scenarios; {said}"
        )

    def note(self) -> str:
        """Return what a reader must know of these numbers; empty where there is nothing to add."""
        same = IDENTICAL if self.old.prompt == self.new.prompt else ""
        return " ".join(filter(None, (same, SIMULATED if self.bench.simulated else "")))

    def numbers(self) -> dict[str, Any]:
        """Return what a kept version records of its trial."""
        keys = ("first", "second", "value", "low", "high", "p_corrected", "n")
        return {
            "lm": self.bench.params.lm,
            "simulated": self.bench.simulated,
            "seed": self.bench.params.seed,
            "scenarios": len(self.bench.plan),
            "set": self.bench.id,
            "old": self.old.run.id,
            "new": self.new.run.id,
            "changes": self.changes(),
            "totals": {row["measure"]: {key: row[key] for key in keys} for row in self.totals()},
        }

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON data, dialogues aside: they lie in the two runs."""
        runs = {"old": str(self.old.run.path), "new": str(self.new.run.path)}
        return {
            "agent": self.bench.agent,
            "set": self.bench.id,
            "simulated": self.bench.simulated,
            "note": self.note(),
            "runs": runs,
            "asked": self.asked,
            "changes": self.changes(),
            "totals": self.totals(),
            "rows": self.rows(),
        }


async def trial(bench: Bench, old: Prompt, new: Prompt, *, progress: Callable[[str, Any], None] | None = None) -> Trial:
    """Try two prompts on a bench; what is on record is not asked again, and no model is opened where all is.

    ``progress`` is told ``old`` or ``new`` and the counts. Raises ParamsError and what stops a run.
    """
    old, new = (one.with_text(one.instructions) for one in (old, new))
    told: dict[str, Any] = {
        name: (lambda counts, _dialogue, name=name: progress(name, counts)) if progress else None
        for name in ("old", "new")
    }
    if all(side_run(bench, one)[0].complete for one in (old, new)):
        return Trial(bench, await make(bench, old, None), await make(bench, new, None), 0)
    async with bench.open_caller() as caller:
        before = total(caller.usage).calls
        first = await make(bench, old, caller, progress=told["old"])
        second = await make(bench, new, caller, progress=told["new"])
        return Trial(bench, first, second, total(caller.usage).calls - before)


async def draft_trial(bench: Bench) -> Trial:
    """Try the newest draft of the agent's prompt, or the base itself where nothing is drafted, against the base."""
    draft = Desk(bench.root, bench.agent).newest()
    base = bench.base()
    return await trial(bench, base, base.with_text(draft.instructions) if draft is not None else base)


def change(old: Outcome, new: Outcome) -> str:
    """Return what the new side does to a scenario: one of CHANGES."""
    kinds = (old.outcome, new.outcome)
    if not {*kinds} <= {"accepted", "rejected"}:
        return "lost"
    if kinds == ("accepted", "rejected"):
        return "broken"
    if kinds == ("rejected", "accepted"):
        return "fixed"
    assert old.dialogue is not None
    assert new.dialogue is not None
    same = old.dialogue.messages == new.dialogue.messages and old.reasons == new.reasons
    return "same" if same else "changed"


def _sides(name: str, old: Any, new: Any) -> dict[str, Any]:
    return {f"old_{name}": old, f"new_{name}": new}


def _columns(
    pairs: list[tuple[Outcome, Outcome]], value: Callable[..., Any], kind: type
) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.array([value(one) for one, _ in pairs], kind), np.array([value(two) for _, two in pairs], kind)
