"""The student as a program: any LM, asked through the engine, in text or with its API's own tool calls.

Native mode keeps everything the Caller gives (journal, retries, budget, resume): :class:`NativeEngine` reads the
rendered prompt back, sends it as ``messages`` and ``tools``, and writes the answer in the form the Caller parses.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import dspy
import msgspec

from genesis.agents.wire import Call, Line
from genesis.errors import LMConfigError
from genesis.lm.caller import Caller
from genesis.lm.engine import Answer, Request
from genesis.lm.http import HttpEngine
from genesis.lm.offline.prompt import read
from genesis.lm.render import Messages
from genesis.lm.replay import ReplayEngine

Mode = Literal["auto", "text", "native"]
AGENT = "student"
_OBJECTIVE = "In adhering to this structure, your objective is:"
_THINK = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)


class Student(dspy.Signature):  # type: ignore[misc]
    """You are an assistant that can use tools. Do what the last message of the conversation asks.

    Give in `calls` the tool calls that are needed now, by the tools' exact names: every required parameter, an
    optional one only where the conversation gives its value, types as the schema says. Wishes that do not depend on
    each other are several calls. Where no tool on offer fits, or a required value is missing, `calls` is empty and
    `message` says so.
    """

    tools: list[dict[str, Any]] = dspy.InputField(desc="the tools on offer")
    context: str = dspy.InputField(desc="further terms and facts; may be empty")
    conversation: list[Line] = dspy.InputField()
    calls: list[Call] = dspy.OutputField(desc="the calls to make now; may be empty")
    message: str = dspy.OutputField(desc="what to tell the user; may be empty")


class NativeStudent(Student):
    """Use the tools on offer where they do what the user asks.

    Where none does, or a required value is missing, call nothing and say so.
    """


class NativeEngine(HttpEngine):
    """An OpenAI-compatible endpoint asked with its own ``tools`` instead of a text that describes them."""

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body: the item's own messages, and its tools.

        The system message holds the signature's instructions, the demonstrations (their tools are not on offer, so
        they are told, not played) and the item's context. A prompt that is not the student's is sent as it is.
        """
        body = super().body(request)
        inputs = read(request.messages).inputs
        if "conversation" not in inputs:
            return body
        parts = (_instructions(request.messages), _demos(request.messages), inputs["context"])
        system = "\n\n".join(part for part in parts if part)
        body["messages"] = [{"role": "system", "content": system}, *map(_message, inputs["conversation"])]
        if inputs["tools"]:
            body["tools"] = [{"type": "function", "function": tool} for tool in inputs["tools"]]
        return body

    def _read(self, raw: bytes, request: Request) -> Answer:
        if "conversation" not in read(request.messages).inputs:
            return super()._read(raw, request)
        try:
            reply = json.loads(raw)
        except (ValueError, RecursionError):
            return super()._read(raw, request)
        if isinstance(reply, dict) and isinstance(reply.get("choices"), list):
            for choice in reply["choices"]:
                if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
                    _write_fields(choice["message"])
            raw = json.dumps(reply).encode()
        return super()._read(raw, request)


def _instructions(messages: Messages) -> str:
    """Return the instructions as DSPy's adapter wrote them at the end of the system message, indentation undone."""
    _, _, told = messages[0]["content"].partition(_OBJECTIVE)
    return "\n".join(line.strip() for line in told.splitlines()).strip()


def _demos(messages: Messages) -> str:
    """Return the demonstrations between the system message and the request as text; empty where there are none."""
    shown = []
    for number, (asked, answer) in enumerate(zip(messages[1:-1:2], messages[2:-1:2], strict=True), 1):
        inputs = read([messages[0], asked]).inputs
        fields = {key: inputs[key] for key in ("tools", "context", "conversation") if inputs[key]}
        right = answer["content"].replace("\n\n[[ ## completed ## ]]", "").strip()
        shown.append(f"Example {number}\n{json.dumps(fields, ensure_ascii=False)}\nRight answer:\n{right}")
    if not shown:
        return ""
    return "\n\n".join(["Examples of right answers, each to a conversation with tools of its own:", *shown])


def _message(line: dict[str, Any]) -> dict[str, Any]:
    """Return one line of the conversation as an OpenAI message."""
    message: dict[str, Any] = {"role": line["role"], "content": line["content"]}
    if line.get("calls"):
        message["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {
                    "name": call["name"],
                    "arguments": msgspec.json.encode(call.get("arguments", {})).decode(),
                },
            }
            for call in line["calls"]
        ]
    if line["role"] == "tool":
        message["tool_call_id"] = line.get("answers") or "call_1"
    return message


def _write_fields(message: dict[str, Any]) -> None:
    """Write a message's tool calls and content as the signature's fields, in place; what is no call stays text."""
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    think = _THINK.match(text)
    if think:
        message.setdefault("reasoning_content", think.group(1).strip())
        text = text[think.end() :]
    calls = []
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            calls.append({"name": function.get("name"), "arguments": _arguments(function.get("arguments"))})
    if text.strip() or calls:
        message["content"] = f"[[ ## calls ## ]]\n{json.dumps(calls)}\n\n[[ ## message ## ]]\n{text}"


def _arguments(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given or "{}")
    except (ValueError, RecursionError):
        return given  # not JSON: the reply will not parse, and the scorer sees an undecodable answer


async def use_mode(caller: Caller, mode: Mode) -> type[Student]:
    """Set the student's lane up for a mode and return the signature to ask with.

    ``auto`` is native where the engine is an OpenAI-compatible endpoint, else text. Raises LMConfigError where native
    calls cannot be had.
    """
    lane = caller.lane(AGENT)
    engine = lane.engine
    if mode == "text" or (mode == "auto" and not isinstance(engine, HttpEngine)):
        return Student
    if isinstance(engine, HttpEngine):
        native = NativeEngine(engine.model, engine.base_url, key_env=engine.key_env, timeout=engine.timeout)
        native.name, native.identity = engine.name, engine.identity
        await engine.close()
        lane.engine = native
    elif not isinstance(engine, ReplayEngine):
        raise LMConfigError(
            f"{engine.name}: native tool calls need an OpenAI-compatible endpoint (--api-base); use text"
        )
    return NativeStudent
