"""Whatever a dialogue holds, showing it runs nothing and hides nothing."""

from __future__ import annotations

from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue, Verdict
from genesis.display import dialogue_html, dialogue_text, visible
from genesis.tools.tool import Tool

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def hostile() -> Dialogue:
    return Dialogue(
        EVIL,
        (Tool(EVIL, EVIL, {"type": "object", "properties": {EVIL: {"type": "string"}}}),),
        (
            Message("user", EVIL + "\u202e\x1b[31m"),
            Message("assistant", "", (ToolCall(EVIL, EVIL, {EVIL: EVIL}),), reasoning=EVIL),
            Message("tool", EVIL, tool_call_id=EVIL),
        ),
        verdicts=(Verdict(EVIL, "fail", (EVIL,)),),
        provenance={"simulated": True},
    )


def test_hostile_text_is_inert_in_every_place() -> None:
    page = dialogue_html(hostile())
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") >= 11
    assert hostile()._repr_html_() == page


def test_invisible_characters_are_shown() -> None:
    assert visible("a\u202eb\x00c\nd") == "a\\u202eb\\u0000c\nd"
    assert "\x1b" not in dialogue_html(hostile()) + dialogue_text(hostile())


def test_a_simulated_dialogue_says_so() -> None:
    assert "offline (simulated) LM" in dialogue_html(hostile())
