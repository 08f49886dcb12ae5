"""Benchmark data that no package carries: fetched from its public repository, checked, kept outside the project.

    genesis data get acebench        ->  ~/.cache/genesisfunc/acebench  (or $XDG_CACHE_HOME/genesisfunc/acebench)

Each file is compared with the SHA-256 of the snapshot the scorers were proven on, so a figure always speaks of the
same items; files are put in place whole and only after all have been checked.
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import BenchmarkError

_TIMEOUT = 60
_MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where a benchmark's data lies and what it must be."""

    url: str
    """Prefix of every file's address."""
    licence: str
    about: str
    files: dict[str, str]
    """Path below the prefix and below the local folder -> SHA-256."""


def sources() -> dict[str, Source]:
    """Return the known sources by name (``genesis/data/benchmarks.json``)."""
    text = resources.files("genesis").joinpath("data", "benchmarks.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Source])


def home(name: str) -> Path:
    """Return the folder in which ``genesis data get NAME`` puts the data, below the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "genesisfunc" / name


def find(name: str, folder: str | Path | None = None) -> Path:
    """Return the folder that holds a benchmark's data: given, or inside the given, or the fetched one.

    Raises BenchmarkError naming where it looked and the command that fetches the data.
    """
    one = next(iter(sources()[name].files))
    if folder is None:
        places = [home(name)]
    else:
        below = sorted(Path(folder).glob(f"{name}*")) if Path(folder).is_dir() else []
        places = [Path(folder), *below]
    for place in places:
        if (place / one).is_file():
            return place
    looked = ", ".join(str(place) for place in places)
    raise BenchmarkError(
        f"{name}: no data ({one}) in {looked}; `genesis data get {name}` fetches it, --data DIR names it"
    )


def get(
    name: str,
    to: str | Path | None = None,
    *,
    url: str = "",
    opener: Callable[[str], bytes] | None = None,
) -> dict[str, Any]:
    """Fetch a benchmark's files into a folder; files that are there and right are not fetched again.

    ``url`` names a mirror (same paths below it). Returns the folder and counts. Raises BenchmarkError: an unknown name,
    no connection, an HTTP error, a file that is not the snapshot's.
    """
    known = sources()
    if name not in known:
        raise BenchmarkError(f"no benchmark data {name!r}; there are {', '.join(sorted(known))} (BFCL: make setup)")
    source, folder = known[name], Path(to) if to else home(name)
    prefix = (url or source.url).rstrip("/")
    fetch = opener or download
    missing = {path: digest for path, digest in source.files.items() if _digest_of(folder / path) != digest}
    contents = {path: fetch(f"{prefix}/{path}") for path in missing}
    for path, content in contents.items():
        if hashlib.sha256(content).hexdigest() != missing[path]:
            raise BenchmarkError(
                f"{name}: {prefix}/{path} is not the file of the snapshot (SHA-256 differs, {len(content)} bytes); "
                "nothing was kept. Its repository has changed: fetch an older state of it and give it with --data"
            )
    _place(folder, contents)
    return {
        "name": name,
        "folder": str(folder),
        "files": len(source.files),
        "fetched": len(contents),
        "licence": source.licence,
    }


def download(address: str) -> bytes:
    """Return what an http(s) address holds. Raises BenchmarkError, with what to do where there is no connection."""
    if not address.startswith(("https://", "http://")):
        raise BenchmarkError(f"{address}: expected an http or https address")
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            content: bytes = answer.read(_MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise BenchmarkError(f"{address}: HTTP {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise BenchmarkError(
            f"{address}: no connection ({reason}); fetch the files where there is one and give their folder with --data"
        ) from error
    if len(content) > _MAX_BYTES:
        raise BenchmarkError(f"{address}: more than {_MAX_BYTES} bytes")
    return content


def _digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _place(folder: Path, contents: Mapping[str, bytes]) -> None:
    for path, content in contents.items():
        target = folder / path
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise BenchmarkError(f"{target}: cannot be written: {error.strerror}") from error
