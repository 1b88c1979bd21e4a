"""All live rooms of this process: opened once, kept while used, closed and awaited.

Whoever wants a document asks here. Opening is single-flight, because a room is in
the map before it has loaded; closing is awaited, because a room stays in the map
until its task has ended. What does not live here: what happens in a room.

Long because the services beside the rooms start and end in one order with them.

Laws kept here: L2 (newcomers are refused while the breaker is tripped) and L5.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TypeVar

from server.document.replica import Document, Replica
from server.protocol.errors import (
    AgentcError,
    DocumentFault,
    Forbidden,
    RoomClosed,
    ServerError,
    ShuttingDown,
)
from server.protocol.ids import ProjectId, Seq
from server.protocol.roles import Right, Role, allows
from server.room.breaker import Breaker
from server.room.breath import Breath
from server.room.census import Occupancy, busiest_first, occupants
from server.room.commands import AtSeq
from server.room.committer import Committer
from server.room.compactor import Compactor
from server.room.event_ports import EventLog
from server.room.events import Followers
from server.room.keeping import keep_up
from server.room.limits import RoomLimits
from server.room.peer import Peer
from server.room.ports import (
    Attribution,
    ChangeFeed,
    Channel,
    Clock,
    CompactionLog,
    Directory,
    Seat,
    UpdateLog,
)
from server.room.projection_ports import Projection
from server.room.projector import Projector
from server.room.quarantine import Quarantine
from server.room.room import Room, State
from server.room.statistics import Statistics
from server.room.unprojected import Unprojected
from server.room.watcher import Reviews, Watcher
from server.room.worker import Worker
from server.session.owners import PeerId

logger = logging.getLogger(__name__)

T = TypeVar("T")

HOUSEKEEPING_SECONDS = 2.5
READERS = 16


@dataclass(frozen=True, slots=True)
class Ports:
    """What the rooms of a process stand on."""

    log: UpdateLog
    compaction: CompactionLog
    directory: Directory
    feed: ChangeFeed
    clock: Clock
    projection: Projection
    events: EventLog


@dataclass(frozen=True, slots=True)
class Gauges:
    """How things stand at this moment."""

    rooms: int
    connections: int
    oldest_uncommitted_seconds: float
    slowest_backlog_bytes: int
    oldest_unprojected_seconds: float


class Rooms:
    """The map of live rooms. Made by :func:`hosting`."""

    def __init__(
        self,
        ports: Ports,
        limits: RoomLimits,
        statistics: Statistics,
        breaker: Breaker,
        committer: Committer,
        unprojected: Unprojected,
        breath: Breath,
        reading: Worker,
        followers: Followers,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.statistics = statistics
        self.breaker = breaker
        self.followers = followers
        self.reviews = Reviews()
        self._ports = ports
        self._limits = limits
        self._committer = committer
        self._unprojected = unprojected
        self._breath = breath
        self._reading = reading
        self._tasks = tasks
        self._rooms: dict[ProjectId, Room] = {}
        self._peer_ids = count(1)
        self._goodbye: ServerError | None = None
        self._readers = asyncio.Semaphore(READERS)
        self._quarantine = Quarantine()

    async def join(
        self,
        project: ProjectId,
        channel: Channel,
        seat: Seat,
        role: Role,
        by: Attribution | None = None,
    ) -> Peer:
        """Seat a connection at a document, loading it first if need be. ``by`` is whose its edits
        are, if they are not simply its user's.

        Raises ``StoreUnavailable``, ``DocumentDamaged``, ``NotFound`` or ``ShuttingDown``.
        """
        peer = PeerId(next(self._peer_ids))
        while True:
            room = await self.open(project)
            try:
                return room.join(peer, channel, seat, role, by)
            except RoomClosed:
                continue

    async def read(self, project: ProjectId, question: Callable[[Replica], T]) -> T:
        """Ask a live document; the answer contains only what is durable (L1).

        Few at a time, since an answer may be as large as the document.
        """
        return (await self._ask(project, question)).value

    async def look(self, project: ProjectId, question: Callable[[Document], T]) -> AtSeq[T]:
        """The same of the content, with a seq that the answer contains."""
        return await self._ask(project, lambda replica: replica.read(question))

    async def study(self, project: ProjectId, reading: Callable[[bytes], T]) -> AtSeq[T]:
        """The same of everything that it says, as one update, in the worker process: for what
        looks at all of a large document, by which every room would be held up. ``reading`` is
        picklable."""
        seen = await self._ask(project, Replica.everything)
        return AtSeq(await self._reading.run(reading, seen.value), seen.seq)

    async def _ask(self, project: ProjectId, question: Callable[[Replica], T]) -> AtSeq[T]:
        async with self._readers:
            return await self._in_room(project, lambda r: r.read(partial(_at_seq, r, question)))

    async def write(self, project: ProjectId, update: bytes, by: Attribution, role: Role) -> Seq:
        """Write to a live document as a program; answers once committed.

        Raises ``Forbidden`` unless ``role`` may write (L8).
        """
        _require_write(role)
        return await self._in_room(project, lambda room: room.write(update, by))

    async def edit(
        self, project: ProjectId, change: Callable[[Document], T], by: Attribution, role: Role
    ) -> AtSeq[T]:
        """Change a live document in one transaction; answers once committed (L1).

        ``change`` returns values of its own. What it raises is raised here, and nothing has
        changed. Raises ``Forbidden`` unless ``role`` may write (L8).
        """
        _require_write(role)
        answer = await self._in_room(project, lambda room: room.submit(change, by))
        return await answer  # Once: making a change twice is not harmless.

    async def _in_room(self, project: ProjectId, ask: Callable[[Room], Awaitable[T]]) -> T:
        """What the live room answers; if it was unloaded meanwhile, the next one."""
        while True:
            room = await self.open(project)
            try:
                return await ask(room)
            except RoomClosed:
                continue

    async def open(self, project: ProjectId) -> Room:
        """The live room of a project. Raises why there is none."""
        while True:
            self._admit()
            self._quarantine.check(project, self._ports.clock.monotonic())
            room = self._rooms.get(project)
            if room is None:
                room = self._start(project)
            if room.state is State.DRAINING:
                await room.ended()
                continue
            await room.loaded()
            if room.state is State.LIVE:
                return room

    async def projected(self, project: ProjectId, seq: Seq) -> None:
        """Return once the projection shows ``seq``: for a read after one's own write.

        Raises ``StoreBusy`` when that takes too long, ``NotFound``, or a ``DocumentFault``
        or ``DocumentDamaged`` for a document that cannot be projected.
        """
        await self._unprojected.projected(project, seq)

    def at_hand(self, project: ProjectId) -> Room | None:
        """The room of a project if it is in service; asking opens none."""
        room = self._rooms.get(project)
        return room if room is not None and room.state is State.LIVE else None

    async def end(self, project: ProjectId, goodbye: AgentcError) -> None:
        """Close a document's room here, if there is one: its connections are told ``goodbye``.
        Returns once it has ended."""
        room = self._rooms.get(project)
        if room is not None:
            room.close(goodbye)
            await room.ended()

    def live(self) -> tuple[Room, ...]:
        """The rooms that are in service."""
        return tuple(room for room in self._rooms.values() if room.state is State.LIVE)

    def gauges(self) -> Gauges:
        """Numbers for metrics and admins."""
        peers = [peer for room in self._rooms.values() for peer in room.peers]
        return Gauges(
            rooms=len(self._rooms),
            connections=len(peers),
            oldest_uncommitted_seconds=self._committer.oldest_uncommitted(),
            slowest_backlog_bytes=max((peer.channel.backlog for peer in peers), default=0),
            oldest_unprojected_seconds=self._unprojected.oldest(),
        )

    def census(self) -> list[Occupancy]:
        """Who is in which live document, the busiest first."""
        uncommitted, unprojected = self._committer.uncommitted(), self._unprojected.ages()
        return busiest_first(
            Occupancy(
                project=room.project,
                seq=room.seq,
                stored_bytes=room.stored_bytes,
                occupants=occupants(room),
                uncommitted_seconds=uncommitted.get(room.project, 0.0),
                unprojected_seconds=unprojected.get(room.project, 0.0),
            )
            for room in self.live()
        )

    async def housekeeping(self) -> None:
        """Break silences and unload what nobody uses, for ever."""
        while True:
            await self._ports.clock.sleep(HOUSEKEEPING_SECONDS)
            now = self._ports.clock.monotonic()
            for room in self.live():
                room.keep_alive(now)
                if not room.peers and now - room.idle_since >= self._limits.idle_seconds:
                    room.close(RoomClosed("the room was idle"))

    @property
    def closing(self) -> bool:
        """Whether this process opens no room any more."""
        return self._goodbye is not None

    async def close(self) -> None:
        """Let every room finish what it has accepted, and wait until all have ended. Whoever
        follows events is let go."""
        self._goodbye = ShuttingDown("this server is shutting down; connect again")
        self.followers.close()
        rooms = list(self._rooms.values())
        for room in rooms:
            room.close(self._goodbye)
        for room in rooms:
            await room.ended()

    def _admit(self) -> None:
        if self._goodbye is not None:
            raise self._goodbye
        self.breaker.check()

    def _start(self, project: ProjectId) -> Room:
        room = Room(
            project,
            log=self._ports.log,
            committer=self._committer,
            breath=self._breath,
            clock=self._ports.clock,
            limits=self._limits,
            statistics=self.statistics,
        )
        self._rooms[project] = room
        task = self._tasks.create_task(self._own(room), name=f"room {project}")
        # A task that is cancelled before its first step runs nothing, not even a finally.
        task.add_done_callback(lambda _: self._forget(room))
        return room

    async def _own(self, room: Room) -> None:
        try:
            await room.run()
        finally:
            self._forget(room)

    def _forget(self, room: Room) -> None:
        room.abandon()
        if self._rooms.get(room.project) is not room:
            return
        del self._rooms[room.project]
        if room.has_committed:
            self._quarantine.recovered(room.project)
        if isinstance(room.failure, DocumentFault):
            self._quarantine.failed(room.project, self._ports.clock.monotonic())


def _require_write(role: Role) -> None:
    if not allows(role, Right.WRITE):
        raise Forbidden(f"a {role.value} may not change this document")


def _at_seq(room: Room, question: Callable[[Replica], T], replica: Replica) -> AtSeq[T]:
    """Asked in the room's turn: what the room has read and committed is in the answer."""
    return AtSeq(question(replica), room.seq)


