"""News from other processes, brought to live rooms."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from server.protocol.errors import StoreUnavailable
from server.protocol.ids import ProjectId, Seq
from server.protocol.roles import Role
from server.room.breaker import Breaker
from server.room.ports import Changes
from server.room.watcher import Watcher
from server.session.owners import PeerId
from tests.doubles.channels import RecordingChannel
from tests.doubles.clock import settle
from tests.doubles.guest import Guest
from tests.doubles.memory_store import MemoryFeed, MemoryStore, MemoryUpdateLog
from tests.server.room.conftest import House, house

pytestmark = pytest.mark.anyio


async def member(here: House, name: str, role: Role) -> tuple[ProjectId, Guest]:
    directory = here.store.directory
    user = await directory.add_user(
        email=f"{name}@x.example", name=name, is_admin=False, password_hash=None
    )
    owner = await directory.add_user(
        email="owner@x.example", name="", is_admin=False, password_hash=None
    )
    project = await directory.add_project("Plan", owner=owner.id, seed=None)
    await directory.set_member(project.id, user.id, role)
    guest = Guest(user.id, 7)
    here.guests.append(guest)
    await guest.connect(here.rooms, project.id, role)
    await here.deliver()
    return project.id, guest


async def test_a_lowered_role_reaches_the_live_connection__L8() -> None:
    async with house(MemoryStore().database) as here:
        project, ada = await member(here, "ada", Role.EDITOR)
        assert ada.peer is not None
        await here.store.directory.set_member(project, ada.peer.seat.user, Role.VIEWER)
        await here.deliver()
        assert "viewer" in ada.denied[0]
        await ada.type("too late")
        await here.deliver()
        assert not here.logged(project)


async def test_a_removed_member_is_dismissed__L8() -> None:
    async with house(MemoryStore().database) as here:
        project, ada = await member(here, "ada", Role.EDITOR)
        assert ada.peer is not None
        await here.store.directory.remove_member(project, ada.peer.seat.user)
        await here.deliver()
        assert ada.channel.closed is not None
        assert ada.channel.closed[0] == 4403


async def test_a_deleted_project_closes_its_room() -> None:
    async with house(MemoryStore().database) as here:
        project, ada = await member(here, "ada", Role.EDITOR)
        await here.store.directory.delete_project(project)
        here.store.feed.hear(Changes(frozenset({project}), directory=True))
        await here.deliver()
        assert ada.channel.closed is not None
        assert ada.channel.closed[0] in {4403, 4404}
        assert here.rooms.gauges().rooms == 0


@dataclass
class FlakyFeed:
    """A feed whose first question fails."""

    feed: MemoryFeed
    failures: int = 1

    async def next(self) -> Changes:
        """The next news."""
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("told to")
        return await self.feed.next()


@dataclass
class FlakyLog:
    """A log whose first heads cannot be read."""

    log: MemoryUpdateLog
    failures: int = 1
    answered: int = 0

    async def heads(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Seq]:
        """The heads, the second time."""
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("told to")
        self.answered += 1
        return await self.log.heads(projects)


async def test_news_survive_failures_of_the_database__L2() -> None:
    database = MemoryStore().database
    async with house(database) as here:
        _, ada = await member(here, "ada", Role.EDITOR)
        beside = MemoryStore(database, here.clock)  # Another ear at the same database.
        feed, log = FlakyFeed(beside.feed), FlakyLog(beside.log)
        log_port: Any = log
        breaker = here.rooms.breaker
        watcher = Watcher(
            feed,
            log_port,
            beside.directory,
            here.clock,
            breaker,
            here.rooms.live,
            here.rooms.followers,
            here.rooms.reviews,
        )
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(watcher.run())
            await ada.type("news")
            for _ in range(4):
                await here.deliver()
                await here.clock.advance(1)
            following.cancel()
        assert (feed.failures, log.failures) == (0, 0)
        assert log.answered == 1, "the news that could not be acted on are acted on later"


@pytest.mark.parametrize("works", [True, False])
async def test_what_cannot_be_followed_is_probed_and_tripped_only_if_that_fails__L2(
    works: bool,
) -> None:
    database = MemoryStore().database
    async with house(database) as here:
        beside = MemoryStore(database, here.clock)
        feed = FlakyFeed(beside.feed)
        breaker = Breaker(beside.log, here.clock)
        if not works:
            beside.faults.break_down(StoreUnavailable("the database is away"))
        watcher = Watcher(
            feed,
            beside.log,
            beside.directory,
            here.clock,
            breaker,
            here.rooms.live,
            here.rooms.followers,
            here.rooms.reviews,
        )
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(watcher.run())
            await here.deliver()
            assert feed.failures == 0
            assert (breaker.fault is None) is works
            following.cancel()


async def test_l8_a_review_meets_also_whoever_waits_for_a_seat() -> None:
    async with house(MemoryStore().database) as here:
        project, _ = await member(here, "ada", Role.EDITOR)
        room = here.rooms.at_hand(project)
        assert room is not None
        [seated] = room.peers
        channel = RecordingChannel()
        waiting = room.join(PeerId(999), channel, seated.seat, Role.EDITOR)
        assert waiting in room.peers, "before the room has taken its turn"
        for peer in room.peers:
            room.set_role(peer, None)
        await settle(50)
        assert channel.closed is not None
        assert not room.peers
