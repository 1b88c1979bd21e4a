"""Stopping: uvicorn, which lets the rooms finish before it cuts connections.

What does not live here: what a room does at its end.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import socket

import uvicorn

from server.room.rooms import Rooms


@dataclass(slots=True)
class Standing:
    """Whether a stop has been asked for: shared by readiness and the server."""

    stopping: bool = False


class DrainingServer(uvicorn.Server):
    """uvicorn, which lets the rooms finish before it cuts connections.

    On a stop: not ready any more, newcomers get 503, each room commits what it has
    accepted and says goodbye; only then uvicorn's own shutdown.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        rooms: Rooms,
        standing: Standing,
        announce: Callable[[int], None],
    ) -> None:
        super().__init__(config)
        self._rooms = rooms
        self._standing = standing
        self._announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen; then, and not before, say so."""
        await super().startup(sockets)
        self._announce(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Drain, then close."""
        self._standing.stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._rooms.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again once it has stopped, which would end the
        process before store and rooms are closed."""
        loop = asyncio.get_running_loop()
        caught = (signal.SIGINT, signal.SIGTERM)
        for number in caught:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)
