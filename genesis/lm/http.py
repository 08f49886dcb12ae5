"""The HTTP engine: any OpenAI-compatible endpoint, over aiohttp.

    >>> engine = HttpEngine("llama", "http://127.0.0.1:8000/v1", key_env="MY_KEY")

One attempt a call, with a total deadline. The key is read from the environment by name, travels in one header and is
cut out of everything that comes back. What a server turns out not to know (``seed``, ``n``, a JSON schema,
``max_tokens``) is left out from then on, with a notice.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

from genesis.errors import FatalLMError, LMConfigError, RejectedLMError, RetryableLMError
from genesis.lm.engine import Answer, Completion, Finish, Request, estimate_tokens, prompt_estimate
from genesis.lm.faults import error_message, fault_of, redact, redact_bytes
from genesis.text import clean_text

MAX_BODY = 8_000_000
"""Bytes of one reply that are read at most."""
CHECK_TIMEOUT = 10.0
_THINK = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    index: int = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Reply)


class HttpEngine:
    """One model behind one OpenAI-compatible endpoint."""

    free = False
    simulated = False

    def __init__(self, model: str, base_url: str, *, key_env: str = "", timeout: float = 120.0, max_open: int = 512):
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise LMConfigError(f"api_base is {base_url!r}; expected a URL like http://127.0.0.1:8000/v1")
        if url.username or url.password or url.query:
            raise LMConfigError("api_base holds a user, a password or a query; keys come from the environment by name")
        self.model = model
        self.name = model
        self.base_url = base_url.rstrip("/")
        self.identity = f"{model}@{self.base_url}"
        self.timeout = timeout
        self.key_env = key_env
        key = os.environ.get(key_env, "") if key_env else ""
        self.secrets: tuple[str, ...] = (key,) if key else ()
        self._secret_bytes = tuple(secret.encode() for secret in self.secrets)
        self._headers = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._max_open = max_open
        self._session: aiohttp.ClientSession | None = None
        self._endpoint = URL(f"{self.base_url}/chat/completions")
        self.left_out: set[str] = set()
        """Request fields this server does not take."""

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._max_open, keepalive_timeout=60, ttl_dns_cache=300)
            # The deadline of a call is set around it, once; aiohttp's own timers would be two more a call.
            none = aiohttp.ClientTimeout(total=None, sock_connect=None)
            self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=none)
        return self._session

    def body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of a request, without what the server does not take."""
        body: dict[str, Any] = {"model": self.model, "messages": request.messages}
        out = self.left_out
        if "temperature" not in out:
            body["temperature"] = request.temperature
        body["max_completion_tokens" if "max_tokens" in out else "max_tokens"] = request.max_tokens
        if "seed" not in out:
            body["seed"] = (request.seed + request.first) & 0x7FFFFFFF
        if request.n > 1 and "n" not in out:
            body["n"] = request.n
        if request.schema is not None and "response_format" not in out:
            if "json_schema" in out:
                body["response_format"] = {"type": "json_object"}
            else:
                body["response_format"] = {
                    "type": "json_schema",
                    "json_schema": {"name": "reply", "schema": request.schema},
                }
        return body

    async def complete(self, request: Request) -> Answer:
        """Send one request. Raises RetryableLMError, RejectedLMError or FatalLMError."""
        notices: list[str] = []
        while True:
            body = self.body(request)
            try:
                answer = await self._send(body, request)
                break
            except RejectedLMError as error:
                field = self._unknown_field(body, str(error))
                if field is None:
                    raise
                if field not in self.left_out:
                    self.left_out.add(field)
                    notices.append(f"{self.name}: the server does not take {field}; left out from now on")
        if request.n > 1 and len(answer.completions) < request.n and "n" in body:
            self.left_out.add("n")
            notices.append(f"{self.name}: the server gives one sample a request; samples are asked for one by one")
        return dataclasses.replace(answer, notices=(*notices, *answer.notices)) if notices else answer

    def _unknown_field(self, body: dict[str, Any], message: str) -> str | None:
        """Return which field of the body the server's message objects to, where that can be told."""
        said = message.partition(": the server answered ")[2].lower()
        if "max_completion_tokens" in said and "max_tokens" in body:
            return "max_tokens"
        if "response_format" in body and re.search(r"response_format|json_schema|json schema|guided|grammar", said):
            return "json_schema" if body["response_format"]["type"] == "json_schema" else "response_format"
        for field in ("seed", "temperature"):
            if field in body and field in said:
                return field
        if "n" in body and re.search(r"(['\"`])n\1|\bn (?:must|should|>|is )|parameter:? n\b", said):
            return "n"
        return None

    async def _send(self, body: dict[str, Any], request: Request) -> Answer:
        status, headers, raw = await self._post(msgspec.json.encode(body))
        if status != 200:
            raise fault_of(status, raw, headers, self.name, self.secrets)
        if len(raw) > MAX_BODY:
            fault = f"the reply has more than {MAX_BODY} bytes"
            tokens = prompt_estimate(request.messages)
            return Answer((Completion("", fault=fault),), tokens, request.max_tokens, estimated=True)
        return self._read(raw, request)

    async def exchange(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a body as it is and return the reply's JSON. Raises as :meth:`complete` does."""
        status, headers, raw = await self._post(msgspec.json.encode(body))
        if status != 200:
            raise fault_of(status, raw, headers, self.name, self.secrets)
        try:
            reply = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise RetryableLMError(f"{self.name}: a reply that is not JSON", possibly_billed=True, once=True) from error
        if not isinstance(reply, dict) or not reply.get("choices"):
            text = redact(f"{self.name}: a reply without choices: {error_message(raw)[0]}", self.secrets)
            raise RetryableLMError(text, possibly_billed=True, once=True)
        return reply

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a GET. Raises LMConfigError where the endpoint cannot be reached."""
        try:
            async with (
                asyncio.timeout(CHECK_TIMEOUT),
                self._open().get(f"{self.base_url}{path}", allow_redirects=False) as reply,
            ):
                return reply.status, redact_bytes(await _read_capped(reply), self._secret_bytes)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise LMConfigError(
                f"cannot reach {self.base_url} for {self.name}: {_why(error)}; is the server up, is api_base right?"
            ) from error

    async def _post(self, payload: bytes) -> tuple[int, Any, bytes]:
        sent = False
        try:
            async with (
                asyncio.timeout(self.timeout),
                self._open().post(self._endpoint, data=payload, allow_redirects=False) as reply,
            ):
                sent = True
                raw = await _read_capped(reply)
                return reply.status, reply.headers, redact_bytes(raw, self._secret_bytes)
        except TimeoutError as error:
            told = f"{self.name}: no reply within {self.timeout:g} s"
            raise RetryableLMError(told, possibly_billed=True, late=True) from error
        except aiohttp.ClientConnectorError as error:
            raise RetryableLMError(f"{self.name}: cannot connect to {self.base_url}: {_why(error)}") from error
        except (aiohttp.ClientError, OSError) as error:
            what = "the reply broke off" if sent else "the connection broke"
            text = redact(f"{self.name}: {what}: {_why(error)}", self.secrets)
            raise RetryableLMError(text, possibly_billed=True) from error

    def _read(self, raw: bytes, request: Request) -> Answer:
        notices: tuple[str, ...] = ()
        try:
            reply = _decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reply = self._read_loosely(raw)
            notices = (f"{self.name}: a reply held lone surrogates, which are no text; replaced by U+FFFD",)
        if reply.error:
            message, _ = error_message(raw)
            text = redact(f"{self.name}: an error inside a reply with status 200: {message}", self.secrets)
            raise RetryableLMError(text, possibly_billed=True, once=True)
        if not reply.choices:
            raise RetryableLMError(f"{self.name}: a reply without choices", possibly_billed=True, once=True)
        choices = sorted(reply.choices, key=lambda choice: choice.index)[: request.n]
        completions = tuple(_completion(choice) for choice in choices)
        usage = reply.usage
        if usage is not None and usage.prompt_tokens is not None and usage.completion_tokens is not None:
            return Answer(completions, usage.prompt_tokens, usage.completion_tokens, notices=notices)
        written = sum(estimate_tokens(completion.text + completion.reasoning) for completion in completions)
        return Answer(completions, prompt_estimate(request.messages), written, estimated=True, notices=notices)

    def _read_loosely(self, raw: bytes) -> _Reply:
        """Read what the strict decoder refuses but a model can cause: lone surrogates in otherwise valid JSON."""
        try:
            return msgspec.convert(json.loads(raw), _Reply)
        except (ValueError, RecursionError) as error:
            text = redact(f"{self.name}: a reply that is not JSON ({len(raw)} bytes)", self.secrets)
            raise RetryableLMError(text, possibly_billed=True, once=True) from error

    async def check(self) -> None:
        """Ask for the list of models: reachable, key accepted. Raises LMConfigError or FatalLMError."""
        status, raw = await self.get("/models")
        if status in (401, 403):
            key = f"the key in ${self.key_env}" if self.secrets else f"no key (${self.key_env} is not set)"
            raise FatalLMError(f"{self.base_url} answers {status} with {key}: {error_message(raw)[0]}")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _completion(choice: _Choice) -> Completion:
    message = choice.message
    content = message.content
    if isinstance(content, list):  # some servers give parts
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    text = content or ""
    reasoning = message.reasoning_content or message.reasoning or ""
    think = _THINK.match(text)
    if think:
        reasoning, text = reasoning or think.group(1).strip(), text[think.end() :]
    finish: Finish = "stop"
    if choice.finish_reason in ("length", "max_tokens"):
        finish = "length"
    elif choice.finish_reason == "content_filter":
        finish = "filter"
    return Completion(
        clean_text(text),
        finish,
        clean_text(message.refusal or ""),
        clean_text(reasoning),
    )


async def _read_capped(reply: aiohttp.ClientResponse) -> bytes:
    if reply.content_length is not None and reply.content_length <= MAX_BODY:
        return await reply.read()
    parts, size = [], 0
    async for part in reply.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            reply.close()
            break
    return b"".join(parts)


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    cause = getattr(error, "os_error", None) or error
    return getattr(cause, "strerror", None) or str(cause) or type(error).__name__
