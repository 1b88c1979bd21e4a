"""The agent as a peer: it joins a room, hears the others, and writes like anybody (L9).

Speaks the protocol of a Yjs client over a ``Link``. What does not live here: what is
written (the scribe) and when (``writer``).

Laws kept here: L8 and L9. The room judges each write by the role that the asker has now; a
refusal, or the end of the connection, ends the run. Its edits are the run's, by the attempt
that holds the lease.
"""

import asyncio
from itertools import count
from typing import Protocol

from ai_agent.scribes import Scribe
from server.protocol.messages import (
    Denied,
    Limits,
    Message,
    Presence,
    QueryPresence,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
    encode,
)

FRAMES = Limits(max_frame_bytes=2**32, max_presence_entries=2**20, max_presence_bytes=2**32)
"""Our own room's frames are as large as documents."""


class Link(Protocol):
    """The way to a room, here or elsewhere, from its first frame to its end."""

    async def read(self) -> bytes:
        """The next frame. Raises ``RunFailed`` when the room wants us gone, ``RoomClosed`` or
        ``ShuttingDown`` when it has ended for a reason of its own."""

    async def send(self, frame: bytes) -> None:
        """Return when there is room for the next."""

    def refused(self, reason: str) -> None:
        """The room has told a refusal, or a change of role. Raises ``RunFailed`` if that means that
        the run cannot go on."""


class Colleague:
    """One attempt's seat in a room, as long as its link lasts."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._numbers = count(1)
        self._waiting: dict[bytes, asyncio.Future[None]] = {}

    async def listen(self, scribe: Scribe) -> None:
        """Tell the scribe what the others do, for ever. Raises ``RunFailed`` when the asker's
        rights have ended or a write is refused, ``RoomClosed`` when the room has ended."""
        while True:
            frame = await self._link.read()
            for message in decode(frame, FRAMES):
                self._hear(message, scribe)

    async def write(self, update: bytes) -> None:
        """Hand an edit to the room; return when the room has room for the next."""
        await self._link.send(encode(SyncUpdate(update)))

    async def announce(self, scribe: Scribe) -> None:
        """Show where we are."""
        await self._link.send(encode(Presence((scribe.presence(),))))

    async def saved(self) -> None:
        """Return once everything that was written is durable."""
        payload = str(next(self._numbers)).encode()
        waiting = self._waiting[payload] = asyncio.get_running_loop().create_future()
        await self._link.send(encode(SyncStatus(payload)))
        await waiting

    def _hear(self, message: Message, scribe: Scribe) -> None:
        match message:
            case SyncStep2(update) | SyncUpdate(update):
                scribe.receive(update)
            case Presence(entries):
                scribe.hear(entries)
            case Denied(reason):
                self._link.refused(reason)
            case SyncStatus(payload):
                waiting = self._waiting.pop(payload, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
            case SyncStep1() | QueryPresence():
                pass  # All that we have, we have told already.
