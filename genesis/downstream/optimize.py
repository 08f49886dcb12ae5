"""The student's instructions, improved by GEPA on a split of a data set, within a budget that really holds.

::

    FOLDER/optimize/journal/       every call of it: a rerun pays nothing twice and takes the same way
    FOLDER/optimize/result.json    instructions, scores before and after, what it cost; written last

GEPA itself (Agrawal et al. 2025; extra ``optimize``) is used through its adapter rather than ``dspy.GEPA``: DSPy's
evaluator turns an exception, a budget that is used up among them, into a score of 0, and its threads would go round
our journal. Its two questions, the student's and the reflection's, are DSPy signatures asked through the Caller.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import dspy
import msgspec

from genesis import record
from genesis.downstream.decisions import Decision
from genesis.downstream.demos import Demos, as_fields
from genesis.downstream.program import Program
from genesis.downstream.rewards import differences, function_correctness
from genesis.downstream.student import AGENT, Mode, Student, use_mode
from genesis.errors import BudgetError, FormatError, MissingExtraError
from genesis.lm.caller import Caller, Reply, open_caller
from genesis.params import BudgetParams, Params
from genesis.text import stable_hash

OPTIMIZER = "optimizer"
_COMPONENT = "instructions"
_MINIBATCH = 3
_SHOWN = 1500
"""Characters of one attempt that the reflection is shown of any field."""
log = logging.getLogger("genesis.downstream")


class Improve(dspy.Signature):  # type: ignore[misc]
    """Improve the instructions of an assistant that can use tools.

    Read what the assistant did with its present instructions and what was wrong with it. Find the rules that would have
    made every answer right, also for other tools and requests, and write the instructions anew, complete: what the
    present ones get right, and the rules that they lack. Name no single example's values.
    """

    present: str = dspy.InputField(desc="the present instructions")
    attempts: list[dict[str, Any]] = dspy.InputField(desc="what was asked, what the assistant did, what was wrong")
    improved: str = dspy.OutputField(desc="the new instructions, complete")


@dataclass(frozen=True, slots=True)
class Optimised:
    """What came of it."""

    instructions: str
    result: dict[str, Any]
    """Plain JSON, as ``result.json`` holds it."""
    calls: int
    tokens: int
    usd: float


async def optimise(
    params: Params, folder: Path, known: Sequence[Decision], mode: Mode, demos: Demos | None = None
) -> Optimised:
    """Improve the instructions on ``known``: a part of the dialogues to learn from, another to choose by.

    Stops at ``params.student.optimize_calls`` calls (or ``optimize_tokens``, or the run's own budget, whichever is
    less) and keeps the best instructions that were scored on the whole choosing part. The same arguments give the same
    instructions, interrupted or not. Raises MissingExtraError, FormatError for fewer than 8 decisions, BudgetError
    where the budget does not even reach for scoring the instructions as written, LMError's subclasses.
    """
    if importlib.util.find_spec("gepa") is None:
        raise MissingExtraError("optimising needs gepa: pip install 'genesisfunc-workbench[optimize]'")
    calls = params.student.optimize_calls
    train, choose = split(known, calls, params.seed)
    limits = BudgetParams(
        calls=_least(calls, params.budget.calls),
        tokens=_least(params.student.optimize_tokens, params.budget.tokens),
        usd=params.budget.usd,
    )
    run = record.Run(folder / "optimize")
    run.path.mkdir(parents=True, exist_ok=True)
    async with open_caller(replace(params, budget=limits), run.journal_path) as caller:
        signature = await use_mode(caller, mode)
        adapter = Adapter(caller, signature, demos, choose, params, asyncio.get_running_loop())
        try:
            await asyncio.to_thread(_climb, adapter, train, calls)
        finally:
            adapter.stop()
        budget = caller.lane(AGENT).budget
        result = {**adapter.result(), "train": len(train), "choose": len(choose)}
        result |= {"limits": msgspec.to_builtins(limits), "calls": budget.calls, "tokens": budget.tokens}
        spent = (budget.calls, budget.tokens, budget.usd)
    run.write_json("result.json", result)
    return Optimised(result["instructions"], result, *spent)


def split(known: Sequence[Decision], calls: int, seed: int) -> tuple[list[Decision], list[Decision]]:
    """Return (to learn from, to choose by), apart by dialogue; the second has at most an eighth of ``calls``, 4 to 50.

    Raises FormatError for fewer than 8 decisions.
    """
    if len(known) < 8:
        raise FormatError(f"student.optimize: {len(known)} decisions; expected at least 8")
    names = list(dict.fromkeys(decision.dialogue for decision in known))
    Random(stable_hash("optimize", seed)).shuffle(names)
    size = max(4, min(50, calls // 8, len(known) // 2))
    chosen: set[str] = set()
    count = 0
    sizes: dict[str, int] = {}
    for decision in known:
        sizes[decision.dialogue] = sizes.get(decision.dialogue, 0) + 1
    for name in names:
        if count >= size:
            break
        chosen.add(name)
        count += sizes[name]
    choose = [decision for decision in known if decision.dialogue in chosen]
    train = [decision for decision in known if decision.dialogue not in chosen]
    if not train:
        raise FormatError("student.optimize: all decisions are of one dialogue; expected several dialogues")
    return train, choose


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _climb(adapter: Adapter, train: list[Decision], calls: int) -> None:
    """Run GEPA, in a thread of its own, until the budget or its count of evaluations ends it."""
    import gepa

    try:
        gepa.optimize(
            seed_candidate={_COMPONENT: adapter.signature.instructions},
            trainset=train,
            valset=adapter.choose,
            adapter=adapter,
            reflection_minibatch_size=min(_MINIBATCH, len(train)),
            max_metric_calls=calls,
            logger=_Quiet(),
            seed=stable_hash("gepa", adapter.params.seed) & 0x7FFFFFFF,
            raise_on_exception=True,
        )
    except BudgetError as error:
        adapter.ended = str(error)


class _Quiet:
    def log(self, message: str) -> None:
        log.debug("%s", message)


class Adapter:
    """GEPA's view of the student; called from GEPA's thread, it asks on the Caller's event loop."""

    def __init__(
        self,
        caller: Caller,
        signature: type[Student],
        demos: Demos | None,
        choose: list[Decision],
        params: Params,
        loop: asyncio.AbstractEventLoop,
    ):
        self.caller, self.signature, self.demos = caller, signature, demos
        self.choose, self.params = choose, params
        self.ended = ""
        self.scored: dict[str, float] = {}
        """Instructions -> mean correctness on all of ``choose``, in the order in which they were tried."""
        self._loop = loop
        self._stopped = False
        self._waiting: Future[Any] | None = None

    def stop(self) -> None:
        """End GEPA's thread at its next question, or at the one it waits for."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    def result(self) -> dict[str, Any]:
        """Return the best instructions and how they and the first ones scored. Raises BudgetError without a score."""
        if not self.scored:
            raise BudgetError(f"the optimisation cannot score its first instructions: {self.ended}")
        first = next(iter(self.scored.values()))
        best = max(self.scored, key=lambda text: self.scored[text])
        return {
            "instructions": best,
            "before": round(first, 6),
            "after": round(self.scored[best], 6),
            "candidates": len(self.scored),
            "ended": self.ended or "the evaluations asked for are made",
        }

    def evaluate(self, batch: list[Decision], candidate: Mapping[str, str], capture_traces: bool = False) -> Any:
        """Ask the student with these instructions; scores are function correctness, in [0, 1]."""
        from gepa.core.adapter import EvaluationBatch

        text = candidate[_COMPONENT]
        replies = self._wait(lambda: self._answers(batch, text))
        scores = [_score(decision, reply) for decision, reply in zip(batch, replies, strict=True)]
        if [one.id for one in batch] == [one.id for one in self.choose]:
            self.scored.setdefault(text, sum(scores) / len(scores))
        traces = list(zip(batch, replies, scores, strict=True)) if capture_traces else None
        return EvaluationBatch(outputs=replies, scores=scores, trajectories=traces)

    def make_reflective_dataset(
        self, candidate: Mapping[str, str], eval_batch: Any, components_to_update: Sequence[str]
    ) -> dict[str, list[dict[str, Any]]]:
        """Return what was asked, answered and wrong, for the reflection."""
        return {_COMPONENT: [_attempt(*trace) for trace in eval_batch.trajectories]}

    def propose_new_texts(
        self,
        candidate: Mapping[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: Sequence[str],
    ) -> dict[str, str]:
        """Ask for better instructions; the present ones come back where the reply is no use."""
        text = candidate[_COMPONENT]
        attempts = [dict(row) for row in reflective_dataset[_COMPONENT]]
        reply = self._wait(lambda: self._reflect(text, attempts))
        return {_COMPONENT: reply.fields["improved"].strip() if reply.good else text}

    async def _answers(self, batch: Sequence[Decision], text: str) -> list[Reply]:
        program = Program(self.signature.with_instructions(text), self.demos)
        asked = [asyncio.ensure_future(self._answer(program, decision)) for decision in batch]
        try:
            return list(await asyncio.gather(*asked))
        finally:
            for waiting in asked:
                waiting.cancel()

    async def _answer(self, program: Program, decision: Decision) -> Reply:
        fields = as_fields(decision)
        inputs = {name: fields[name] for name in ("tools", "context", "conversation")}
        seed = stable_hash("optimize", self.params.seed, decision.id)
        predictor = program.predictor(inputs)
        predictor.demos = [demo for demo in predictor.demos if demo["conversation"] != inputs["conversation"]]
        (reply,) = await self.caller.ask(AGENT, predictor, inputs, seed=seed)
        return reply

    async def _reflect(self, text: str, attempts: list[dict[str, Any]]) -> Reply:
        seed = stable_hash("reflect", self.params.seed, text)
        inputs = {"present": text, "attempts": attempts}
        (reply,) = await self.caller.ask(OPTIMIZER, dspy.Predict(Improve), inputs, seed=seed)
        return reply

    def _wait(self, question: Callable[[], Any]) -> Any:
        if self._stopped:
            raise CancelledError
        self._waiting = asyncio.run_coroutine_threadsafe(question(), self._loop)
        return self._waiting.result()


def _score(decision: Decision, reply: Reply) -> float:
    if not reply.good:
        return 0.0
    return function_correctness(_given(reply), _gold(decision))


def _given(reply: Reply) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in reply.fields["calls"]]


def _gold(decision: Decision) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in decision.answer.tool_calls]


def _attempt(decision: Decision, reply: Reply, score: float) -> dict[str, Any]:
    if reply.good:
        wrong = differences(_given(reply), _gold(decision)) or ["right"]
        did: Any = [{"name": name, "arguments": arguments} for name, arguments in _given(reply)]
    else:
        wrong, did = [f"no answer in the form asked for: {reply.reason}"], reply.text[:_SHOWN]
    tools = [{"name": tool["name"], "description": tool["description"][:200]} for tool in decision.question.tools]
    return {
        "tools": tools,
        "request": decision.request[:_SHOWN],
        "calls": did,
        "score": round(score, 3),
        "feedback": "; ".join(wrong)[:_SHOWN],
    }
