"""GEPA on a bench: better instructions for one agent, judged by whole dialogues, within a budget.

    found = await optimise(bench, bench.base(), evaluations=100)
    found.best.instructions, found.words()

Reflective prompt evolution (Agrawal et al. 2025, extra ``optimize``): dialogues are made with a candidate text; the LM
reads what the rules and checks said of them and writes a better text; it stays where it is better on other scenarios.
A dialogue's score is 0 where it is rejected, else 1 - NOVELTY + NOVELTY * n, where n is the share of its request's
first word trigrams that no request of a frozen memory has: the accepted requests of the starting text on the bench.

The scenarios optimised on are drawn with another seed than the bench's own, which the optimiser never sees: a trial of
the result is an honest one. Every call goes through one journal and the parameters' budget; what a budget cuts short
gives the best text so far.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from genesis.agents.rewrite import RewriteAgent
from genesis.display import dialogue_text
from genesis.errors import BudgetError, LMConfigError, MissingExtraError, ParamsError
from genesis.lm.usage import total
from genesis.prompts.bench import Bench, Outcome, make, open_bench
from genesis.prompts.single import cast, make_one
from genesis.prompts.versions import MOST, Prompt
from genesis.text import ngrams, stable_hash, words

if TYPE_CHECKING:
    from genesis.lm.caller import Caller

NOVELTY = 0.3
"""Weight of novelty in an accepted dialogue's score."""
FIRST_WORDS = 15
MINIBATCH = 3
"""Scenarios a proposal is written from, and must be better on, before it is tried on all."""


