"""Doing several things at once of which one has an end.

What does not live here: anything about runs.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from server.protocol.errors import AgentcError, RunFailed
from server.room.ports import Clock

logger = logging.getLogger(__name__)

RESTART_SECONDS: Final = 1.0
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


async def keep_up(service: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run a service for ever: a bug in one must not end what runs beside it."""
    while True:
        try:
            await service()
        except Exception:
            logger.exception("%s failed and is started again", service.__qualname__)
        await clock.sleep(RESTART_SECONDS)


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
