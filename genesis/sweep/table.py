"""The live table of a sweep: rewritten in place on a terminal, one line an event elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import IO

from genesis.sweep.execute import Board, State

MOST = 12
"""Points shown at once; those that run or failed come first."""
_RANK = {"running": 0, "failed": 1, "interrupted": 2, "waiting": 3, "done": 4}


class Table:
    """What ``genesis sweep`` shows while it runs; call it with the board as often as you like."""

    def __init__(self, stream: IO[str] | None = None, every: float = 0.5):
        self.stream = stream or sys.stderr
        self.every = every
        self.live = self.stream.isatty()
        self._told = 0.0
        self._lines = 0
        self._seen: dict[str, str] = {}

    def __call__(self, board: Board) -> None:
        """Show the board: on a terminal at most twice a second, elsewhere what has changed."""
        if not self.live:
            self._events(board)
            return
        over = not board.count("waiting") + board.count("running")
        if not over and time.monotonic() - self._told < self.every:
            return
        self._told = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        lines = [line[:width] for line in text(board).splitlines()]
        back = f"\033[{self._lines}F" if self._lines else ""
        self.stream.write(back + "".join(f"{line}\033[K\n" for line in lines) + "\033[J")
        self.stream.flush()
        self._lines = len(lines)

    def _events(self, board: Board) -> None:
        for state in board.states:
            if self._seen.get(state.run.id) != state.status and state.status != "waiting":
                self._seen[state.run.id] = state.status
                took = f" after {state.seconds:.0f} s" if state.seconds else ""
                why = f": {state.error or 'complete already'}" if state.error or state.reused else ""
                print(f"{_name(state)}: {state.status}{took}{why}", file=self.stream, flush=True)


def text(board: Board) -> str:
    """Return the table: a head with counts and time left, then one line a point, at most MOST."""
    counts = [f"{board.count(status)} {status}" for status in ("waiting", "running", "done", "failed")]
    told = [state.progress() for state in board.states]
    total = {name: sum(int(found.get(name) or 0) for found in told) for name in ("accepted", "calls")}
    left = board.seconds_left()
    head = f"{len(board.states)} points: {', '.join(counts)}; {total['accepted']:,} accepted, {total['calls']:,} calls"
    if left is not None and left > 0:
        head += f"; about {left:,.0f} s left"
    shown = sorted(board.states, key=lambda state: _RANK[state.status])[:MOST]
    width = max(len(_name(state)) for state in shown)
    lines = [f"  {_name(state):<{width}}  {state.status:<11}  {state.words()}".rstrip() for state in shown]
    rest = len(board.states) - len(shown)
    return "\n".join([head, *lines, *([f"  ... and {rest} more"] if rest else [])])


def _name(state: State) -> str:
    return f"{state.point.arm}, seed {state.point.params.seed}"
