"""Each built attack ends its sender at most: by a code from the table, and nobody else (L7)."""

import logging

import pytest

from server.document.replica import Replica
from server.protocol.messages import Denied
from server.room.limits import RoomLimits
from tests.doubles.guest import Guest
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument
from tests.hostile.frames import ATTACKS, REFUSED, TABLE, UNHARMED, VICTIM, Attack
from tests.server.room.conftest import PROJECT, House, house

pytestmark = pytest.mark.anyio


async def throw(attack: Attack, here: House) -> Guest:
    """Let somebody send the frames; they come back as the offender, however it went."""
    offender = Guest("mallory", 4242)
    here.guests.append(offender)
    await offender.connect(here.rooms, PROJECT)
    await here.deliver()
    for frame in attack.frames:
        await offender.send(frame)
        await here.deliver()
    return offender


async def judge(attack: Attack, offender: Guest) -> None:
    """The sender got what the table says, and knows it."""
    closed = offender.channel.closed
    if attack.ends in (REFUSED, UNHARMED):
        assert closed is None
        assert bool(offender.channel.messages(Denied)) is (attack.ends == REFUSED)
    else:
        assert closed is not None
        assert closed[0] == attack.ends
        assert closed[0] in TABLE


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_ends_its_sender_only__L7_L8(
    attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    database = MemoryDatabase()
    database.documents[PROJECT] = MemoryDocument()
    async with house(database, RoomLimits()) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        assert ada.client_id == VICTIM
        await ada.type("hello")
        await here.deliver()
        await judge(attack, await throw(attack, here))
        for number in range(5):
            await ada.type(f" ada{number}")
            await bo.type(f" bo{number}", at=0)
            await here.deliver()
        bo.disconnect()
        await bo.connect(here.rooms, PROJECT)  # The handshake repeats all deletions.
        late = await here.guest("late")
        assert ada.connected
        assert bo.connected
        assert ada.text == bo.text == late.text
        assert all(f" ada{n}" in late.text and f" bo{n}" in late.text for n in range(5))
        assert "hello" in late.text
        stored = await here.store.log.load(PROJECT)
        cold = Replica.load([row.payload for row in stored.tail])
        assert cold.full() == await here.rooms.read(PROJECT, Replica.full)
        cold.close()
        assert here.rooms.statistics.failed_rooms == 0
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
