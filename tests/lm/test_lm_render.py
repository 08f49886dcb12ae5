"""The prompts and parsed replies of our fast path are those of ``dspy.Predict``."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.agents.assistant import Assistant, ReasonedAssistant
from genesis.agents.function import Function
from genesis.agents.judge import Judge
from genesis.agents.memory import Guide
from genesis.agents.sample import Sample
from genesis.agents.tool import ToolReply
from genesis.agents.user import User
from genesis.agents.wire import Act, Call, Choice, Line, Result, Stated, Wish
from genesis.errors import LMConfigError, ReplyError
from genesis.lm.parse import parse
from genesis.lm.render import plan_for, render

TOOL = {"name": "get_weather", "description": "Weather «now»", "parameters": {"type": "object", "properties": {}}}
LINE = Line("user", "Wie geht's? 🌦\n[[ ## act ## ]]", [{"id": "1", "name": "f", "arguments": {"x": 1.5}}], "")

EXAMPLES: dict[Any, Any] = {
    str: "two\nlines",
    int: 3,
    bool: True,
    list[str]: ["a (1)", "b\n«c»"],
    list[dict[str, Any]]: [TOOL],
    list[dict[str, str]]: [{"name": "f", "description": "ü"}],
    dict[str, Any]: {"x": {"type": "string", "enum": ["a", None]}},
    list[Line]: [LINE],
    list[Stated]: [Stated(1, "f", {"city": "Oslo", "n": 3}), Stated(2, "", {})],
    list[Wish]: [Wish(1, "f", "does", {"city": {"type": "string"}})],
    list[Choice]: [Choice(1, [LINE]), Choice(2, [])],
    list[Call]: [Call("f", {"a": [1, None, True, {"b": 1.5}]})],
    list[Result]: [Result("1", {"error": "no"})],
    Act: "ask",
}
SIGNATURES = (User, Assistant, ReasonedAssistant, Function, ToolReply, Judge, Guide, Sample)


def examples(fields: Any) -> dict[str, Any]:
    return {name: EXAMPLES[field.annotation] for name, field in fields.items()}


CASES = [(signature, examples(signature.input_fields), examples(signature.output_fields)) for signature in SIGNATURES]
JUDGE_INPUTS = examples(Judge.input_fields)
IDS = [case[0].__name__ for case in CASES]


class Scripted:
    """A DSPy engine that records what Predict sends and answers with one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.requests: list[Any] = []

    async def complete(self, request: Any) -> Any:
        from dspy import lm15

        self.requests.append(request)
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant([lm15.TextPart(self.text)]),
            finish_reason="stop",
            usage=lm15.Usage(),
        )


class Blocking:
    def complete(self, request: Any) -> Any:
        raise AssertionError("the test uses the asynchronous path")


def adapter(name: str) -> Any:
    if name == "chat":
        return dspy.ChatAdapter(use_json_adapter_fallback=False)
    return dspy.JSONAdapter(use_native_function_calling=False)


def predict(signature: Any, name: str, inputs: dict[str, Any], text: str, demos: Any = ()) -> tuple[Any, Any]:
    """What ``dspy.Predict`` sent, as (system, other messages), and what it made of ``text``."""
    engine = Scripted(text)
    predictor = dspy.Predict(signature)
    predictor.demos = list(demos)
    lm = dspy.LM("openai/scripted", engine=Blocking(), async_engine=engine, cache=False, num_retries=0)

    async def run() -> Any:
        with dspy.context(lm=lm, adapter=adapter(name), warn_on_type_mismatch=False):
            return await predictor.acall(**inputs)

    try:
        prediction = asyncio.run(run())
    finally:
        (request,) = engine.requests
    sent = [{"role": message.role, "content": message.text} for message in request.messages]
    system = request.system if isinstance(request.system, str) else "".join(part.text for part in request.system)
    return [{"role": "system", "content": system}, *sent], {key: prediction[key] for key in signature.output_fields}


@pytest.mark.parametrize("name", ["chat", "json"])
@pytest.mark.parametrize(("signature", "inputs", "outputs"), CASES, ids=IDS)
def test_prompt_and_reply_equal_those_of_predict(name: Any, signature: Any, inputs: Any, outputs: Any) -> None:
    demo = {**inputs, **outputs}
    text = adapter(name).format_assistant_message_content(signature, outputs)
    for demos in ([], [demo]):
        messages, fields = predict(signature, name, inputs, text, demos)
        plan = plan_for(signature, name)
        assert render(plan, signature, demos, inputs) == messages
        assert parse(plan, signature, text) == fields == outputs


