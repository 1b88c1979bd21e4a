"""Where a run writes: a room of this process, by the ports of the house.

What does not live here: a room of another server (``remote``), and the protocol that is spoken
in either (``colleague``).

Laws kept here: L8 and L9. The asker's role is asked for before each seat, and judged by the room
with each write.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ai_agent.colleague import Colleague
from ai_agent.line import LOST_RIGHTS, Line
from ai_agent.ports import Arrival, Past
from server.document.landed import NOTHING, landed
from server.document.replica import Replica
from server.protocol.errors import RunFailed
from server.protocol.roles import Right, Role, allows
from server.room.authors import authors_of
from server.room.historian import Work
from server.room.past import rows_of_run
from server.room.peer import Peer
from server.room.ports import Attribution, Directory, Means, Seat
from server.room.rooms import Rooms
from server.room.run_ports import Run, RunReason
from server.room.settling import open_proposals


class RoomLink:
    """The ``Link`` to a room of this process."""

    def __init__(self, line: Line, peer: Peer) -> None:
        self._line = line
        self._peer = peer

    async def read(self) -> bytes:
        """The next frame; the room is told when all are read."""
        frame = await self._line.read()
        if not self._line.backlog:
            self._peer.drained()
        return frame

    async def send(self, frame: bytes) -> None:
        """Return when the room has room for the next."""
        await self._peer.receive(frame)

    def refused(self, reason: str) -> None:
        """A change of role is told in the same way as a refusal."""
        granted = self._peer.granted
        if granted is None or not allows(granted, Right.WRITE):
            raise RunFailed(RunReason.LOST_RIGHTS.value, LOST_RIGHTS)
        if self._peer.session.was_refused:
            raise RunFailed(RunReason.ROOM.value, f"The project could not be changed: {reason}")


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """The ``Place`` port over the rooms of this process."""

    rooms: Rooms
    directory: Directory
    history: Past
    work: Work

    @asynccontextmanager
    async def arriving(self, run: Run) -> AsyncIterator[Arrival]:
        """A seat, and the project as the log knows it."""
        line = Line()
        by = Attribution(run.asker, Means.RUN, run.id, run.attempt)
        seat = Seat(run.asker, None, run.project)
        peer = await self.rooms.join(run.project, line, seat, await self._role(run), by)
        try:
            state = await self.rooms.read(run.project, Replica.everything)
            history = await self.history.read(run.project)
            rows = rows_of_run(history, run.id)
            before = await self.work.run(landed, rows, state) if rows else NOTHING
            authors = await self.work.run(authors_of, history, state, run.target.elements)
            yield Arrival(Colleague(RoomLink(line, peer)), state, before, authors)
        finally:
            peer.leave()

    async def has_open_proposals(self, run: Run) -> bool:
        """Whether people have yet to decide on something."""
        return bool(await open_proposals(self.rooms, run.project, run.id))

    async def _role(self, run: Run) -> Role:
        """What the asker may do now. Raises ``RunFailed`` unless that includes writing."""
        role = await self.directory.role(run.project, run.asker)
        if role is None or not allows(role, Right.WRITE):
            raise RunFailed(RunReason.LOST_RIGHTS.value, LOST_RIGHTS)
        return role
