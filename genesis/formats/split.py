"""Splits of a data set, seeded: by dialogue, or by tool so that no tool stands on both sides. Rows keep their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from genesis.dialogue import Dialogue
from genesis.errors import FormatError
from genesis.text import stable_hash

Split = Literal["none", "dialogue", "tool"]


def split(dialogues: Sequence[Dialogue], by: Split, share: float, seed: int) -> dict[str, list[Dialogue]]:
    """Return ``{"train": [...], "test": [...]}``; ``none`` puts everything into train.

    By tool: dialogues that call a tool in common stay together, and offered tools of the other side that are not
    called are taken off the list. Raises FormatError where the calls tie everything together.
    """
    if not 0 < share < 1 and by != "none":
        raise FormatError(f"share of the test split is {share}; expected between 0 and 1")
    if by == "none":
        return {"train": list(dialogues)}
    if by == "dialogue":
        chosen = _first(range(len(dialogues)), [1] * len(dialogues), share, seed)
        return _sides(dialogues, [number in chosen for number in range(len(dialogues))])
    return _by_tool(dialogues, share, seed)


def _first(groups: Sequence[int], sizes: Sequence[int], share: float, seed: int) -> set[int]:
    """Choose groups in a seeded order until their sizes come nearest to a share; never all of them, never none."""
    goal = share * sum(sizes)
    chosen: set[int] = set()
    total = 0
    for group in sorted(groups, key=lambda group: stable_hash(seed, "split", group)):
        if total + sizes[group] <= goal + sizes[group] / 2 and len(chosen) + 1 < len(groups):
            chosen.add(group)
            total += sizes[group]
    return chosen


def _sides(dialogues: Sequence[Dialogue], in_test: Sequence[bool]) -> dict[str, list[Dialogue]]:
    sides: dict[str, list[Dialogue]] = {"train": [], "test": []}
    for dialogue, test in zip(dialogues, in_test, strict=True):
        sides["test" if test else "train"].append(dialogue)
    if not all(sides.values()):
        raise FormatError(f"{len(dialogues)} dialogues cannot be split in two: one side is empty")
    return sides


def called(dialogue: Dialogue) -> set[str]:
    """Return the names of the tools a dialogue calls."""
    return {call.name for message in dialogue.messages for call in message.tool_calls}


def _by_tool(dialogues: Sequence[Dialogue], share: float, seed: int) -> dict[str, list[Dialogue]]:
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for dialogue in dialogues:
        names = sorted(called(dialogue))
        for name in names:
            parent[root(name)] = root(names[0])
    roots = sorted({root(name) for name in list(parent)})
    number = {name: place for place, name in enumerate(roots)}
    sizes = Counter(number[root(min(called(dialogue)))] for dialogue in dialogues if called(dialogue))
    if len(roots) < 2:
        raise FormatError("cannot be split by tool: the calls tie all dialogues together; split by dialogue instead")
    chosen = _first(range(len(roots)), [sizes[place] for place in range(len(roots))], share, seed)
    test_tools = {name for name in list(parent) if number[root(name)] in chosen}
    test_tools |= _uncalled(dialogues, set(parent), share, seed)
    in_test = [_belongs(dialogue, test_tools) for dialogue in dialogues]
    sides = _sides(dialogues, in_test)
    return {side: [_own(dialogue, test_tools, side == "test") for dialogue in rows] for side, rows in sides.items()}


def _uncalled(dialogues: Sequence[Dialogue], known: set[str], share: float, seed: int) -> set[str]:
    """Choose among the tools that are only ever offered."""
    names = {tool.name for dialogue in dialogues for tool in dialogue.tools} - known
    return {name for name in names if stable_hash(seed, "offered", name) % 1000 < share * 1000}


def _belongs(dialogue: Dialogue, test_tools: set[str]) -> bool:
    """Whether a dialogue is of the test side: by a called tool, else by the most of its offered ones."""
    names = called(dialogue)
    if names:
        return min(names) in test_tools
    offered = [tool.name in test_tools for tool in dialogue.tools]
    return bool(offered) and 2 * sum(offered) > len(offered)


def _own(dialogue: Dialogue, test_tools: set[str], test: bool) -> Dialogue:
    kept = tuple(tool for tool in dialogue.tools if (tool.name in test_tools) == test)
    return dialogue if len(kept) == len(dialogue.tools) else replace(dialogue, tools=kept)
