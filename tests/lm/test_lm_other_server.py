"""The HTTP path against a server that we did not write: our own shares our misunderstandings.

``transformers serve`` with a tiny model of random weights (marked ``train``: it needs torch); and, where
GENESIS_OTHER_SERVER names the URL of an OpenAI-compatible server on loopback and GENESIS_OTHER_MODEL a model on it,
that one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dspy
import pytest

from genesis.errors import LMError
from genesis.lm.caller import OUTCOMES, open_caller
from genesis.lm.check import check
from genesis.lm.http import HttpEngine
from genesis.params import from_dict

TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "


def make_model(folder: Path) -> None:
    """Write a chat model of random weights, 32 wide, with a tokenizer of bytes: nothing is fetched."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special, letters = ["<s>", "</s>", "<pad>"], pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=letters, show_progress=False)
    raw.train_from_iterator(["user assistant system"], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    tokenizer.chat_template = TEMPLATE
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=8192, **sizes, **ends))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@contextlib.contextmanager
def transformers_serve(folder: Path) -> Iterator[tuple[str, str]]:
    """Start ``transformers serve`` on a free port of loopback, without a network; gives URL and model name."""
    make_model(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = Path(sys.executable).with_name("transformers")
    where = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = folder / "serve.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [str(command), "serve", str(folder), *where],
            stdout=out,
            stderr=out,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
    url = f"http://127.0.0.1:{port}/v1"
    try:
        until = time.monotonic() + 400
        while server.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/models", timeout=5):
                yield url, str(folder)
                return
            time.sleep(0.5)
        pytest.fail(f"transformers serve did not start: {log.read_text()[-2000:]}")
    finally:
        server.kill()  # it would first write its reply to the end
        server.wait(20)


@pytest.fixture(scope="module", params=["named", pytest.param("transformers", marks=pytest.mark.train)])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL and model of a server that is not ours."""
    if request.param == "named":
        if not os.environ.get("GENESIS_OTHER_SERVER"):
            pytest.skip("GENESIS_OTHER_SERVER names no server")
        yield os.environ["GENESIS_OTHER_SERVER"], os.environ["GENESIS_OTHER_MODEL"]
        return
    with transformers_serve(tmp_path_factory.mktemp("tiny")) as found:
        yield found


class Colour(dspy.Signature):
    """Name a colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


async def test_any_answer_is_a_typed_outcome_and_replays(tmp_path: Path, other: tuple[str, str]) -> None:
    url, model = other
    params = from_dict({"lm": f"openai/{model}", "api_base": url, "max_tokens": 20, "concurrency": 4, "timeout": 60.0})
    async with open_caller(params, tmp_path) as caller:
        asks = [caller.ask("user", dspy.Predict(Colour), {"thing": str(seed)}, seed=seed, n=2) for seed in range(4)]
        replies = await asyncio.gather(*asks)
        usage = caller.usage["user"]
        assert usage.prompt_tokens > 0
    assert all(reply.outcome in OUTCOMES for pair in replies for reply in pair)
    assert all(len(pair) == 2 for pair in replies)
    async with open_caller(params, tmp_path) as caller:
        again = [
            await caller.ask("user", dspy.Predict(Colour), {"thing": str(seed)}, seed=seed, n=2) for seed in range(4)
        ]
        assert caller.usage["user"].attempts == usage.attempts
    assert again == replies


async def test_a_model_that_is_not_there_is_told(other: tuple[str, str]) -> None:
    params = from_dict({"lm": "openai/no-such-model", "api_base": other[0], "retries": 0, "timeout": 60.0})
    async with open_caller(params) as caller:
        with pytest.raises(LMError):
            await caller.ask("user", dspy.Predict(Colour), {"thing": "x"}, seed=1)


async def test_first_contact_finds_something(other: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.lm.check.PATIENCE", 3.0)  # random weights end no reply
    url, model = other
    engine = HttpEngine(model, url, timeout=60)
    try:
        checked = await check(engine, f"openai/{model}")
    finally:
        await engine.close()
    assert checked.usable
    tried = {finding.what for finding in checked.findings}
    assert tried >= {"reachable", "answers", "token counts", "several samples (n)", "native tools", "context window"}
