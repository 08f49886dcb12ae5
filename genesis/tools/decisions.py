"""What people decided about doubtful tools, kept in a file beside the pool so that a rebuild does not ask again.

One JSON object a line, the last word on a definition counts::

    {"key": "5b0c...", "tool": "requests.get", "decision": "drop", "why": "fetches anything", "domain": ""}
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from genesis.errors import PoolError
from genesis.text import stable_hash
from genesis.tools.lint import Definition
from genesis.tools.tool import Tool

Choice = Literal["keep", "drop"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's word on one definition."""

    key: str
    tool: str
    decision: Choice
    why: str = ""
    domain: str = ""
    """Where given, the tool's domain, whatever the lexicon says."""


def key(definition: Definition) -> str:
    """Return what a decision is kept under: the definition's content, so that a changed definition is asked again."""
    content = msgspec.json.encode(
        [definition.name, definition.description, definition.parameters], order="deterministic"
    )
    return f"{stable_hash(content.decode()):016x}"


def key_of(tool: Tool) -> str:
    """Return the key of a pool's tool: that of the definition it was made from."""
    return key(Definition(tool.original_name or tool.name, tool.description, tool.parameters))


def beside(pool: str | Path) -> Path:
    """Return where the decisions about a pool are kept: ``pool.decisions.jsonl`` beside ``pool.jsonl``."""
    return Path(pool).with_suffix(".decisions.jsonl")


def load(path: str | Path | None) -> dict[str, Decision]:
    """Return the decisions of a file by key; none without path or file. Raises PoolError naming the line."""
    if not path or not Path(path).exists():
        return {}
    found: dict[str, Decision] = {}
    for number, line in enumerate(Path(path).read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            decision = msgspec.json.decode(line, type=Decision, strict=True)
        except msgspec.DecodeError as error:
            raise PoolError(f"{path}:{number}: no decision: {error}") from error
        found[decision.key] = decision
    return found


def decide(path: str | Path, decision: Decision) -> None:
    """Append one decision to the file. Raises PoolError."""
    if decision.decision not in get_args(Choice):
        raise PoolError(f"decision {decision.decision!r}: expected one of {list(get_args(Choice))}")
    row: dict[str, Any] = asdict(decision)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("ab") as out:
            out.write(msgspec.json.encode(row) + b"\n")
    except OSError as error:
        raise PoolError(f"{path}: cannot be written: {error.strerror or error}") from error
