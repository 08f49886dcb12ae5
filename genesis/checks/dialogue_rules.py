"""Rules 17 to 30: what is wrong with the dialogue as a conversation."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.checks.view import View


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
