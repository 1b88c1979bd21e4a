"""One live document among its peers: order of commit and telling, failure, slow readers.

Long because the laws meet here: each has its tests, and they share one fixture.
"""

import asyncio
from typing import Any

import pycrdt
import pytest

from server.document.replica import Replica
from server.protocol.errors import (
    DocumentFault,
    Forbidden,
    NotFound,
    RoomClosed,
    StoreUnavailable,
    TooLarge,
)
from server.protocol.ids import ProjectId, UserId
from server.protocol.lib0 import write_uint
from server.protocol.messages import Denied, SyncStatus, SyncStep1, SyncStep2, SyncUpdate, encode
from server.protocol.roles import Role
from server.room.limits import RoomLimits
from server.room.live import MAX_WAITING
from server.room.ports import Attribution, Means
from tests.doubles.clock import settle
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument
from tests.server.room.conftest import PROJECT, house

pytestmark = pytest.mark.anyio


async def test_an_edit_reaches_everybody_its_author_included(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        await ada.type("hello")
        await here.deliver()
        assert bo.text == "hello"
        assert ada.channel.messages(SyncUpdate), "the author's acknowledgement is the echo"


async def test_shared_types_reach_everybody_past_the_nesting_guard__L7(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        nodes: pycrdt.Map[Any] = ada.doc.get("nodes", type=pycrdt.Map)
        await ada.edit(lambda _: nodes.update({"k": pycrdt.Map()}))
        await ada.edit(lambda _: nodes["k"].update({"content": pycrdt.Text("inner")}))
        await here.deliver()
        theirs: pycrdt.Map[Any] = bo.doc.get("nodes", type=pycrdt.Map)
        assert str(theirs["k"]["content"]) == "inner"


async def test_nobody_is_told_before_the_commit__L1(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        here.store.faults.hold_appends()
        await ada.type("secret")
        await ada.say(SyncStatus(b"\x01"))
        await here.deliver()
        assert bo.text == ""
        assert not ada.channel.messages(SyncUpdate)
        assert not ada.channel.messages(SyncStatus)
        here.store.faults.release_appends()
        await here.deliver()
        assert bo.text == "secret"
        assert ada.channel.messages(SyncStatus) == [SyncStatus(b"\x01")]


async def test_a_joiner_and_a_reader_see_only_what_is_committed__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.hold_appends()
        await ada.type("not yet")
        await settle()
        joining = asyncio.create_task(here.guest("late"))
        reading = asyncio.create_task(here.rooms.read(PROJECT, Replica.full))
        await here.deliver()
        assert not reading.done()
        assert all(not guest.synced for guest in here.guests[1:])
        here.store.faults.release_appends()
        late, full = await joining, await reading
        await here.deliver()
        assert late.text == "not yet"
        assert b"not yet" in full


async def test_what_was_encoded_before_a_failed_commit_is_never_released__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.hold_appends()
        await ada.type("doomed")
        reading = asyncio.create_task(here.rooms.read(PROJECT, Replica.full))
        await settle()
        here.store.faults.fail_next_append(DocumentFault(PROJECT, "told to fail"))
        here.store.faults.release_appends()
        # The read is answered all the same, by the room that is loaded anew.
        assert b"doomed" not in await reading


async def test_a_redundant_update_writes_no_row_and_is_acknowledged__L3(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        update = await ada.type("once")
        await here.deliver()
        await ada.say(SyncUpdate(update))
        await ada.say(SyncStatus(b"\x07"))
        await here.deliver()
        assert len(here.logged()) == 1
        assert ada.channel.messages(SyncStatus) == [SyncStatus(b"\x07")]


async def test_one_turn_merges_the_updates_of_one_author_and_keeps_authors_apart__L3(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        here.store.faults.hold_appends()
        await ada.type("0")
        await settle()  # This one's commit is in flight; the rest shares the next.
        for guest in (ada, ada, bo, bo, ada):
            await guest.type("x")
        here.store.faults.release_appends()
        await here.deliver()
        rows = here.store.database.documents[PROJECT].rows
        assert [row.by.user for row in rows] == ["ada", "ada", "bo", "ada"]
        assert {row.by.means for row in rows} == {Means.CLIENT}
        assert ada.text == bo.text


async def test_a_failed_commit_ends_the_room_and_nobody_is_told_the_edit__L2(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        here.store.faults.fail_project(PROJECT)
        await ada.type("lost?")
        await here.deliver()
        assert ada.channel.closed is not None
        assert ada.channel.closed[0] == DocumentFault.close_code
        assert bo.channel.closed is not None
        assert bo.text == ""
        here.store.faults.heal_project(PROJECT)
        for guest in (ada, bo):
            await guest.connect(here.rooms, PROJECT)
        await here.deliver()
        assert bo.text == "lost?", "its author held it, and sent it again"


async def test_one_bad_document_fails_alone__L2(database: MemoryDatabase) -> None:
    other = ProjectId("other")
    database.documents[other] = MemoryDocument()
    async with house(database) as here:
        ada = await here.guest("ada")
        bo = await here.guest("bo", project=other)
        here.store.faults.fail_project(PROJECT)
        here.store.faults.hold_appends()
        await ada.type("bad")
        await bo.type("good")
        await settle()
        here.store.faults.release_appends()
        await here.deliver()
        assert not ada.connected
        assert bo.connected
        assert len(here.logged(other)) == 1


async def test_a_broken_store_refuses_newcomers_until_a_probe_succeeds__L2(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.break_down(StoreUnavailable("disk full"))
        await ada.type("kept by its author")
        await here.deliver()
        assert not ada.connected
        with pytest.raises(StoreUnavailable):
            await here.rooms.open(PROJECT)
        await here.clock.advance(5)
        with pytest.raises(StoreUnavailable):
            await here.rooms.open(PROJECT)
        here.store.faults.repair()
        await here.clock.advance(5)
        await ada.connect(here.rooms, PROJECT)
        await here.deliver()
        assert len(here.logged()) == 1


async def test_a_viewer_is_refused_a_change_and_told__L8(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada, eve = await here.guest("ada"), await here.guest("eve", Role.VIEWER)
        await eve.type("vandalism")
        await here.deliver()
        assert ada.text == ""
        assert len(eve.denied) == 1
        assert eve.connected


async def test_a_viewers_handshake_in_a_document_full_of_deletions_is_no_offence__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        for number in range(20):
            await ada.type(f"row {number} ", at=number)
            await ada.edit(lambda doc: doc["t"].__delitem__(slice(0, 3)))
        eve = await here.guest("eve", Role.VIEWER)
        await here.deliver()
        eve.disconnect()
        await eve.connect(here.rooms, PROJECT, Role.VIEWER)
        await here.deliver()
        assert eve.text == ada.text
        assert eve.denied == []


async def test_a_program_without_the_right_may_not_write__L8(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        update = await ada.type("x")
        by = Attribution(UserId("eve"), Means.REST)
        with pytest.raises(Forbidden):
            await here.rooms.write(PROJECT, update, by, Role.VIEWER)


async def test_a_program_writes_and_its_answer_means_committed__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        donor = await here.guest("donor", project=PROJECT)
        donor.disconnect()
        update = await donor.type("from a program")
        here.store.faults.hold_appends()
        by = Attribution(UserId("bo"), Means.REST)
        writing = asyncio.create_task(here.rooms.write(PROJECT, update, by, Role.EDITOR))
        await here.deliver()
        assert not writing.done()
        here.store.faults.release_appends()
        assert await writing == 1
        await here.deliver()
        assert ada.text == "from a program"
        assert here.store.database.documents[PROJECT].rows[0].by == by


async def test_a_program_learns_a_seq_that_holds_its_edit_although_others_slipped_in__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here, house(database) as there:
        await here.rooms.open(PROJECT)
        bo = await there.guest("bo")
        donor = await there.guest("donor")
        donor.disconnect()
        update = await donor.type("from a program")
        here.store.faults.hold_appends()
        by = Attribution(UserId("bo"), Means.REST)
        writing = asyncio.create_task(here.rooms.write(PROJECT, update, by, Role.EDITOR))
        while not here.store.faults.waiting:
            await settle()
        await bo.type("meanwhile")
        await there.deliver()
        here.store.faults.release_appends()
        assert await writing == 2


async def test_a_stalled_peer_gets_one_difference_when_it_reads_again__L6(
    database: MemoryDatabase,
) -> None:
    limits = RoomLimits(max_backlog_bytes=2000)
    async with house(database, limits) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        for _ in range(100):
            await ada.type("x" * 100)
            await ada.edit(lambda doc: doc["t"].__delitem__(slice(0, 20)))
            await here.deliver()
        assert slow.channel.backlog < 2 * limits.max_backlog_bytes
        frames = len(slow.channel.messages()) + len(slow.channel.held)
        slow.channel.resume()
        await here.deliver()
        assert slow.text == ada.text
        assert len(slow.channel.messages()) == frames + 1


async def test_a_stalled_peer_is_told_of_deletions_too__L6(database: MemoryDatabase) -> None:
    async with house(database, RoomLimits(max_backlog_bytes=1000)) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        await ada.type("a" * 500)
        await here.deliver()
        slow.channel.stalled = True
        await ada.type("b" * 2000)
        await here.deliver()
        await ada.edit(lambda doc: doc["t"].clear())
        await here.deliver()
        slow.channel.resume()
        await here.deliver()
        assert slow.text == ada.text == ""


async def test_a_request_of_a_stalled_peer_is_answered_when_it_reads__L6(
    database: MemoryDatabase,
) -> None:
    async with house(database, RoomLimits(max_backlog_bytes=1000)) as here:
        ada, slow = await here.guest("ada"), await here.guest("slow")
        slow.channel.stalled = True
        await ada.type("b" * 3000)
        await here.deliver()
        for _ in range(50):
            await slow.send(b"\x00\x00\x01\x00")
            await here.deliver()
        assert slow.channel.backlog < 5000
        slow.channel.resume()
        await here.deliver()
        assert slow.text == ada.text
        assert len(slow.channel.messages(SyncStep2)) == 2


async def test_nobody_writes_under_the_id_of_somebody_else_who_is_connected__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, mallory = await here.guest("ada"), await here.guest("mallory")
        await ada.type("mine")
        await here.deliver()
        clock = 4
        forged = bytes([1, 1]) + b"\xe8\x07" + bytes([clock, 0, 0xFF, 0xFF, 0x03, 0])
        await mallory.say(SyncUpdate(forged))
        await here.deliver()
        assert mallory.channel.closed is not None
        assert mallory.channel.closed[0] == 4411
        await ada.type(" and still mine")
        bo = await here.guest("bo")
        assert bo.text == "mine and still mine"


async def test_repeating_somebodys_edit_beside_a_new_deletion_does_not_take_their_id__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, mallory = await here.guest("ada"), await here.guest("mallory")
        update = await ada.type("mine")
        await here.deliver()
        deletion = b"\x01\xe8\x07\x01\x00\x01"
        await mallory.say(SyncUpdate(update[:-1] + deletion))
        await here.deliver()
        await ada.type(" and still mine")
        await here.deliver()
        assert ada.connected
        assert mallory.text == "ine and still mine"


async def test_repeating_what_somebody_else_wrote_is_no_forgery__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, bo = await here.guest("ada"), await here.guest("bo")
        update = await ada.type("mine")
        await here.deliver()
        await bo.say(SyncUpdate(update))
        await here.deliver()
        assert bo.connected


async def test_a_full_document_takes_deletions_only_and_says_so(database: MemoryDatabase) -> None:
    async with house(database, RoomLimits(max_document_bytes=3000)) as here:
        ada = await here.guest("ada")
        await ada.type("x" * 2500)
        await here.deliver()
        bo = await here.guest("bo")
        await bo.type("y" * 1000)
        await here.deliver()
        assert "3000" in bo.denied[0]
        assert bo.connected
        assert ada.text == "x" * 2500
        await ada.edit(lambda doc: doc["t"].__delitem__(slice(0, 2000)))
        bo.disconnect()
        await bo.connect(here.rooms, PROJECT)
        await here.deliver()
        assert ada.text.count("y") == 1000


async def test_a_frame_over_its_limit_is_refused_and_the_connection_stays(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.send(b"\x00\x02" + bytes(17 * 1024 * 1024))
        await here.deliver()
        assert ada.channel.messages(Denied)
        assert ada.connected
        assert TooLarge.close_code == 1009


async def test_a_hostile_frame_ends_its_sender_only__L7(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada, mallory = await here.guest("ada"), await here.guest("mallory")
        for frame in (b"", b"\xff", b"\x00\x07\x00", b"\x00\x02\x05\x01\x01"):
            await mallory.send(frame)
            await here.deliver()
            assert mallory.channel.closed is not None
            assert mallory.channel.closed[0] == 4400
            mallory.peer = None
            await mallory.connect(here.rooms, PROJECT)
        await ada.type("undisturbed")
        bo = await here.guest("bo")
        assert bo.text == "undisturbed"


async def test_a_room_that_nobody_uses_is_unloaded_and_loads_again__L5(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.type("stays")
        await here.deliver()
        ada.disconnect()
        await settle()
        for _ in range(20):
            await here.clock.advance(2.5)
        assert here.rooms.gauges().rooms == 0
        bo = await here.guest("bo")
        assert bo.text == "stays"


async def test_many_joiners_load_a_document_once__L5(database: MemoryDatabase) -> None:
    async with house(database) as here:
        rooms = await asyncio.gather(*(here.rooms.open(PROJECT) for _ in range(20)))
        assert len({id(room) for room in rooms}) == 1


async def test_a_project_that_does_not_exist_is_no_empty_document__L2(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        with pytest.raises(NotFound):
            await here.rooms.open(ProjectId("nowhere"))
        assert here.rooms.gauges().rooms == 0


async def test_closing_finishes_what_was_accepted_and_says_goodbye(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.hold_appends()
        await ada.type("just in time")
        closing = asyncio.create_task(here.rooms.close())
        await settle()
        assert not closing.done()
        here.store.faults.release_appends()
        await closing
        assert ada.channel.closed is not None
        assert ada.channel.closed[0] == 1012
        assert len(here.logged()) == 1


async def test_what_another_process_writes_reaches_live_clients(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here, house(database) as there:
        ada, bo = await here.guest("ada"), await there.guest("bo")
        bo.client_id = 9
        await ada.type("over there")
        await here.deliver()
        await there.deliver()
        assert bo.text == "over there"


async def test_rows_of_two_processes_interleave_without_loss(database: MemoryDatabase) -> None:
    async with house(database) as here, house(database) as there:
        ada = await here.guest("ada")
        there.guests.append(ada.__class__("nobody", 1))
        bo = await there.guest("bo")
        for number in range(10):
            await ada.type(f"a{number}")
            await bo.type(f"b{number}")
        for _ in range(3):
            await here.deliver()
            await there.deliver()
        assert ada.text == bo.text
        assert all(f"a{n}" in ada.text and f"b{n}" in ada.text for n in range(10))
        assert (await here.rooms.open(PROJECT)).seq == (await there.rooms.open(PROJECT)).seq


async def test_a_parked_update_survives_unload_and_reaches_all_when_it_can__L4(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        donor = await here.guest("donor")
        donor.disconnect()
        first, second = await donor.type("one "), await donor.type("two")
        await ada.say(SyncUpdate(second))
        await ada.say(SyncUpdate(second))
        await here.deliver()
        assert len(here.logged()) == 1, "logged once, although it changed nothing yet"
        ada.disconnect()
        await settle()
        for _ in range(20):
            await here.clock.advance(2.5)
        await ada.connect(here.rooms, PROJECT)
        await here.deliver()
        await ada.say(SyncUpdate(first))
        await here.deliver()
        bo = await here.guest("bo")
        assert ada.text == bo.text == "one two"


async def test_silence_is_broken_before_clients_give_up(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        before = len(ada.channel.frames)
        for _ in range(12):
            await here.clock.advance(2.5)
        assert b"\x01\x01\x00" in ada.channel.frames[before:]
        assert len(ada.channel.frames) - before <= 3


async def test_a_closed_room_turns_new_work_away(database: MemoryDatabase) -> None:
    async with house(database) as here:
        room = await here.rooms.open(PROJECT)
        room.close(RoomClosed("told to"))
        await room.ended()
        with pytest.raises(RoomClosed):
            await room.read(Replica.full)


async def test_edits_without_their_beginning_are_bounded_and_arrive_by_reconnecting__L7(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, donor = await here.guest("ada"), await here.guest("donor")
        donor.disconnect()
        await donor.type("the beginning;")
        await donor.connect(here.rooms, PROJECT)
        donor.channel.frames.clear()  # The server's question for the beginning is lost.
        for number in range(MAX_WAITING + 1):
            await donor.type(f"{number};")
        await here.deliver()
        assert donor.channel.closed is not None
        assert donor.channel.closed[0] == 4508
        donor.peer = None
        await donor.connect(here.rooms, PROJECT)
        await here.deliver()
        assert ada.text == donor.text
        assert f"{MAX_WAITING};" in ada.text


async def test_any_number_of_requests_in_a_turn_gets_one_answer__L7(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.type("x" * 10_000)
        await here.deliver()
        eve = await here.guest("eve", Role.VIEWER)
        before = len(eve.channel.frames)
        requests = b"".join(
            encode(SyncStep1(bytes([1, 0xE8, 0x07, clock]))) for clock in range(100)
        )
        await eve.send(requests + b"\x03" * 100)
        await here.deliver()
        assert len(eve.channel.frames) - before == 2
        assert eve.text == ada.text


async def test_a_viewer_who_becomes_an_editor_is_asked_for_what_was_refused__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, eve = await here.guest("ada"), await here.guest("eve", Role.VIEWER)
        await eve.type("refused, ")
        await here.deliver()
        assert ada.text == ""
        assert eve.peer is not None
        (await here.rooms.open(PROJECT)).set_role(eve.peer, Role.EDITOR)
        await eve.type("welcome")
        await here.deliver()
        assert ada.text == "refused, welcome"


async def test_nobody_is_told_that_all_is_saved_after_a_refusal__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        eve = await here.guest("eve", Role.VIEWER)
        await eve.say(SyncStatus(b"\x01"))
        await eve.type("refused")
        await eve.say(SyncStatus(b"\x02"))
        await here.deliver()
        assert eve.channel.messages(SyncStatus) == [SyncStatus(b"\x01")]


async def test_the_newest_word_on_a_role_wins__L8(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada, eve = await here.guest("ada"), await here.guest("eve", Role.VIEWER)
        room = await here.rooms.open(PROJECT)
        assert eve.peer is not None
        here.store.faults.hold_appends()
        await ada.type("slow commit")
        await settle()
        room.set_role(eve.peer, Role.EDITOR)
        room.set_role(eve.peer, Role.VIEWER)
        here.store.faults.release_appends()
        await here.deliver()
        await eve.type("too late")
        await here.deliver()
        assert "too late" not in ada.text


async def test_a_draining_room_takes_no_new_words(database: MemoryDatabase) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.hold_appends()
        await ada.type("accepted")
        await settle()
        room = await here.rooms.open(PROJECT)
        room.close(RoomClosed("told to"))
        await ada.type("too late")
        here.store.faults.release_appends()
        await room.ended()
        assert len(here.logged()) == 1
        await ada.connect(here.rooms, PROJECT)
        await here.deliver()
        assert len(here.logged()) == 2, "its author held it, and sent it again"


async def test_an_update_full_of_gaps_is_refused_before_it_costs_anything__L7(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, mallory = await here.guest("ada"), await here.guest("mallory")
        gaps = b"".join(b"\x0a\x01" + b"\x04\x01\x01t\x01x" for _ in range(300))
        await mallory.say(SyncUpdate(b"\x01" + write_uint(600) + b"\x07\x00" + gaps + b"\x00"))
        await here.deliver()
        assert mallory.channel.closed is not None
        assert mallory.channel.closed[0] == 4508
        assert here.logged() == []
        await ada.type("undisturbed")
        await here.deliver()
        assert len(here.logged()) == 1


async def test_a_question_that_fails_is_answered_after_the_commit_like_any_other__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")

        def question(replica: Replica) -> bytes:
            raise ValueError(str(replica.state_vector()))

        here.store.faults.hold_appends()
        await ada.type("secret")
        asking = asyncio.create_task(here.rooms.read(PROJECT, question))
        await here.deliver()
        assert not asking.done()
        here.store.faults.release_appends()
        with pytest.raises(ValueError, match="b'"):
            await asking


async def test_a_panic_ends_the_room_only(
    database: MemoryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicException(BaseException):
        pass

    def panic(_: Replica) -> bytes:
        raise PanicException

    async with house(database) as here:
        ada = await here.guest("ada")
        with monkeypatch.context() as patch:
            patch.setattr(Replica, "state_vector", panic)
            await ada.send(b"\x00\x00\x01\x00")
            eve = type(ada)("eve", 1)
            here.guests.append(eve)
            await eve.connect(here.rooms, PROJECT)
            await here.deliver()
        assert eve.channel.closed is not None
        assert eve.channel.closed[0] in {4500, 4502}
        await ada.connect(here.rooms, PROJECT)
        await here.deliver()
        assert ada.synced
