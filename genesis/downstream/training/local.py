"""A fine-tuned student in this process, behind the one interface; for a served one, see ``genesis predict``.

    >>> student = LocalStudent.load("students/a/model")                                 # doctest: +SKIP
    >>> student.predict(tools, [Message("user", "Will it rain in Oslo?")]).tool_calls     # doctest: +SKIP
    (ToolCall(id='call_1', name='get_weather', arguments={'city': 'Oslo'}),)

Greedy. It reads ``<tool_call>`` tags (Qwen's and Hermes's form); a model whose chat template writes calls in another
form is refused: a server that reads its form (vLLM, ``transformers serve``) is asked with ``genesis predict``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genesis.chat import Message
from genesis.downstream.interface import Question, Tools
from genesis.downstream.replies import read_reply
from genesis.downstream.training import models
from genesis.downstream.training.rows import hf_messages, hf_tools
from genesis.errors import FormatError


@dataclass(frozen=True, slots=True)
class LocalStudent:
    """A model and its tokenizer, asked in batches."""

    name: str
    model: Any
    tokenizer: Any
    max_completion: int = 512
    batch: int = 16
    simulated: bool = False

    @classmethod
    def load(cls, name: str, *, max_completion: int = 512, batch: int = 16) -> LocalStudent:
        """Load a student by name or folder. Raises MissingExtraError, FormatError."""
        model, tokenizer = models.load(name)
        if not models.writes_tagged_calls(tokenizer):
            raise FormatError(
                f"model {name}: its chat template writes calls in another form than <tool_call> tags; serve it and use "
                "`genesis predict --api-base URL`"
            )
        return cls(name, model, tokenizer, max_completion, batch)

    def predict(self, tools: Tools, messages: Sequence[Message]) -> Message:
        """Return the student's answer."""
        return self.predict_many([Question(tuple(map(dict, tools)), tuple(messages))])[0]

    def predict_many(self, questions: Sequence[Question]) -> list[Message]:
        """Return the answers in the questions' order; prompts of like length are asked together."""
        texts = [self._prompt(asked) for asked in questions]
        order = sorted(range(len(texts)), key=lambda index: (len(texts[index]), index))
        answers: dict[int, Message] = {}
        for start in range(0, len(order), self.batch):
            some = order[start : start + self.batch]
            for index, text in zip(some, self._complete([texts[index] for index in some]), strict=True):
                answers[index] = read_reply(text).message
        return [answers[index] for index in range(len(texts))]

    def _prompt(self, asked: Question) -> str:
        text: str = self.tokenizer.apply_chat_template(
            hf_messages(asked.messages),
            tools=hf_tools(asked.tools) or None,
            tokenize=False,
            add_generation_prompt=True,
        )
        return text

    def _complete(self, texts: list[str]) -> list[str]:
        import torch

        self.model.eval()
        given = self.tokenizer(
            texts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False
        ).to(self.model.device)
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=given["input_ids"],
                attention_mask=given["attention_mask"],
                max_new_tokens=self.max_completion,
                do_sample=False,
                pad_token_id=self.tokenizer.pad_token_id,
            )
        completed: list[str] = self.tokenizer.batch_decode(
            out[:, given["input_ids"].shape[1] :], skip_special_tokens=True
        )
        return completed
