"""First contact with a model: what its endpoint can do, and which parameters to set.

    genesis lm check openai/NAME --api-base http://127.0.0.1:8000/v1

Some eight short requests; the dearest asks for 64 tokens. Each row says what was tried, what came back and what to do.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from genesis.errors import FatalLMError, LMError, RejectedLMError
from genesis.lm.http import HttpEngine

_WINDOW = re.compile(r"(?:context (?:length|window|size)|max_model_len|n_ctx)\D{0,40}?(\d{3,8})", re.I)
_WINDOW_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx", "n_ctx_train")
HUGE = 50_000_000
"""Reply tokens no server grants: the refusal often tells the window."""
PATIENCE = 20.0
"""Seconds after which a server that refuses nothing, and writes on, is left alone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table."""

    what: str
    found: str
    advice: str = ""
    ok: bool = True


@dataclass(slots=True)
class Checked:
    """What a check found, and the parameters that follow from it."""

    name: str
    findings: list[Finding] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether a run with it could work."""
        return all(finding.ok for finding in self.findings if finding.what in ("reachable", "answers"))

    def add(self, what: str, found: str, advice: str = "", *, ok: bool = True) -> None:
        """Add a row."""
        self.findings.append(Finding(what, found, advice, ok))


async def check(engine: HttpEngine, name: str) -> Checked:
    """Try everything; a feature that is missing is a row, not an error."""
    checked = Checked(name, parameters={"lm": name, "api_base": engine.base_url})
    try:
        await engine.check()
    except LMError as error:
        checked.add("reachable", str(error), "start the server, correct api_base, or set the key", ok=False)
        return checked
    checked.add("reachable", engine.base_url)
    window = await _listed(engine, checked)
    if not await _answers(engine, checked):
        return checked
    await _samples(engine, checked)
    await _seed(engine, checked)
    await _schema(engine, checked)
    await _tools(engine, checked)
    await _truncation(engine, checked)
    await _context(engine, checked, window)
    return checked


async def _listed(engine: HttpEngine, checked: Checked) -> int | None:
    """Look the model up in the server's list; return the window it names."""
    status, raw = await engine.get("/models")
    try:
        rows = msgspec.json.decode(raw)["data"] if status == 200 else []
        rows = [row for row in rows if isinstance(row, dict)]
    except (msgspec.DecodeError, KeyError, TypeError):
        rows = []
    mine = next((row for row in rows if row.get("id") == engine.model), None)
    names = [str(row.get("id")) for row in rows]
    if mine is not None:
        checked.add("model exists", engine.model)
    elif names:
        shown = ", ".join(names[:5])
        checked.add("model exists", f"not in the server's list: {shown}", f"lm: openai/{names[0]}", ok=False)
    else:
        checked.add("model exists", "unknown: the server lists no models")
    flat = {**(mine or {}), **((mine or {}).get("meta") or {})}
    return next((int(flat[key]) for key in _WINDOW_KEYS if isinstance(flat.get(key), int)), None)


async def _ask(engine: HttpEngine, text: str, **settings: Any) -> dict[str, Any]:
    body = {"model": engine.model, "messages": [{"role": "user", "content": text}], "max_tokens": 64, **settings}
    reply: dict[str, Any] = await engine.exchange({key: value for key, value in body.items() if value is not None})
    return reply


async def _answers(engine: HttpEngine, checked: Checked) -> bool:
    start = time.monotonic()
    prompt = "Reply with the single word: blue"
    try:
        try:
            reply = await _ask(engine, prompt)
        except RejectedLMError as error:
            if "max_completion_tokens" not in str(error):
                raise
            reply = await _ask(engine, prompt, max_tokens=None, max_completion_tokens=256)
            checked.add("max_tokens", "refused", "none: max_completion_tokens is sent instead")
    except LMError as error:
        checked.add("answers", str(error), ok=False)
        return False
    message = reply["choices"][0].get("message") or {}
    text = str(message.get("content") or "")
    thinks = "<think>" in text or bool(message.get("reasoning_content") or message.get("reasoning"))
    deaf = not thinks and "blue" not in text.lower()
    checked.add(
        "answers",
        f"{text.strip()[:40]!r} after {time.monotonic() - start:.2f} s",
        "it was told to say 'blue': expect many replies that cannot be used" if deaf else "",
    )
    usage = reply.get("usage") or {}
    counted = isinstance(usage.get("prompt_tokens"), int)
    checked.add("token counts", "yes" if counted else "no", "" if counted else "tokens will be estimated")
    advice = "raise max_tokens: thinking counts" if thinks else ""
    checked.add("reasoning", "yes" if thinks else "none seen", advice)
    if thinks:
        checked.parameters["max_tokens"] = 8192
    return True


