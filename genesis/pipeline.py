"""generate(): plan -> rounds of converse -> check -> record. The one natural path.

    async with open_caller(params, run.journal_path) as caller:
        counts = await generate(pool, params, run, caller)

Rows are appended as they finish, and stand in plan order (``provenance.index``) once the run is through. What is
recorded already is not made again. Round k of a tool starts when that tool's round k-1 and all rounds before k-1 are
done, so rounds overlap, and the rows are the same with 1 call in flight and with 64.
"""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from genesis.agents.crew import Crew, crew
from genesis.candidate import Stage
from genesis.checks import rules
from genesis.checks.view import release
from genesis.converse import Made, converse
from genesis.dialogue import Dialogue, dialogue_from_row
from genesis.errors import FatalLMError
from genesis.lm.advice import Patience
from genesis.memory import Memory, told
from genesis.params import Params
from genesis.planner import Planned, plan
from genesis.record import Run
from genesis.rounds import Rounds
from genesis.tasks import together
from genesis.tools.pool import ToolPool

if TYPE_CHECKING:
    from genesis.lm.caller import Caller

_QUOTED = re.compile(r"'[^']*'")
PULSE = 1.0
"""Seconds between two tellings of how it stands while no dialogue ends."""
FEW = 8
"""Dialogues that may end in LM errors before the run stops, as long as none has ended otherwise."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How a run's dialogues came out; planned = accepted + rejected + errored once it is through."""

    planned: int
    accepted: int = 0
    rejected: int = 0
    errored: int = 0
    """Ended by LM errors; not recorded as made, so a resumed run tries them again."""

    def to_dict(self) -> dict[str, int]:
        """Return the counts as run.json holds them."""
        return asdict(self)


class Progress(Protocol):
    """What is told after every dialogue."""

    def __call__(self, counts: Counts, dialogue: Dialogue | None, /) -> None: ...


async def generate(
    pool: ToolPool,
    params: Params,
    run: Run,
    caller: Caller | None,
    *,
    agents: Crew | None = None,
    progress: Progress | None = None,
    maker: Maker | None = None,
) -> Counts:
    """Make every planned dialogue that ``run`` does not hold yet; accepted and rejected rows are appended to it.

    ``agents``: None makes them as the parameters say. ``maker`` makes the single dialogues, elsewhere perhaps; None:
    this process does, through ``caller``.

    Raises PlanError before anything is spent; FatalLMError, BudgetError, RecordError and the like stop the run with
    what is finished kept.
    """
    planned = plan(pool.tools, params)
    memory = Memory(pool.tools) if params.memory else None
    off = frozenset(params.rules_off)
    stage = Stage(
        caller=caller,  # type: ignore[arg-type]  # only where dialogues are made here
        crew=agents or crew(params.prompts, reasoning=params.reasoning),
        tools=pool.by_name,
        related=pool.related,
        params=params,
        memory=memory,
        findings=lambda dialogue: rules.candidate_findings(dialogue, off=off),
    )
    work = _Work(
        stage, planned, run, lambda dialogue: rules.check(dialogue, off=off) if params.evaluation else (), progress
    )
    work.maker = maker or _Here(stage)
    work.recall()
    with _rare_collections():
        await work.through()
    for name in ("dialogues", "rejected"):
        run.order_rows(name, lambda row: int(row["provenance"]["index"]))
    return work.counts


class Maker(Protocol):
    """What makes single dialogues."""

    @property
    def at_once(self) -> int:
        """Dialogues it takes at once."""

    async def make(self, planned: Planned) -> Made:
        """Make one dialogue. Raises what stops the run."""

    def note(self, planned: Planned, dialogue: Dialogue | None) -> None:
        """Take note of how a dialogue ended: accepted, or (None) not."""


