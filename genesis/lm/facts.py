"""What is known of a model before it is asked: price and context window.

The user's own entries (``prices``, ``context`` in the parameters) come first. For a provider's own endpoint the table
that DSPy carries (litellm's, with its date in DSPy's ``provenance.json``) is read from disk; nothing is fetched. What
neither knows is unknown: never 0, never a guess. An endpoint named by ``api_base`` has the user's entries only.
"""

from __future__ import annotations

import functools
import gzip
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

from genesis.params import Params


@dataclass(frozen=True, slots=True)
class Facts:
    """Price and window of one model; None: unknown."""

    price: tuple[float, float] | None = None
    """US dollars per million prompt and completion tokens."""
    context: int | None = None
    """Tokens of prompt and reply together."""


def facts_of(name: str, params: Params, *, api_base: str = "") -> Facts:
    """Return what is known of a model by its LM name."""
    if name == "offline" or name.startswith("replay:"):
        return Facts((0.0, 0.0))
    bare = name.removeprefix("openai/") if api_base else name.partition("/")[2]
    price = params.prices.get(name) or params.prices.get(bare)
    context = params.context.get(name) or params.context.get(bare)
    known = Facts() if api_base else _from_table(*name.split("/", 1))
    return Facts((price[0], price[1]) if price else known.price, context or known.context)


def _from_table(provider: str, model: str) -> Facts:
    table = _table()
    entry = table.get(f"{provider}/{model}") or table.get(model) or {}
    if entry.get("litellm_provider") != provider:
        return Facts()
    prompt, completion = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    price = None if prompt is None or completion is None else (prompt * 1e6, completion * 1e6)
    return Facts(price, entry.get("max_input_tokens"))


@functools.cache
def _table() -> dict[str, Any]:
    packed = resources.files("dspy.clients.model_metadata").joinpath("snapshot.json.gz").read_bytes()
    table: dict[str, Any] = json.loads(gzip.decompress(packed))
    return table
