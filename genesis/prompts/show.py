"""A trial as people read it: the text that changed, the scenarios side by side, the totals. Every text is escaped."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genesis.chat import Message
from genesis.display import visible
from genesis.prompts.bench import Outcome
from genesis.prompts.trial import CHANGES, Trial, change
from genesis.prompts.versions import BUILT_IN, Version
from genesis.report.numbers import interval, shown

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 20
"""Scenarios that are shown with their dialogues."""
LONGEST = 20_000
"""Characters of a text up to which words are compared; a longer one is compared line by line."""
P = "p of acceptance, the primary measure, is its own; p of each other measure is corrected for their number (Holm)."
"""What the column p of the totals holds."""
_MARK = {"fixed": "✓ fixed", "broken": "✗ broken", "lost": "? lost", "changed": "≠ changed", "same": "= same"}
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


def diff_html(old: str, new: str, *, around: int | None = None) -> str:
    """Return what was taken out of a text and what was put in, word by word, as escaped HTML.

    ``around``: characters that are kept beside a change; the rest of what is the same becomes ``…``.

    >>> diff_html("be <b>brief", "be very <b>brief")
    'be<ins> very</ins> &lt;b&gt;brief'
    """
    short = len(old) + len(new) <= LONGEST
    left, right = (_PIECES.findall(text) if short else text.splitlines(keepends=True) for text in (old, new))
    parts = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        taken, put = "".join(left[a:b]), "".join(right[c:d])
        if kind == "equal":
            parts.append(
                _text(taken if around is None else _shortened(taken, around, first=not a, last=b == len(left)))
            )
        else:
            parts += [f"<del>{_text(taken)}</del>"] if taken else []
            parts += [f"<ins>{_text(put)}</ins>"] if put else []
    return "".join(parts)


def _shortened(same: str, around: int, *, first: bool, last: bool) -> str:
    before, after = "" if first else same[:around], "" if last else same[-around:]
    return same if len(same) <= 2 * around else f"{before} … {after}"


def trial_html(trial: Trial, only: str = "") -> str:
    """Return the scenarios side by side, what broke first; ``only`` keeps one kind of change.

    At most SHOWN are shown with their dialogues; the others are counted.
    """
    pairs = [(change(old, new), name, old, new) for name, old, new in trial.pairs()]
    wanted = [pair for pair in pairs if pair[0] == only or not only]
    wanted.sort(key=lambda pair: CHANGES.index(pair[0]))
    planned = {one.id: one for one in trial.bench.plan}
    parts = [
        _scenario(kind, name, planned[name].scenario.label, old, new, unfold=place == 0 and kind != "same")
        for place, (kind, name, old, new) in enumerate(wanted[:SHOWN])
    ]
    if len(wanted) > SHOWN:
        parts.append(f'<div class="genesis-soft">and {len(wanted) - SHOWN} more like the last ones</div>')
    return "".join(parts) or '<div class="genesis-soft">No scenario changed like this.</div>'


def _scenario(kind: str, name: str, label: str, old: Outcome, new: Outcome, *, unfold: bool) -> str:
    spent = f"{old.calls} → {new.calls} calls, {old.tokens:,} → {new.tokens:,} tokens"
    if (old.usd or new.usd) and old.usd is not None and new.usd is not None:
        spent += f", ${old.usd:.4f} → ${new.usd:.4f}"
    left, right = _lines(old), _lines(new)
    cells = "".join(
        f'<div class="genesis-cell">{_row(a)}</div><div class="genesis-cell">{_row(b, a)}</div>'
        for a, b in _aligned(left, right)
    )
    head = "".join(
        f'<div class="genesis-cell"><b>{side}</b>: {_verdict(one)}</div>' for side, one in (("old", old), ("new", new))
    )
    return (
        f'<details class="genesis-{kind}"{" open" if unfold else ""}><summary><b>{_MARK[kind]}</b> {_text(label)} '
        f'<span class="genesis-soft">{_text(name)} · {spent}</span></summary>'
        f'<div class="genesis-pair">{head}{cells}</div></details>'
    )


def _verdict(one: Outcome) -> str:
    colour = {"accepted": "good", "rejected": "bad"}.get(one.outcome, "soft")
    why = "".join(f"<br>{_text(reason)}" for reason in one.reasons)
    return f'<span class="genesis-{colour}">{one.outcome}{why}</span>'


def _lines(one: Outcome) -> list[tuple[str, str]]:
    return [(message.role, _said(message)) for message in (one.dialogue.messages if one.dialogue else ())]


def _said(message: Message) -> str:
    import msgspec

    calls = [f"{call.name}({msgspec.json.encode(call.arguments).decode()})" for call in message.tool_calls]
    return "\n".join([*([message.content] if message.content else []), *calls])


Line = tuple[str, str]


def _aligned(left: Sequence[Line], right: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    """Pair the messages of two dialogues by their roles, so that one more question shifts nothing against the rest."""
    roles = difflib.SequenceMatcher(None, [role for role, _ in left], [role for role, _ in right], autojunk=False)
    pairs: list[tuple[Line | None, Line | None]] = []
    for kind, a, b, c, d in roles.get_opcodes():
        if kind == "equal":
            pairs += zip(left[a:b], right[c:d], strict=True)
        else:
            pairs += [(line, None) for line in left[a:b]] + [(None, line) for line in right[c:d]]
    return pairs


def _row(line: Line | None, before: Line | None = None) -> str:
    if line is None:
        return ""
    said = _text(line[1]) if before is None else diff_html(before[1], line[1])
    return f'<span class="genesis-role">{_text(line[0])}</span> {said}'


def totals_html(trial: Trial) -> str:
    """Return the totals as a table: what is really different stands out."""
    head = "".join(f"<th>{name}</th>" for name in ("measure", "old", "new", "difference", "95 % interval", "p", "n"))
    rows = "".join(_total(row) for row in trial.totals())
    table = f'<div class="genesis-wide"><table class="genesis-totals"><tr>{head}</tr>{rows}</table></div>'
    return f'{table}<div class="genesis-soft">{_text(P)}</div>'


def _total(row: dict[str, Any]) -> str:
    interval = "" if row["low"] is None else f"[{_number(row['low'])}, {_number(row['high'])}]"
    p = row["p_corrected"]
    cells = [
        row["measure"].replace("_", " "),
        *(_number(row[name]) for name in ("first", "second")),
        _number(row["value"], sign=True),
        interval,
        "–" if p is None else f"{p:.3f}",
        str(row["n"]),
    ]
    mark = ' class="genesis-real"' if row["real"] else ""
    return f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 3
    text = f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"
    return f"{0:.{digits}f}" if float(text.replace(",", "")) == 0 else text


def totals_table(trial: Trial) -> DataFrame:
    """Return the totals as a table for a notebook."""
    from pandas import DataFrame

    rows = [
        {
            "measure": row["measure"].replace("_", " "),
            "old": shown(row["first"]),
            "new": shown(row["second"]),
            "difference": shown(row["value"]),
            "95 % interval": interval(row["low"], row["high"]),
            "p": shown(row["p_corrected"]),
            "real": "yes" if row["real"] else "no",
            "n": row["n"],
            "method": row["method"],
        }
        for row in trial.totals()
    ]
    return DataFrame(rows)


def rows_table(trial: Trial) -> DataFrame:
    """Return one row a scenario as a table for a notebook, what changed first."""
    from pandas import DataFrame

    rows = sorted(trial.rows(), key=lambda row: CHANGES.index(row["change"]))
    names = ("change", "scenario", "tool", "old_outcome", "new_outcome", "new_reasons", "old_tokens", "new_tokens")
    told = [{**row, "new_reasons": "; ".join(row["new_reasons"]) or "–"} for row in rows]
    return DataFrame([{name: row[name] for name in names} for row in told])


def versions_table(found: Sequence[Version]) -> DataFrame:
    """Return the kept versions as a table: who made them from what, and what their trial said."""
    from pandas import DataFrame

    return DataFrame([version_row(version) for version in found])


def version_row(version: Version) -> dict[str, Any]:
    """Return one line on a version, its trial's acceptance included (None: it was kept untried)."""
    trial = version.about.get("trial") or {}
    acceptance = trial.get("totals", {}).get("acceptance", {})
    return {
        "version": version.name,
        "agent": version.prompt.agent,
        "parent": version.about.get("parent", BUILT_IN),
        "author": version.about.get("author", ""),
        "date": version.about.get("date", ""),
        "characters": len(version.prompt.instructions),
        "lm": trial.get("lm"),
        "simulated": trial.get("simulated"),
        **{name: acceptance.get(key) for name, key in (("acceptance", "second"), ("difference", "value"))},
        **{name: acceptance.get(name) for name in ("low", "high")},
    }


def _text(words: str) -> str:
    return html.escape(visible(words))
