"""What can go wrong, one flat error per boundary.

::

    GenesisError                 anything the workbench reports itself; the command line exits with 2
    ├── ParamsError              a parameters file, a -p override, a notebook's parameters
    ├── ToolError                one tool's definition
    ├── PoolError                a source of tools, or a pool as a whole
    ├── PlanError                scenarios that cannot be planned (illegal combination, empty plan)
    ├── FormatError              rows of a data set: names file and line
    │   └── RowError             one row that is no dialogue: carries the id of the check that says so
    ├── BenchmarkError           benchmark data that is absent or damaged
    ├── RecordError              a run folder: name, lock, disk, damage, schema version
    │   └── LockedError          the run is held by another process
    ├── StepError                a notebook failed: names it and the cell
    ├── StoppedError             someone stopped a cell: what was made is kept
    ├── LMError                  a language model
    │   ├── LMConfigError        wrong before anything is spent: name, endpoint, key, capability
    │   ├── RetryableLMError     may go better next time: 429, 5xx, reset, time-out
    │   ├── RejectedLMError      this request will never work (400, 404, 413, 422): fails the call, not the run
    │   ├── FatalLMError         no request will work (401, 403, quota): stops the run, resumable
    │   ├── ReplayMissError      a replayed journal does not hold the request
    │   └── BudgetError          the budget is reached: a clean, resumable stop
    ├── ReplyError               a model's reply that does not parse into what the signature asks for
    └── MissingExtraError        an optional dependency is not installed: carries the command that installs it

A bad *dialogue* is no error: it is a verdict with a reason. Messages name the boundary, the value and what was
expected: ``ToolError: get_weather: required parameter 'city' has no property; properties are ['town', 'unit']``.
"""


class GenesisError(Exception):
    """Base of every error the workbench raises on purpose; its text is one line a user can act on."""


class ParamsError(GenesisError):
    """A parameter is unknown, mistyped or out of range."""


class ToolError(GenesisError):
    """A tool's definition cannot be used."""


class PoolError(GenesisError):
    """A source of tools cannot be read, or a pool cannot be built from it."""


class PlanError(GenesisError):
    """The scenarios asked for cannot be planned."""


class FormatError(GenesisError):
    """A data set's row has the wrong shape."""


class RowError(FormatError):
    """One row cannot be read as a dialogue; the rest of the data set can."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check
        """Id of the check under which the row fails, for instance ``rule:5-call-parses``."""


class BenchmarkError(GenesisError):
    """Benchmark data is absent or damaged."""


class RecordError(GenesisError):
    """A run folder cannot be opened, written or trusted."""


class LockedError(RecordError):
    """Another live process holds the run."""


class StepError(GenesisError):
    """A notebook failed."""


class StoppedError(GenesisError):
    """Someone stopped a cell; it shows itself in a notebook as this one sentence."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback."""
        return [str(self)]


class LMError(GenesisError):
    """A language model failed."""


class LMConfigError(LMError):
    """The LM cannot work as configured; nothing has been spent."""


class RetryableLMError(LMError):
    """The request may succeed when sent again."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        possibly_billed: bool = False,
        once: bool = False,
        late: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the server asked to wait, where it did."""
        self.possibly_billed = possibly_billed
        """The server may have done the work although no reply arrived."""
        self.once = once
        """Worth one more try only: a reply came, and it was damaged."""
        self.late = late
        """No reply in time: the server may be asked more at once than it can do."""


class RejectedLMError(LMError):
    """The server refuses this request for good; other requests may work."""


class FatalLMError(LMError):
    """No further request will work: the run stops, resumable."""


class ReplayMissError(LMError):
    """The replayed journal does not hold the request."""


class BudgetError(LMError):
    """The budget is reached: the run stops cleanly, resumable."""


class ReplyError(GenesisError):
    """A reply does not parse into the fields its signature asks for."""


class MissingExtraError(GenesisError):
    """An optional dependency is absent."""
