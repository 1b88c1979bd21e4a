"""The map of live rooms, and the services around it."""

import pytest

from server.protocol.errors import RoomClosed
from server.protocol.ids import ProjectId
from server.room.compactor import Compactor
from server.room.keeping import RESTART_SECONDS
from tests.doubles.memory_store import MemoryDatabase
from tests.server.room.conftest import PROJECT, house

pytestmark = pytest.mark.anyio


async def test_a_service_that_fails_is_started_again_and_rooms_go_on(
    database: MemoryDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs = []

    async def crash(_: Compactor) -> None:
        runs.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr(Compactor, "run", crash)
    async with house(database) as here:
        ada = await here.guest("ada")
        await here.clock.advance(RESTART_SECONDS)
        await here.clock.advance(RESTART_SECONDS)
        assert len(runs) == 3
        assert "started again" in caplog.text
        await ada.type("unaffected")
        await here.deliver()
        assert len(here.logged()) == 1


async def test_the_gauges_count_rooms_and_connections(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        await here.guest("bo")
        assert here.rooms.gauges().rooms == 1
        assert here.rooms.gauges().connections == 2
        ada.channel.stalled = True
        ada.channel.write(b"x" * 100)
        assert here.rooms.gauges().slowest_backlog_bytes == 100


async def test_a_room_can_be_ended_and_the_next_joiner_opens_it_again__L5(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.type("kept")
        await here.rooms.end(PROJECT, RoomClosed("the limits have changed"))
        assert ada.channel.closed == (RoomClosed.close_code, RoomClosed("").told)
        assert here.rooms.gauges().rooms == 0
        await here.rooms.end(PROJECT, RoomClosed("there is none"))
        bo = await here.guest("bo")
        await here.deliver()
        assert bo.text == "kept"


async def test_rooms_of_different_projects_do_not_wait_for_each_other(
    database: MemoryDatabase,
) -> None:
    other = ProjectId("other")
    database.documents[other] = type(database.documents[PROJECT])()
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo", project=other)
        await ada.type("here")
        await bo.type("there")
        await here.deliver()
        assert (len(here.logged()), len(here.logged(other))) == (1, 1)
        assert (ada.text, bo.text) == ("here", "there")
