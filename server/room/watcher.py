"""What other processes have written, brought to the live rooms (DESIGN: several
processes on one database).

The feed only says that something may have changed. The watcher asks which live
documents are behind their log, and whether the rights of those who are connected
still hold. It writes nothing, and it may run too often without harm.

Laws kept here: L8 (a change of role takes effect on live connections) and L2 (what
cannot be followed may be out of service: the breaker is told to find out).
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from server.protocol.errors import NotFound, ServerError, StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.breaker import Breaker
from server.room.events import Followers
from server.room.peer import Peer
from server.room.ports import ChangeFeed, Changes, Clock, Directory, UpdateLog
from server.room.room import Room

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Reviews:
    """How often the rights of all who are seated have begun to be asked for anew.

    Who has asked for a role, and is seated before another review begins, need not ask again: a
    change since then is news that has not been followed yet, and following it meets the seated.
    """

    begun: int = 0


class Watcher:
    """Keeps live rooms abreast of the database. ``run`` is its task."""

    def __init__(
        self,
        feed: ChangeFeed,
        log: UpdateLog,
        directory: Directory,
        clock: Clock,
        breaker: Breaker,
        rooms: Callable[[], Sequence[Room]],
        followers: Followers,
        reviews: Reviews,
    ) -> None:
        self._feed = feed
        self._log = log
        self._directory = directory
        self._clock = clock
        self._breaker = breaker
        self._rooms = rooms
        self._followers = followers
        self._reviews = reviews
        # Kept here, so that they survive an unexpected error of ``run``.
        self._news: Changes | None = None

    async def run(self) -> None:
        """Follow the feed, for ever. News that could not be acted on are kept."""
        while True:
            if self._news is None:
                self._news = await self._persist(self._feed.next)
            await self._persist(partial(self.follow, self._news))
            self._news = None

    async def _persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of ``attempt``, as soon as the database gives one."""
        while True:
            try:
                return await attempt()
            except ServerError as error:
                logger.warning("cannot follow the database: %s", error.message)
                if isinstance(error, StoreUnavailable):
                    await self._breaker.suspect()
                await self._clock.sleep(RETRY_SECONDS)

    async def follow(self, changes: Changes) -> None:
        """Bring every live room, and whoever follows events, up to date with the database."""
        rooms = {room.project: room for room in self._rooms()}
        await self._catch_up(rooms, changes.documents)
        if changes.directory:
            await self._refresh_rights(self._rooms())
        await self._followers.follow(changes)

    async def _catch_up(
        self, rooms: dict[ProjectId, Room], documents: frozenset[ProjectId] | None
    ) -> None:
        asked = [project for project in rooms if documents is None or project in documents]
        if not asked:
            return
        heads = await self._log.heads(asked)
        for project in asked:
            head = heads.get(project)
            if head is None:
                rooms[project].close(NotFound("this project has been deleted"))
            elif head > rooms[project].seq:
                rooms[project].catch_up()

    async def _refresh_rights(self, rooms: Sequence[Room]) -> None:
        self._reviews.begun += 1
        seated: list[tuple[Room, Peer]] = [(room, peer) for room in rooms for peer in room.peers]
        if not seated:
            return
        roles = await self._directory.roles([peer.seat for _, peer in seated])
        for (room, peer), role in zip(seated, roles, strict=True):
            room.set_role(peer, role)
