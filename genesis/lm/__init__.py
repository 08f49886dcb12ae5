"""Language models: open one by name; engines, journal, limits and usage.

>>> async with genesis.lm.open(params, run.journal_path) as caller: ...
>>> dspy.configure(lm=genesis.lm.lm("offline"))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genesis.lm.caller import Caller as Caller
    from genesis.lm.caller import Reply as Reply
    from genesis.lm.caller import open_caller as open_caller
    from genesis.lm.plain import lm as lm

    open = open_caller

_PLACES = {
    "Caller": ("genesis.lm.caller", "Caller"),
    "Reply": ("genesis.lm.caller", "Reply"),
    "open": ("genesis.lm.caller", "open_caller"),
    "open_caller": ("genesis.lm.caller", "open_caller"),
    "lm": ("genesis.lm.plain", "lm"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for where it is asked for: DSPy takes half a second."""
    if name not in _PLACES:
        raise AttributeError(f"module 'genesis.lm' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)
