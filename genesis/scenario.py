"""What a dialogue must show, and the legal combinations.

A *task* is one thing the user wants done. A *call shape* (``kind``) speaks of tools on offer and calls, per assistant
turn that calls: ``simple`` (one offered, one call), ``multiple`` (several offered, one call), ``parallel`` (one
offered, several calls in one message), ``parallel_multiple`` (several offered, several calls in one message).

======== ======= ============================================ ===========================================
special  turns   tasks                                        kinds
======== ======= ============================================ ===========================================
none     single  single                                       simple, multiple, parallel (one wish that
                                                              needs several calls of one tool)
none     single  multi                                        parallel, parallel_multiple
none     multi   single                                       simple, multiple, parallel
none     multi   multi                                        all four (a task or a group a turn)
none     either  multi, chained                               multiple (a later call needs an earlier
                                                              result: calls follow one another)
irrelev. either  single                                       simple, multiple; no call at all
miss_p.  multi   single                                       simple, multiple
bad_p.   either  single                                       simple, multiple; no call for the bad value
tool_e.  either  single                                       simple, multiple
======== ======= ============================================ ===========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from genesis.chat import ToolCall

Kind = Literal["simple", "multiple", "parallel", "parallel_multiple"]
Span = Literal["single", "multi"]
PERSONAS = ("plain", "terse", "chatty", "non-native", "expert", "typos", "mixed units")
Special = Literal["none", "irrelevance", "miss_param", "bad_param", "tool_error"]

_ONE_CALL: tuple[Kind, ...] = ("simple", "multiple")
LEGAL: Mapping[tuple[Special, Span, Span, bool], tuple[Kind, ...]] = {
    # (special, turns, tasks, chained): kinds
    ("none", "single", "single", False): ("simple", "multiple", "parallel"),
    ("none", "single", "multi", False): ("parallel", "parallel_multiple"),
    ("none", "multi", "single", False): ("simple", "multiple", "parallel"),
    ("none", "multi", "multi", False): ("simple", "multiple", "parallel", "parallel_multiple"),
    ("none", "single", "multi", True): ("multiple",),
    ("none", "multi", "multi", True): ("multiple",),
    ("irrelevance", "single", "single", False): _ONE_CALL,
    ("irrelevance", "multi", "single", False): _ONE_CALL,
    ("miss_param", "multi", "single", False): _ONE_CALL,
    ("bad_param", "single", "single", False): _ONE_CALL,
    ("bad_param", "multi", "single", False): _ONE_CALL,
    ("tool_error", "single", "single", False): _ONE_CALL,
    ("tool_error", "multi", "single", False): _ONE_CALL,
}


@dataclass(frozen=True, slots=True)
class Task:
    """One expected call: its tool, and which parameter the user reveals in which of its turns."""

    tool: str
    turn: int
    """User turn (from 0) after which the call can be made."""
    reveal: dict[str, int]
    """Parameter name -> user turn (from 0) that reveals its value: all required ones and the drawn optional ones."""
    needs: dict[str, int] = field(default_factory=dict)
    """Chained only: parameter name -> index of the earlier task whose result gives its value."""
    shares: tuple[str, ...] = ()
    """Parameters (also in ``reveal``) whose value is that of the first task: said once for "in Oslo and in Bergen"."""
    bad: str = ""
    """bad_param only: the parameter that is first given a value which cannot be right; in the multi-turn form the
    turn in ``reveal`` is the one that puts it right."""
    opens: int = 0
    """User turn (from 0) that first speaks of the task, whatever it reveals."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """The plan of one dialogue; everything random in it comes from ``seed``."""

    kind: Kind
    turns: Span
    tasks: Span
    special: Special = "none"
    targets: tuple[str, ...] = ()
    """Names of the tools to be called, first target first: a dialogue belongs to it."""
    distractors: tuple[str, ...] = ()
    """Names of the other tools on offer."""
    persona: str = "plain"
    slots: tuple[Task, ...] = ()
    goal: tuple[ToolCall, ...] = ()
    """The expected calls, where the plan knows them."""
    seed: int = 0
    chained: bool = False

    @property
    def last_turn(self) -> int:
        """The last user turn, from 0."""
        return max([0, *(task.turn for task in self.slots)])

    @property
    def label(self) -> str:
        """The cell of the mix, for instance ``single/multi/parallel`` or ``miss_param``."""
        if self.special != "none":
            return self.special
        return f"{self.turns}/{self.tasks}/{self.kind}" + ("/chained" if self.chained else "")


def labels() -> list[str]:
    """Return the label of every legal cell of the mix, the specials last."""
    cells = [
        Scenario(kind, turns, tasks, special, chained=chained).label
        for (special, turns, tasks, chained), kinds in LEGAL.items()
        for kind in kinds
    ]
    return sorted(set(cells), key=lambda label: ("/" not in label, cells.index(label)))
