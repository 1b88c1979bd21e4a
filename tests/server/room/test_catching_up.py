"""Who has missed much, or joins with little, is brought up in portions (L6)."""

import asyncio
from typing import Any

import pycrdt
import pytest

from server.protocol.messages import KEEP_ALIVE, Message, Presence, SyncStep2, SyncUpdate, encode
from server.protocol.roles import Role
from server.room.limits import RoomLimits
from tests.doubles.clock import settle
from tests.doubles.guest import Guest
from tests.doubles.memory_store import MemoryDatabase
from tests.server.room.conftest import PROJECT, House, house

pytestmark = pytest.mark.anyio

PORTION = 1_000
BACKLOG = 2_000
SMALL = RoomLimits(max_backlog_bytes=BACKLOG, max_difference_bytes=5_000, portion_bytes=PORTION)


async def type_much(here: House, guest: Guest, number: int = 100) -> None:
    """Words of 250 bytes, each at the beginning: pycrdt joins nothing."""
    for _ in range(number):
        await guest.type("x" * 250, at=0)
        await here.deliver()


async def all_delivered(here: House) -> None:
    """Let every portion come; there are some thirty."""
    for _ in range(40):
        await here.deliver()


def updates(messages: list[Message]) -> list[bytes]:
    return [message.update for message in messages if isinstance(message, SyncUpdate)]


async def test_who_missed_much_gets_portions_and_one_small_difference__L6(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        await ada.edit(lambda doc: doc["t"].__delitem__(slice(0, 700)))
        await here.deliver()
        withheld, told = len(slow.channel.held), len(slow.channel.frames)
        slow.channel.resume()
        await all_delivered(here)
        caught_up = updates(slow.channel.messages()[told + withheld :])
        assert slow.text == ada.text
        assert len(caught_up) > 15
        assert max(map(len, caught_up)) < 2 * PORTION
        assert here.rooms.statistics.catch_ups == 1
        await ada.type("live again", at=0)
        await all_delivered(here)
        assert slow.text == ada.text


async def test_a_channel_never_holds_more_than_its_bound_and_a_portion__L6(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        rounds = 0
        while slow.text != ada.text:
            slow.channel.resume()
            slow.channel.stalled = True
            for _ in range(30):
                await settle()
            assert slow.channel.backlog < BACKLOG + 2 * PORTION
            await all_delivered(here)
            rounds += 1
        assert rounds > 5


async def test_who_is_brought_up_gets_what_others_write_meanwhile__L6(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        late = await here.guest("late")
        slow.channel.resume()
        for number in range(20):
            await ada.type(f"{number} and ", at=0)
            await late.type(f"{number} or ")
            await settle(3)
            slow.channel.stalled = number % 3 == 0
            slow.channel.resume()
        await all_delivered(here)
        assert slow.text == ada.text == late.text


async def test_a_joiner_of_a_large_document_gets_portions_before_its_step_2__L6(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada = await here.guest("ada")
        await type_much(here, ada)
        late = await here.guest("late")
        await all_delivered(here)
        heard = late.channel.messages()
        step_2 = [isinstance(message, SyncStep2) for message in heard]
        assert late.text == ada.text
        assert late.synced
        assert step_2.count(True) == 1
        portions = updates(heard[: step_2.index(True)])
        assert len(portions) > 15
        assert max(map(len, updates(heard))) < 2 * PORTION
        assert isinstance(heard[step_2.index(True)], SyncStep2)
        # The presence map and our question come at once, and not behind megabytes.
        assert heard[1] == Presence(()) or encode(heard[1]) == KEEP_ALIVE


async def test_who_comes_back_with_most_of_it_gets_one_difference__L6(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, back = await here.guest("ada"), await here.guest("back")
        await type_much(here, ada)
        back.disconnect()
        await ada.type("meanwhile", at=0)
        await here.deliver()
        await back.connect(here.rooms, PROJECT)
        await here.deliver()
        assert back.text == ada.text
        assert updates(back.channel.messages()) == []


async def test_who_gave_up_in_the_middle_goes_on_from_there__L6(database: MemoryDatabase) -> None:
    async with house(database, SMALL) as here:
        ada, late = await here.guest("ada"), await here.guest("late")
        late.channel.stalled = True
        await type_much(here, ada)
        late.channel.resume()
        await settle(8)
        await late.read()
        had = len(late.text)
        assert 0 < had < len(ada.text)
        late.disconnect()
        await late.connect(here.rooms, PROJECT)
        await all_delivered(here)
        assert late.text == ada.text
        sent = sum(map(len, updates(late.channel.messages())))
        assert sent < 1.2 * (len(ada.text) - had) + PORTION


async def test_who_becomes_a_viewer_meanwhile_is_told_and_brought_up__L6_L8(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        slow.channel.resume()
        await settle(4)
        [room] = here.rooms.live()
        assert slow.peer is not None
        room.set_role(slow.peer, Role.VIEWER)
        await all_delivered(here)
        assert slow.text == ada.text
        assert slow.denied == ["your role is now viewer"]


async def test_a_question_of_who_is_brought_up_is_answered_from_what_it_says__L6(
    database: MemoryDatabase,
) -> None:
    """A second document on the same connection: it has nothing, whatever we thought."""
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        slow.channel.resume()
        await settle(8)
        await slow.read()
        slow.doc = pycrdt.Doc(client_id=77)
        await slow.send(b"\x00\x00\x01\x00")
        await all_delivered(here)
        assert slow.text == ada.text


async def test_a_portion_waits_for_the_commit_of_what_it_holds__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        here.store.faults.hold_appends()
        await ada.type("uncommitted", at=0)
        await settle()
        slow.channel.resume()
        await all_delivered(here)
        assert "uncommitted" not in slow.text
        here.store.faults.release_appends()
        await all_delivered(here)
        assert slow.text == ada.text


async def test_a_room_that_closes_does_not_wait_for_who_is_brought_up__L5(
    database: MemoryDatabase,
) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada)
        slow.channel.resume()
        await settle(4)
        async with asyncio.timeout(5):
            await here.rooms.close()
        assert slow.channel.closed is not None


async def test_others_have_their_turn_between_portions__L6(database: MemoryDatabase) -> None:
    async with house(database, SMALL) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await type_much(here, ada, 200)
        slow.channel.resume()
        answer: Any = await here.rooms.read(PROJECT, lambda replica: len(replica.full()))
        assert answer > 50_000
        assert len(updates(slow.channel.messages())) < 30
