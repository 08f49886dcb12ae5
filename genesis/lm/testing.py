"""A misbehaving OpenAI-compatible server on loopback, to test set-ups against.

    >>> with Server(lambda call: Reaction("[[ ## answer ## ]]\\nblue")) as server:
    ...     params = load("params/mine.yaml", [f"api_base={server.url}", "lm=openai/any"])
    ...     ...
    ...     assert server.calls == 12

A script is a function of the call: what was asked, how often so far. The server runs in a thread of its own (or, with
``python -m genesis.lm.testing --latency 0.2``, in a process) and speaks HTTP/1.1 with keep-alive by hand, so that it
can break off anywhere.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from genesis.lm.completions import completion

Fault = Literal["", "reset", "reset_in_body", "truncate", "hang", "drip"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in."""

    number: int
    """From 1, over all connections; requests for ``/models`` do not count."""
    body: dict[str, Any]
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def messages(self) -> list[dict[str, str]]:
        """The prompt."""
        messages: list[dict[str, str]] = self.body["messages"]
        return messages

    @property
    def n(self) -> int:
        """Samples asked for."""
        return int(self.body.get("n", 1))


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the server does with a request."""

    text: str | Sequence[str] = ""
    """The reply, or one a sample."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """The raw body, instead of a completion."""
    delay: float = 0.0
    """Seconds before the first byte, added to the server's latency."""
    finish: str = "stop"
    refusal: str | None = None
    reasoning: str | None = None
    usage: bool = True
    """Whether the reply counts tokens."""
    fault: Fault = ""
    """reset: close before replying; reset_in_body, truncate: within the body (truncate: with the length it has);
    hang: never reply; drip: a byte every 50 ms."""


Script = Callable[[Call], Reaction]

CANNED = "canned"
"""Asked for by this name, the offline script answers with one word: what measures the client alone needs."""


def offline_script(errors: Mapping[str, float] | None = None) -> Script:
    """Return a script that serves the offline (simulated) LM: the whole pipeline over HTTP."""
    from genesis.lm.offline import reply

    def script(call: Call) -> Reaction:
        if call.body.get("model") == CANNED:
            return Reaction("canned")
        seed = int(call.body.get("seed", 0))
        return Reaction(
            [reply(call.messages, seed=seed, sample=sample, errors=errors or {}) for sample in range(call.n)]
        )

    return script


class Server:
    """The server; ``with`` starts and stops it."""

    def __init__(
        self,
        script: Script,
        *,
        latency: float = 0.0,
        port: int = 0,
        models: Sequence[str] = ("any",),
        key: str = "",
        keep: int = 1000,
    ):
        self.script = script
        self.latency = latency
        self.port = port
        self.models = models
        self.key = key
        """Where set, requests without it get 401, and the 401 echoes what was sent."""
        self.keep = keep
        self.calls = 0
        """Requests for completions so far."""
        self.seen: list[Call] = []
        """The first ``keep`` of them."""
        self.in_flight = 0
        self.most_in_flight = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[_Connection] = set()
        self._unanswered: deque[tuple[_Connection, Call, float]] = deque()

    @property
    def url(self) -> str:
        """What ``api_base`` takes."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Server:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="genesis-testing-server")
        self._thread.start()
        if not ready.wait(10):
            raise OSError(f"the testing server could not listen on port {self.port}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def take(self, connection: _Connection, call: Call) -> None:
        """Note a request and when it came; its reply is worked out while its latency passes."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if len(self.seen) < self.keep:
            self.seen.append(call)
        self._unanswered.append((connection, call, connection.loop.time()))
        if len(self._unanswered) == 1:
            connection.loop.call_soon(self._work_out)

    def _work_out(self) -> None:
        """Work out the oldest reply, one a turn of the loop: requests that come meanwhile are read in between."""
        connection, call, came = self._unanswered[0]
        try:
            reaction = self.script(call)
            connection.loop.call_at(came + self.latency + reaction.delay, connection.answer, call, reaction)
        except Exception:
            self.in_flight -= 1
            connection.abort()
            raise
        finally:
            self._unanswered.popleft()
            if self._unanswered:
                connection.loop.call_soon(self._work_out)

    def _run(self, ready: threading.Event) -> None:
        loop = self._loop = asyncio.new_event_loop()
        listening = loop.run_until_complete(
            loop.create_server(lambda: _Connection(self, loop), "127.0.0.1", self.port, backlog=4096)
        )
        self.port = listening.sockets[0].getsockname()[1]
        ready.set()
        try:
            loop.run_forever()
        finally:
            listening.close()
            for connection in list(self._connections):
                connection.abort()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()


class _Connection(asyncio.Protocol):
    """One keep-alive connection: requests are read one after another."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop):
        self.server = server
        self.loop = loop
        self.buffer = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.server._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.server._connections.discard(self)

    def abort(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, separator, rest = self.buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self.handle(first, headers, rest[:length])

    def handle(self, first: str, headers: dict[str, str], payload: bytes) -> None:
        server = self.server
        if server.key and headers.get("authorization") != f"Bearer {server.key}":
            echo = {
                "error": {"message": f"wrong key: {headers.get('authorization', 'none')}", "code": "invalid_api_key"}
            }
            self.respond(Reaction(status=401, body=msgspec.json.encode(echo)), 0)
        elif first.startswith("GET "):
            listing = {"object": "list", "data": [{"id": name, "object": "model"} for name in server.models]}
            self.respond(Reaction(body=msgspec.json.encode(listing)), 0)
        else:
            server.calls += 1
            server.take(self, Call(server.calls, msgspec.json.decode(payload), headers))

    def answer(self, call: Call, reaction: Reaction) -> None:
        self.server.in_flight -= 1
        if reaction.fault == "reset":
            self.transport.abort()
        elif reaction.fault != "hang" and not self.transport.is_closing():
            self.respond(reaction, call.number, call)

    def respond(self, reaction: Reaction, number: int, call: Call | None = None) -> None:
        body = reaction.body if reaction.body is not None else completion(reaction, number, call)
        if reaction.fault == "truncate":
            body = body[: len(body) // 2]
        phrase = HTTPStatus(reaction.status).phrase if reaction.status in list(HTTPStatus) else "Strange"
        extra = "".join(f"{name}: {value}\r\n" for name, value in reaction.headers.items())
        head = (
            f"HTTP/1.1 {reaction.status} {phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{extra}\r\n"
        ).encode("latin-1")
        if reaction.fault == "reset_in_body":
            self.transport.write(head + body[: len(body) // 2])
            self.loop.call_later(0.02, self.transport.abort)
        elif reaction.fault == "drip":
            self.transport.write(head)
            self.drip(body)
        else:
            self.transport.write(head + body)

    def drip(self, body: bytes) -> None:
        if body and not self.transport.is_closing():
            self.transport.write(body[:1])
            self.loop.call_later(0.05, self.drip, body[1:])


def main() -> None:
    """Serve the offline (simulated) LM until interrupted; prints the URL first."""
    parser = argparse.ArgumentParser(prog="python -m genesis.lm.testing", description=main.__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    arguments = parser.parse_args()
    with Server(offline_script(), latency=arguments.latency, port=arguments.port, keep=0) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
