"""Which dialogues may start: a tool's next round, once all rounds before its last one are done."""

from __future__ import annotations

import asyncio

from genesis.planner import Planned


class Rounds:
    """What has been done of a plan, and who waits for it."""

    def __init__(self, planned: list[Planned]) -> None:
        self._open = [0, 0]
        for one in planned:
            while len(self._open) <= one.round:
                self._open.append(0)
            self._open[one.round] += 1
        self._tools = {(one.tool, one.round) for one in planned}
        self._complete = 0
        self._waiting: dict[tuple[str, int] | int, list[asyncio.Future[None]]] = {}

    async def may_start(self, planned: Planned) -> None:
        """Wait until what steers this dialogue is settled; all of it stands earlier in the plan."""
        while (blocker := self._blocker(planned)) is not None:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(blocker, []).append(waiting)
            await waiting

    def _blocker(self, planned: Planned) -> tuple[str, int] | int | None:
        """Return what must be done first: the tool's last round, or all rounds up to a number; None: nothing."""
        before = (planned.tool, planned.round - 1)
        if before in self._tools:
            return before
        return planned.round - 2 if self._complete < planned.round - 2 else None

    def close(self, planned: Planned) -> None:
        """Note that a dialogue is done."""
        self._open[planned.round] -= 1
        self._tools.discard((planned.tool, planned.round))
        self._wake((planned.tool, planned.round))
        while self._complete + 1 < len(self._open) and not self._open[self._complete + 1]:
            self._complete += 1
            self._wake(self._complete)

    def _wake(self, done: tuple[str, int] | int) -> None:
        for waiting in self._waiting.pop(done, ()):
            if not waiting.done():
                waiting.set_result(None)
