"""The run folder: create, lock, append, resume, finish, load.

::

    experiments/quickstart/s0-2930771b6562/
        params.yaml         all parameters, defaults included
        run.json            versions, git, hashes, counts, calls, tokens, seconds; "status" says how far it is
        pool.jsonl          the tools
        journal/            every paid reply, durable before it is used
        dialogues.jsonl     accepted rows, appended as they finish; compacted to dialogues.parquet in plan order
        rejected.jsonl      the others, with their reasons (rejected.parquet after)
        verdicts.jsonl      what the checks found
        notebooks/          the executed notebooks
        figures/            PNG, PDF, and the CSV behind each
        prompts/            the prompt versions it was made with, where it names any
        report.html
        metrics.json        written last: its presence means complete

A run's id is its seed and the hash of its parameters: the same parameters are the same run, continued or reported.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import xxhash

from genesis import params as parameters
from genesis.errors import LockedError, RecordError
from genesis.params import Params
from genesis.text import stable_hash

SCHEMA_VERSION = 1
METRICS = "metrics.json"
PROMPTS = "prompts"
"""The run's own copy of the prompt versions it was made with."""
TRIALS = "prompts"
"""The experiment under which prompts are tried out: whole runs, but no results; ``latest`` passes them over."""
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


@dataclass(frozen=True, slots=True)
class Run:
    """One run's folder; functions and methods here are the only code that knows its layout."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id, unique in its experiment."""
        return self.path.name

    @property
    def complete(self) -> bool:
        """Whether the run has finished: metrics.json is written last."""
        return (self.path / METRICS).is_file()

    @property
    def status(self) -> str:
        """How the run stands, whatever run.json says: its writer may have been killed.

        ``complete`` where metrics.json is there, ``running`` where a process holds it; a run that says it is running
        and is not held was ``interrupted``. Else ``started``, ``failed`` or ``interrupted``, as run.json says.
        """
        if self.complete:
            return "complete"
        if self.held():
            return "running"
        told = str(self.read_json("run.json").get("status", "started"))
        return "interrupted" if told in ("running", "complete") else told

    @property
    def journal_path(self) -> Path:
        """Where the LM journal lies."""
        return self.path / "journal"

    @property
    def params(self) -> Params:
        """The parameters the run was made with."""
        return parameters.load(self.path / "params.yaml")

    def file(self, name: str) -> Path:
        """Return the path of a file of the run, its folder made."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def append(self, name: str, row: dict[str, Any]) -> None:
        """Append one row to ``name.jsonl`` in a single write. Raises RecordError where the disk refuses."""
        line = msgspec.json.encode(row) + b"\n"
        try:
            with self.file(f"{name}.jsonl").open("ab") as stream:
                stream.write(line)
        except OSError as error:
            raise RecordError(
                f"{self.path / name}.jsonl: {error.strerror}; what is there is valid, resume later"
            ) from error

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of ``name.jsonl``; an absent file has none.

        A torn last line is passed over (:func:`mend` cuts it); damage in the middle raises RecordError with the offset.
        """
        file = self.path / f"{name}.jsonl"
        if not file.exists():
            return
        offset = 0
        with file.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                yield _decode(line, file, offset)
                offset += len(line)

    def mend(self, name: str) -> int:
        """Cut a torn tail (no final newline, or a block of NULs) off ``name.jsonl``; return the bytes cut.

        Called once by the owner of the lock before it appends.
        """
        file = self.path / f"{name}.jsonl"
        if not file.exists():
            return 0
        data = file.read_bytes()
        kept = data.rstrip(b"\0")
        kept = kept[: kept.rfind(b"\n") + 1]
        if len(kept) < len(data):
            with file.open("r+b") as stream:
                stream.truncate(len(kept))
        return len(data) - len(kept)

    def replace_rows(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write ``name.jsonl`` anew, whole or not at all."""
        _write_atomic(self.file(f"{name}.jsonl"), b"".join(msgspec.json.encode(row) + b"\n" for row in rows))

    def order_rows(self, name: str, place: Callable[[dict[str, Any]], int]) -> None:
        """Bring the rows of ``name.jsonl`` into the order of ``place``, whole or not at all, one in memory at once."""
        file = self.path / f"{name}.jsonl"
        places = [place(row) for row in self.rows(name)]
        if places == sorted(places):
            return
        with file.open("rb") as stream:
            ends = list(accumulate(len(line) for line in stream))
            starts = [0, *ends]
            order = sorted(range(len(places)), key=places.__getitem__)
            _write_atomic(file, (_piece(stream, starts[row], ends[row]) for row in order))

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file, whole or not at all."""
        _write_atomic(
            self.file(name), msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=2) + b"\n"
        )

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the run. Raises RecordError naming it where it is absent or damaged."""
        file = self.path / name
        try:
            return msgspec.json.decode(file.read_bytes())
        except FileNotFoundError as error:
            raise RecordError(f"{file}: absent; has the step that writes it been run?") from error
        except (OSError, msgspec.DecodeError) as error:
            raise RecordError(f"{file}: {error}") from error

    def update(self, **entries: Any) -> dict[str, Any]:
        """Merge entries into run.json and return all of it."""
        known: dict[str, Any] = self.read_json("run.json") if (self.path / "run.json").exists() else {}
        known.update(entries)
        self.write_json("run.json", known)
        return known

    def held(self) -> bool:
        """Whether a process holds the run's lock now."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for this process. Raises LockedError naming who holds it; a dead holder holds nothing."""
        file = self.file("lock")
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                _flock(descriptor)
            except BlockingIOError as error:
                holder = os.read(descriptor, 300).decode(errors="replace").strip() or "another process"
                raise LockedError(f"{self.path}: held by {holder}; wait for it or stop it") from error
            os.ftruncate(descriptor, 0)
            since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            os.write(descriptor, f"pid {os.getpid()} on {socket.gethostname()} since {since}\n".encode())
            yield
        finally:
            os.close(descriptor)


