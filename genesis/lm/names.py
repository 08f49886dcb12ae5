"""From the name of an LM to its engine.

========================= =====================================================================================
``offline``               the built-in simulated LM: no key, no network, no weights
``replay:RUN``            answers from a run's journal; RUN is a run folder or its journal
``provider/model``        a provider with an OpenAI-compatible endpoint (table below), or any that DSPy knows
any, with ``api_base``    that OpenAI-compatible endpoint; a leading ``openai/`` is taken off
========================= =====================================================================================
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from urllib.parse import urlsplit

from genesis.errors import LMConfigError
from genesis.lm.engine import Engine
from genesis.params import OfflineParams, Params

ENDPOINTS = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": ("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "together_ai": ("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "fireworks_ai": ("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "xai": ("https://api.x.ai/v1", "XAI_API_KEY"),
    "ollama": ("http://127.0.0.1:11434/v1", ""),
}
DEFAULT_KEY_ENV = "OPENAI_API_KEY"
AGENTS = ("sample", "memory", "user", "assistant", "function", "tool", "judge", "checker")


def lm_names(params: Params) -> dict[str, str]:
    """Return agent (or ``default``) -> LM name. Raises LMConfigError for an unknown agent or no default."""
    names = {"default": params.lm} if isinstance(params.lm, str) else dict(params.lm)
    for agent in names:
        if agent not in ("default", *AGENTS):
            close = difflib.get_close_matches(agent, AGENTS, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; agents are {', '.join(AGENTS)}"
            raise LMConfigError(f"lm: unknown agent '{agent}'{hint}")
    if "default" not in names:
        raise LMConfigError("lm: names a model for some agents but no 'default' for the others")
    return names


def api_base_of(params: Params, agent: str) -> str:
    """Return the endpoint of an agent's model, empty where none is named."""
    if isinstance(params.api_base, str):
        return params.api_base
    return params.api_base.get(agent, params.api_base.get("default", ""))


def make_engine(
    name: str,
    *,
    api_base: str = "",
    api_key_env: str = DEFAULT_KEY_ENV,
    timeout: float = 120.0,
    max_open: int = 512,
    offline: OfflineParams | None = None,
    agent: str = "default",
    root: Path | None = None,
) -> Engine:
    """Return the engine of an LM by name. Raises LMConfigError for a name or key that cannot work."""
    if name == "offline":
        from genesis.lm.simulated import OfflineEngine

        return OfflineEngine(offline or OfflineParams())
    if name.startswith("replay:"):
        from genesis.lm.replay import ReplayEngine

        return ReplayEngine(replay_folder(name.removeprefix("replay:"), root), agent)
    if api_base:
        from genesis.lm.http import HttpEngine

        return HttpEngine(
            name.removeprefix("openai/"), api_base, key_env=api_key_env, timeout=timeout, max_open=max_open
        )
    provider, slash, model = name.partition("/")
    if not slash or not model:
        close = difflib.get_close_matches(name, ["offline", "replay:RUN"], n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise LMConfigError(f"lm is '{name}'; expected offline, replay:RUN or provider/model{hint}")
    if provider not in ENDPOINTS:
        from genesis.lm.foreign import ForeignEngine

        return ForeignEngine(name, timeout=timeout)
    from genesis.lm.http import HttpEngine

    base, own_env = ENDPOINTS[provider]
    # A key goes to no other provider than the one it is named for, unless the user names it.
    key_env = own_env if api_key_env == DEFAULT_KEY_ENV else api_key_env
    if key_env and not os.environ.get(key_env) and not _is_loopback(base):
        raise LMConfigError(f"{name}: the environment variable {key_env} is not set; it must hold the key")
    return HttpEngine(model, base, key_env=key_env, timeout=timeout, max_open=max_open)


def replay_folder(run: str, root: Path | None) -> Path:
    """Return the journal folder that ``replay:RUN`` names: a run folder, its journal, or a path under ``root``."""
    bases: list[Path] = [Path(run)] if root is None else [Path(run), root / run]
    for base in bases:
        for folder in (base / "journal", base):
            if any(folder.glob("*.jsonl")) and (folder.name == "journal" or not (folder / "run.json").exists()):
                return folder
    raise LMConfigError(
        f"replay:{run}: no run folder with a journal there; expected its path, as in replay:experiments/quickstart/RUN"
    )


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
