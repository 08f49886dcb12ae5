"""Prompt versions: an agent's instructions and examples under a name, with where they come from.

``params/prompts/user-brief.json``::

    {"agent": "user", "instructions": "You play ...", "demos": [], "parent": "built-in", "author": "ann",
     "date": "2026-11-26", "trial": {"acceptance": {"first": 0.93, "second": 0.98, ...}, ...}}

A run uses it with ``prompts: {user: user-brief}``. A version is never overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from genesis import record
from genesis.agents.base import Agent
from genesis.agents.crew import NAMES, crew, load_prompt, save_prompt
from genesis.errors import ParamsError
from genesis.params import Params
from genesis.text import clean_text, stable_hash

BUILT_IN = "built-in"
MOST = 100_000
"""Characters of instructions that are tried out; a longer text can be a draft, but each call would pay for it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an agent is told."""

    agent: str
    instructions: str
    demos: tuple[dict[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The same for the same content, on every machine: ``text-`` and 12 hex digits."""
        content = msgspec.json.encode([self.agent, self.instructions, self.demos], order="sorted").decode()
        return f"text-{stable_hash(content):016x}"[:17]

    def with_text(self, instructions: str) -> Prompt:
        """Return it with other instructions, as an agent will hold them.

        Raises ParamsError where there are none, or more than MOST characters.
        """
        text = clean_text(instructions).replace("\r\n", "\n").strip()
        if not text:
            raise ParamsError(f"prompts.{self.agent}: the instructions are empty; expected text")
        if len(text) > MOST:
            raise ParamsError(
                f"prompts.{self.agent}: instructions of {len(text):,} characters; expected at most {MOST:,}"
            )
        agent = _agent(self.agent)
        agent.predict.signature = agent.predict.signature.with_instructions(text)
        return Prompt(self.agent, agent.predict.signature.instructions, self.demos)

    def to_agent(self, params: Params | None = None) -> Agent:
        """Return the agent, told this; ``params`` say whether it reasons."""
        agent = _agent(self.agent, reasoning=params is not None and params.reasoning)
        agent.predict.signature = agent.predict.signature.with_instructions(self.instructions)
        agent.predict.demos = [dict(demo) for demo in self.demos]
        return agent


@dataclass(frozen=True, slots=True)
class Version:
    """A prompt version as it lies on disk."""

    name: str
    prompt: Prompt
    about: Mapping[str, Any]
    """parent, author, date, trial: what is recorded of where it comes from."""


def prompt(agent: str, version: str = BUILT_IN, *, reasoning: bool = False) -> Prompt:
    """Return an agent's prompt by the name of its version; ``reasoning`` chooses between the built-in ones.

    Raises ParamsError for an unknown agent, and for a version that is absent, damaged or another agent's.
    """
    found = _agent(agent, reasoning=reasoning)
    if version != BUILT_IN:
        load_prompt(found, version, record.prompts_folder())
    demos = tuple(dict(demo) for demo in found.predict.demos)
    return Prompt(agent, found.predict.signature.instructions, demos)


def versions(agent: str = "") -> list[Version]:
    """Return the kept versions by name, of one agent or of all. Raises ParamsError naming a damaged file."""
    found = []
    for file in sorted(record.prompts_folder().glob("[!.]*.json")):
        content = _read(file)
        of = str(content.get("agent"))
        if agent in ("", of):
            about: dict[str, Any] = {
                key: content[key] for key in ("parent", "author", "date", "trial") if key in content
            }
            found.append(Version(file.stem, prompt(of, file.stem), about))
    return found


def names(agent: str) -> list[str]:
    """Return what an agent's prompt can be called: ``built-in``, then its versions."""
    return [BUILT_IN, *(version.name for version in versions(agent))]


def keep(
    kept: Prompt, name: str, *, parent: str, author: str, date: str, trial: Mapping[str, Any] | None = None
) -> Path:
    """Write a prompt as a version and return its path. ``trial`` holds the numbers it was kept for.

    Raises ParamsError: no author, no version name, a name that is taken, a folder that cannot be written.
    """
    if not author.strip():
        raise ParamsError("prompts: a version names its author; expected a name as 'rater'")
    if name == BUILT_IN:
        raise ParamsError(f"prompts: '{BUILT_IN}' is what the workbench comes with; choose another name")
    about = {"parent": parent, "author": clean_text(author.strip()), "date": date, "trial": dict(trial or {})}
    return save_prompt(kept.to_agent(), name, record.prompts_folder(), about)


def _agent(name: str, *, reasoning: bool = False) -> Agent:
    if name not in NAMES:
        raise ParamsError(f"prompts: unknown agent '{name}'; agents are {', '.join(NAMES)}")
    found: Agent = getattr(crew(reasoning=reasoning), name)
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise ParamsError(f"prompts: {file} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ParamsError(f"prompts: {file}: expected an object with 'agent' and 'instructions'")
    return content