@dataclass(frozen=True, slots=True)
class _Here:
    """Makes dialogues in this process."""

    stage: Stage

    @property
    def at_once(self) -> int:
        return self.stage.params.concurrency

    async def make(self, planned: Planned) -> Made:
        return await converse(planned, self.stage)

    def note(self, planned: Planned, dialogue: Dialogue | None) -> None:
        """The run's own memory has it already."""


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Keep the garbage collector off what is there already (modules, tools, the plan), and let it run seldom."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Work:
    """One pass over a plan."""

    def __init__(
        self,
        stage: Stage,
        planned: list[Planned],
        run: Run,
        check: Callable[[Dialogue], Any],
        progress: Progress | None,
    ) -> None:
        self.stage = stage
        self.planned = planned
        self.run = run
        self.check = check
        self.progress = progress
        self.maker: Maker = _Here(stage)
        self.counts = Counts(len(planned))
        self.done = bytearray(len(planned))
        self.rounds = Rounds(planned)
        self.patience = Patience(stage.params)

    def recall(self) -> None:
        """Take up what the run holds already."""
        by_id = {planned.id: planned for planned in self.planned}
        for name in ("dialogues", "rejected"):
            for row in self.run.rows(name):
                planned = by_id.get(row.get("id", ""))
                if planned is None or self.done[planned.index]:
                    continue
                self._close(planned, dialogue_from_row(row) if name == "dialogues" else None, name)

    async def through(self) -> None:
        """Make what is left, at most as many dialogues at once as the maker takes, started in plan order.

        The first error stops the rest and is raised.
        """
        left = iter([planned for planned in self.planned if not self.done[planned.index]])
        pulse = asyncio.ensure_future(self._pulse())
        try:
            async with together() as group:
                for _ in range(self.maker.at_once):
                    group.create_task(self._worker(left, group))
        finally:
            pulse.cancel()

    async def _pulse(self) -> None:
        """Tell how it stands between dialogues, too: with a slow LM the first one takes minutes."""
        while self.progress:
            await asyncio.sleep(PULSE)
            self.progress(self.counts, None)

    async def _worker(self, left: Iterator[Planned], group: asyncio.TaskGroup) -> None:
        for planned in left:
            await self.rounds.may_start(planned)
            made = await self.maker.make(planned)
            if made.fault is not None:
                self._fault(planned, made)
            elif made.reasons or self.stage.memory is None:
                self._check(planned, made.dialogue, made.reasons)
            else:
                # Whether it repeats another may not be known yet; that must not hold up the next dialogue.
                group.create_task(self._settle(planned, made.dialogue))
            if made.fault is None and (stop := self.patience.note(made.reasons)) and not all(self.done):
                raise FatalLMError(stop)

    async def _settle(self, planned: Planned, dialogue: Dialogue) -> None:
        assert self.stage.memory is not None
        # Open already where it was made here.
        self.stage.memory.open(planned, told(planned, dialogue).request)
        earlier = await self.stage.memory.settle(planned)
        self._check(planned, dialogue, (f"memory: near-repeat of {earlier}",) if earlier else ())

    def _check(self, planned: Planned, dialogue: Dialogue, reasons: tuple[str, ...]) -> None:
        """Check a finished dialogue by all rules and record it."""
        if not reasons:
            dialogue = replace(dialogue, verdicts=tuple(self.check(dialogue)))
            reasons = tuple(
                f"{verdict.check}: {why}"
                for verdict in dialogue.verdicts
                if verdict.outcome == "fail"
                for why in verdict.reasons or ("fails",)
            )
        row = dialogue.to_row()
        if reasons:
            row["reasons"] = reasons
            why = {"reason": _QUOTED.sub("'…'", reasons[0]), "reasons": list(reasons)}
            row["provenance"] = {**dialogue.provenance, **why}
            self.run.append("rejected", row)
            self._close(planned, None, "rejected")
        else:
            self.run.append("dialogues", row)
            self._close(planned, dialogue, "dialogues")
        release(dialogue.tools)
        if self.progress:
            self.progress(self.counts, dialogue)

    def _fault(self, planned: Planned, made: Made) -> None:
        self.run.append("errored", {"id": planned.id, "reasons": list(made.reasons)})
        self._close(planned, None, "errored")
        if self.counts.errored >= min(FEW, len(self.planned)) and not self.counts.accepted + self.counts.rejected:
            assert made.fault is not None
            raise made.fault
        if self.progress:
            self.progress(self.counts, None)

    def _close(self, planned: Planned, dialogue: Dialogue | None, how: str) -> None:
        counts = self.counts
        self.counts = replace(
            counts,
            accepted=counts.accepted + (how == "dialogues"),
            rejected=counts.rejected + (how == "rejected"),
            errored=counts.errored + (how == "errored"),
        )
        self.done[planned.index] = 1
        if self.stage.memory is not None:
            self.stage.memory.close(planned, dialogue)
        self.maker.note(planned, dialogue)
        self.rounds.close(planned)
