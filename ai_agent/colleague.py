"""The agent as a peer: it joins a room, hears the others, and writes like anybody (L9).

Speaks the protocol of a Yjs client over a :class:`Line`. What does not live here: what is
written (the scribe) and when (``writer``).

Laws kept here: L8 and L9. The room judges each write by the role that the asker has now; a
refusal, or the end of the connection, ends the run. Its edits are the run's, by the attempt
that holds the lease.
"""

import asyncio
from itertools import count

from ai_agent.line import LOST_RIGHTS, Line
from ai_agent.ports import Scribe
from server.protocol.errors import RunFailed
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
from server.protocol.roles import Right, Role, allows
from server.room.peer import Peer
from server.room.ports import Attribution, Means, Seat
from server.room.rooms import Rooms
from server.room.run_ports import Run, RunReason

FRAMES = Limits(max_frame_bytes=2**32, max_presence_entries=2**20, max_presence_bytes=2**32)
"""Our own room's frames are as large as documents."""


class Colleague:
    """One attempt's seat in a room, from :func:`joined` to :meth:`leave`."""

    def __init__(self, line: Line, peer: Peer) -> None:
        self._line = line
        self._peer = peer
        self._numbers = count(1)
        self._waiting: dict[bytes, asyncio.Future[None]] = {}

    async def listen(self, scribe: Scribe) -> None:
        """Tell the scribe what the others do, for ever. Raises ``RunFailed`` when the asker's
        rights have ended or a write is refused, ``RoomClosed`` when the room has ended."""
        while True:
            frame = await self._line.read()
            for message in decode(frame, FRAMES):
                self._hear(message, scribe)
            if not self._line.backlog:
                self._peer.drained()

    async def write(self, update: bytes) -> None:
        """Hand an edit to the room; return when the room has room for the next."""
        await self._peer.receive(encode(SyncUpdate(update)))

    async def announce(self, scribe: Scribe) -> None:
        """Show where we are."""
        await self._peer.receive(encode(Presence((scribe.presence(),))))

    async def saved(self) -> None:
        """Return once everything that was written is durable."""
        payload = str(next(self._numbers)).encode()
        waiting = self._waiting[payload] = asyncio.get_running_loop().create_future()
        await self._peer.receive(encode(SyncStatus(payload)))
        await waiting

    def leave(self) -> None:
        """Go; our presence goes with us."""
        self._peer.leave()

    def _hear(self, message: Message, scribe: Scribe) -> None:
        match message:
            case SyncStep2(update) | SyncUpdate(update):
                scribe.receive(update)
            case Presence(entries):
                scribe.hear(entries)
            case Denied(reason):
                self._refused(reason)
            case SyncStatus(payload):
                waiting = self._waiting.pop(payload, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
            case SyncStep1() | QueryPresence():
                pass  # All that we have, we have told already.

    def _refused(self, reason: str) -> None:
        """A change of role is told in the same way as a refusal."""
        granted = self._peer.granted
        if granted is None or not allows(granted, Right.WRITE):
            raise RunFailed(RunReason.LOST_RIGHTS.value, LOST_RIGHTS)
        if self._peer.session.was_refused:
            raise RunFailed(RunReason.ROOM.value, f"The project could not be changed: {reason}")


async def joined(rooms: Rooms, run: Run, role: Role) -> Colleague:
    """A seat for this attempt, with the rights of who asked.

    Raises why there is none: ``NotFound``, ``StoreUnavailable``, ``DocumentDamaged``...
    """
    line = Line()
    by = Attribution(run.asker, Means.RUN, run.id, run.attempt)
    seat = Seat(run.asker, None, run.project)
    return Colleague(line, await rooms.join(run.project, line, seat, role, by))
