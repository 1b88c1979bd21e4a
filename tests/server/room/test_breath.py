"""When rooms wait for one another, and when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from server.room.breath import BUSY, Breath
from tests.doubles.clock import ManualClock, settle

pytestmark = pytest.mark.anyio

LINGER = 0.003


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