def _flock(descriptor: int) -> None:
    """Take the lock; :meth:`Run.held` takes it for a moment, so a refusal is asked again. Raises BlockingIOError."""
    for wait in (0.02, 0.1):
        with suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(wait)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def create(params: Params, root: str | Path = "experiments", *, again: bool = False) -> Run:
    """Make the run folder of ``params``, or return the one that is there already.

    ``again`` sets a run's results aside and makes it anew; its journal stays, so that nothing is paid twice, but for a
    run on the offline LM alone, whose replies are free and belong to the code that made them.
    Raises RecordError where the folder cannot be written.
    """
    run = Run(Path(root) / params.experiment / run_id(params))
    try:
        run.path.mkdir(parents=True, exist_ok=True)
        if again:
            _set_aside(run, keep_journal=_lm_names(params) != ["offline"])
        if not (run.path / "params.yaml").exists():
            _write_atomic(run.path / "params.yaml", parameters.dump_yaml(params).encode())
            for version in prompt_files(params):
                if version.is_file():
                    _write_atomic(run.file(f"{PROMPTS}/{version.name}"), version.read_bytes())
    except OSError as error:
        raise RecordError(f"{run.path}: cannot be written: {error.strerror}") from error
    if again or not (run.path / "run.json").exists():
        run.update(**describe(params), status="started", started=_now(), seconds=0.0, resumed=0)
    else:
        _check_schema(run)
    return run


def copy_results(donor: Run, run: Run) -> None:
    """Make ``run`` complete with the results of ``donor``, a complete run whose parameters differ in the name only.

    run.json keeps saying where they come from (``copied_from``). Raises RecordError.
    """
    kept = {"params.yaml", "run.json", "lock", METRICS}
    try:
        for item in sorted(donor.path.iterdir()):
            if item.is_dir():
                shutil.copytree(item, run.path / item.name, dirs_exist_ok=True)
            elif item.name not in kept:
                shutil.copy2(item, run.path / item.name)
        made = donor.read_json("run.json")
        own = {"experiment": run.path.parent.name, "params_hash": parameters.params_hash(run.params)}
        run.update(**{**made, **own, "copied_from": f"{donor.path.parent.name}/{donor.id}"})
        _write_atomic(run.path / METRICS, (donor.path / METRICS).read_bytes())
    except OSError as error:
        raise RecordError(f"{run.path}: cannot be written: {error.strerror}") from error


def run_id(params: Params) -> str:
    """Return the id of the run of ``params``: its seed and a hash of all that can change its result.

    That is the parameters and the content of the files they name (``data``, ``pool.path``, ``pool.decisions``, and the
    prompt versions).
    """
    named = [Path(name) for name in (params.data, params.pool.path, params.pool.decisions) if name]
    named += prompt_files(params)
    digests = [_file_digest(file) for file in named if file.is_file()]
    content = parameters.params_hash(params)
    return f"s{params.seed}-{content if not digests else f'{stable_hash(content, *digests):012x}'[:12]}"


