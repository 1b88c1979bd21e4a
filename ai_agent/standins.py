"""Shows people, in the rooms of this process, runs that other processes work on.

A worker elsewhere on the same database is heard through the log alone, which carries no
presence. So a seat here stands in for it: the agent is seen as long as its lease holds, without
a cursor. What does not live here: the agent at its own seat (``places``).

Law kept here: L9. Whoever dies without a word is not shown beyond the lease.
"""

import logging
import random
from collections.abc import Sequence
from typing import Final, Protocol

from ai_agent.writing.caret import Caret
from server.protocol.errors import AgentcError
from server.protocol.ids import ClientId
from server.protocol.messages import Presence, encode
from server.room.peer import Peer
from server.room.ports import Clock, Directory, Seat
from server.room.room import Room
from server.room.rooms import Rooms
from server.room.run_ports import AtWork, Lease

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0


class Elsewhere(Protocol):
    """The part of ``Runs`` that tells who is at work."""

    async def at_work(self, besides: str) -> Sequence[AtWork]:
        """Runs that others work on."""


class Deaf:
    """A ``Channel`` to nobody: a stand-in has nothing to do with what it is told."""

    def __init__(self) -> None:
        self.closed: tuple[int, str] | None = None

    def write(self, frame: bytes) -> None:
        """Nobody listens."""

    def close(self, code: int, reason: str) -> None:
        """The room wants the seat back."""
        self.closed = (code, reason)

    @property
    def backlog(self) -> int:
        """Nothing is kept."""
        return 0


class StandIns:
    """All of one process; ``holder`` is the worker of this process, which is seen by itself."""

    def __init__(
        self,
        rooms: Rooms,
        directory: Directory,
        runs: Elsewhere,
        clock: Clock,
        holder: str,
        name: str,
        color: str,
    ) -> None:
        self._rooms = rooms
        self._directory = directory
        self._runs = runs
        self._clock = clock
        self._holder = holder
        self._name = name
        self._color = color
        self._seats: dict[Lease, tuple[Peer, Deaf]] = {}

    async def run(self) -> None:
        """Look who is at work, for ever."""
        while True:
            try:
                await self.look()
            except AgentcError as error:
                logger.warning("cannot see who else is at work: %s", error.message)
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Seat those who are at work where somebody would see them, and no others."""
        watched = {room.project for room in self._rooms.live() if _is_watched(room)}
        found = await self._runs.at_work(self._holder) if watched else ()
        working = {one.lease: one for one in found if one.project in watched}
        for lease, (peer, way) in tuple(self._seats.items()):
            if lease not in working or way.closed is not None:
                del self._seats[lease]
                peer.leave()
        for lease in working.keys() - self._seats.keys():
            await self._seat(working[lease])

    async def _seat(self, one: AtWork) -> None:
        role = await self._directory.role(one.project, one.asker)
        if role is None:
            return
        way = Deaf()
        seat = Seat(one.asker, None, one.project)
        peer = await self._rooms.join(one.project, way, seat, role)
        self._seats[one.lease] = peer, way
        client = ClientId(random.getrandbits(32))
        caret = Caret(client, one.lease.run, self._name, self._color)
        await peer.receive(encode(Presence((caret.entry(),))))


def _is_watched(room: Room) -> bool:
    """Whether somebody is there who is no stand-in."""
    return any(not isinstance(peer.channel, Deaf) for peer in room.peers)
