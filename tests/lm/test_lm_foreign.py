"""Providers that only DSPy knows are reached through DSPy's own engine, with our errors and outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dspy
import pytest
from dspy import lm15

from genesis.errors import FatalLMError, RejectedLMError, RetryableLMError
from genesis.lm.caller import open_caller
from genesis.lm.foreign import ForeignEngine
from genesis.lm.names import make_engine
from genesis.lm.testing import Reaction, Server
from genesis.params import from_dict


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


GOOD = Reaction("[[ ## colour ## ]]\nblue\n\n[[ ## completed ## ]]")


@pytest.fixture
def server() -> Iterator[Server]:
    from dspy._vendor.lm15.features import AccessPolicy, EndpointSupport

    with Server(lambda call: GOOD) as running:
        access = AccessPolicy(provider="elsewhere", supports=EndpointSupport(complete=True), base_url=running.url)
        definition = lm15.ProviderDefinition.chat(access, compat=lm15.OpenAIChatCompat(), placeholder_key="none")
        lm15.register_provider(definition)
        try:
            yield running
        finally:
            lm15.unregister_provider("elsewhere")


async def ask(seed: int = 1, **values: Any) -> list[Any]:
    async with open_caller(from_dict({"lm": "elsewhere/model", "retries": 0, **values})) as caller:
        return await caller.ask("user", dspy.Predict(Colour), {"thing": "sky"}, seed=seed, n=2)


async def test_samples_come_one_by_one_through_dspy(server: Server) -> None:
    assert isinstance(make_engine("elsewhere/model"), ForeignEngine)
    replies = await ask()
    assert [reply.fields for reply in replies] == [{"colour": "blue"}] * 2
    assert server.calls == 2
    assert server.seen[0].body["model"] == "model"
    assert server.seen[0].messages[0]["role"] == "system"


@pytest.mark.parametrize(
    ("status", "kind"), [(401, FatalLMError), (400, RejectedLMError), (429, RetryableLMError), (503, RetryableLMError)]
)
async def test_dspys_errors_become_ours(server: Server, status: int, kind: type[Exception]) -> None:
    server.script = lambda call: Reaction(status=status, body=b'{"error": {"message": "so it is"}}')
    with pytest.raises(kind, match="elsewhere/model"):
        await ask()