async def _samples(engine: HttpEngine, checked: Checked) -> None:
    found = await _tried(engine, "Name a colour.", n=2)
    count = len(found["choices"]) if isinstance(found, dict) else 0
    if count >= 2:
        checked.add("several samples (n)", "yes")
    else:
        told = found if isinstance(found, str) else f"{count} came back"
        checked.add("several samples (n)", f"no: {told}", "none: samples are asked for one by one, at once")


async def _seed(engine: HttpEngine, checked: Checked) -> None:
    texts = []
    for _ in range(2):
        found = await _tried(engine, "Write five random words.", seed=7, temperature=1.0)
        if isinstance(found, str):
            checked.add("seed", f"refused: {found}", "none: it is left out; replay the journal to repeat a run")
            return
        texts.append((found["choices"][0].get("message") or {}).get("content"))
    same = texts[0] == texts[1]
    checked.add(
        "seed", "same text twice" if same else "taken, but the text differs", "" if same else "replay to repeat"
    )


async def _schema(engine: HttpEngine, checked: Checked) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"type": "string"}, "shade": {"type": "integer"}},
        "required": ["colour", "shade"],
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    found = await _tried(engine, "Name a colour and a shade from 1 to 9.", response_format=wanted)
    if isinstance(found, str):
        checked.add("JSON schema", f"refused: {found}", "adapter: chat")
        return
    text = (found["choices"][0].get("message") or {}).get("content") or ""
    try:
        data = msgspec.json.decode(text)
        held = isinstance(data, dict) and isinstance(data.get("shade"), int)
    except msgspec.DecodeError:
        held = False
    checked.add(
        "JSON schema", "held" if held else f"taken, but not held: {text[:40]!r}", "" if held else "adapter: chat"
    )
    if held:
        checked.parameters["adapter"] = "json"


async def _tools(engine: HttpEngine, checked: Checked) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
    question = "What is the weather in Oslo? Use the tool."
    found = await _tried(engine, question, tools=[tool])
    if isinstance(found, str):
        checked.add("native tools", f"refused: {found}", "none: generation writes calls as text")
        return
    if (found["choices"][0].get("message") or {}).get("tool_calls"):
        checked.add("native tools", "yes")
        return
    without = await _tried(engine, question)
    unseen = isinstance(without, dict) and 0 < _prompt_tokens(found) <= _prompt_tokens(without)
    checked.add(
        "native tools",
        "not shown to the model: the prompt has as many tokens without them" if unseen else "no call came",
        "none for generation; `genesis predict --mode text`",
    )


def _prompt_tokens(reply: dict[str, Any]) -> int:
    """Return the tokens of a reply's prompt; 0 where the server does not tell."""
    told = (reply.get("usage") or {}).get("prompt_tokens")
    return told if isinstance(told, int) else 0


async def _truncation(engine: HttpEngine, checked: Checked) -> None:
    found = await _tried(engine, "Count from one to one hundred in words.", max_tokens=4)
    reason = found["choices"][0].get("finish_reason") if isinstance(found, dict) else found
    told = reason in ("length", "max_tokens")
    checked.add("truncation", "told (finish_reason=length)" if told else f"not told: {reason}", "" if told else
                "a cut reply will look like an unparsable one")  # fmt: skip


async def _context(engine: HttpEngine, checked: Checked, window: int | None) -> None:
    if window is None:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await _tried(engine, "Hi", max_tokens=HUGE)
        except TimeoutError:
            found = "it writes on"
        match = _WINDOW.search(found) if isinstance(found, str) else None
        window = int(match.group(1)) if match else None
    if window is None:
        checked.add("context window", "not told", f"context: {{{engine.model}: N}}, where you know it")
    else:
        checked.add("context window", f"{window} tokens")
        checked.parameters["context"] = {engine.model: window}


async def _tried(engine: HttpEngine, text: str, **settings: Any) -> dict[str, Any] | str:
    """Return the reply, or in words why there is none. Raises FatalLMError."""
    try:
        reply = await _ask(engine, text, **settings)
    except FatalLMError:
        raise
    except LMError as error:
        return str(error).partition(": ")[2][:160]
    return reply
