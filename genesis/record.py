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
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import xxhash

from genesis import jsonl
from genesis import params as parameters
from genesis.errors import LockedError, RecordError
from genesis.jsonl import write_atomic
from genesis.params import Params
from genesis.provenance import SCHEMA_VERSION, lm_names
from genesis.provenance import code_hash as code_hash
from genesis.provenance import describe as describe
from genesis.provenance import lm_words as lm_words
from genesis.provenance import made_by as made_by
from genesis.provenance import simulated as simulated
from genesis.text import stable_hash

METRICS = "metrics.json"
PROGRESS = "progress.json"
"""How generation stands, told every second while it runs."""
PROMPTS = "prompts"
"""The run's own copy of the prompt versions it was made with."""
TRIALS = "prompts"
"""The experiment under which prompts are tried out: whole runs, but no results; ``latest`` passes them over."""


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

    @property
    def made_by(self) -> str:
        """Where the run's data comes from, as captions show it: its LM or file, and that it is simulated, if so."""
        return made_by(self.params, simulated=bool(self.read_json("run.json").get("simulated")))

    def file(self, name: str) -> Path:
        """Return the path of a file of the run, its folder made."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def append(self, name: str, row: dict[str, Any]) -> None:
        """Append one row to ``name.jsonl`` in a single write. Raises RecordError where the disk refuses."""
        try:
            file = self.file(f"{name}.jsonl")
        except OSError as error:
            raise RecordError(f"{self.path}: {error.strerror}; what is there is valid, resume later") from error
        jsonl.append(file, row)

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of ``name.jsonl``, none where it is absent (:func:`genesis.jsonl.read`)."""
        return jsonl.read(self.path / f"{name}.jsonl")

    def mend(self, name: str) -> int:
        """Cut a torn tail off ``name.jsonl``; return the bytes cut. The lock's owner calls it before it appends."""
        return jsonl.mend(self.path / f"{name}.jsonl")

    def replace_rows(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write ``name.jsonl`` anew, whole or not at all."""
        jsonl.replace(self.file(f"{name}.jsonl"), rows)

    def order_rows(self, name: str, place: Callable[[dict[str, Any]], int]) -> None:
        """Bring the rows of ``name.jsonl`` into the order of ``place``, whole or not at all, one in memory at once."""
        jsonl.order(self.path / f"{name}.jsonl", place)

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file, whole or not at all."""
        write_atomic(
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
            _set_aside(run, keep_journal=lm_names(params) != ["offline"])
        new = not (run.path / "params.yaml").exists()
        if new or not (run.complete or run.held() or run.params == params):
            # Of the same run only what changes no result can differ: more budget, fewer calls at once.
            write_atomic(run.path / "params.yaml", parameters.dump_yaml(params).encode())
        if new:
            for version in prompt_files(params):
                if version.is_file():
                    write_atomic(run.file(f"{PROMPTS}/{version.name}"), version.read_bytes())
    except OSError as error:
        raise RecordError(f"{run.path}: cannot be written: {error.strerror}") from error
    if again or not (run.path / "run.json").exists():
        run.update(**describe(params), status="started", started=_now(), seconds=0.0, resumed=0)
    else:
        _check_schema(run)
    return run


def copy_results(donor: Run, run: Run) -> None:
    """Make ``run`` complete with the results of ``donor``, a complete run with the same data.

    Their parameters differ in the name only, or in how a student is trained: then its scores stay behind.
    run.json keeps saying where they come from (``copied_from``). Raises RecordError.
    """
    kept = {"params.yaml", "run.json", "lock", METRICS}
    kept |= {"scores"} if donor.params.train != run.params.train else set()
    try:
        for item in sorted(donor.path.iterdir()):
            if item.name in kept:
                continue
            if item.is_dir():
                shutil.copytree(item, run.path / item.name, dirs_exist_ok=True)
            else:
                shutil.copy2(item, run.path / item.name)
        made = donor.read_json("run.json")
        own = {"experiment": run.path.parent.name, "params_hash": parameters.params_hash(run.params)}
        run.update(**{**made, **own, "copied_from": f"{donor.path.parent.name}/{donor.id}"})
        write_atomic(run.path / METRICS, (donor.path / METRICS).read_bytes())
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


def _file_digest(file: Path) -> str:
    digest = xxhash.xxh3_128()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


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


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