def test_a_changed_prompt_is_rendered_anew() -> None:
    changed = Judge.with_instructions("Choose the shortest.")
    for signature in (Judge, changed):
        messages, _ = predict(signature, "chat", JUDGE_INPUTS, "[[ ## reason ## ]]\na\n[[ ## best ## ]]\n1")
        assert render(plan_for(signature, "chat"), signature, [], JUDGE_INPUTS) == messages


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Odd(dspy.Signature):
    """Anything."""

    one: Any = dspy.InputField()
    two: str = dspy.InputField(desc="text, or a list of texts")
    three: int = dspy.InputField(default=3)
    answer: Literal["yes", "no", 'don\'t "know"'] = dspy.OutputField()
    number: float = dspy.OutputField()
    maybe: str | None = dspy.OutputField()
    more: list[dict[str, Any]] = dspy.OutputField(desc="things")


@settings(max_examples=40, deadline=None)
@given(one=json_values, two=st.text() | st.lists(st.text(), max_size=3), adapter_name=st.sampled_from(["chat", "json"]))
def test_any_input_is_rendered_as_dspy_does(one: Any, two: Any, adapter_name: Any) -> None:
    inputs = {"one": one, "two": two}
    expected = adapter(adapter_name).format(Odd, [], {**inputs, "three": 3})
    assert render(plan_for(Odd, adapter_name), Odd, [], inputs) == expected


REPLIES = [
    '[[ ## answer ## ]]\nyes\n[[ ## number ## ]]\n1\n[[ ## maybe ## ]]\nx\n[[ ## more ## ]]\n[{"a": 1}]',
    "Sure!\n[[ ## answer ## ]] 'no'\n[[ ## number ## ]]\n1e3\n[[ ## more ## ]]\n```json\n[{\"a\": [1,]}]\n```",
    "[[ ## answer ## ]]\nLiteral[yes]\n[[ ## number ## ]]\n\"7\"\n[[ ## maybe ## ]]\n\n[[ ## more ## ]]\n{'a': True}",
    "[[ ## answer ## ]]\nperhaps\n[[ ## number ## ]]\n1\n[[ ## maybe ## ]]\nx\n[[ ## more ## ]]\n[]",
    "[[ ## answer ## ]]\nyes\n[[ ## number ## ]]\none\n[[ ## maybe ## ]]\nx\n[[ ## more ## ]]\n[]",
    "[[ ## answer ## ]]\nyes\n[[ ## answer ## ]]\nno\n[[ ## number ## ]]\n2\n[[ ## more ## ]]\n[]\n[[ ## oh ## ]]",
    '{"answer": "yes", "number": "3", "maybe": null, "more": "[{\\"b\\": 2}]", "extra": 1}',
    '```json\n{"answer": "no", "number": 3.5, "maybe": "x", "more": [{"b": 2},]}\n```',
    'Here it is: {"answer": "no", "number": 3.5, "more": []} as asked',
    '{"answer": "no", "more": []}',
    "nothing of the kind",
    "",
]


@pytest.mark.parametrize("name", ["chat", "json"])
@pytest.mark.parametrize("text", REPLIES)
def test_any_reply_is_parsed_as_dspy_does(name: Any, text: str) -> None:
    try:
        expected = adapter(name).parse(Odd, text)
    except (AdapterParseError, ValueError):
        expected = None
    try:
        got = parse(plan_for(Odd, name), Odd, text)
    except ReplyError:
        got = None
    if name == "chat" and expected is None and text.lstrip("`json\n ").startswith(("{", "Here")) and "number" in text:
        expected = adapter("json").parse(Odd, text)  # the one call is read as JSON; DSPy pays for a second one
    assert got == expected


@pytest.mark.parametrize(
    "bad",
    [
        "[[ ## number ## ]]\nNaN",
        "[[ ## number ## ]]\n-Infinity",
        "[[ ## number ## ]]\n1e999",
        "[[ ## number ## ]]\nnan",
        "[[ ## number ## ]]\n" + "[" * 100_000,
        "[[ ## number ## ]]\n" + "9" * 190_000,
        "[[ ## number ## ]]\n" + "{'a': " * 3000,
        "[[ ## number ## ]]\n" + '{"a": 1} ' * 20_000,
        "[[ ## number ## ]]\n" + "x" * 20_000_000,
        "[[ ## number ## ]]\n" + '{"a" }' * 3000,
    ],
    ids=["nan", "infinity", "overflow", "nan-text", "deep", "digits", "deep-open", "long-repair", "huge", "repair"],
)
def test_hostile_replies_are_refused_in_bounded_time(bad: str) -> None:
    import time

    class One(dspy.Signature):
        """One number."""

        question: str = dspy.InputField()
        number: float = dspy.OutputField()

    start = time.process_time()
    with pytest.raises(ReplyError):
        parse(plan_for(One, "chat"), One, bad)
    assert time.process_time() - start < 5  # a bound, no measurement: unbounded repair takes minutes


def test_a_missing_or_unknown_input_is_named() -> None:
    with pytest.raises(LMConfigError, match="input 'two' is missing"):
        render(plan_for(Odd, "chat"), Odd, [], {"one": []})
    with pytest.raises(LMConfigError, match="unknown input 'best'"):
        render(plan_for(Odd, "chat"), Odd, [], {"one": [], "two": "", "best": 1})
