"""The program: any LM as a student, zero-shot, with demonstrations, or with instructions that GEPA has improved.

    >>> async with program_student(params, "predictions/mine") as student:        # doctest: +SKIP
    ...     answer = await student.apredict(tools, [Message("user", "Will it rain in Oslo?")])
    >>> answer.tool_calls[0].arguments                                           # doctest: +SKIP
    {'city': 'Oslo'}

One ``dspy.Predict`` on the student's signature, asked through the Caller: journal, limits, budget, resume.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dspy
import xxhash

from genesis.benchmarks.item import Item
from genesis.chat import Message, ToolCall
from genesis.downstream.decisions import Decision, apart, decisions
from genesis.downstream.demos import Demos, split_context
from genesis.downstream.interface import Question, Tools, line_of
from genesis.downstream.student import AGENT, Mode, NativeStudent, Student, use_mode
from genesis.errors import BudgetError, FormatError, RecordError
from genesis.formats import dialogues
from genesis.lm.caller import Caller, Reply, open_caller
from genesis.params import BudgetParams, Params
from genesis.text import stable_hash


@dataclass(frozen=True, slots=True)
class Program:
    """What is asked with every item: the signature with its instructions, and where demonstrations come from."""

    signature: type[Student]
    demos: Demos | None = None
    native: bool = False
    """Whether the API's own tool calls are used."""

    def predictor(self, inputs: dict[str, Any]) -> dspy.Predict:
        """Return the predictor for one item: demonstrations may depend on its request."""
        predictor = dspy.Predict(self.signature)
        if self.demos is not None:
            request = next((line.content for line in reversed(inputs["conversation"]) if line.role == "user"), "")
            predictor.demos = self.demos.of(request)
        return predictor


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes a program of a signature: demonstrations drawn, instructions found; and what to note of it."""

    demos: Demos | None = None
    instructions: str | None = None
    about: dict[str, Any] | None = None
    """Plain JSON; None for the plain zero-shot program."""
    spent: BudgetParams = field(default_factory=BudgetParams)
    """What the optimisation has used."""

    def program(self, signature: type[Student]) -> Program:
        """Return the program on a mode's signature."""
        native = issubclass(signature, NativeStudent)
        if self.instructions is not None:
            signature = signature.with_instructions(self.instructions)  # no subclass of the mode's signature
        return Program(signature, self.demos, native)


async def prepare(params: Params, folder: Path, mode: Mode, items: Sequence[Item] = ()) -> Recipe:
    """Draw demonstrations and improve the instructions, as ``params.student`` says; never from the scored ``items``.

    Raises FormatError for a data set that cannot be read or is too small, LMError's subclasses, MissingExtraError.
    """
    wanted = params.student
    recipe = Recipe()
    if wanted.demos:
        known, about = _learnable(wanted.demos, items, "demos")
        demos = Demos(known, k=wanted.k, pick=wanted.pick, seed=params.seed)
        recipe = replace(recipe, demos=demos, about={"demos": {**about, "k": wanted.k, "pick": wanted.pick}})
    if wanted.optimize:
        from genesis.downstream.optimize import optimise

        known, about = _learnable(wanted.optimize, items, "optimize")
        found = await optimise(params, folder, known, mode, recipe.demos)
        told = {**about, **found.result}
        spent = BudgetParams(calls=found.calls, tokens=found.tokens, usd=found.usd)
        recipe = replace(
            recipe, instructions=found.instructions, about={**(recipe.about or {}), "optimize": told}, spent=spent
        )
    return recipe


def rest_of(limits: BudgetParams, spent: BudgetParams) -> BudgetParams:
    """Return what a budget leaves after ``spent``. Raises BudgetError where that is nothing."""
    left: dict[str, Any] = {}
    for name in ("calls", "tokens", "usd"):
        limit, used = getattr(limits, name), getattr(spent, name) or 0
        left[name] = None if limit is None else limit - used
        if limit is not None and left[name] <= 0:
            raise BudgetError(f"budget.{name} of {limit:g} is reached: the optimisation has used {used:g}; raise it")
    return BudgetParams(**left)


def _learnable(path: str, items: Sequence[Item], name: str) -> tuple[list[Decision], dict[str, Any]]:
    """Return a data set's decisions after the user's messages without those of scored items, and a note on it."""
    known, excluded = apart(decisions(dialogues(path), after_results=False), items)
    if not known:
        raise FormatError(f"student.{name}: {path} has no decision to learn from; {excluded} are scored items' own")
    digest = xxhash.xxh3_64_hexdigest(Path(path).read_bytes())
    return known, {"data": Path(path).name, "hash": digest, "decisions": len(known), "excluded": excluded}


class ProgramStudent:
    """The program behind the one interface of all students."""

    def __init__(self, caller: Caller, program: Program, seed: int = 0):
        self.caller = caller
        self.program = program
        self.seed = seed

    @property
    def name(self) -> str:
        """The LM's name."""
        return self.caller.lm_name(AGENT)

    @property
    def simulated(self) -> bool:
        """Whether the LM is simulated."""
        return self.caller.simulated

    async def apredict(self, tools: Tools, messages: Sequence[Message]) -> Message:
        """Return the LM's answer. Raises LMError's subclasses where no answer comes, never for what it wrote."""
        context, talk = split_context(messages)
        offered = [dict(tool) for tool in tools]
        inputs = {"tools": offered, "context": context, "conversation": list(map(line_of, talk))}
        asked = Question(tuple(offered), tuple(messages))
        (reply,) = await self.caller.ask(
            AGENT, self.program.predictor(inputs), inputs, seed=stable_hash("student", self.seed, asked)
        )
        return answer_of(reply)

    def predict(self, tools: Tools, messages: Sequence[Message]) -> Message:
        """Return the LM's answer, outside an event loop; in one, :meth:`apredict`."""
        return asyncio.run(self.apredict(tools, messages))


def answer_of(reply: Reply) -> Message:
    """Return a reply as a message; a bad one is what the model wrote, as text."""
    if not reply.good:
        return Message("assistant", reply.text)
    calls = tuple(ToolCall(f"call_{n}", one.name, one.arguments) for n, one in enumerate(reply.fields["calls"], 1))
    return Message("assistant", reply.fields["message"], calls, None, reply.reasoning or None)


@asynccontextmanager
async def program_student(
    params: Params, folder: str | Path, *, mode: Mode = "auto", items: Sequence[Item] = ()
) -> AsyncIterator[ProgramStudent]:
    """Open ``params.lm`` as a student; its journal lies in ``folder``. Raises as :func:`prepare` does, RecordError."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from error
    recipe = await prepare(params, path, mode, items)
    left = replace(params, budget=rest_of(params.budget, recipe.spent))
    async with open_caller(left, path / "journal") as caller:
        yield ProgramStudent(caller, recipe.program(await use_mode(caller, mode)), params.seed)
