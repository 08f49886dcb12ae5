"""A dialogue as a person reads it: who said what, calls and results, verdicts; the tools folded.

All text is escaped, everywhere: dialogue text, tool names and results may hold HTML or scripts.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from genesis.chat import Message
    from genesis.dialogue import Dialogue, Verdict
    from genesis.tools.tool import Tool

_INK = {"user": "#0072b2", "assistant": "#00684d", "tool": "#6b4c00", "system": "#57606a"}
_MARK = {"pass": ("#00684d", "✓"), "fail": ("#b3261e", "✗"), "flag": ("#8a5a00", "⚑")}
_BOX = (
    "border:1px solid #d8dee4;border-radius:6px;padding:.6em .8em;margin:.5em 0;max-width:52em;"
    "font-size:14px;line-height:1.45;color:#1b1f24;background:#fff"
)
_CODE = (
    "background:#f6f8fa;padding:.1em .35em;border-radius:4px;font-family:monospace;font-size:.92em;"
    "white-space:pre-wrap;word-wrap:break-word;overflow-wrap:anywhere"
)
_SOFT = "color:#57606a;font-size:.85em"


def dialogue_html(dialogue: Dialogue) -> str:
    """Return one dialogue as an HTML fragment: inline styles, no script, every text escaped."""
    parts = [f'<div style="{_BOX}">', _head(dialogue)]
    parts += [_message(message, number) for number, message in enumerate(dialogue.messages)]
    parts += [_verdicts(dialogue.verdicts), _tools(dialogue.tools), "</div>"]
    return "\n".join(part for part in parts if part)


def dialogue_text(dialogue: Dialogue) -> str:
    """Return one dialogue as plain text, control characters made visible."""
    lines = [f"# {dialogue.id}  {dialogue.scenario.label if dialogue.scenario else ''}".rstrip()]
    for message in dialogue.messages:
        said = [visible(message.content)] if message.content else []
        said += [f"{call.name}({visible(_json(call.arguments))})" for call in message.tool_calls]
        lines += [f"{message.role:>9}: {line}" for line in said or [""]]
    return "\n".join(lines)


def tool_html(tool: Tool) -> str:
    """Return one tool as an HTML fragment: what it is for, where it comes from, its parameters as JSON Schema."""
    words = [tool.domain, f"from {tool.source}" if tool.source else ""]
    if tool.original_name and tool.original_name != tool.name:
        words.append(f"there: {tool.original_name}")
    aside = f'<div style="{_SOFT}">{_safe(" · ".join(word for word in words if word))}</div>'
    return f'<div style="{_BOX}">{_tool(tool, indent=2)}{aside}</div>'


def visible(text: str) -> str:
    """Return ``text`` with control and bidirectional characters as ``\\u202e`` escapes; line breaks and tabs stay."""
    return "".join(char if char in "\n\t" or _harmless(char) else f"\\u{ord(char):04x}" for char in text)


def _harmless(char: str) -> bool:
    code = ord(char)
    return not (
        code < 32
        or 127 <= code < 160
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or 0xD800 <= code <= 0xDFFF
    )


def _safe(text: Any) -> str:
    return html.escape(visible(str(text)))


def _code(text: str, aside: str = "") -> str:
    beside = f' <span style="{_SOFT}">{_safe(aside)}</span>' if aside else ""
    breakable = _safe(text).replace(",", ",<wbr>").replace("(", "(<wbr>")  # a narrow page breaks compact JSON there
    return f'<span style="{_CODE}">{breakable}</span>{beside}'


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _head(dialogue: Dialogue) -> str:
    scenario = dialogue.scenario
    words = [dialogue.id, scenario.label if scenario else "imported", scenario.persona if scenario else ""]
    if dialogue.provenance.get("simulated"):
        words.append("offline (simulated) LM")
    return f'<div style="{_SOFT}">{_safe(" · ".join(word for word in words if word))}</div>'


def _message(message: Message, number: int) -> str:
    """Return one message; its number is that which the checks' reasons name."""
    ink = _INK.get(message.role, "#57606a")
    said = [_safe(message.content).replace("\n", "<br>")] if message.content and message.role != "tool" else []
    if message.role == "tool":
        said = [_code(message.content, message.tool_call_id or "")]
    if message.reasoning:
        said.insert(
            0, f'<details><summary style="{_SOFT}">reasoning</summary><i>{_safe(message.reasoning)}</i></details>'
        )
    said += [_code(f"{call.name}({_json(call.arguments)})", call.id) for call in message.tool_calls]
    body = "<br>".join(said)
    place = f'<span style="{_SOFT}">{number}</span>'
    return f'<div style="margin:.35em 0">{place} <b style="color:{ink}">{_safe(message.role)}</b> {body}</div>'


def _verdicts(verdicts: tuple[Verdict, ...]) -> str:
    shown = []
    for verdict in verdicts:
        colour, mark = _MARK[verdict.outcome]
        why = f": {_safe('; '.join(verdict.reasons))}" if verdict.reasons else ""
        if verdict.outcome != "pass" or len(verdicts) == 1:
            shown.append(f'<div style="color:{colour};font-size:.9em">{mark} {_safe(verdict.check)}{why}</div>')
    if verdicts and not shown:
        colour, mark = _MARK["pass"]
        shown.append(f'<div style="color:{colour};font-size:.9em">{mark} {len(verdicts)} checks passed</div>')
    return "".join(shown)


def _tools(tools: tuple[Tool, ...]) -> str:
    if not tools:
        return f'<div style="{_SOFT}">no tool on offer</div>'
    items = "".join(f"<li>{_tool(tool)}</li>" for tool in tools)
    count = f"{len(tools)} tool{'s' if len(tools) != 1 else ''} on offer"
    return f'<details><summary style="{_SOFT}">{count}</summary><ul>{items}</ul></details>'


def _tool(tool: Tool, indent: int = 0) -> str:
    parameters = _json(tool.parameters)
    if indent:
        parameters = msgspec.json.format(parameters, indent=indent)
    return f"<b>{_safe(tool.name)}</b> – {_safe(tool.description)}<br>{_code(parameters)}"
