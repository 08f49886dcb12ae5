"""Rules 17 to 20 and 27 to 29: what is wrong with the dialogue as a conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from genesis.checks.schema import shown
from genesis.checks.view import Flag, View, error_of

_DANGLING = re.compile(r"(?i)\b(?:and|or|the|a|an|of|to|with|for|is|are|in|on|at|by|from|your|that)$")
_UNFINISHED = re.compile(r"[.!?] [^.!?\n]*[a-z]$")
"""A last sentence that begins after a full stop and ends with a letter."""
_LOCAL_PATH = re.compile(r"(?:/home/|/Users/|/root/|/tmp/|/mnt/|file:///|[A-Z]:\\\\?Users\\)[\w.\\/-]+")


def dialogue_fields(view: View) -> Iterator[str]:
    """A dialogue has messages, a user among them, and calls with distinct ids (ToolACE)."""
    if not view.messages:
        yield "no messages"
    elif not view.users:
        yield "no user message"
    ids = [spot.call.id for spot in view.calls if spot.call.id]
    if len(set(ids)) < len(ids):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        yield f"call ids stand twice: {twice}"


def role_order(view: View) -> Iterator[str]:
    """Roles follow each other legally and fit the scenario (ToolACE, AgentScaler, ToolForge).

    A system message stands first; user and assistant take turns; tool messages follow the assistant message whose
    calls they answer, and the assistant speaks after them.
    """
    before = ""
    for at, message in enumerate(view.messages):
        role = message.role
        if role == "system" and before != "":
            yield f"message {at}: a system message after the first message"
        elif role == "user" and before in ("user", "tool"):
            yield f"message {at}: a user message follows a {before} message; the assistant has to speak first"
        elif role == "assistant" and before in ("assistant", "calls"):
            what = "whose calls are not answered" if before == "calls" else "without anything between"
            yield f"message {at}: an assistant message follows another {what}"
        elif role == "assistant" and before in ("", "system"):
            yield f"message {at}: the assistant speaks before the user"
        elif role == "tool" and before not in ("calls", "tool"):
            yield f"message {at}: a tool message follows a message without calls"
        before = "calls" if message.tool_calls else role
        if message.tool_calls and role != "assistant":
            yield f"message {at}: a {role} message has tool calls"
    if view.scenario is not None and not view.partial:
        turns = len(view.users)
        if view.scenario.turns == "single" and turns > 1:
            yield f"{turns} user turns; the scenario has one"
        elif view.scenario.turns == "multi" and turns < 2:
            yield f"{turns} user turn; the scenario has several"


def call_answered(view: View) -> Iterator[str]:
    """A tool message follows each call (ToolACE, ShoppingBench); the last message's calls may stay open.

    A dialogue that ends with its calls is a single-turn training item; rule 27 says whether that end is complete.
    """
    last = len(view.messages) - 1
    for spot in view.calls:
        if spot.at == last:
            continue
        found = view.results.get(spot.call.id)
        if found is None or found <= spot.at:
            yield f"{spot.where}: no tool message answers the call {spot.call.id!r}"


def tool_names_call(view: View) -> Iterator[str]:
    """A tool message names a call of the assistant message before it, and each call is answered once (ToolACE)."""
    offered: set[str] = set()
    answered: set[str] = set()
    for at, message in enumerate(view.messages):
        if message.role == "assistant":
            offered = {call.id for call in message.tool_calls}
            answered = set()
        elif message.role == "tool":
            name = message.tool_call_id
            if not name:
                yield f"message {at}: the tool message names no call"
            elif name not in offered:
                yield f"message {at}: the tool message names {name!r}; the calls before it are {sorted(offered)}"
            elif name in answered:
                yield f"message {at}: the call {name!r} is answered twice"
            answered.add(name or "")


def complete_end(view: View) -> Iterator[str]:
    """The end is complete (ToolACE, ShoppingBench): an answer, or the calls of a single-turn item; not cut off."""
    if not view.messages:
        return
    at = len(view.messages) - 1
    last = view.messages[at]
    if last.role != "assistant":
        yield f"message {at}: the dialogue ends with a {last.role} message; the assistant has not answered"
        return
    if last.tool_calls:
        if view.scenario is not None and view.scenario.turns == "multi":
            yield f"message {at}: the dialogue ends with calls; only a single-turn item may"
        return
    text = last.content.rstrip()
    if text.count("```") % 2:
        yield f"message {at}: the answer ends inside a code block"
    elif text.endswith((",", ";", " -", "(")) or _DANGLING.search(text):
        yield f"message {at}: the answer is cut off: ...{text[-40:]!r}"
    elif _UNFINISHED.search(text[-400:]):
        yield Flag(f"message {at}: the answer ends without a full stop: ...{text[-40:]!r}")


def call_where_needed(view: View) -> Iterator[str]:
    """A call where the scenario needs one (Toucan)."""
    scenario = view.scenario
    if scenario is None or view.calls or view.partial:
        return
    if scenario.special in ("none", "miss_param", "tool_error"):
        yield f"no call at all; the scenario is {scenario.label}"


def failed_result(view: View) -> Iterator[str]:
    """No failed tool result unless the scenario is tool_error (Toucan; AgentScaler keeps them), and no local path."""
    for at, message in enumerate(view.messages):
        if message.role != "tool":
            continue
        if (
            view.scenario is not None
            and view.scenario.special != "tool_error"
            and error_of(message.content) is not None
        ):
            yield f"message {at}: the tool reports {shown(error_of(message.content))}; the scenario is not tool_error"
        found = _LOCAL_PATH.search(message.content) if "/" in message.content or "\\" in message.content else None
        if found is not None and found[0] not in view.dialogue.user_text:
            yield f"message {at}: the result holds a path of somebody's machine: {shown(found[0])}"
    if view.scenario is not None and view.scenario.special == "tool_error" and not view.partial and view.calls:
        results = [message.content for message in view.messages if message.role == "tool"]
        if not any(error_of(content) is not None for content in results):
            yield "no tool result is an error; the scenario is tool_error"
