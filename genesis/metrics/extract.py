"""From dialogues, or rows just decoded, to columns: one pass in plain Python, where the time of a report goes.

Every source is first brought to ``(role, content, [(name, arguments), ...])``, one an message; see :meth:`Extract.add`.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import xxhash

from genesis.dialogue import Dialogue
from genesis.metrics.columns import ARRAYS, HASHED, PROBLEMS, Columns, Facet
from genesis.text import split_name, words
from genesis.tools.domains import domain_of
from genesis.tools.tool import Tool

Said = tuple[str, str, Sequence[tuple[str, Mapping[str, Any]]]]
"""Role, content, calls."""

_DIGITS = re.compile(r"\d+")
_digest = xxhash.xxh3_64_intdigest
_encode = msgspec.json.Encoder(order="sorted").encode


class _Growing:
    """A facet while it is read."""

    __slots__ = ("codes", "known", "number", "starts")

    def __init__(self) -> None:
        self.known: defaultdict[str, int] = defaultdict()
        self.known.default_factory = self.known.__len__
        self.number = self.known.__getitem__
        self.codes = array("i")
        self.starts = array("q", [0])

    def add(self, items: Iterable[str]) -> None:
        self.codes.extend(map(self.number, items))
        self.starts.append(len(self.codes))

    def facet(self) -> Facet:
        return Facet(list(self.known), np.array(self.codes, np.int32), np.array(self.starts, np.int64))


class _Hashes:
    """A facet of hashes while it is read."""

    __slots__ = ("codes", "starts")

    def __init__(self) -> None:
        self.codes = array("Q")
        self.starts = array("q", [0])

    def add(self, items: Iterable[int]) -> None:
        self.codes.extend(items)
        self.starts.append(len(self.codes))

    def facet(self) -> Facet:
        return Facet([], np.array(self.codes, np.uint64), np.array(self.starts, np.int64))


class Extract:
    """Takes dialogues one by one; :meth:`columns` gives the columns of all taken."""

    def __init__(self, domains: Mapping[str, str] | None = None) -> None:
        self._domains = dict(domains or {})
        self._unreadable = 0
        self._problems: list[str] = []
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._facets = {name: _Growing() for name in Columns.__annotations__ if name in _FACETS}
        self._hashes = {name: _Hashes() for name in HASHED}
        self._arrays: dict[str, list[int]] = {name: [] for name in ARRAYS}

    def dialogue(self, dialogue: Dialogue) -> None:
        """Take one dialogue object."""
        scenario = dialogue.scenario
        self.add(
            dialogue.id,
            [(said.role, said.content, [(call.name, call.arguments) for call in said.tool_calls])
             for said in dialogue.messages],
            label=scenario.label if scenario else None,
            owner=scenario.targets[0] if scenario and scenario.targets else None,
            verdicts=[(verdict.check, verdict.outcome) for verdict in dialogue.verdicts],
            provenance=dialogue.provenance,
            tools=lambda: dialogue.tools,
        )  # fmt: skip

    def add(
        self,
        name: str,
        messages: Sequence[Said],
        *,
        label: str | None = None,
        owner: str | None = None,
        verdicts: Sequence[tuple[str, str]] = (),
        provenance: Mapping[str, Any] | None = None,
        tools: Callable[[], Iterable[Tool]] = tuple,
    ) -> None:
        """Take one dialogue: its messages, and what is known of its plan, its checks and its making.

        ``tools`` gives those on offer; it is asked when a call's domain is not known yet.
        """
        facets, arrays = self._facets, self._arrays
        text = "\n".join([content for role, content, _ in messages if role == "user"])
        self._ids.append(name)
        self._texts.append(text)
        plain = " ".join(text.lower().split())
        arrays["exact"].append(_digest(plain.encode("utf-8", "replace")))
        arrays["masked"].append(_digest(_DIGITS.sub("0", plain).encode("utf-8", "replace")))
        arrays["turns"].append(sum([role == "user" for role, _, _ in messages]))
        facets["requests"].add(words(text))
        facets["acts"].add((acts(messages),))
        self._calls(messages, tools)
        facets["scenarios"].add((label,) if label else ())
        facets["owners"].add((owner,) if owner else ())
        self._made(verdicts, provenance or {})

    def columns(self) -> Columns:
        """Return the columns of all that was taken."""
        grown: dict[str, Any] = {name: growing.facet() for name, growing in self._facets.items()}
        grown |= {name: growing.facet() for name, growing in self._hashes.items()}
        grown |= {name: np.array(values, ARRAYS[name]) for name, values in self._arrays.items()}
        return Columns(
            n=len(self._ids),
            ids=self._ids,
            texts=dict(enumerate(self._texts)),
            unreadable=self._unreadable,
            problems=tuple(self._problems),
            **grown,
        )

    def problem(self, text: str) -> None:
        """Note a row that is no dialogue."""
        self._unreadable += 1
        if len(self._problems) < PROBLEMS:
            self._problems.append(text)

    def _calls(self, messages: Sequence[Said], tools: Callable[[], Iterable[Tool]]) -> None:
        facets = self._facets
        names: list[str] = []
        slots: list[str] = []
        values: list[int] = []
        calls: list[int] = []
        total = grounded = 0
        said = ""
        for role, content, made in messages:
            if role != "assistant":
                said += content.lower() + "\n"
            for name, arguments in made:
                names.append(name)
                slots.append(" ".join([name, *sorted(arguments)]))
                calls.append(call_hash(name, arguments))
                for key, value in arguments.items():
                    values.append(_digest(f"{name}\x1f{key}\x1f".encode("utf-8", "replace") + _encode(value)))
                    for leaf in _leaves(value):
                        total += 1
                        grounded += stands(leaf, said)
        facets["tools"].add(names)
        facets["slots"].add(slots)
        self._hashes["values"].add(values)
        self._hashes["calls"].add(calls)
        domains = self._domains
        if not domains.keys() >= set(names):
            domains |= {tool.name: _domain(tool) for tool in tools() if tool.name not in domains}
        facets["domains"].add([domains[name] for name in names if name in domains])
        different = sorted(set(names)) if len(names) > 1 else ()
        facets["pairs"].add([f"{a} {b}" for i, a in enumerate(different) for b in different[i + 1 :]])
        self._arrays["arguments"].append(total)
        self._arrays["grounded"].append(grounded)

    def _made(self, verdicts: Sequence[tuple[str, str]], provenance: Mapping[str, Any]) -> None:
        facets, arrays = self._facets, self._arrays
        failed = sorted({check for check, outcome in verdicts if outcome == "fail"})
        reason = provenance.get("reason")
        facets["failed"].add(failed or ((reason,) if isinstance(reason, str) and reason else ()))
        facets["flagged"].add(sorted({check for check, outcome in verdicts if outcome == "flag"}))
        arrays["checks"].append(len(verdicts))
        kind, number = provenance.get("semantic_type"), provenance.get("round")
        facets["types"].add((kind,) if isinstance(kind, str) and kind else ())
        facets["rounds"].add((str(number),) if isinstance(number, int) else ())
        calls, tokens = provenance.get("calls"), provenance.get("tokens")
        calls = calls if isinstance(calls, Mapping) else {}
        tokens = tokens if isinstance(tokens, Mapping) else {}
        agents = sorted({*calls, *tokens})
        facets["agents"].add(agents)
        arrays["spent_calls"].extend([count(calls.get(agent, 0)) for agent in agents])
        arrays["spent_tokens"].extend([count(tokens.get(agent, 0)) for agent in agents])


_FACETS = {name for name, kind in Columns.__annotations__.items() if kind == "Facet"} - set(HASHED)


def _domain(tool: Tool) -> str:
    """Return a tool's domain: its pool's, else by the lexicon."""
    if tool.domain != "other":
        return tool.domain
    parameters = [word for name in tool.properties for word in split_name(name)]
    return domain_of(split_name(tool.name), words(tool.description), parameters)


def call_hash(name: str, arguments: Mapping[str, Any]) -> int:
    """Return a hash of a call that looks past case, outer spaces, order of keys, and numbers written as text.

    >>> call_hash("f", {"a": 5, "b": "Oslo "}) == call_hash("f", {"b": "oslo", "a": "5.0"})
    True
    """
    return _digest(name.encode("utf-8", "replace") + b"\x1f" + _encode(_plain(arguments)))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip().lower()
        return text[:-2] if text.endswith(".0") else text
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return "" if value is None else str(value).lower() if isinstance(value, bool) else next(_leaves(value), "")


def count(value: Any) -> int:
    """Return a count that may be given in parts, such as ``{"prompt": 480, "completion": 32}``."""
    if isinstance(value, Mapping):
        return sum(count(part) for part in value.values())
    return sum(map(count, value)) if isinstance(value, (list, tuple)) else int(value)


def acts(messages: Iterable[Said]) -> str:
    """Return what the assistant does, in order: ``call``, ``calls`` (several at once), ``ask``, ``answer``.

    A message without calls that ends in a question mark asks; this is a rule of thumb, and right for nearly all.

    >>> acts([("user", "Weather?", ()), ("assistant", "In which city?", ())])
    'ask'
    """
    found = []
    for role, content, calls in messages:
        if role == "assistant":
            if calls:
                found.append("call" if len(calls) == 1 else "calls")
            else:
                found.append("ask" if content.rstrip().endswith("?") else "answer")
    return " ".join(found)


def stands(leaf: str, said: str) -> bool:
    """Return whether a value stands literally, as whole words, in lower-case text."""
    if not leaf:
        return False
    at = said.find(leaf)
    while at >= 0:
        end = at + len(leaf)
        if not (at and said[at - 1].isalnum() and leaf[0].isalnum()) and not (
            end < len(said) and said[end].isalnum() and leaf[-1].isalnum()
        ):
            return True
        at = said.find(leaf, at + 1)
    return False


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts and numbers inside an argument, as they would be written; booleans and null say nothing."""
    if isinstance(value, str):
        yield value.lower().strip()
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, float):
        yield str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{value:g}"
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
