"""Demonstrations for the student's prompt: k right answers from a data set, at random or nearest to the request.

    >>> demos = Demos(decisions(dialogues, after_results=False), k=4, pick="nearest", seed=0)    # doctest: +SKIP
    >>> demos.of("Will it rain in Oslo?")[-1]["calls"]                                            # doctest: +SKIP
    [{'name': 'get_weather', 'arguments': {'city': 'Bergen'}}]

Nearest: cosine of hashed TF-IDF over the words of what the user said last, weights from the data set alone, so that
an item's demonstrations do not depend on what else is asked. The nearest stands last, next to the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Literal

from genesis.downstream.decisions import Decision
from genesis.downstream.interface import line_of
from genesis.errors import FormatError
from genesis.text import FEATURES, hashed_tfidf, stable_hash, words

Pick = Literal["random", "nearest"]


class Demos:
    """A data set's decisions, ready to be drawn from."""

    def __init__(self, known: Sequence[Decision], *, k: int, pick: Pick = "random", seed: int = 0):
        if len(known) < k:
            raise FormatError(f"demonstrations: {k} are asked for, the data set has {len(known)}")
        self.known = list(known)
        self.k = k
        self.pick: Pick = pick
        self._drawn = sorted(Random(stable_hash("demos", seed)).sample(range(len(self.known)), k))
        if pick == "nearest":
            import numpy as np

            texts = [words(one.request) for one in self.known]
            self._idf = _idf(texts, np)
            self._matrix = hashed_tfidf(texts, idf=self._idf)

    def of(self, request: str) -> list[dict[str, Any]]:
        """Return the ``k`` demonstrations for a request, as values of the student's fields."""
        if self.pick == "random":
            return [as_fields(self.known[row]) for row in self._drawn]
        import numpy as np

        query = hashed_tfidf([words(request)], idf=self._idf)
        scores = np.asarray((self._matrix @ query.T).todense()).ravel()
        best = np.lexsort((np.arange(len(scores)), -scores))[: self.k]
        return [as_fields(self.known[int(row)]) for row in reversed(best)]


def as_fields(decision: Decision) -> dict[str, Any]:
    """Return a decision as inputs and outputs of the student's signature."""
    asked, answer = decision.question, decision.answer
    context, messages = split_context(asked.messages)
    return {
        "tools": list(asked.tools),
        "context": context,
        "conversation": [line_of(message) for message in messages],
        "calls": [{"name": call.name, "arguments": call.arguments} for call in answer.tool_calls],
        "message": answer.content,
    }


def split_context(messages: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the leading system message's text (or nothing) and the messages after it."""
    if messages and messages[0].role == "system":
        return messages[0].content, list(messages[1:])
    return "", list(messages)


def _idf(texts: Sequence[Sequence[str]], np: Any) -> Any:
    seen = np.bincount(hashed_tfidf(texts).indices, minlength=FEATURES)
    return np.log((1 + len(texts)) / (1 + seen)) + 1
