"""Models and tokenizers by name or folder, their chat templates for training, and a tiny one to try things out.

    >>> model, tokenizer = load("tiny", texts=["Will it rain in Oslo?"])      # doctest: +SKIP

A folder with an ``adapter_config.json`` is LoRA on a base model: it is merged when it is loaded. Only safetensors are
read, and no code that comes with a model is run.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from genesis.errors import FormatError, MissingExtraError

INSTALL = "pip install 'genesisfunc-workbench[train]' (torch==2.13.0; a plain newer torch is 3 GB with CUDA)"
TINY = "tiny"
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_MARKS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")


def missing() -> list[str]:
    """Return which packages of the extra ``train`` are absent."""
    return [name for name in ("torch", "transformers", "trl", "peft") if importlib.util.find_spec(name) is None]


def require() -> None:
    """Raise MissingExtraError naming what is absent and how to install it."""
    if absent := missing():
        raise MissingExtraError(f"training needs {', '.join(absent)}: {INSTALL}")


def device() -> str:
    """Return ``cuda`` where there is one, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def weights_type(on: str, *, full: bool) -> Any:
    """Return the type that weights are held in on a device: fp32 on a CPU or where all are trained, else bf16.

    bf16 keeps 8 bits of a number: a step of a usual learning rate changes most weights by less than half the last of
    them and is lost. Trained weights are therefore fp32, and the trainer computes in bf16; adapters on frozen bf16
    weights are fp32 already.
    """
    import torch

    return torch.bfloat16 if on == "cuda" and not full else torch.float32


def load(name: str, *, texts: Iterable[str] = (), seed: int = 0, full: bool = False) -> tuple[Any, Any]:
    """Return (model, tokenizer), the tokenizer with a chat template fit for training and serving.

    ``tiny`` is made anew, its tokenizer from ``texts``. ``full``: all weights will be trained. Raises
    MissingExtraError; FormatError where the model cannot be loaded, has no chat template, or one that does not show
    tools or cannot tell what the assistant said.
    """
    require()
    if name == TINY:
        return tiny(texts, seed)
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if (Path(name).is_absolute() or name.count("/") > 1) and not Path(name).is_dir():
        raise FormatError(f"model {name}: there is no such folder")
    kind = weights_type(device(), full=full)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        if (Path(name) / "adapter_config.json").is_file():
            from peft import AutoPeftModelForCausalLM

            model = AutoPeftModelForCausalLM.from_pretrained(name, dtype=kind).merge_and_unload()
        else:
            model = AutoModelForCausalLM.from_pretrained(name, dtype=kind, use_safetensors=True)
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise FormatError(f"model {name}: cannot be loaded: {first[:200]}") from error
    use_training_template(tokenizer, name)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token  # as TRL does; padding is masked
    return model.to(device()), tokenizer


def in_memory(name: str) -> bool:
    """Return whether a model's weights lie nowhere under its name: made here, or merged from an adapter."""
    return name == TINY or (Path(name) / "adapter_config.json").is_file()


def use_training_template(tokenizer: Any, name: str) -> None:
    """Give the tokenizer TRL's training variant of its chat template where it needs one. Raises FormatError.

    The variant marks what the assistant said, and renders a turn the same whatever follows; saved with the model, it
    is also what serves it, so that a student is asked just as it was trained.
    """
    from trl.chat_template_utils import get_training_chat_template

    if not tokenizer.chat_template:
        raise FormatError(f"model {name}: its tokenizer has no chat template; name a chat model")
    if not _shows_tools(tokenizer):
        raise FormatError(
            f"model {name}: its chat template does not show the tools; set one in its tokenizer that writes them and "
            "the calls, for instance Qwen2.5's <tools> and <tool_call>"
        )
    try:
        template = get_training_chat_template(tokenizer)
    except ValueError as error:
        raise FormatError(
            f"model {name}: its chat template does not mark what the assistant said, and TRL knows no variant that "
            "does; put {% generation %} and {% endgeneration %} around it"
        ) from error
    if template is not None:
        tokenizer.chat_template = template


_ASKED = {"role": "user", "content": "Will it rain in Oslo?"}
_CALL = {"name": "tool_shown", "arguments": {"city": "Oslo", "days": 2}}
_TOOL = {"name": "tool_shown", "description": "Forecast.", "parameters": {"type": "object", "properties": {}}}


def _shows_tools(tokenizer: Any) -> bool:
    """Return whether the chat template writes the tools on offer into the prompt."""
    tools = [{"type": "function", "function": _TOOL}]
    return "tool_shown" in tokenizer.apply_chat_template([_ASKED], tools=tools, tokenize=False)


def writes_tagged_calls(tokenizer: Any) -> bool:
    """Return whether the chat template writes a call as :func:`read_reply` reads one."""
    from genesis.downstream.replies import read_reply

    answer = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": _CALL}]}
    before = tokenizer.apply_chat_template([_ASKED], tokenize=False)
    text = tokenizer.apply_chat_template([_ASKED, answer], tokenize=False).removeprefix(before)
    return [(call.name, call.arguments) for call in read_reply(text).message.tool_calls] == [tuple(_CALL.values())]


def tiny(texts: Iterable[str], seed: int = 0) -> tuple[Any, Any]:
    """Return a randomly initialised Qwen3 of 0.2 M parameters and a byte-level BPE tokenizer made from ``texts``.

    Same class, special tokens and chat template as the real one; it knows nothing, and learns a few rows by heart.
    """
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = tiny_tokenizer(texts)
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=24,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        initializer_range=0.15,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen3ForCausalLM(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model, tokenizer


def tiny_tokenizer(texts: Iterable[str], vocabulary: int = 1200) -> Any:
    """Return a byte-level BPE tokenizer with Qwen3's special tokens and its chat template (as TRL ships it)."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    template = family_template("qwen3")
    made.train_from_iterator([template, template, *texts], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.add_tokens(list(_MARKS))  # like Qwen3's: single tokens that decoding keeps
    tokenizer.chat_template = template
    use_training_template(tokenizer, TINY)
    return tokenizer


def family_template(family: str) -> str:
    """Return a model family's own chat template, as the installed TRL ships it. Raises MissingExtraError."""
    require()
    import trl

    return (Path(trl.__file__).parent / "chat_templates" / f"{family}.jinja").read_text(encoding="utf-8")


def lengths(tokenizer: Any, rows: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """Return (tokens, of these the assistant's) of every ``{"messages", "tools"}`` row."""
    found = []
    for row in rows:
        out = tokenizer.apply_chat_template(
            row["messages"], tools=row["tools"] or None, return_dict=True, return_assistant_tokens_mask=True
        )
        found.append((len(out["input_ids"]), sum(out["assistant_masks"])))
    return found
