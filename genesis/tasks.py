"""Tasks that run together and fail as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """Give a group of tasks; the first error ends the others and is raised itself, with no group in its context.

    A notebook does not take an error for one where a group stands in its context (IPython prints it as plain text).
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as stopped:
        first = stopped.exceptions[0]
    else:
        return
    raise first
