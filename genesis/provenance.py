"""What a run was made with: code, libraries, git, and which LM answered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from genesis import params as parameters
from genesis.params import Params

SCHEMA_VERSION = 1
SIMULATED = "offline (simulated) LM"
_PACKAGES = (
    "genesisfunc-workbench",
    "dspy",
    "datasets",
    "pandas",
    "papermill",
    "msgspec",
    "jsonschema-rs",
    "scikit-learn",
    "bfcl-eval",
)


def describe(params: Params) -> dict[str, Any]:
    """Return what run.json says of the code, the libraries and the parameters a run is made with."""
    return {
        "schema": SCHEMA_VERSION,
        "experiment": params.experiment,
        "lm": params.lm,
        "simulated": simulated(params),
        "seed": params.seed,
        "params_hash": parameters.params_hash(params),
        "versions": {name: _version(name) for name in _PACKAGES},
        "git": _git(),
        "code_hash": code_hash(),
    }


def simulated(params: Params) -> bool:
    """Whether any agent of a run is the offline (simulated) LM, or replays it; a run over given data asks none."""
    return not params.data and any(name == "offline" or _replays_simulated(name) for name in lm_names(params))


def lm_words(params: Params) -> str:
    """Return the LM's name as every caption shows it: ``offline (simulated) LM`` where it is that."""
    if params.data:
        return f"none; data: {Path(params.data).name}"
    return ", ".join(map(_words, lm_names(params)))


def made_by(params: Params, *, simulated: bool) -> str:
    """Return where the data of a run comes from: its LM, or the file that was given, and whether it is simulated."""
    words = Path(params.data).name if params.data else lm_words(params)
    return f"{words}, {SIMULATED}" if simulated and SIMULATED not in words else words


def _words(name: str) -> str:
    if name == "offline":
        return SIMULATED
    return f"{name}, {SIMULATED}" if _replays_simulated(name) else name


def _replays_simulated(name: str) -> bool:
    """Whether ``replay:RUN`` names a run (or its journal) whose run.json says that it is simulated."""
    if not name.startswith("replay:"):
        return False
    folder = Path(name.removeprefix("replay:"))
    for file in (folder / "run.json", folder.parent / "run.json"):
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(file.read_bytes())
            return isinstance(found, dict) and bool(found.get("simulated"))
    return False


def lm_names(params: Params) -> list[str]:
    """Return the names of the LMs that the parameters name, sorted."""
    return sorted(set(params.lm.values())) if isinstance(params.lm, dict) else [params.lm]


def code_hash() -> str:
    """Return 12 hex digits over every Python and data file of the package."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git() -> dict[str, Any] | None:
    """Return the commit the package runs from and whether its tree has changes; None outside a checkout."""
    folder = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5, check=True
        ).stdout.strip()
        changes = subprocess.run(
            ["git", "status", "--porcelain", "--", "."],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": bool(changes)}
