"""verl: one row a decision of the assistant, for reinforcement learning with a rule-based reward.

::

    {"data_source": "genesisfunc", "prompt": [messages before the decision], "ability": "function_calling",
     "reward_model": {"style": "rule", "ground_truth": "JSON text of the calls, [] for an answer in words"},
     "extra_info": {"index", "id", "tools": "JSON text", "need_tools_kwargs": false, ...}}

verl reads Parquet; the rows are written as ``train.parquet`` and ``test.parquet``. Messages of the prompt are text only
(role and content) in Qwen's form, because its loader applies the chat template without tools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from genesis.dialogue import Dialogue
from genesis.formats import hermes
from genesis.formats.rows import encode


def rows(dialogue: Dialogue) -> Iterator[dict[str, Any]]:
    """Yield one row for each assistant message: what stands before it, and the calls it should make."""
    decision = 0
    for at, message in enumerate(dialogue.messages):
        if message.role != "assistant":
            continue
        before = replace(dialogue, messages=dialogue.messages[:at])
        calls = [{"name": call.name, "arguments": call.arguments} for call in message.tool_calls]
        yield {
            "data_source": "genesisfunc",
            "prompt": hermes.write_qwen(before)["messages"],
            "ability": "function_calling",
            "reward_model": {"style": "rule", "ground_truth": encode(calls)},
            "extra_info": {
                "id": dialogue.id,
                "index": decision,
                "answer": message.content,
                "tools": encode([tool.to_openai() for tool in dialogue.tools]),
                "scenario": dialogue.scenario.label if dialogue.scenario else "",
            },
        }
        decision += 1
