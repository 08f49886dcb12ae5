"""One item of a benchmark, as plain data in the benchmark's own dialect.

>>> item = Item("simple_python_0", "simple_python", [{"role": "user", "content": "Area of a triangle 10 by 5?"}],
...             [{"name": "area", "parameters": {"type": "dict", "properties": {}}}], [{"area": {"base": [10]}}])
>>> item.functions[0]["parameters"]["type"]
'dict'
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """A request, the functions on offer and the right answer; nothing in it is mapped or repaired."""

    id: str
    category: str
    messages: list[dict[str, Any]]
    """``{"role", "content"}``; an assistant message with calls has ``tool_calls`` in Hugging Face form."""
    functions: list[dict[str, Any]]
    """Raw definitions on offer, in the benchmark's dialect (``"type": "dict"``, ``"arguments"`` for parameters)."""
    gold: Any
    """The benchmark's own form of the answer; see the reader of each benchmark."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What else the benchmark's row says: ACEBench's ``time``, ``profile`` and ``question``, API-Bank's prompts."""