def project_root() -> Path | None:
    """Return the project around the working folder (it has ``notebooks`` and ``params``); None outside of one."""
    here = Path.cwd()
    found = (folder for folder in (here, *here.parents) if (folder / "notebooks").is_dir())
    return next((folder for folder in found if (folder / "params").is_dir()), None)


def prompts_folder() -> Path:
    """Return where prompt versions lie: ``params/prompts`` of the project, or of the working folder."""
    return (project_root() or Path()) / "params" / "prompts"


def prompt_files(params: Params) -> list[Path]:
    """Return the files of the prompt versions that the parameters name, in the order of the agents' names."""
    return [prompts_folder() / f"{version}.json" for _, version in sorted(params.prompts.items())]


def _file_digest(file: Path) -> str:
    digest = xxhash.xxh3_128()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def open_run(ref: str | Path, root: str | Path = "experiments") -> Run:
    """Open a run by its folder, by its id, by ``experiment/id``, or the ``latest`` complete one under ``root``
    that is no trial of a prompt.

    Raises RecordError saying where it looked.
    """
    text = str(ref)
    if text == "latest":
        complete = [file for file in Path(root).glob(f"*/*/{METRICS}") if file.parts[-3] != TRIALS]
        found = sorted(complete, key=lambda file: (file.stat().st_mtime, str(file)))
        if not found:
            raise RecordError(
                f"latest: no complete run under {Path(root).resolve()}; `genesis run params/quickstart.yaml` makes one"
            )
        run = Run(found[-1].parent)
    elif (Path(text) / "run.json").is_file():
        run = Run(Path(text) if Path(text).name not in ("", "..") else Path(text).resolve())
    else:
        inside = text != "" and not Path(text).is_absolute() and ".." not in Path(text).parts
        patterns = (f"*/{text}/run.json", f"{text}/run.json") if inside else ()
        matches = next((found for pattern in patterns if (found := sorted(Path(root).glob(pattern)))), [])
        if len(matches) != 1:
            where = f"{len(matches)} runs have this id" if matches else "no such folder, and no run with this id"
            raise RecordError(f"run '{text}': {where} under {Path(root).resolve()}")
        run = Run(matches[0].parent)
    _check_schema(run)
    return run


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
    """Whether any agent of a run is the offline (simulated) LM; a run over given data asks no LM."""
    return not params.data and "offline" in _lm_names(params)


def lm_words(params: Params) -> str:
    """Return the LM's name as every caption shows it: ``offline (simulated) LM`` where it is that."""
    if params.data:
        return f"none; data: {Path(params.data).name}"
    return ", ".join("offline (simulated) LM" if name == "offline" else name for name in _lm_names(params))


def _lm_names(params: Params) -> list[str]:
    return sorted(set(params.lm.values())) if isinstance(params.lm, dict) else [params.lm]


def code_hash() -> str:
    """Return 12 hex digits over every Python and data file of the package."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _set_aside(run: Run, *, keep_journal: bool) -> None:
    if not keep_journal:
        shutil.rmtree(run.journal_path, ignore_errors=True)
    for name in (
        "dialogues.jsonl",
        "rejected.jsonl",
        "errored.jsonl",
        "verdicts.jsonl",
        "model.jsonl",
        "replaced.jsonl",
        "audit.jsonl",
        METRICS,
        "dialogues.parquet",
        "rejected.parquet",
    ):
        (run.path / name).unlink(missing_ok=True)


def _check_schema(run: Run) -> None:
    version = run.read_json("run.json").get("schema", 0)
    if version > SCHEMA_VERSION:
        raise RecordError(f"{run.path}: written with schema {version}; this version reads up to {SCHEMA_VERSION}")


def _decode(line: bytes, file: Path, offset: int) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RecordError(f"{file}: damaged at byte {offset}: {error}") from error
    if not isinstance(row, dict):
        raise RecordError(f"{file}: damaged at byte {offset}: expected an object")
    return row


def _piece(stream: BinaryIO, start: int, end: int) -> bytes:
    stream.seek(start)
    return stream.read(end - start)


def _write_atomic(file: Path, data: bytes | Iterable[bytes]) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RecordError(f"{file}: cannot be written: {error.strerror}") from error


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


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