@dataclass(frozen=True, slots=True)
class Optimised:
    """What an optimisation found."""

    start: Prompt
    best: Prompt
    scores: tuple[float, float]
    """Mean score of the start and of the best on the scenarios they were chosen by."""
    tried: int
    """Texts tried, the start included."""
    evaluations: int
    """Dialogues made."""
    calls: int
    stopped: str = ""
    """Why it ended early; empty where it used its evaluations."""

    def words(self) -> str:
        """Return it in one sentence."""
        ended = f"; stopped early: {self.stopped}" if self.stopped else ""
        if self.best == self.start:
            return f"no better text found in {self.tried} ({self.evaluations} dialogues, {self.calls} calls){ended}"
        return (
            f"score {self.scores[0]:.3f} -> {self.scores[1]:.3f} on the scenarios it was chosen by "
            f"({self.tried} texts, {self.evaluations} dialogues, {self.calls} calls); try it on the bench{ended}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        names = ("tried", "evaluations", "calls", "stopped")
        score = {"start": self.scores[0], "best": self.scores[1]}
        told = {"agent": self.best.agent, "instructions": self.best.instructions, "better": self.best != self.start}
        return {**told, "score": score, **{name: getattr(self, name) for name in names}}


def novelty(request: str, frozen: frozenset[tuple[str, ...]]) -> float:
    """Return the share of a request's word trigrams, over its first 15 words, that ``frozen`` does not hold.

    >>> novelty("book a train to Oslo", frozenset({("book", "a", "train")}))
    0.6666666666666666
    """
    own = set(ngrams(words(request)[:FIRST_WORDS], 3))
    return len(own - frozen) / len(own) if own else 0.0


def trigrams(requests: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Return all word trigrams of requests, over their first 15 words: a frozen memory."""
    return frozenset(gram for request in requests for gram in ngrams(words(request)[:FIRST_WORDS], 3))


def score(made: Outcome, frozen: frozenset[tuple[str, ...]]) -> float:
    """Return a dialogue's score: 0 rejected, else 1 - NOVELTY + NOVELTY * novelty of its first request."""
    if made.outcome != "accepted" or made.dialogue is None:
        return 0.0
    return 1 - NOVELTY + NOVELTY * novelty(_request(made), frozen)


def _request(made: Outcome) -> str:
    said = made.dialogue.messages if made.dialogue else ()
    return next((message.content for message in said if message.role == "user"), "")


async def optimise(
    bench: Bench, start: Prompt, *, evaluations: int = 100, say: Callable[[str], None] | None = None
) -> Optimised:
    """Return better instructions than ``start``, found with at most ``evaluations`` dialogues and the budget.

    Raises LMConfigError for the offline LM, ParamsError for too few evaluations, MissingExtraError without ``gepa``,
    and what stops a run before the starting text itself is through (BudgetError, FatalLMError, ...).
    """
    if bench.simulated:
        raise LMConfigError(
            "optimise: the offline (simulated) LM reads no instructions, so none are better for it, and writes none; "
            "name a model, as in lm=provider/model"
        )
    try:
        import gepa
    except ImportError as error:
        raise MissingExtraError("optimise needs the extra: pip install 'genesisfunc-workbench[optimize]'") from error
    other = stable_hash("optimise", bench.params.seed) & 0xFFFFFFFF
    drawn = open_bench(
        bench.agent, replace(bench.params, seed=other, memory=False), bench.root, pool=bench.pool
    )  # without memory a dialogue depends on no other, so that each is its own example
    size = min(len(drawn.plan), max(2, evaluations // 6))
    if evaluations < 2 * size + 2 * MINIBATCH:
        raise ParamsError(f"optimise: {evaluations} evaluations; expected at least {2 * size + 2 * MINIBATCH}")
    async with bench.open_caller() as caller:
        before = total(caller.usage).calls
        frozen = await make(bench, start, caller)
        memory = trigrams([_request(one) for one in frozen.outcomes.values() if one.outcome == "accepted"])
        adapter = _Dialogues(drawn, start, caller, memory, asyncio.get_running_loop(), evaluations, say)
        ids = [planned.index for planned in drawn.plan]
        chosen, learnt = ids[:size], ids[size:] or ids
        await asyncio.to_thread(_evolve, gepa, adapter, start, learnt, chosen, bench.params.seed)
        best = adapter.best(chosen)
        if adapter.fatal is not None:
            raise adapter.fatal
        return Optimised(
            start,
            start.with_text(best),
            (adapter.mean(start.instructions, chosen), adapter.mean(best, chosen)),
            len(adapter.texts()),
            adapter.evaluated,
            total(caller.usage).calls - before,
            adapter.stopped,
        )


def _evolve(gepa: Any, adapter: _Dialogues, start: Prompt, learnt: list[int], chosen: list[int], seed: int) -> None:
    """Run GEPA in a thread of its own; it ends with the evaluations, the budget, or an error that ends the run."""
    try:
        gepa.optimize(
            seed_candidate={start.agent: start.instructions},
            trainset=learnt,
            valset=chosen,
            adapter=adapter,
            reflection_minibatch_size=MINIBATCH,
            max_metric_calls=adapter.most,
            stop_callbacks=[lambda _state: adapter.over],
            logger=adapter,
            seed=seed & 0x7FFFFFFF,
            track_best_outputs=False,
        )
    except _StopError:
        return


class _StopError(Exception):
    """Ends GEPA from inside an evaluation."""


@dataclass(slots=True)
class _Dialogues:
    """What GEPA asks: dialogues made with a text, their scores, and a better text. Called from GEPA's thread."""

    bench: Bench
    start: Prompt
    caller: Caller
    memory: frozenset[tuple[str, ...]]
    loop: asyncio.AbstractEventLoop
    most: int
    say: Callable[[str], None] | None
    seen: dict[tuple[str, int], Outcome] = field(default_factory=dict)
    evaluated: int = 0
    proposals: int = 0
    stopped: str = ""
    fatal: Exception | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more may be spent."""
        return bool(self.stopped) or self.fatal is not None or self.evaluated >= self.most

    def log(self, message: str) -> None:
        """GEPA's own log; what the user is told stands in :attr:`say`."""

    def evaluate(self, batch: list[int], candidate: dict[str, str], capture_traces: bool = False) -> Any:
        """Make the scenarios of ``batch`` (places in the plan) with a text and score them."""
        from gepa.core.adapter import EvaluationBatch

        text = candidate[self.start.agent]
        left = [place for place in dict.fromkeys(batch) if (text, place) not in self.seen]
        if self.evaluated + len(left) > self.most:
            self._stop(f"the next step needs {len(left)} dialogues more than the {self.most} evaluations allow")
        self._wait(self._make(text, left))
        made = [self.seen[text, place] for place in batch]
        scores = [score(one, self.memory) for one in made]
        return EvaluationBatch(outputs=made, scores=scores, trajectories=made if capture_traces else None)

    def make_reflective_dataset(
        self, candidate: dict[str, str], eval_batch: Any, components_to_update: list[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what the checks said of each dialogue, the rules' reasons first."""
        rows = [
            {"dialogue": _read(one), "feedback": feedback(one, self.memory)} for one in eval_batch.trajectories or ()
        ]
        return dict.fromkeys(components_to_update, rows)

    def propose_new_texts(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """Ask the LM for a better text; one that cannot be used leaves the present one."""
        present = candidate[self.start.agent]
        rows = [dict(row) for row in reflective_dataset[self.start.agent]]
        text = self._wait(self._rewrite(present, rows))
        if self.say is not None:
            self.say(f"text {self.proposals + 1}, after {self.evaluated} of {self.most} dialogues")
        return {self.start.agent: text}

    async def _make(self, text: str, places: list[int]) -> None:
        agents = cast(self.bench, self.start.with_text(text))

        async def one(place: int) -> None:
            self.seen[text, place] = await make_one(self.bench, self.bench.plan[place], agents, self.caller)
            self.evaluated += 1

        jobs = [asyncio.ensure_future(one(place)) for place in places]
        try:
            await asyncio.gather(*jobs)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _rewrite(self, present: str, rows: list[dict[str, str]]) -> str:
        self.proposals += 1
        job = type(self.start.to_agent()).__doc__ or ""
        inputs = {"agent": f"{self.start.agent}: {job}", "present": present, "dialogues": rows}
        seed = stable_hash("rewrite", self.bench.params.seed, self.proposals)
        (reply,) = await RewriteAgent().ask(self.caller, inputs, seed=seed)
        text = str(reply.fields.get("improved", "")).strip() if reply.outcome == "good" else ""
        return self.start.with_text(text).instructions if 0 < len(text) <= MOST else present

    def _wait(self, job: Any) -> Any:
        try:
            return asyncio.run_coroutine_threadsafe(job, self.loop).result()
        except BudgetError as error:
            return self._stop(str(error), error)
        except Exception as error:
            self.fatal = error
            raise _StopError from error

    def _stop(self, why: str, error: Exception | None = None) -> None:
        self.stopped = why
        if error is not None and not any(text == self.start.instructions for text, _ in self.seen):
            self.fatal = error
        raise _StopError

    def texts(self) -> list[str]:
        """Return the texts tried, in order."""
        return list(dict.fromkeys([self.start.instructions, *(text for text, _ in self.seen)]))

    def mean(self, text: str, chosen: Sequence[int]) -> float:
        """Return a text's mean score over the scenarios texts are chosen by, as far as it was made on them."""
        scores = [score(self.seen[text, place], self.memory) for place in chosen if (text, place) in self.seen]
        return sum(scores) / len(scores) if scores else 0.0

    def best(self, chosen: Sequence[int]) -> str:
        """Return the text with the best mean among those made on all chosen scenarios; the first of equals."""
        whole = [text for text in self.texts() if all((text, place) in self.seen for place in chosen)]
        return max(whole, key=lambda text: self.mean(text, chosen), default=self.start.instructions)


def feedback(made: Outcome, memory: frozenset[tuple[str, ...]]) -> str:
    """Return what the LM is told of a dialogue: why it was rejected, or how new its request is."""
    if made.outcome != "accepted":
        return f"rejected: {'; '.join(made.reasons)[:2000]}"
    share = novelty(_request(made), memory)
    return f"accepted; {share:.0%} of the request's wording is new among earlier requests"


def _read(made: Outcome) -> str:
    return dialogue_text(made.dialogue)[:6000] if made.dialogue is not None else "no dialogue came of it"
