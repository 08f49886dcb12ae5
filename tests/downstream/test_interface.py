"""One interface for every student: a gold student scores as gold, names come back, many at once keep their order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from genesis.benchmarks.item import Item
from genesis.chat import Message, ToolCall
from genesis.downstream import bfcl
from genesis.downstream.interface import Question, Tools, answer_all, question, score_student, with_context
from genesis.downstream.predict import draw
from genesis.downstream.score import score
from genesis.errors import BenchmarkError, RecordError


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return bfcl.items()


class Gold:
    """Answers with the benchmark's own calls, under the names it was offered."""

    name, simulated = "gold", True

    def __init__(self, items: Sequence[Item]):
        gold = bfcl.gold(items)
        self.known = {}
        for item in items:
            asked, task = question("bfcl", item)
            legal = {original: name for name, original in task.names.items()}
            calls = [ToolCall(f"c{n}", legal[name], given) for n, (name, given) in enumerate(gold[item.id].calls or ())]
            self.known[str(asked)] = Message("assistant", "", tuple(calls))

    def predict(self, tools: Tools, messages: Sequence[Message]) -> Message:
        return self.known[str(Question(tuple(map(dict, tools)), tuple(messages)))]


class Batched(Gold):
    def predict_many(self, questions: Sequence[Question]) -> list[Message]:
        return [self.predict(asked.tools, asked.messages) for asked in questions]


class Waiting(Gold):
    most = running = 0

    async def apredict(self, tools: Tools, messages: Sequence[Message]) -> Message:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001 if len(str(messages)) % 2 else 0.003)
        self.running -= 1
        return self.predict(tools, messages)


@pytest.mark.parametrize("kind", [Gold, Batched, Waiting])
def test_gold_student_scores_as_gold(kind: type[Gold], items: list[Item]) -> None:
    chosen = draw(items, 60, 0)
    student = kind(chosen)
    found = score_student(student, "bfcl", items, limit=60, concurrency=5)
    wrong = [one.id for one in found.scored if not one.correct]
    assert wrong == found.summary["unsatisfiable"]
    assert (found.summary["student"], found.summary["simulated"], found.summary["predicted"]) == ("gold", True, 60)
    assert any("." in function["name"] for item in chosen for function in item.functions), "names that APIs refuse"
    if isinstance(student, Waiting):
        assert student.most == 5


def test_results_lie_in_a_folder_and_score_again_to_the_same_figures(items: list[Item], tmp_path: Path) -> None:
    chosen = draw(items, 30, 0)
    found = score_student(Gold(chosen), "bfcl", items, limit=30, out=tmp_path / "a" / "b")
    folder = tmp_path / "a" / "b"
    assert sorted(file.name for file in folder.iterdir()) == ["predictions.jsonl", "score.json", "verdicts.jsonl"]
    assert json.loads((folder / "score.json").read_bytes()) == json.loads(json.dumps(found.summary))
    assert len((folder / "verdicts.jsonl").read_text().splitlines()) == 30
    again = score("bfcl", folder / "predictions.jsonl").summary
    assert again["aggregates"] == found.summary["aggregates"]


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(items: list[Item], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot be written"):
        score_student(Gold([]), "bfcl", items, limit=1, out=tmp_path / "file" / "x")


def test_a_batch_of_another_length_is_refused(items: list[Item]) -> None:
    class Short(Gold):
        def predict_many(self, questions: Sequence[Question]) -> list[Message]:
            return []

    with pytest.raises(BenchmarkError, match="0 answers to 1 questions"):
        asyncio.run(answer_all(Short([]), [Question((), (Message("user", "hi"),))]))


def test_context_joins_the_system_message() -> None:
    user = Message("user", "hi")
    assert with_context("", (user,)) == (user,)
    assert with_context("Now: noon", (user,)) == (Message("system", "Now: noon"), user)
    assert with_context("Now: noon", (Message("system", "Be brief."), user)) == (
        Message("system", "Now: noon\n\nBe brief."),
        user,
    )
