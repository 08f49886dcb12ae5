"""What a server's misbehaviour means: status codes, error bodies, Retry-After, and keys that must not leak.

>>> type(fault_of(429, b'{"error": {"message": "slow down"}}', {}, "m", ())).__name__
'RetryableLMError'
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from genesis.errors import FatalLMError, LMError, RejectedLMError, RetryableLMError

RETRY_AFTER_CAP = 60.0
"""Seconds; a server that asks for more is asked again after this."""
_RETRYABLE = {408, 409, 425, 429}
_QUOTA = re.compile(r"insufficient.?quota|exceeded your current quota|credit balance|billing|payment required", re.I)
_TAG = re.compile(r"<[^>]{0,200}>")
_SECRET_MIN = 6


def fault_of(status: int, body: bytes, headers: Mapping[str, str], model: str, secrets: Sequence[str]) -> LMError:
    """Return the typed error of a reply with an error status."""
    message, code = error_message(body)
    text = redact(f"{model}: the server answered {status}: {message}", secrets)
    if status in (401, 402, 403) or (status == 429 and _QUOTA.search(f"{code} {message}")):
        return FatalLMError(text)
    if status in _RETRYABLE or status >= 500:
        return RetryableLMError(text, retry_after=retry_after(headers))
    if 300 <= status < 400:
        target = redact(headers.get("Location", "elsewhere"), secrets)
        return FatalLMError(f"{model}: the server redirects to {target[:200]}; put the final URL into api_base")
    return RejectedLMError(text)


def error_message(body: bytes) -> tuple[str, str]:
    """Return (message, code) of an error body: OpenAI's form, FastAPI's, or the text of an HTML page."""
    code = ""
    try:
        data: Any = msgspec.json.decode(body[:100_000])
        error = data.get("error", data) if isinstance(data, dict) else data
        if isinstance(error, dict):
            code = str(error.get("code") or error.get("type") or "")
            error = error.get("message") or error.get("detail") or error
        message = error if isinstance(error, str) else msgspec.json.encode(error).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = _TAG.sub(" ", body[:2000].decode("utf-8", "replace"))
    message = " ".join("".join(char if char.isprintable() else " " for char in message).split())
    return (message[:300] or "no message"), code


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to wait, capped: ``retry-after-ms``, seconds, or a date."""
    milliseconds = headers.get("retry-after-ms")
    value = headers.get("Retry-After")
    seconds: float | None = None
    try:
        if milliseconds is not None:
            seconds = float(milliseconds) / 1000
        elif value is not None:
            seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, headers.get("Date")) if value is not None else None
    if seconds is None or seconds != seconds:
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)


def _seconds_until(date: str, server_now: str | None) -> float | None:
    """Seconds from the server's own clock (its Date header) where it tells it, else from ours."""
    try:
        target = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None
    now = time.time()
    if server_now is not None:
        try:
            now = email.utils.parsedate_to_datetime(server_now).timestamp()
        except (ValueError, TypeError):
            now = time.time()
    return target - now


def redact(text: str, secrets: Sequence[str]) -> str:
    """Replace every secret in a text by ``***``."""
    for secret in secrets:
        if len(secret) >= _SECRET_MIN and secret in text:
            text = text.replace(secret, "***")
    return text


def redact_bytes(body: bytes, secrets: Sequence[bytes]) -> bytes:
    """Replace every secret in a body by ``***``, before anything else sees it."""
    for secret in secrets:
        if len(secret) >= _SECRET_MIN and secret in body:
            body = body.replace(secret, b"***")
    return body
