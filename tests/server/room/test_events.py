"""Followers: woken by news, ended with their rights, in whatever process it happened."""

import asyncio

import pytest

from server.protocol.errors import ShuttingDown
from server.protocol.ids import ProjectId, UserId
from server.protocol.roles import Role
from server.room.event_ports import EventKind, NewEvent
from server.room.events import BEAT_SECONDS, PAGE, Follower
from server.room.ports import Seat
from tests.doubles.memory_store import MemoryStore
from tests.server.room.conftest import House, house

pytestmark = pytest.mark.anyio


async def project_with(here: House, name: str) -> tuple[ProjectId, Seat]:
    directory = here.store.directory
    owner, ada = [
        await directory.add_user(
            email=f"{one}@x.example", name=one, is_admin=False, password_hash=None
        )
        for one in ("owner", name)
    ]
    project = await directory.add_project("Plan", owner=owner.id, seed=None)
    await directory.set_member(project.id, ada.id, Role.VIEWER)
    return project.id, Seat(ada.id, None, project.id)


def restored(project: ProjectId) -> NewEvent:
    return NewEvent(project, EventKind.RESTORED, UserId("ada"), {"snapshot": "s"})


async def read(here: House, follower: Follower) -> list[int]:
    """What it is told when it has been woken."""
    assert await here.rooms.followers.wait(follower)
    return [event.number for event in await here.rooms.followers.read(follower)]


async def test_a_follower_is_told_what_this_and_another_process_do() -> None:
    database = MemoryStore().database
    async with house(database) as here:
        project, seat = await project_with(here, "ada")
        beside = MemoryStore(database, here.clock)
        with here.rooms.followers.following(seat, 0) as follower:
            assert await read(here, follower) == []
            for number, store in enumerate((here.store, beside), start=1):
                await store.events.note(restored(project))
                assert await read(here, follower) == [number]
            await here.deliver()
            assert not follower.woken.is_set()


async def test_what_happens_elsewhere_wakes_nobody() -> None:
    async with house(MemoryStore().database) as here:
        project, seat = await project_with(here, "ada")
        owner = await here.store.directory.user_by_email("owner@x.example")
        other = await here.store.directory.add_project("Other", owner=owner.id, seed=None)
        with here.rooms.followers.following(seat, 0) as follower:
            assert await read(here, follower) == []
            await here.store.events.note(restored(other.id))
            await here.deliver()
            assert not follower.woken.is_set()
        assert await here.rooms.followers.newest(project) == 0


async def test_what_came_before_anybody_waited_is_read_at_once_and_in_pages() -> None:
    async with house(MemoryStore().database) as here:
        project, seat = await project_with(here, "ada")
        for _ in range(PAGE + 2):
            await here.store.events.note(restored(project))
        with here.rooms.followers.following(seat, 1) as follower:
            assert await read(here, follower) == list(range(2, PAGE + 2))
            assert follower.seen == PAGE + 1
            assert len(await here.rooms.followers.read(follower)) == 1


async def test_who_is_removed_is_told_nothing_more_L8() -> None:
    async with house(MemoryStore().database) as here:
        project, seat = await project_with(here, "ada")
        with here.rooms.followers.following(seat, 0) as follower:
            assert await read(here, follower) == []
            waiting = asyncio.get_running_loop().create_task(here.rooms.followers.wait(follower))
            await here.store.directory.remove_member(project, seat.user)
            await here.deliver()
            assert await waiting is False


async def test_silence_is_broken_and_ends_with_the_server() -> None:
    async with house(MemoryStore().database) as here:
        _, seat = await project_with(here, "ada")
        with here.rooms.followers.following(seat, 0) as follower:
            assert await read(here, follower) == []
            await here.clock.until_asleep()
            await here.clock.advance(BEAT_SECONDS)
            assert not follower.behind, "a beat is no reason to ask the database"
            assert await read(here, follower) == []
            here.rooms.followers.close()
            assert not await here.rooms.followers.wait(follower)
        with pytest.raises(ShuttingDown), here.rooms.followers.following(seat, 0):
            pass
        assert here.rooms.followers.live() == ()
