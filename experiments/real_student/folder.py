"""A chat model in GGUF form as a folder that ``genesis train`` takes: safetensors, tokenizer, a template with tools.

    python experiments/real_student/folder.py SmolLM2-135M-Instruct.Q4_1.gguf DIR

The weights are what the file holds, dequantised. SmolLM2's own chat template does not show tools, so the folder gets
Qwen2.5's (``<tools>``, ``<tool_call>``; TRL's training variant), with SmolLM2's own words where no system message is
given; the untouched model and every trained one are asked through it. Needs the package ``gguf`` beside the extra
``train``.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from genesis.downstream.training import models

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
"""What SmolLM2-Instruct's own template says where no system message is given."""


def template() -> str:
    """Return Qwen2.5's training template with SmolLM2's default system message."""
    text = models.family_template("qwen2_5_training")
    made, count = re.subn(r"You are Qwen, created by Alibaba Cloud\. You are a helpful assistant\.", SYSTEM, text)
    if count != 2:
        raise SystemExit(f"the template names Qwen {count} times; expected 2")
    return made


def convert(file: Path, out: Path) -> None:
    """Write the folder."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    named = {"gguf_file": file.name}
    read = AutoModelForCausalLM.from_pretrained(str(file.parent), dtype=torch.bfloat16, **named)
    tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **named)
    tokenizer.chat_template = template()
    tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token = "<|im_start|>", "<|im_end|>", "<|im_end|>"
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id) == (read.config.eos_token_id, read.config.pad_token_id)
    config = read.config
    del config.quantization_config  # a model that says it is quantised is not saved; these weights no longer are
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    tokenizer.clean_up_tokenization_spaces = False
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="the .gguf file")
    parser.add_argument("out", type=Path, help="the folder to write")
    given = parser.parse_args()
    convert(given.file, given.out)
