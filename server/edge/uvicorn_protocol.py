"""uvicorn's websocket protocol, made to give up on peers that read nothing (L6).

uvicorn closes a silent or finished connection with ``transport.close()``, which waits
until everything buffered has left. A peer that keeps its connection open and never
reads makes that wait endless: the application is never told, and the connection and
its room's view of it stay for ever. Here both roads end in an abort.
"""

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_SECONDS = 10.0
"""How long a closed connection may take to read the rest."""


class AbortingWebSocketProtocol(WebSocketsSansIOProtocol):
    """The same protocol, with an end that does not depend on the peer."""

    def keepalive_timeout(self) -> None:
        """The peer has not answered a ping in time; or it has, and we have not read it.

        While reading is paused (an edit waits for its room, or its sender is too fast), the
        answer lies behind what we have not read. That ends: the application reads on, and
        then the peer's silence is its own.
        """
        if self.read_paused and self.ping_timeout is not None:
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
            return
        super().keepalive_timeout()
        self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        """A message has come. Text is refused whatever it says; if it is no UTF-8, uvicorn
        would log that as an error of ours, with a traceback."""
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames).decode(errors="replace").encode()]
        super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        """What the application says. A refusal answers the handshake too: uvicorn would log
        it as an application that has forgotten to. And where a broken frame has ended the
        connection, the application learns that its peer is gone, not that it is wrong."""
        self._require_peer()
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def _require_peer(self) -> None:
        if self.close_sent:
            raise ClientDisconnected

    async def run_asgi(self) -> None:
        """Serve; afterwards, what is buffered has a bounded time to leave."""
        try:
            await super().run_asgi()
        finally:
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)
