"""Followers of projects in this process: woken when there is news, ended when they may not
follow any more.

Nothing is queued for anybody: a follower reads on from where it is when it is woken, so a slow
one costs nothing (L6), and several processes need no more than the database. What does not
live here: how events are written down (the store) and told (the edge).

Laws kept here: L6, and L8: whoever loses their rights is told nothing more.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from server.protocol.errors import ShuttingDown
from server.protocol.ids import ProjectId
from server.room.event_ports import Event, EventLog
from server.room.ports import Changes, Clock, Directory, Seat

BEAT_SECONDS: Final = 15.0
"""After so long every follower is woken, so that silence is never taken for an end."""

PAGE: Final = 100


@dataclass(slots=True, eq=False)
class Follower:
    """One reader of one project's events. ``seen`` is the number it has read up to, ``behind``
    says that there may be more."""

    seat: Seat
    seen: int
    behind: bool = True
    ended: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """There is nothing more for this one."""
        self.ended = True
        self.woken.set()


class Followers:
    """All of this process."""

    def __init__(self, log: EventLog, directory: Directory, clock: Clock) -> None:
        self._log = log
        self._directory = directory
        self._clock = clock
        self._followers: set[Follower] = set()
        self._closed = False

    def live(self) -> tuple[Follower, ...]:
        """Those that are told something now."""
        return tuple(self._followers)

    async def newest(self, project: ProjectId) -> int:
        """The number to follow from, for who has heard of nothing yet."""
        return (await self._log.newest([project])).get(project, 0)

    async def read(self, follower: Follower) -> Sequence[Event]:
        """What it has not seen, and from now on has. May be nothing: who was only woken by a
        beat asks the database nothing."""
        if not follower.behind:
            return ()
        follower.behind = False
        events = await self._log.after(follower.seat.project, follower.seen, PAGE)
        if events:
            follower.seen = events[-1].number
        # News that came while we read has set it again.
        follower.behind = follower.behind or len(events) == PAGE
        return events

    async def wait(self, follower: Follower) -> bool:
        """Until there may be something to read, or a beat has passed; False at the end."""
        await follower.woken.wait()
        follower.woken.clear()
        return not follower.ended

    @contextmanager
    def following(self, seat: Seat, seen: int) -> Iterator[Follower]:
        """A follower, as long as inside. Raises ``ShuttingDown``."""
        if self._closed:
            raise ShuttingDown("this server is shutting down; connect again")
        follower = Follower(seat, seen)
        # What has come since the number was read has woken nobody.
        follower.woken.set()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def beat(self) -> None:
        """Wake everybody now and then, for ever."""
        while True:
            await self._clock.sleep(BEAT_SECONDS)
            for follower in self._followers:
                follower.woken.set()

    async def follow(self, changes: Changes) -> None:
        """Act on news: wake who has not seen the newest, end who may not follow any more."""
        followers = self.live()
        if changes.events and followers:
            projects = sorted({follower.seat.project for follower in followers})
            newest = await self._log.newest(projects)
            for follower in followers:
                if newest.get(follower.seat.project, 0) > follower.seen:
                    follower.behind = True
                    follower.woken.set()
        if changes.directory and followers:
            roles = await self._directory.roles([follower.seat for follower in followers])
            for follower, role in zip(followers, roles, strict=True):
                if role is None:
                    follower.end()

    def close(self) -> None:
        """End all, and take no more."""
        self._closed = True
        for follower in self._followers:
            follower.end()
