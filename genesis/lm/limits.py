"""How many calls are in flight, and how fast new ones start.

The gate adapts as TCP does: a refusal for being too fast halves the limit (once per flight of calls), each success
adds a little, up to what was asked for. Tokens and requests per minute are leaky buckets. Time is monotonic.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class Gate:
    """Lets at most ``limit`` calls in; ``limit`` moves between 1 and ``ceiling``."""

    def __init__(self, ceiling: int, clock: Clock = time.monotonic):
        self.ceiling = ceiling
        self.limit = float(ceiling)
        self.in_flight = 0
        self._clock = clock
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._lowered_at = float("-inf")
        self._closed_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Calls that wait to be let in."""
        return len(self._waiters)

    @property
    def paused_for(self) -> float:
        """Seconds until the gate opens again after a server asked to wait; 0: it is open."""
        return max(0.0, self._closed_until - self._clock())

    async def enter(self) -> float:
        """Wait for a place and take it; returns the time of entry, for :meth:`slow_down`."""
        if self.in_flight >= int(self.limit) or self._waiters or self.paused_for:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(place)
            self._wake()
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self.leave()
                elif place in self._waiters:  # else it was passed over already, as cancelled
                    self._waiters.remove(place)
                raise
        else:
            self.in_flight += 1
        return self._clock()

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    def _wake(self) -> None:
        pause = self.paused_for
        if pause and self._waiters:
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(pause + 0.001, self._reopen)
            return
        while self._waiters and self.in_flight < int(self.limit):
            place = self._waiters.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def _reopen(self) -> None:
        self._timer = None
        self._wake()

    def slow_down(self, entered: float, pause: float = 0.0) -> None:
        """Halve the limit for a call that entered after the last halving; start nothing for ``pause`` seconds."""
        if entered >= self._lowered_at:
            self.limit = max(1.0, self.limit / 2)
            self._lowered_at = self._clock()
        self._closed_until = max(self._closed_until, self._clock() + pause)

    def speed_up(self) -> None:
        """Raise the limit by one per round of successes."""
        if self.limit < self.ceiling:
            self.limit = min(float(self.ceiling), self.limit + 1 / self.limit)


class Bucket:
    """At most ``per_minute`` units a minute, a minute's worth at once at the start; 0: no limit."""

    def __init__(self, per_minute: float, clock: Clock = time.monotonic):
        self.per_minute = per_minute
        self._clock = clock
        self._level = float(per_minute)
        self._at = clock()

    def take(self, units: float) -> float:
        """Take units, and return the seconds to wait before using them."""
        if not self.per_minute:
            return 0.0
        now = self._clock()
        self._level = min(self.per_minute, self._level + (now - self._at) * self.per_minute / 60) - units
        self._at = now
        return max(0.0, -self._level * 60 / self.per_minute)

    def give_back(self, units: float) -> None:
        """Return units that were taken but not used; negative: more was used."""
        self._level += units
