"""How fast ``genesis check`` is on rows like BFCL's, against decoding the same rows with msgspec.

genesis bench check --dialogues 1000000 --workers 2 --json
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from genesis.bench.watch import genesis, watch
from genesis.chat import Message, ToolCall
from genesis.checks import rules
from genesis.checks.gold import gold
from genesis.dialogue import Dialogue
from genesis.errors import GenesisError
from genesis.formats.messages import write_trl

_MARK = 987_654_321_000
"""Stands for a number to be drawn; with the digits of its place after it."""
_YARDSTICK_ROWS = 20_000
_WORDS = [
    "amber",
    "anchor",
    "birch",
    "canyon",
    "cedar",
    "cobalt",
    "coral",
    "delta",
    "ember",
    "falcon",
    "fjord",
    "garnet",
    "harbor",
    "heron",
    "indigo",
    "island",
    "jasper",
    "juniper",
    "lagoon",
    "lantern",
    "maple",
    "meadow",
    "nectar",
    "oasis",
    "olive",
    "orchid",
    "pebble",
    "pine",
    "quartz",
    "raven",
    "ridge",
    "river",
    "saffron",
    "sierra",
    "slate",
    "sparrow",
    "spruce",
    "summit",
    "thistle",
    "tulip",
    "valley",
    "velvet",
    "willow",
    "winter",
]


def check(*, dialogues: int = 50_000, workers: int = 1, seed: int = 0) -> dict[str, Any]:
    """Check ``dialogues`` rows made of BFCL's gold, no two alike, with the real command in its own processes.

    Each row is a gold item whose numbers, in request and call, are drawn anew, with a sentence of its own at the end of
    the request. ``rows_per_cpu_s`` leaves out what the command takes to start. The yardstick decodes rows of the same
    file to plain objects, before and after, in one process. Raises MissingExtraError without bfcl-eval, GenesisError
    where the command fails.
    """
    with tempfile.TemporaryDirectory(prefix="genesis-bench-") as folder:
        file = Path(folder) / "rows.jsonl"
        write_rows(file, dialogues, seed)
        yardsticks = [_yardstick(file)]
        start = watch(genesis("check", "--rules")).cpu_seconds
        found = watch(genesis("check", str(file), "--json", "--workers", str(workers)))
        yardsticks.append(_yardstick(file))
        size = file.stat().st_size
    if found.code not in (0, 1):
        raise GenesisError(f"bench check: genesis check ended with code {found.code}")
    summary = msgspec.json.decode(found.output)
    per_row = max(found.cpu_seconds - start, 0.0) / dialogues
    return {
        "dialogues": summary["dialogues"],
        "failed": summary["failed"],
        "flagged": summary["flagged"],
        "workers": workers,
        "bytes_per_row": round(size / dialogues),
        "seconds": round(found.seconds, 2),
        "cpu_seconds": round(found.cpu_seconds, 2),
        "start_cpu_seconds": round(start, 2),
        "rows_per_cpu_s": round(1 / per_row) if per_row else 0,
        "decoded_per_cpu_s": round(2 / sum(yardsticks)),
        "times_decoding": round(2 * per_row / sum(yardsticks), 2),
        "peak_mb": round(found.peak_mb, 1),
    }


def write_rows(file: Path, dialogues: int, seed: int) -> None:
    """Write JSON lines like BFCL's, no two alike, the same for the same seed."""
    forms = [_form(dialogue) for dialogue in gold("bfcl")]
    draw = random.Random(seed)
    with file.open("wb") as stream:
        for number in range(dialogues):
            stream.write(b"".join(_filled(draw.choice(forms), draw, number)))


def _form(dialogue: Dialogue) -> list[bytes]:
    """Return a row's JSON cut at what is drawn: text, digits to draw, text, digits, ...; the last cut is its note."""
    marked = _marked(dialogue)
    if any(verdict.outcome == "fail" for verdict in rules.check(marked)):
        marked = dialogue  # its schema wants the numbers it has
    first = next(at for at, message in enumerate(marked.messages) if message.role == "user")
    messages = list(marked.messages)
    messages[first] = replace(messages[first], content=f"{messages[first].content} My own note is {_MARK}0.")
    data = msgspec.json.encode(write_trl(replace(marked, messages=tuple(messages)))) + b"\n"
    parts = data.split(str(_MARK).encode())
    return [parts[0], *(piece for part in parts[1:] for piece in (part[:1], part[1:]))]


def _marked(dialogue: Dialogue) -> Dialogue:
    """Put a mark for each integer of two to nine digits that stands once in the last request and in one call."""
    *before, last = dialogue.messages
    users = [at for at, message in enumerate(before) if message.role == "user"]
    words = before[users[-1]].content.split(" ") if users else []
    marks: dict[int, int] = {}
    for call in last.tool_calls:
        for value in call.arguments.values():
            if type(value) is int and 10 <= value < 10**9 and words.count(str(value)) == 1:
                marks[value] = int(f"{_MARK}{len(str(value))}")
    if not users or not marks:
        return dialogue
    texts = {str(value): str(mark) for value, mark in marks.items()}
    said = " ".join(texts.get(word, word) for word in words)
    before[users[-1]] = replace(before[users[-1]], content=said)
    calls = tuple(_recalled(call, marks) for call in last.tool_calls)
    return replace(dialogue, messages=(*before, Message(last.role, last.content, calls)))


def _recalled(call: ToolCall, marks: dict[int, int]) -> ToolCall:
    arguments = {
        name: marks.get(value, value) if type(value) is int else value for name, value in call.arguments.items()
    }
    return ToolCall(call.id, call.name, arguments)


def _filled(form: list[bytes], draw: random.Random, number: int) -> Iterator[bytes]:
    """Yield a row's parts; equal places of one number of digits get one number, as request and call have it."""
    drawn: dict[bytes, bytes] = {b"0": f"{draw.choice(_WORDS)} {draw.choice(_WORDS)} {number}".encode()}
    for at, part in enumerate(form):
        if at % 2 == 0:
            yield part
            continue
        if part not in drawn:
            digits = int(part)
            drawn[part] = b"%d" % draw.randrange(10 ** (digits - 1), 10**digits)
        yield drawn[part]


def _yardstick(file: Path) -> float:
    """Return CPU seconds that msgspec takes to decode a row to plain objects."""
    with file.open("rb") as stream:
        rows = [line for line, _ in zip(stream, range(_YARDSTICK_ROWS), strict=False)]
    decode = msgspec.json.Decoder().decode
    start = time.process_time()
    for row in rows:
        decode(row)
    return (time.process_time() - start) / len(rows)
