"""The runner of ``genesis run``: executes notebooks with Papermill, in order, each in its own kernel."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from genesis import params as parameters
from genesis.errors import GenesisError, ParamsError, StepError
from genesis.executed import make_portable, tell_death
from genesis.lm.live import words
from genesis.notebook import ALLOW_EXEC, RUNNER, SCHEDULER, complete
from genesis.params import Params
from genesis.record import PROGRESS, Run
from genesis.report import build, summary_rows


def template(name: str) -> Path:
    """Return the path of a notebook template. Raises ParamsError listing the known ones."""
    folders = [Path.cwd() / "notebooks", Path(__file__).resolve().parent.parent / "notebooks"]
    for folder in folders:
        if (folder / f"{name}.ipynb").is_file():
            return folder / f"{name}.ipynb"
    known = sorted(file.stem for folder in folders for file in folder.glob("*.ipynb"))
    hint = (
        ", ".join(dict.fromkeys(known)) or "none here; the notebooks lie in a checkout of the workbench: run it there"
    )
    raise ParamsError(f"notebooks: no notebook '{name}'; known: {hint}")


def declared(name: str) -> dict[str, dict[str, Any]]:
    """Return what a notebook's ``parameters`` cell declares: name -> Papermill's description."""
    file = template(name)
    return _declared(str(file), file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _declared(file: str, _changed: int) -> dict[str, dict[str, Any]]:
    import papermill

    try:
        found: dict[str, dict[str, Any]] = papermill.inspect_notebook(file)
    except Exception as error:  # nbformat and papermill raise many kinds for a file that is no notebook
        raise ParamsError(f"{file}: no notebook that can be read: {' '.join(str(error).split())[:200]}") from error
    return found


def check(names: Sequence[str]) -> None:
    """Raise ParamsError for the first notebook that is absent, or declares what it cannot be passed."""
    values = parameters.to_dict(Params())
    for name in names:
        wanted = declared(name)
        unknown = [key for key in wanted if key != "run" and key not in values]
        if unknown:
            raise ParamsError(f"{template(name)}: declares {unknown}, which are no parameters of this workbench")
        if "run" not in wanted:
            raise ParamsError(f"{template(name)}: declares no 'run'; a cell tagged 'parameters' must: run = ''")


def arguments(name: str, run: Run, params: Params) -> dict[str, Any]:
    """Return the values a notebook is passed: those of the run's parameters that it declares, and the run."""
    values = parameters.to_dict(params)
    return {key: str(run.path.resolve()) if key == "run" else values[key] for key in declared(name)}


def execute(name: str, run: Run, params: Params) -> float:
    """Execute one notebook into the run's folder and return its seconds.

    Raises StepError; the executed notebook is saved up to the cell that failed.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    output = run.file(f"notebooks/{name}.ipynb")
    start = time.monotonic()
    try:
        papermill.execute_notebook(
            str(template(name)),
            str(output),
            parameters=arguments(name, run, params),
            progress_bar=False,
            log_output=False,
            kernel_name="python3",
            start_timeout=120,
            extra_arguments=["--log-level=50"],  # at 40 an idle kernel prints the interrupt that ends it as an error
        )
    except PapermillExecutionError as error:
        raise StepError(_told(name, error)) from error
    except DeadKernelError as error:
        where = tell_death(output)
        raise StepError(
            f"{name}: the kernel died in {where}; {output} holds what it had done; the same command continues"
        ) from error
    finally:
        make_portable(output, run.path, template(name))
    return time.monotonic() - start


def execute_all(
    run: Run,
    params: Params,
    names: Sequence[str],
    *,
    say: Callable[[str], None] | None = None,
    allow_exec: bool = False,
    scheduler: str = "",
) -> dict[str, float]:
    """Execute the notebooks in order, with the run locked; then write metrics.json. Returns seconds by notebook.

    ``say`` is told a line for each notebook; ``scheduler`` names the Dask cluster that generates.
    Raises ParamsError before the first, StepError, LockedError.
    """
    check(names)
    started = time.monotonic()
    spent: dict[str, float] = {}
    surroundings = {
        RUNNER: str(os.getpid()),
        "GENESIS_OUT": str(run.path.parent.parent.resolve()),
        ALLOW_EXEC: "1" if allow_exec else "0",
        SCHEDULER: scheduler,
    }
    with run.lock(), _environment(**surroundings), _interruptible(say):
        status = "interrupted"
        earlier = float(run.read_json("run.json").get("seconds", 0.0))
        run.update(status="running")
        try:
            for name in names:
                with live_line(run):
                    spent[name] = execute(name, run, params)
                if say is not None:
                    say(f"{name:<16}{spent[name]:6.1f} s")
            status = "complete"
        except StepError:
            status = "failed"
            raise
        finally:
            if status != "complete":
                _account(run, say)
            run.update(
                status=status,
                seconds=round(earlier + time.monotonic() - started, 2),
                step_seconds={name: round(seconds, 2) for name, seconds in spent.items()},
            )
        if (run.path / "report.html").exists():
            build(run)  # once more, now that status and seconds are known
        complete(run)
    return spent


def _account(run: Run, say: Callable[[str], None] | None) -> None:
    """Bring what was spent into run.json: a kernel that ends early has not."""
    from genesis import steps

    if not run.journal_path.exists():
        return
    try:
        steps.account(run)
    except GenesisError as error:
        if say is not None:
            say(f"run.json does not tell what was spent: {error}")


@contextmanager
def _interruptible(say: Callable[[str], None] | None) -> Iterator[None]:
    """Say at once, on Ctrl-C, what happens next: the kernel stops calling, closes its files, then the runner ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(_signal: int, _frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        if say is not None:
            say("interrupted: no new calls; closing files; the same command continues from here")
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def live_line(run: Run) -> Iterator[None]:
    """While a notebook runs, show the progress it reports on one line of the terminal; nothing where it is none."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()

    def watch() -> None:
        shown = ""
        while not over.wait(0.5):
            if (run.path / PROGRESS).exists():
                shown = words(run.read_json(PROGRESS))
                print(f"\r{shown}\033[K", end="", file=sys.stderr, flush=True)
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    (run.path / PROGRESS).unlink(missing_ok=True)
    watcher = threading.Thread(target=watch, name="live-line", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _told(name: str, error: Any) -> str:
    """Return one line for a failed cell; an error of ours is told in its own words."""
    value = " ".join(str(error.evalue).split())
    ours = {kind.__name__ for kind in _all_errors()}
    what = value if error.ename in ours else f"{error.ename}: {value}"
    return f"{name}, cell {error.exec_count}: {what}"


def _all_errors() -> list[type[GenesisError]]:
    found: list[type[GenesisError]] = [GenesisError]
    for kind in found:
        found += [child for child in kind.__subclasses__() if child not in found]
    return found


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# --- what a run ends with ----------------------------------------------------------------------------------------


def result(run: Run) -> dict[str, Any]:
    """Return what ``genesis run --json`` prints: run.json and metrics.json in one object, folder and true status."""
    metrics = run.read_json("metrics.json") if run.complete else None
    return {"run": str(run.path), **run.read_json("run.json"), "status": run.status, "metrics": metrics}


def summary(run: Run) -> str:
    """Return the short table a run ends with."""
    rows = summary_rows(run)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
