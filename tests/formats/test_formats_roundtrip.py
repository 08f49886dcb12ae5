"""Every format that can be read and written brings a dialogue back; foreign rows are read as published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genesis import formats
from genesis.chat import Message, ToolCall
from genesis.dialogue import Dialogue
from genesis.errors import FormatError, RowError
from genesis.formats.toolace import parse_calls
from genesis.tools.tool import Tool

WEATHER = Tool(
    "get_weather",
    "Current weather of a city.",
    {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]},
)
TAXI = Tool(
    "call_taxi", "Calls a taxi.", {"type": "object", "properties": {"stops": {"type": "array"}}, "required": []}
)


def single() -> Dialogue:
    calls = (ToolCall("call_0", "get_weather", {"city": "Osló “x”", "days": 3}),)
    return Dialogue("single", (WEATHER,), (Message("user", "Weather in Osló?"), Message("assistant", "", calls)))


def parallel() -> Dialogue:
    """Two turns, parallel calls with nested arguments, JSON and plain results, a follow-up question."""
    first = (ToolCall("call_0", "get_weather", {"city": "Oslo"}), ToolCall("call_1", "get_weather", {"city": "Rome"}))
    taxi = (
        ToolCall(
            "call_2", "call_taxi", {"stops": [{"at": 'Main St. 5, "left"', "wait": True, "fare": 2.5, "no": None}]}
        ),
    )
    messages = (
        Message("user", "Weather in Oslo and Rome?"),
        Message("assistant", "", first),
        Message("tool", '{"high":17}', (), "call_0"),
        Message("tool", "sunny, 25 degrees", (), "call_1"),
        Message("assistant", "17 degrees in Oslo, sunny in Rome. Do you need a taxi?"),
        Message("user", "Yes, to Main St. 5."),
        Message("assistant", "", taxi),
        Message("tool", '["booked"]', (), "call_2"),
        Message("assistant", "It is booked."),
    )
    return Dialogue("parallel", (WEATHER, TAXI), messages)


def with_system() -> Dialogue:
    dialogue = parallel()
    return Dialogue("system", dialogue.tools, (Message("system", "Be brief and kind."), *dialogue.messages))


def refusal() -> Dialogue:
    return Dialogue(
        "refusal", (WEATHER,), (Message("user", "Translate this."), Message("assistant", "I cannot do that."))
    )


def reasoned() -> Dialogue:
    dialogue = single()
    thought = Message("assistant", "", dialogue.messages[1].tool_calls, None, "The city is known.")
    return Dialogue("reasoned", dialogue.tools, (dialogue.messages[0], thought))


CANNOT = {
    ("toolace", "system"), ("toolace", "reasoned"), ("openai", "reasoned"), ("xlam", "parallel"), ("xlam", "system"),
    ("xlam", "refusal"), ("xlam", "reasoned"),
}  # fmt: skip


@pytest.mark.parametrize("dialogue", [single(), parallel(), with_system(), refusal(), reasoned()], ids=lambda d: d.id)
@pytest.mark.parametrize("name", sorted(set(formats.READERS) & set(formats.WRITERS)))
def test_what_is_written_is_read_back_the_same(name: str, dialogue: Dialogue) -> None:
    if (name, dialogue.id) in CANNOT:
        return
    (row,) = formats.WRITERS[name](dialogue)
    back = formats.parse(msgspec.json.encode(row), formats.family(name))
    assert back.messages == dialogue.messages
    assert back.tools == dialogue.tools
    assert formats.READERS[name](json.loads(json.dumps(row))).messages == dialogue.messages


@pytest.mark.parametrize("name", sorted(set(formats.READERS) & set(formats.WRITERS)))
def test_a_written_file_is_recognised(name: str, tmp_path: Path) -> None:
    (row,) = formats.WRITERS[name](single())
    file = tmp_path / "data.jsonl"
    file.write_bytes(msgspec.json.encode(row) + b"\n")
    assert formats.detect_file(file) == formats.family(name)
    assert [dialogue.messages for dialogue in formats.dialogues(file)] == [single().messages]


@pytest.mark.parametrize(
    ("name", "dialogue"),
    [
        ("toolace", with_system()),
        ("xlam", parallel()),
        (
            "llamafactory",
            Dialogue(
                "x",
                (WEATHER,),
                (Message("user", "Hi"), Message("assistant", "Let me see.", single().messages[1].tool_calls)),
            ),
        ),
    ],
)
def test_what_a_format_cannot_hold_is_refused_not_bent(name: str, dialogue: Dialogue) -> None:
    with pytest.raises(RowError):
        list(formats.WRITERS[name](dialogue))


def test_marks_of_the_format_in_a_text_are_refused() -> None:
    dialogue = Dialogue(
        "x", (WEATHER,), (Message("user", "What does <tool_call> mean?"), Message("assistant", "A mark."))
    )
    for name in ("hermes", "qwen"):
        with pytest.raises(RowError, match="own marks"):
            list(formats.WRITERS[name](dialogue))


def test_toolace_as_published() -> None:
    tools = [
        {
            "name": "Market Trends API",
            "description": "Trends.",
            "parameters": {
                "type": "dict",
                "properties": {"trend_type": {"type": "string"}, "limit": {"type": "int"}},
                "required": ["trend_type"],
            },
            "required": None,
        }
    ]
    row = {
        "system": "You are an expert in composing functions. "
        "Here is a list of functions in JSON format that you can invoke:\n"
        + json.dumps(tools)
        + "\nShould you decide to return the function call(s).\n"
        "Put it in the format of [func1(params_name=params_value)]",
        "conversations": [
            {"from": "user", "value": "Trends in gold, please."},
            {"from": "assistant", "value": '[Market Trends API(trend_type="GOLD, (all)", limit=3)]'},
            {"from": "tool", "value": '[{"name": "Market Trends API", "results": {"trend": "up"}}]'},
            {"from": "assistant", "value": "Gold goes up."},
        ],
    }
    assert formats.detect(row) == "toolace"
    dialogue = formats.READERS["toolace"](row)
    assert dialogue.messages[1].tool_calls[0].name == "Market Trends API"
    assert dialogue.messages[1].tool_calls[0].arguments == {"trend_type": "GOLD, (all)", "limit": 3}
    assert dialogue.messages[2] == Message("tool", '{"trend":"up"}', (), "call_0")
    assert dialogue.tools[0].parameters["type"] == "object"
    assert dialogue.tools[0].properties["limit"] == {"type": "integer"}


def test_xlam_as_published() -> None:
    row = {
        "id": 0,
        "query": "Where can I find live giveaways for beta access?",
        "answers": '[{"name": "giveaways", "arguments": {"type": "beta"}}]',
        "tools": json.dumps(
            [
                {
                    "name": "giveaways",
                    "description": "Lists.",
                    "parameters": {
                        "type": {"description": "Kind.", "type": "str", "default": "game"},
                        "page": {"type": "int, optional", "description": "Page."},
                        "who": {"type": "List[str]", "description": "Names."},
                    },
                }
            ]
        ),
    }
    dialogue = formats.READERS["xlam"](row)
    assert [message.role for message in dialogue.messages] == ["user", "assistant"]
    assert dialogue.tools[0].required == ("who",)
    assert dialogue.tools[0].properties["who"]["items"] == {"type": "string"}


def test_hermes_with_python_literals_and_text_around_the_call() -> None:
    row = {
        "conversations": [
            {
                "from": "system",
                "value": 'You are a function calling AI model. <tools> [{"type": "function", "function": {"name": "f", '
                '"description": "d", "parameters": {"type": "object", "properties": {}}}}] </tools>',
            },
            {"from": "human", "value": "Go."},
            {
                "from": "gpt",
                "value": "Of course.\n<tool_call>\n{'arguments': {'a': 1, 'b': None}, 'name': 'f'}\n</tool_call>",
            },
            {"from": "tool", "value": '<tool_response>\n{"ok": 1}\n</tool_response>'},
            {"from": "gpt", "value": "Done."},
        ]
    }
    dialogue = formats.READERS["hermes"](row)
    assert dialogue.tools[0].name == "f"
    assert dialogue.messages[1] == Message("assistant", "Of course.", (ToolCall("call_0", "f", {"a": 1, "b": None}),))
    assert dialogue.messages[2].content == '{"ok": 1}'


def test_old_openai_rows_with_function_call() -> None:
    row = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
            },
            {"role": "function", "name": "get_weather", "content": "rain"},
            {"role": "assistant", "content": "Rain."},
        ],
        "functions": [WEATHER.to_function()],
    }
    dialogue = formats.READERS["openai"](row)
    assert [message.role for message in dialogue.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert dialogue.messages[2].tool_calls[0].id == dialogue.messages[3].tool_call_id
    assert dialogue.tools == (WEATHER,)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (
            "[f(a=1), g.h(b='x, (y)', c=[1, {'d': None}])]",
            [("f", {"a": 1}), ("g.h", {"b": "x, (y)", "c": [1, {"d": None}]})],
        ),
        ("[f()]", [("f", {})]),
        ("[f(a=true, b=null, c=-2.5)]", [("f", {"a": True, "b": None, "c": -2.5})]),
        ("Just words.", []),
        ("[see note 3]", []),
    ],
)
def test_toolace_calls(text: str, calls: list[Any]) -> None:
    assert parse_calls(text, {"f", "g.h"}) == calls


@pytest.mark.parametrize(
    "text", ["[f(a=__import__('os').system('true'))]", "[f(a=1)", "[f(1, 2)]", "[f(a=1) g(b=2)]", "[f(a=open('x'))]"]
)
def test_code_in_toolace_calls_is_never_run(text: str) -> None:
    with pytest.raises(RowError):
        parse_calls(text, {"f"})


def test_a_wrong_row_is_reported_with_its_line(tmp_path: Path) -> None:
    (row,) = formats.WRITERS["openai"](single())
    file = tmp_path / "data.jsonl"
    file.write_bytes(msgspec.json.encode(row) + b"\n{torn\n")
    with pytest.raises(FormatError, match=r"data\.jsonl:2: not JSON"):
        formats.dialogues(file)
    found = list(formats.read(file))
    assert found[0].dialogue is not None
    assert found[1].error is not None
    with pytest.raises(FormatError, match="no format 'wibble'"):
        list(formats.read(file, "wibble"))
