"""A run, packed for a bug report or a fixture: parameters, versions and journal, no secret.

The journal is a model: whoever unpacks the bundle runs it again with ``lm: replay:FOLDER``, without key or network.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import tarfile
from pathlib import Path
from typing import Any

from genesis.errors import RecordError
from genesis.lm.rows import shards

KEPT = ("params.yaml", "run.json", "pool.jsonl", "metrics.json")
_SECRET_NAME = re.compile(r"(?i)(key|token|secret|password|credential)s?$")
_SECRET_FORM = re.compile(rb"\b(?:sk|gsk|xai|hf|ghp|glpat|AKIA)[-_]?[A-Za-z0-9_-]{20,}")
_SHORTEST = 8


def bundle(run: str, target: str = "") -> dict[str, Any]:
    """Write the bundle and return its path, size and how to replay it.

    Raises RecordError: no such run, no journal, or something that looks like a secret in it (file and offset named).
    """
    folder = Path(run)
    if not (folder / "params.yaml").is_file():
        raise RecordError(f"{run}: no run folder (it has no params.yaml)")
    files = [folder / name for name in KEPT if (folder / name).is_file()]
    journal = shards(folder / "journal")
    if not journal:
        raise RecordError(f"{run}: no journal to pack")
    secrets = [
        value.encode() for name, value in os.environ.items() if _SECRET_NAME.search(name) and len(value) >= _SHORTEST
    ]
    path = Path(target or f"{folder.name}-bundle.tar.gz")
    contents = {file.relative_to(folder).as_posix(): _clean(file, secrets) for file in [*files, *journal]}
    try:
        _write(path, folder.name, contents)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from error
    return {
        "bundle": str(path),
        "files": len(contents),
        "bytes": path.stat().st_size,
        "lm": f"replay:{folder.name}",
    }


def _clean(file: Path, secrets: list[bytes]) -> bytes:
    data = file.read_bytes()
    for secret in secrets:
        if secret in data:
            raise RecordError(f"{file}: holds a secret of this environment at byte {data.index(secret)}; not packed")
    found = _SECRET_FORM.search(data)
    if found:
        raise RecordError(f"{file}: something that looks like a key stands at byte {found.start()}; not packed")
    return data


def _write(path: Path, root: str, contents: dict[str, bytes]) -> None:
    """Write the archive: sorted names, no times, no owners, so that the same run gives the same bytes."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in sorted(contents):
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size = len(contents[name])
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(contents[name]))
