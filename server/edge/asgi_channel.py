"""The room's ``Channel`` on plain ASGI: a queue of frames and the one task that sends them.

A room writes and goes on; it never waits for a peer. Frames leave in order, one per
websocket message, because plain clients read one per message. The bound of the
queue is the room's policy (L6): it asks for ``backlog`` after each write and is told
through ``on_drained`` when the peer has caught up, so this class drops nothing.

What does not live here: receiving, and giving up on a peer that reads nothing at
all. The latter needs the transport (``server.edge.uvicorn_protocol``), which makes
``send`` fail; then this task ends.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from starlette.types import Message, Send
from starlette.websockets import WebSocketDisconnect

from server.edge.goodbye import fit_reason


class AsgiChannel:
    """One connection's way out. Its owner runs :meth:`run` in the connection's task group."""

    __slots__ = ("_backlog", "_close", "_ended", "_frames", "_full", "_low", "_send", "_wake",
                 "on_drained")  # fmt: skip

    def __init__(self, send: Send, *, low_water: int) -> None:
        self.on_drained: Callable[[], None] = _nobody
        self._send = send
        self._low = low_water
        self._frames: deque[bytes] = deque()
        self._backlog = 0
        self._full = False
        self._close: tuple[int, str] | None = None
        self._ended = False
        self._wake = asyncio.Event()

    @property
    def backlog(self) -> int:
        """Bytes written and not yet taken by the server's transport."""
        return self._backlog

    def write(self, frame: bytes) -> None:
        """Queue one message. After ``close`` it does nothing."""
        if self._ended or self._close is not None:
            return
        self._frames.append(frame)
        self._backlog += len(frame)
        self._full = self._full or self._backlog > self._low
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close once what is queued has left; a second call does nothing."""
        if self._close is None:
            self._close = (code, fit_reason(reason))
            self._wake.set()

    async def run(self) -> None:
        """Send until closed. Returns when the close has been sent or the peer is gone."""
        try:
            await self._send_all()
        except (OSError, WebSocketDisconnect):
            pass  # Sending to a peer that is gone, in ASGI's words or Starlette's.
        finally:
            self._ended = True
            self._frames.clear()
            self._backlog = 0

    async def _send_all(self) -> None:
        while True:
            await self._send_queued()
            if self._close is not None:
                code, reason = self._close
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
                return
            self._wake.clear()
            await self._wake.wait()

    async def _send_queued(self) -> None:
        while self._frames:
            frame = self._frames.popleft()
            message: Message = {"type": "websocket.send", "bytes": frame}
            await self._send(message)
            self._backlog -= len(frame)
            if self._full and self._backlog <= self._low:
                self._full = False
                self.on_drained()


def _nobody() -> None:
    """Nobody waits for this channel to drain."""
