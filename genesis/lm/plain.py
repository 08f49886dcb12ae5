"""A plain ``dspy.LM`` on our engines, for optimisers, evaluators and anyone's own DSPy program.

    >>> dspy.configure(lm=genesis.lm.lm("offline"))
    >>> dspy.configure(lm=genesis.lm.lm("openai/NAME", api_base="http://127.0.0.1:8000/v1"))

DSPy's cache is off: it would hand the k-th sample of a prompt what the first one was. The k-th time the same request
is made, the offline LM is asked for its k-th sample, so that temperature means something to it.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import dspy
from dspy import lm15

from genesis.errors import FatalLMError, LMConfigError, RejectedLMError, RetryableLMError
from genesis.lm.engine import Engine, Request
from genesis.lm.keys import request_key
from genesis.lm.names import DEFAULT_KEY_ENV, make_engine
from genesis.params import OfflineParams

_FINISH = {"stop": "stop", "length": "length", "filter": "content_filter"}


def lm(
    name: str,
    *,
    api_base: str = "",
    api_key_env: str = DEFAULT_KEY_ENV,
    timeout: float = 120.0,
    retries: int = 4,
    temperature: float = 0.8,
    max_tokens: int = 2048,
    offline: OfflineParams | None = None,
    seed: int = 0,
) -> dspy.LM:
    """Return a ``dspy.LM`` by one of our names (see ``genesis.lm.names``). Raises LMConfigError."""
    engine = PlainEngine(name, api_base, api_key_env, timeout, seed, offline)
    return dspy.LM(
        name if "/" in name else f"genesis/{name}",
        engine=engine,
        async_engine=AsyncPlainEngine(engine),
        cache=False,
        num_retries=retries,
        temperature=temperature,
        max_tokens=max_tokens,
    )


class PlainEngine:
    """DSPy's synchronous engine interface over ours; calls run on one event loop of their own."""

    def __init__(
        self, name: str, api_base: str, api_key_env: str, timeout: float, seed: int, offline: OfflineParams | None
    ):
        self._options = {
            "name": name,
            "api_base": api_base,
            "api_key_env": api_key_env,
            "timeout": timeout,
            "seed": seed,
            "offline": None if offline is None else _to_plain(offline),
        }
        self.seed = seed
        self.engine: Engine = make_engine(
            name, api_base=api_base, api_key_env=api_key_env, timeout=timeout, offline=offline
        )
        self._asked: Counter[str] = Counter()
        weakref.finalize(self, _close, self.engine)

    def complete(self, request: Any) -> Any:
        """Answer one DSPy request."""
        return _loop_run(self.answer(request))

    async def answer(self, request: Any) -> Any:
        """Answer on the loop that all plain engines share. Raises lm15's errors, which DSPy knows."""
        ours = _to_request(request, self.seed)
        if ours.temperature > 0:
            key = request_key(self.engine.identity, ours)
            sample, self._asked[key] = self._asked[key], self._asked[key] + 1
            ours = Request(ours.messages, ours.temperature, ours.max_tokens, ours.seed, sample, 1, ours.schema)
        try:
            answer = await self.engine.complete(ours)
        except RetryableLMError as error:
            kind = lm15.RateLimitError if error.retry_after is not None else lm15.ServerError
            raise kind(str(error), retry_after=error.retry_after) from error
        except RejectedLMError as error:
            raise lm15.InvalidRequestError(str(error)) from error
        except FatalLMError as error:
            raise lm15.AuthError(str(error)) from error
        completion = answer.completions[0]
        parts = [lm15.TextPart(completion.text)] if completion.text else [lm15.RefusalPart(completion.refusal or "-")]
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant(parts),
            finish_reason=_FINISH[completion.finish],
            usage=lm15.Usage(input_tokens=answer.prompt_tokens, output_tokens=answer.completion_tokens),
        )

    def dump_state(self) -> dict[str, Any]:
        """Return what :meth:`load_state` needs; the key's name, never the key."""
        return dict(self._options)

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> PlainEngine:
        """Make the engine again."""
        options = dict(state)
        offline = options.pop("offline", None)
        return cls(**options, offline=None if offline is None else OfflineParams(**offline))


class AsyncPlainEngine:
    """DSPy's asynchronous engine interface over the same engine."""

    def __init__(self, plain: PlainEngine):
        self.plain = plain

    async def complete(self, request: Any) -> Any:
        """Answer one DSPy request."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.plain.answer(request), _loop()))

    def dump_state(self) -> dict[str, Any]:
        """Return what :meth:`load_state` needs."""
        return self.plain.dump_state()

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> AsyncPlainEngine:
        """Make the engine again."""
        return cls(PlainEngine.load_state(state))


def _to_plain(offline: OfflineParams) -> dict[str, float]:
    import msgspec

    plain: dict[str, float] = msgspec.to_builtins(offline)
    return plain


def _to_request(request: Any, seed: int) -> Request:
    messages = []
    if request.system is not None:
        messages.append({"role": "system", "content": _text(request.system)})
    for message in request.messages:
        if message.text is None:
            raise LMConfigError(f"{message.role} message without text: our engines send text only")
        messages.append({"role": message.role, "content": message.text})
    config = request.config
    response_format = config.response_format or {}
    schema = response_format.get("json_schema", {}).get("schema") if response_format else None
    return Request(
        messages,
        0.0 if config.temperature is None else float(config.temperature),
        config.max_tokens or 2048,
        (config.seed if config.seed is not None else seed) & 0x7FFFFFFF,
        schema=schema,
    )


def _text(system: Any) -> str:
    return system if isinstance(system, str) else "".join(part.text for part in system)


# --- one event loop, in one thread, for all plain engines ------------------------------------------------------------

_THREAD = "genesis-lm"
_lock = threading.Lock()
_running: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        if not _running:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name=_THREAD, daemon=True).start()
            _running.append(loop)
        return _running[0]


def _close(engine: Engine) -> None:
    """Close an engine's connections where they were opened; also called when Python ends."""
    if not _running:
        return
    closing = asyncio.run_coroutine_threadsafe(engine.close(), _running[0])
    if threading.current_thread().name != _THREAD:  # the loop's own thread cannot wait for itself
        closing.result(2)


def _loop_run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()
