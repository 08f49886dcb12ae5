"""Providers without an OpenAI-compatible endpoint, through DSPy's own engine.

    >>> engine = ForeignEngine("anthropic/claude-sonnet-4-5")

Slower a call than the HTTP engine (4 to 7 ms CPU), and one sample a request; DSPy's cache and retries are off, ours
stand around it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from genesis.errors import FatalLMError, LMConfigError, RejectedLMError, RetryableLMError
from genesis.lm.engine import Answer, Completion, Finish, Request, estimate_tokens, prompt_estimate
from genesis.text import clean_text

_FINISH: dict[str, Finish] = {"length": "length", "content_filter": "filter"}


class ForeignEngine:
    """One model, reached by DSPy."""

    free = False
    simulated = False
    left_out = frozenset({"n"})

    def __init__(self, name: str, *, timeout: float = 120.0):
        import dspy

        self.name = name
        self.identity = name
        self.timeout = timeout
        try:
            self._lm: Any = dspy.LM(name, cache=False, num_retries=0, timeout=timeout)
        except (ValueError, ImportError) as error:
            raise LMConfigError(f"{name}: DSPy cannot open it: {error}; name an endpoint with api_base") from error

    async def complete(self, request: Request) -> Answer:
        """Send one request through DSPy; one sample."""
        from dspy import lm15

        system = "\n\n".join(message["content"] for message in request.messages if message["role"] == "system")
        turns = tuple(
            lm15.Message.assistant(message["content"])
            if message["role"] == "assistant"
            else lm15.Message.user(message["content"])
            for message in request.messages
            if message["role"] != "system"
        )
        config = lm15.Config(
            max_tokens=request.max_tokens, temperature=request.temperature, seed=(request.seed + request.first)
        )
        call = lm15.Request(model=self._lm.model, messages=turns, system=system or None, config=config)
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._lm.acall(call)
        except TimeoutError as error:
            raise RetryableLMError(f"{self.name}: no reply within {self.timeout:g} s", possibly_billed=True) from error
        except Exception as error:
            raise _typed(error, self.name) from error
        text = clean_text(response.message.text or "")
        usage = response.usage
        known = usage.input_tokens is not None and usage.output_tokens is not None
        return Answer(
            (Completion(text, _FINISH.get(response.finish_reason, "stop")),),
            usage.input_tokens if known else prompt_estimate(request.messages),
            usage.output_tokens if known else estimate_tokens(text),
            estimated=not known,
        )

    async def check(self) -> None:
        """DSPy finds out with the first call; there is nothing to ask for free."""

    async def close(self) -> None:
        """Release DSPy's connections."""
        await self._lm.aclose()


def _typed(error: Exception, name: str) -> Exception:
    """Return DSPy's error as one of ours; what is none of its errors stays as it is."""
    from dspy.utils.exceptions import LMError as DspyLMError
    from dspy.utils.exceptions import is_retryable_lm_error

    if not isinstance(error, DspyLMError):
        return error
    text = f"{name}: {' '.join(str(error).split())[:300]}"
    status = getattr(error, "status", None)
    if status in (401, 402, 403) or type(error).__name__ in ("LMAuthError", "LMBillingError", "LMConfigurationError"):
        return FatalLMError(text)
    if is_retryable_lm_error(error):
        return RetryableLMError(text, retry_after=getattr(error, "retry_after", None))
    return RejectedLMError(text)
