"""When rooms wait for one another, and when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId
from server.protocol.messages import Presence
from server.room.breath import (
    BUSY,
    CLUMP_SECONDS,
    MOST_SECONDS,
    NOT_CROWDED,
    WORTH_A_TURN,
    Breath,
    rest,
    spacing,
)
from server.room.limits import RoomLimits
from tests.doubles.clock import ManualClock, settle
from tests.doubles.guest import Guest
from tests.doubles.memory_store import MemoryDatabase
from tests.server.room.conftest import House, house

pytestmark = pytest.mark.anyio

LINGER = 0.003
LIMITS = RoomLimits()


@dataclass
class Hall:
    clock: ManualClock
    breath: Breath
    through: list[str] = field(default_factory=list)

    async def passes(self, name: str, commands: int) -> None:
        await self.breath.ready()
        self.breath.took(commands, self.clock.monotonic())
        self.through.append(name)

    async def arrive(self, *names: str, commands: int = 1) -> None:
        for name in names:
            self.tasks.create_task(self.passes(name, commands))
        await settle()

    tasks: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    clock = ManualClock()
    here = Hall(clock, Breath(clock, LINGER))
    async with here.tasks:
        service = here.tasks.create_task(here.breath.run())
        yield here
        await clock.advance(1.0)
        service.cancel()


async def test_when_little_happens_nobody_waits() -> None:
    async with hall() as here:
        for turn in range(100):
            await here.arrive(f"{turn}", commands=BUSY - 1)
            assert here.through[-1] == f"{turn}"
            await here.clock.advance(LINGER)


async def test_after_a_large_turn_all_wait_and_then_go_together() -> None:
    async with hall() as here:
        await here.arrive("first", commands=BUSY)
        await here.arrive("second", "third")
        await here.clock.advance(LINGER * 0.9)
        assert here.through == ["first"]
        await here.clock.advance(LINGER * 0.2)
        assert here.through == ["first", "second", "third"]


async def test_many_small_turns_are_a_busy_time_too() -> None:
    async with hall() as here:
        await here.arrive(*(f"{room}" for room in range(BUSY)))
        await here.arrive("late")
        assert here.through[-1] == f"{BUSY - 1}"
        await here.clock.advance(LINGER)
        assert here.through[-1] == "late"


async def test_those_who_have_waited_make_the_next_ones_wait_if_they_are_many() -> None:
    async with hall() as here:
        await here.arrive("first", commands=BUSY)
        await here.arrive(*(f"{room}" for room in range(BUSY)))
        await here.clock.advance(LINGER)
        assert len(here.through) == 1 + BUSY
        await here.arrive("late")
        assert here.through[-1] == f"{BUSY - 1}"
        await here.clock.advance(LINGER)
        assert here.through[-1] == "late"


async def test_once_it_is_quiet_again_nobody_waits() -> None:
    async with hall() as here:
        await here.arrive("first", commands=BUSY)
        await here.clock.advance(LINGER)
        await here.arrive("second")
        assert here.through == ["first", "second"]


def test_only_crowds_wait_for_their_own_sake_and_never_long() -> None:
    each = LIMITS.spacing_seconds
    assert spacing(NOT_CROWDED, each) == 0.0
    assert 0.001 < spacing(NOT_CROWDED + 1, each) < spacing(50, each) < 0.02
    assert spacing(100_000, each) == MOST_SECONDS
    assert rest(NOT_CROWDED, each, 0.0) == 0.0
    assert rest(100_000, each, MOST_SECONDS / 2) == MOST_SECONDS / 2
    assert rest(100_000, each, 1000.0) == CLUMP_SECONDS


async def crowd(here: House) -> list[Guest]:
    """One more than a room holds without being crowded, and nobody has spoken for a while."""
    guests = [await here.guest(f"guest {number}") for number in range(NOT_CROWDED + 1)]
    await here.clock.advance(1.0)
    return guests


async def a_moment(here: House) -> None:
    """What has been said in a crowded room that was quiet is told."""
    await here.deliver()
    await here.clock.advance(CLUMP_SECONDS)
    await here.deliver()


async def test_what_comes_to_a_crowd_in_the_same_moment_goes_together(
    database: MemoryDatabase,
) -> None:
    async with house(database, LIMITS) as here:
        guests = await crowd(here)
        reader = guests[-1]
        before = len(reader.channel.frames)
        for guest in guests[:3]:
            await guest.type("now;")
            await here.deliver()
        assert len(reader.channel.frames) == before
        await a_moment(here)
        assert len(reader.channel.frames) == before + 1
        assert reader.text == "now;" * 3


async def test_a_crowded_room_puts_together_what_comes_soon_after_a_turn(
    database: MemoryDatabase,
) -> None:
    async with house(database, LIMITS) as here:
        guests = await crowd(here)
        first, second, reader = guests[0], guests[1], guests[2]
        await first.type("at once;")
        await a_moment(here)
        assert reader.text == "at once;"
        await first.type("later;")
        await second.type("together;")
        before = len(reader.channel.frames)
        await here.deliver()
        assert reader.text == "at once;"
        await here.clock.advance(spacing(len(guests), LIMITS.spacing_seconds))
        await here.deliver()
        assert reader.text == first.text
        assert len(reader.channel.frames) == before + 1


async def test_a_crowded_room_does_not_wait_with_plenty_to_do(database: MemoryDatabase) -> None:
    async with house(database, LIMITS) as here:
        guests = await crowd(here)
        first, reader = guests[0], guests[2]
        await first.type("at once;")
        await a_moment(here)
        await first.type("wait;")
        await here.deliver()
        assert reader.text == "at once;"
        for _ in range(WORTH_A_TURN):
            await first.type("much;")
        await here.deliver()
        assert reader.text == first.text


async def test_cursors_are_no_reason_to_hurry(database: MemoryDatabase) -> None:
    async with house(database, LIMITS) as here:
        guests = await crowd(here)
        first, reader = guests[0], guests[2]
        await first.type("at once;")
        await a_moment(here)
        before = len(reader.channel.frames)
        for clock in range(2 * WORTH_A_TURN):
            await first.say(Presence((PresenceEntry(ClientId(7), clock + 1, "{}"),)))
        await here.deliver()
        assert len(reader.channel.frames) == before
        await here.clock.advance(spacing(len(guests), LIMITS.spacing_seconds))
        await here.deliver()
        assert len(reader.channel.frames) == before + 1
