"""How a run is going, in numbers and in one line, for terminal and notebook.

>>> words({"planned": 120, "done": 45, "accepted": 43, "rejected": 2, "errored": 0, "calls": 1204, "in_flight": 12})
'45 of 120 done: 43 accepted, 2 rejected; 1,204 calls, 12 in flight'
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from genesis.lm.usage import total

if TYPE_CHECKING:
    from genesis.lm.caller import Caller

Status = dict[str, Any]


def status(caller: Caller) -> Status:
    """Return calls, tokens, retries, what is in flight and waits, and the cost so far (None: unknown)."""
    used = total(caller.usage)
    lanes = list({id(lane): lane for lane in caller.lanes.values()}.values())
    priced = all(lane.engine.free or lane.engine.name in lane.budget.prices for lane in lanes)
    return {
        "calls": used.calls,
        "tokens": used.tokens,
        "retries": used.retries,
        "in_flight": sum(lane.gate.in_flight for lane in lanes),
        "waiting": round(max(lane.gate.paused_for for lane in lanes), 1),
        "usd": round(lanes[0].budget.usd, 4) if priced else None,
    }


class Pace:
    """Tells how much time is left from what has been done since it was made."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def seconds_left(self, done: int, planned: int) -> float | None:
        """Return the seconds left at the pace so far; None until some have been done."""
        if self._start is None:
            self._start = (self._clock(), done)
            return None
        start, first = self._start
        if done <= first:
            return None
        return (self._clock() - start) * (planned - done) / (done - first)


def words(found: Status) -> str:
    """Return the progress line; what is not known is left out."""
    parts = [
        f"{found['done']} of {found['planned']} done: {found['accepted']} accepted, {found['rejected']} rejected"
        + (f", {found['errored']} errored" if found.get("errored") else "")
    ]
    spent = [
        f"{found[name]:,} {name.replace('_', ' ')}"
        for name in ("calls", "tokens", "in_flight", "retries")
        if found.get(name)
    ]
    if found.get("usd"):
        spent.append(f"${found['usd']:.2f}")
    elif "usd" in found and found["usd"] is None:
        spent.append("cost unknown")
    if spent:
        parts.append(", ".join(spent))
    if found.get("waiting", 0) >= 1:
        parts.append(f"waiting {found['waiting']:.0f} s as the server asked")
    left = found.get("seconds_left")
    if left is not None and left >= 1:
        parts.append(f"about {_span(left)} left")
    return "; ".join(parts)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
