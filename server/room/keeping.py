"""Services that run for ever beside the rooms, whatever goes wrong in one.

What does not live here: the services, and who starts and ends them.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from server.room.ports import Clock

logger = logging.getLogger(__name__)

RESTART_SECONDS: Final = 1.0


async def keep_up(service: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run a service for ever: a bug in one must not take down what works beside it."""
    while True:
        try:
            await service()
        except Exception:
            logger.exception("%s failed and is started again", service.__qualname__)
        await clock.sleep(RESTART_SECONDS)
