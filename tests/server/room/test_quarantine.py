"""Documents whose commits keep failing rest, longer each time (L2)."""

import pytest

from server.protocol.errors import RoomClosed
from server.protocol.ids import ProjectId
from server.room.quarantine import FIRST_PAUSE, LONGEST_PAUSE, Quarantine
from tests.doubles.memory_store import MemoryDatabase
from tests.server.room.conftest import PROJECT, house

GOOD = ProjectId("good")


def resting(quarantine: Quarantine, now: float, project: ProjectId = PROJECT) -> bool:
    try:
        quarantine.check(project, now)
    except RoomClosed:
        return True
    return False


def test_one_failure_costs_nothing() -> None:
    quarantine = Quarantine()
    quarantine.failed(PROJECT, now=10.0)
    assert not resting(quarantine, 10.0)


def test_the_pause_doubles_up_to_a_bound_and_concerns_nobody_else__L2() -> None:
    quarantine = Quarantine()
    pauses = []
    for strike in range(8):
        now = strike * 100.0
        quarantine.failed(PROJECT, now)
        pauses.append(next(p for p in (0, 1, 2, 4, 8, 99) if not resting(quarantine, now + p)))
        assert not resting(quarantine, now, GOOD)
    assert pauses == [0, FIRST_PAUSE, 2, 4, LONGEST_PAUSE, 8, 8, 8]


def test_a_commit_that_succeeds_ends_it() -> None:
    quarantine = Quarantine()
    for _ in range(3):
        quarantine.failed(PROJECT, now=0.0)
    quarantine.recovered(PROJECT)
    assert not resting(quarantine, 0.0)


@pytest.mark.anyio
async def test_clients_of_a_bad_document_are_refused_before_they_join__L2(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        here.store.faults.fail_project(PROJECT)
        ada = await here.guest("ada")
        await ada.type("bad")
        await here.deliver()
        await ada.connect(here.rooms, PROJECT)
        await here.deliver()
        assert not ada.connected
        with pytest.raises(RoomClosed):
            await here.rooms.open(PROJECT)
        here.store.faults.heal_project(PROJECT)
        await here.clock.advance(FIRST_PAUSE)
        await ada.connect(here.rooms, PROJECT)
        await here.deliver()
        assert here.logged()