@asynccontextmanager
async def hosting(ports: Ports, limits: RoomLimits) -> AsyncIterator[Rooms]:
    """Rooms in service, with all their tasks; leaving drains and ends them."""
    log, clock, statistics = ports.log, ports.clock, Statistics()
    breaker = Breaker(log, clock)
    unprojected = Unprojected(clock)
    committer = Committer(log, breaker, clock, statistics, unprojected)
    breath = Breath(clock, limits.linger_seconds)
    # Two, for a long merge would make a projection late.
    merging, reading = Worker(), Worker()
    compactor = Compactor(ports.compaction, merging, clock, statistics)
    followers = Followers(ports.events, ports.directory, clock)
    async with asyncio.TaskGroup() as tasks:
        rooms = Rooms(
            ports,
            limits,
            statistics,
            breaker,
            committer,
            unprojected,
            breath,
            reading,
            followers,
            tasks,
        )
        watcher = Watcher(
            ports.feed, log, ports.directory, clock, breaker, rooms.live, followers, rooms.reviews
        )
        committing = tasks.create_task(committer.run(), name="committer")
        projector = Projector(
            ports.projection, log, rooms.at_hand, reading, clock, statistics, unprojected
        )
        services = [
            breaker.run,
            breath.run,
            compactor.run,
            rooms.housekeeping,
            watcher.run,
            followers.beat,
            projector.run,
            projector.sweep,
        ]
        endless = [tasks.create_task(keep_up(service, clock)) for service in services]
        try:
            yield rooms
        finally:
            await rooms.close()
            committer.close()
            await committing
            for task in endless:
                task.cancel()
            merging.close()
            reading.close()
