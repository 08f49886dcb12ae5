"""The one interface of all students: ``predict(tools, messages) -> message``; and how any of them is scored.

    >>> class Silent:
    ...     name, simulated = "silent", False
    ...     def predict(self, tools, messages):
    ...         return Message("assistant", "I cannot do that.")
    >>> score_student(Silent(), "bfcl", limit=100).summary["aggregates"]["irrelevance"]["accuracy"]   # doctest: +SKIP
    1.0

Tools are plain JSON Schema, ``{"name", "description", "parameters"}``; messages are :class:`genesis.chat.Message`, the
last one from the user or a tool. A student that answers many at once also has ``predict_many`` (a batch) or
``apredict`` (asynchronous); :func:`answer_all` takes the best there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from genesis.agents.wire import Line
from genesis.benchmarks.item import Item
from genesis.chat import ROLES, Message, Role, ToolCall
from genesis.downstream.asking import Task, make_task
from genesis.downstream.predictions import Prediction
from genesis.downstream.score import Report, load_items, report, scorer_of
from genesis.errors import BenchmarkError, FormatError

Tools = Sequence[Mapping[str, Any]]
"""``{"name", "description", "parameters"}`` each, parameters as plain JSON Schema."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a student is asked: the tools on offer and the conversation so far."""

    tools: tuple[dict[str, Any], ...]
    messages: tuple[Message, ...]


class Student(Protocol):
    """Anything that answers a conversation, with tool calls or in words."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def simulated(self) -> bool:
        """Whether no trained model is behind it: what is made with it must say so."""

    def predict(self, tools: Tools, messages: Sequence[Message]) -> Message:
        """Return the assistant's next message. What the model wrote is never an error; text that is no call is text."""


def question(benchmark: str, item: Item) -> tuple[Question, Task]:
    """Return a benchmark's item as a question, and the task that gives its tools their own names back.

    The benchmark's terms (time, profile, phrases it dictates) become a system message.
    """
    task = make_task(benchmark, item, legal_names=True)
    messages = tuple(message_of(line) for line in task.inputs["conversation"])
    return Question(tuple(task.inputs["tools"]), with_context(task.inputs["context"], messages)), task


def with_context(context: str, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the messages with ``context`` at the head of their system message; there is at most one."""
    if not context:
        return messages
    if messages and messages[0].role == "system":
        return (Message("system", f"{context}\n\n{messages[0].content}"), *messages[1:])
    return (Message("system", context), *messages)


def message_of(line: Line) -> Message:
    """Return one line of a prompt's conversation as a message. Raises FormatError for an unknown role."""
    if line.role not in ROLES:
        raise FormatError(f"conversation: role is {line.role!r}; expected one of {list(ROLES)}")
    role: Role = line.role
    calls = tuple(ToolCall(call["id"], call["name"], call.get("arguments", {})) for call in line.calls)
    return Message(role, line.content, calls, line.answers or None)


def line_of(message: Message) -> Line:
    """Return a message as a line of a prompt's conversation."""
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls]
    return Line(message.role, message.content, calls, message.tool_call_id or "")


def prediction_of(task: Task, answer: Message) -> Prediction:
    """Return a student's answer as the scorers take it, under the benchmark's own names."""
    calls = tuple((task.names.get(call.name, call.name), call.arguments) for call in answer.tool_calls)
    return Prediction(task.id, calls, answer.content)


async def answer_all(student: Student, questions: Sequence[Question], *, concurrency: int = 64) -> list[Message]:
    """Return a student's answers in the questions' order.

    By ``predict_many(questions)`` where it has one, else ``apredict(tools, messages)``, at most ``concurrency`` at
    once, else ``predict`` one after the other. Raises what the student raises.
    """
    many, one = getattr(student, "predict_many", None), getattr(student, "apredict", None)
    if many is not None:
        answers: list[Message] = await asyncio.to_thread(many, questions)
        if len(answers) != len(questions):
            raise BenchmarkError(f"{student.name}: {len(answers)} answers to {len(questions)} questions")
        return answers
    if one is None:
        return [await asyncio.to_thread(student.predict, asked.tools, asked.messages) for asked in questions]
    gate = asyncio.Semaphore(concurrency)

    async def answer(asked: Question) -> Message:
        async with gate:
            found: Message = await one(asked.tools, asked.messages)
            return found

    return list(await asyncio.gather(*map(answer, questions)))


async def ascore_student(
    student: Student,
    benchmark: str,
    items: Sequence[Item] | None = None,
    *,
    data: str | Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    concurrency: int = 64,
    out: str | Path | None = None,
) -> Report:
    """Score any student on a benchmark by its official rule; :func:`score_student` outside an event loop.

    ``items``: all of the benchmark unless given. ``limit``: items asked, drawn by ``seed`` in proportion to the
    categories. ``out``: a folder for ``predictions.jsonl``, ``verdicts.jsonl`` and ``score.json``, as
    ``genesis predict`` writes them. The summary holds ``student`` and ``simulated`` beside the scorer's figures.
    Raises BenchmarkError, RecordError for a folder that cannot be written, before anything is asked, and what the
    student raises: an exception is never a wrong answer.
    """
    from genesis.downstream.predict import draw, results_folder, write_results

    run = None if out is None else results_folder(out)
    every = load_items(benchmark, data) if items is None else list(items)
    chosen = draw(every, limit, seed)
    asked = [question(benchmark, item) for item in chosen]
    answers = await answer_all(student, [one for one, _ in asked], concurrency=concurrency)
    given = {task.id: prediction_of(task, answer) for (_, task), answer in zip(asked, answers, strict=True)}
    found = report(benchmark, given, every, scorer_of(benchmark).gold(every))
    made = Report(found.scored, {"student": student.name, "simulated": student.simulated, **found.summary})
    if run is not None:
        write_results(run, given, made, made.summary)
    return made


def score_student(student: Student, benchmark: str, items: Sequence[Item] | None = None, **options: Any) -> Report:
    """Score any student on a benchmark; the options are those of :func:`ascore_student`."""
    return asyncio.run(ascore_student(student, benchmark, items, **options))
