"""What the testing server answers with: a chat completion as OpenAI writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from genesis.lm.testing import Call, Reaction


def completion(reaction: Reaction, number: int, call: Call | None) -> bytes:
    """Return the body of a chat completion as OpenAI writes it."""
    asked = call.n if call is not None else 1
    texts = [reaction.text] * asked if isinstance(reaction.text, str) else list(reaction.text)
    choices = []
    for index, text in enumerate(texts):
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": reaction.refusal}
        if reaction.reasoning is not None:
            message["reasoning_content"] = reaction.reasoning
        choices.append({"index": index, "message": message, "finish_reason": reaction.finish})
    body: dict[str, Any] = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 0,
        "model": call.body.get("model", "any") if call is not None else "any",
        "choices": choices,
    }
    if reaction.usage:
        prompt = sum(len(message["content"]) // 4 for message in call.messages) if call is not None else 0
        written = sum(len(text) // 4 for text in texts)
        body["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": written,
            "total_tokens": prompt + written,
        }
    return msgspec.json.encode(body)
