"""Where work runs beyond this process: ``local:K`` worker processes here, or a Dask scheduler at ``tcp://HOST:PORT``.

    with connect("local:4") as client:
        client.submit(...)

Placement, lost workers and retries are Dask's; what a task writes must lie in a folder that all workers share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genesis.errors import ParamsError

_LOCAL = re.compile(r"local:([1-9][0-9]{0,3})")
_ADDRESS = re.compile(r"(tcp|tls|ucx)://[^\s/:]+:[0-9]{1,5}")
PATIENCE = 20
"""Seconds a scheduler has to answer."""


def check_address(scheduler: str) -> None:
    """Raise ParamsError where ``scheduler`` is neither ``local:K`` nor an address."""
    if not _LOCAL.fullmatch(scheduler) and not _ADDRESS.fullmatch(scheduler):
        raise ParamsError(
            f"--scheduler {scheduler}: expected tcp://HOST:PORT, or local:K for K workers on this machine"
        )


@contextmanager
def connect(scheduler: str) -> Iterator[Any]:
    """Give a Dask client; a local cluster's workers (one thread each) end with it.

    Raises ParamsError where the scheduler's name is none, or nobody answers there.
    """
    from distributed import Client, LocalCluster

    check_address(scheduler)
    if local := _LOCAL.fullmatch(scheduler):
        with (
            LocalCluster(
                n_workers=int(local[1]), threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except OSError as error:
        raise ParamsError(f"--scheduler {scheduler}: nobody answers there within {PATIENCE} s") from error
    with client:
        yield client
