"""uvicorn's websocket protocol that hands its connections over to picows.

uvicorn reads the request, the application admits or refuses it: until the accept all
is as on any ASGI server. Then the application may take the connection over
(``server.edge.handover``), and this object's part is done: it and what it holds of the
handshake are free, and the application's call returns. An application that does not
ask is served over plain ASGI.

What does not live here: everything after the handshake (``server.edge.fast_channel``).
"""

import asyncio
import socket

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.utils import ClientDisconnected
from websockets.http11 import Request

from server.edge import uvicorn_protocol
from server.edge.fast_channel import FastChannel, Terms
from server.edge.handover import EXTENSION
from server.edge.uvicorn_protocol import AbortingWebSocketProtocol

NOBODY_LISTENS = 1011


class FastWebSocketProtocol(AbortingWebSocketProtocol):
    """One connection until it is taken over."""

    _taken: FastChannel | None = None

    def handle_connect(self, event: Request) -> None:
        """A request has come. Nothing more is read until somebody is there to read it:
        what this object had parsed, another parser would not see."""
        super().handle_connect(event)
        if self.close_sent:
            return  # It was no handshake, and has been refused.
        self.read_paused = True
        self.transport.pause_reading()
        if self._is_tcp():  # picows sets options that other sockets do not have.
            self.scope["extensions"][EXTENSION] = {"take_over": self.take_over}

    async def receive(self) -> ASGIReceiveEvent:
        """The next event of an application that reads for itself."""
        if not self.handshake_complete:
            return await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()
        return await super().receive()

    def take_over(self, *, low_water: int) -> FastChannel:
        """The connection, accepted a moment ago. See ``server.edge.handover.TakeOver``."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        assert self.handshake_complete and self.read_paused, "taken over right after the accept"
        self.stop_keepalive()
        self.connections.discard(self)
        self.scope["extensions"].clear()  # They refer to this object.
        self._taken = FastChannel(self.transport, self.loop, self._terms(), low_water)
        self.transport = _HandedOver()
        return self._taken

    async def run_asgi(self) -> None:
        """Serve. A connection that was taken over stays, if there is somebody to read it."""
        try:
            await super().run_asgi()
        finally:
            if self._taken is not None and not self._taken.listening:
                self._taken.close(NOBODY_LISTENS, "")

    def _is_tcp(self) -> bool:
        sock = self.transport.get_extra_info("socket")
        return sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6)

    def _terms(self) -> Terms:
        return Terms(
            max_size=self.config.ws_max_size,
            ping_interval=self.config.ws_ping_interval,
            ping_timeout=self.config.ws_ping_timeout,
            linger=uvicorn_protocol.LINGER_SECONDS,
            connections=self.connections,
        )


class _HandedOver(asyncio.Transport):
    """What uvicorn's code may still close at the end of the application: nothing."""

    def is_closing(self) -> bool:
        """There is nothing to write to."""
        return True

    def close(self) -> None:
        """Somebody else does."""

    def abort(self) -> None:
        """Somebody else does."""
