"""Doing several things at once of which one has an end.

What does not live here: anything about runs.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from server.protocol.errors import AgentcError, RunFailed

Endless = Coroutine[Any, Any, None]


@asynccontextmanager
async def beside(*endless: Endless) -> AsyncIterator[None]:
    """Run these until the body ends. Whatever fails first ends everything, and is raised alone."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in endless]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
    except BaseExceptionGroup as failures:
        raise _first(failures) from None


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that says most: the run's, else one of ours, else whatever it was."""
    leaves = _leaves(failures)
    for kind in (RunFailed, AgentcError):
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    return leaves[0]


def _leaves(error: BaseException) -> Sequence[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]
