"""All agents of a run, with the prompt versions that its parameters name.

A prompt version is ``params/prompts/<version>.json``: ``{"agent": "user", "instructions": "...", "demos": [...]}``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy
import msgspec

from genesis import record
from genesis.agents.assistant import AssistantAgent
from genesis.agents.base import Agent
from genesis.agents.checker import CheckerAgent
from genesis.agents.function import FunctionAgent
from genesis.agents.judge import JudgeAgent
from genesis.agents.memory import MemoryAgent
from genesis.agents.sample import SampleAgent
from genesis.agents.tool import ToolAgent
from genesis.agents.user import UserAgent
from genesis.errors import ParamsError
from genesis.params import Name, Params
from genesis.record import Run
from genesis.text import clean_text


@dataclass(frozen=True, slots=True)
class Crew:
    """The agents of a run: seven that generate, and the checker of what they made."""

    sample: SampleAgent
    memory: MemoryAgent
    user: UserAgent
    assistant: AssistantAgent
    function: FunctionAgent
    tool: ToolAgent
    judge: JudgeAgent
    checker: CheckerAgent


NAMES = tuple(Crew.__dataclass_fields__)


def crew(prompts: Mapping[str, str] | None = None, *, reasoning: bool = False, folder: Path | None = None) -> Crew:
    """Make the agents; ``prompts`` maps an agent to its prompt version (agents not named keep the built-in prompt).

    ``folder`` holds the versions; None: ``params/prompts`` of the project.
    Raises ParamsError for an unknown agent, and for a version that is absent, damaged or another agent's.
    """
    agents = Crew(
        SampleAgent(),
        MemoryAgent(),
        UserAgent(),
        AssistantAgent(reasoning=reasoning),
        FunctionAgent(),
        ToolAgent(),
        JudgeAgent(),
        CheckerAgent(),
    )
    for name, version in (prompts or {}).items():
        if name not in NAMES:
            raise ParamsError(f"prompts: unknown agent '{name}'; agents are {', '.join(NAMES)}")
        load_prompt(getattr(agents, name), version, folder or record.prompts_folder())
    return agents


def crew_of(run: Run, params: Params) -> Crew:
    """Make the agents of a run, from its own copy of the prompt versions where it has one."""
    own = run.path / record.PROMPTS
    return crew(params.prompts, reasoning=params.reasoning, folder=own if own.is_dir() else None)


def save_prompt(agent: Agent, version: str, folder: Path, about: Mapping[str, Any] | None = None) -> Path:
    """Write an agent's instructions and examples as a prompt version and return its path.

    ``about`` says where it comes from (parent, author, date, trial). An existing version is never overwritten:
    raises ParamsError, also for a name that is none and a folder that cannot be written.

    >>> save_prompt(UserAgent(), "user-v1", Path("params/prompts"))  # doctest: +SKIP
    PosixPath('params/prompts/user-v1.json')
    """
    path = version_path(version, folder)
    content = {
        "agent": agent.name,
        "instructions": clean_text(agent.predict.signature.instructions),
        "demos": [dict(demo) for demo in agent.predict.demos],
        **(about or {}),
    }
    data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp") as whole:
            whole.write(data)
            whole.flush()
            os.fsync(whole.fileno())
            Path(whole.name).chmod(0o644)
            path.hardlink_to(whole.name)  # refused where the name is taken, whoever took it
    except FileExistsError as error:
        raise ParamsError(f"prompts.{agent.name}: version '{version}' is there already; choose another name") from error
    except OSError as error:
        raise ParamsError(f"prompts.{agent.name}: {path} cannot be written: {error.strerror}") from error
    return path


def load_prompt(agent: Agent, version: str, folder: Path) -> None:
    """Give an agent the instructions and examples of a prompt version. Raises ParamsError."""
    path = version_path(version, folder)
    try:
        content: Any = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError as error:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.json"))) or "none"
        raise ParamsError(f"prompts.{agent.name}: no version '{version}' in {folder} (known: {known})") from error
    except (OSError, msgspec.DecodeError) as error:
        raise ParamsError(f"prompts.{agent.name}: {path} cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("instructions"), str):
        raise ParamsError(f"prompts.{agent.name}: {path}: expected an object with 'agent' and 'instructions'")
    if content.get("agent") != agent.name:
        raise ParamsError(f"prompts.{agent.name}: {path} is a prompt of agent '{content.get('agent')}'")
    agent.predict.signature = agent.predict.signature.with_instructions(content["instructions"])
    fields = set(agent.predict.signature.input_fields)
    agent.predict.demos = [dspy.Example(**demo).with_inputs(*fields & demo.keys()) for demo in content.get("demos", [])]


def version_path(version: str, folder: Path) -> Path:
    """Return the file of a version. Raises ParamsError for what is no version name, a path for instance."""
    try:
        msgspec.convert(version, Name)
    except msgspec.ValidationError as error:
        raise ParamsError(
            f"prompts: {version[:70]!r} is no version name; expected 1 to 64 letters, digits, _ . - (no leading dot)"
        ) from error
    return folder / f"{version}.json"
