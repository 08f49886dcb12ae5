"""What to try next where a model's replies cannot be used, from the counts of their outcomes alone.

>>> advice({"unparsable": 92, "cut": 3}, 100, adapter="chat", max_tokens=2048)
['92% of the replies are not in the format asked for: try adapter: json where `genesis lm check` finds that a JSON \
schema is held, or a larger model']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from genesis.lm.usage import UNUSABLE
from genesis.params import Params

UNREAD = 16
"""Dialogues that a session may lose to unusable replies before it stops, as long as it has lost all to them."""
_OUTCOME = re.compile(rf"(\w+): ({'|'.join(UNUSABLE)})\b")
WORTH = 0.1
"""Share of unusable replies of one kind from which there is something to say."""


def advice(outcomes: Mapping[str, int], replies: int, *, adapter: str, max_tokens: int) -> list[str]:
    """Return a sentence for each kind of unusable reply (``genesis.lm.usage.UNUSABLE``) that is frequent."""
    return [
        f"{outcomes[kind] / replies:.0%} of the replies {told}"
        for kind, told in _told(adapter, max_tokens).items()
        if replies and outcomes.get(kind, 0) >= WORTH * replies
    ]


def _told(adapter: str, max_tokens: int) -> dict[str, str]:
    """Return by outcome what is wrong with such replies, and what to try."""
    other = (
        "try adapter: json where `genesis lm check` finds that a JSON schema is held, or a larger model"
        if adapter == "chat"
        else "`genesis lm check` says whether the server holds a JSON schema; where it does, try a larger model"
    )
    return {
        "unparsable": f"are not in the format asked for: {other}",
        "cut": f"reached max_tokens ({max_tokens}): raise it; where the model repeats itself without end, a larger one "
        "or another temperature",
        "empty": "are empty: raise max_tokens if the model thinks first; else look at the server's chat template",
        "refused": "are refusals: look at the tools it refuses for (`rejected.jsonl`), or take another model",
    }


class Patience:
    """Ends when a session's first dialogues were all rejected for unusable replies: more would only cost."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self._lost: list[Sequence[str]] | None = []

    def note(self, reasons: Sequence[str]) -> str:
        """Take note of why a dialogue could not be made (nothing: it was); return why to stop, empty to go on."""
        if self._lost is None or not reasons or not all(map(_OUTCOME.match, reasons)):
            self._lost = None
            return ""
        self._lost.append(reasons)
        if len(self._lost) < UNREAD:
            return ""
        found = Counter(match.groups() for lost in self._lost for why in lost if (match := _OUTCOME.match(why)))
        told = ", ".join(f"{agent} {kind} ({count})" for (agent, kind), count in found.most_common())
        most = Counter(kind for _, kind in found.elements()).most_common(1)[0][0]
        return (
            f"the first {UNREAD} dialogues were all rejected because the model's replies could not be used: {told}; "
            f"for instance {reasons[0]!r}. Most of them {_told(self.params.adapter, self.params.max_tokens)[most]}. "
            f"The same command tries {UNREAD} more."
        )
