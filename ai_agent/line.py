"""A room's channel to a peer in the same process: frames in a queue, read by one task.

What does not live here: what frames say (``colleague``).
"""

import asyncio
from collections import deque

from server.protocol.errors import Forbidden, NotFound, RoomClosed, RunFailed, ShuttingDown
from server.room.run_ports import RunReason

LOST_RIGHTS = (
    "Whoever asked for this may not change the project any more, so it stopped. What had been "
    "written is in the project."
)
LAST_WORDS = frozenset({Forbidden.close_code, NotFound.close_code})
"""Codes with which a room closes on those who have no business in it any more."""


class Line:
    """The ``Channel`` port, and its other end."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._closed: tuple[int, str] | None = None
        self._backlog = 0

    # --- for the room ---

    def write(self, frame: bytes) -> None:
        """Queue a frame."""
        if self._closed is None:
            self._frames.append(frame)
            self._backlog += len(frame)
            self._news.set()

    def close(self, code: int, reason: str) -> None:
        """Nothing comes after what is queued."""
        if self._closed is None:
            self._closed = (code, reason)
            self._news.set()

    @property
    def backlog(self) -> int:
        """Bytes that nobody has read."""
        return self._backlog

    # --- for the peer ---

    async def read(self) -> bytes:
        """The next frame. Raises ``RunFailed`` when the room wants us gone, ``ShuttingDown`` or
        ``RoomClosed`` when it has ended for a reason of its own."""
        while not self._frames:
            if self._closed is not None:
                raise _reason(*self._closed)
            self._news.clear()
            await self._news.wait()
        frame = self._frames.popleft()
        self._backlog -= len(frame)
        return frame


def _reason(code: int, reason: str) -> RunFailed | RoomClosed | ShuttingDown:
    if code in LAST_WORDS:
        return RunFailed(RunReason.LOST_RIGHTS.value, LOST_RIGHTS)
    return ShuttingDown(reason) if code == ShuttingDown.close_code else RoomClosed(reason)
