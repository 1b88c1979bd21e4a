"""Changes that a program makes in a room's turn: read, decided, written, committed in one."""

import asyncio
from typing import Any

import pycrdt
import pytest

from server.document.replica import Document, Replica
from server.protocol.errors import (
    Conflict,
    DocumentFault,
    Forbidden,
    Invalid,
    ServerError,
    TooDeep,
    TooLarge,
)
from server.protocol.ids import UserId
from server.protocol.messages import SyncUpdate
from server.protocol.roles import Role
from server.room.limits import RoomLimits
from server.room.ports import Attribution, Means
from server.room.room import Room
from tests.doubles.clock import settle
from tests.doubles.memory_store import MemoryDatabase
from tests.server.room.conftest import PROJECT, House, house

pytestmark = pytest.mark.anyio

BY = Attribution(UserId("program"), Means.REST)


def append(words: str) -> Any:
    """A change that types at the end, and answers the text that results."""

    def change(doc: Document) -> str:
        text = doc.get("t", type=pycrdt.Text)
        text.insert(len(text), words)
        return str(text)

    return change


async def edit(here: House, change: Any, by: Attribution = BY) -> Any:
    return await here.rooms.edit(PROJECT, change, by, Role.EDITOR)


async def text(here: House) -> str:
    return await here.rooms.read(
        PROJECT, lambda replica: replica.read(lambda doc: str(doc.get("t", type=pycrdt.Text)))
    )


async def test_an_edit_is_one_row_of_its_author_and_reaches_everybody__L1_L3(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.type("hello")
        done = await edit(here, append(" there"))
        await here.deliver()
        assert (done.value, done.seq) == ("hello there", 2)
        assert ada.text == "hello there"
        assert [row.by for row in database.documents[PROJECT].rows] == [
            ada.peer and ada.peer.by,
            BY,
        ]


async def test_an_edit_is_answered_and_shown_only_once_committed__L1(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.hold_appends()
        editing = asyncio.create_task(edit(here, append("not yet")))
        await here.deliver()
        assert not editing.done()
        assert ada.text == ""
        here.store.faults.release_appends()
        await here.deliver()
        assert (await editing).value == "not yet"
        assert ada.text == "not yet"


async def test_an_edit_whose_commit_fails_is_told_and_seen_by_nobody__L1_L2(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.fail_next_append(DocumentFault(PROJECT, "told to fail"))
        with pytest.raises(ServerError):
            await edit(here, append("doomed"))
        assert not ada.channel.messages(SyncUpdate)
        assert here.logged() == []


async def test_who_may_only_read_edits_nothing__L8(database: MemoryDatabase) -> None:
    async with house(database) as here:
        with pytest.raises(Forbidden):
            await here.rooms.edit(PROJECT, append("x"), BY, Role.VIEWER)
        assert here.rooms.live() == ()


async def test_a_refusal_before_anything_is_written_changes_nothing(
    database: MemoryDatabase,
) -> None:
    def refuse(doc: Document) -> None:
        raise Conflict("there is one already")

    async with house(database) as here:
        await edit(here, append("kept"))
        with pytest.raises(Conflict):
            await edit(here, refuse)
        assert await text(here) == "kept"
        assert len(here.logged()) == 1


async def test_an_edit_that_fails_midway_is_undone_and_disturbs_nobody(
    database: MemoryDatabase,
) -> None:
    def stumble(doc: Document) -> None:
        append("half of it")(doc)
        raise ZeroDivisionError

    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.type("typed before; ")
        with pytest.raises(ZeroDivisionError):
            await edit(here, stumble)
        await ada.type("typed after")
        await here.deliver()
        assert await text(here) == ada.text == "typed before; typed after"
        assert len(here.logged()) == 2
        assert ada.connected


async def test_a_panic_of_pycrdt_is_undone_too_and_said_in_words__L7(
    database: MemoryDatabase,
) -> None:
    def panic(doc: Document) -> None:
        del doc.get("t", type=pycrdt.Text)[0:99]

    async with house(database) as here:
        ada = await here.guest("ada")
        await ada.type("abc")
        with pytest.raises(Invalid):
            await edit(here, panic)
        assert (await edit(here, append("d"))).value == "abcd"
        await here.deliver()
        assert ada.text == "abcd"


async def test_a_failure_undoes_its_own_edit_and_no_other_of_the_same_turn__L3(
    database: MemoryDatabase,
) -> None:
    def stumble(doc: Document) -> None:
        append("lost")(doc)
        raise ZeroDivisionError

    async with house(database) as here:
        ada = await here.guest("ada")
        here.store.faults.hold_appends()
        first = asyncio.create_task(edit(here, append("0")))
        await settle()
        await ada.type("1")
        rest = [asyncio.create_task(edit(here, change)) for change in (append("2"), stumble)]
        last = asyncio.create_task(edit(here, append("3")))
        await settle()
        here.store.faults.release_appends()
        outcomes = await asyncio.gather(first, *rest, last, return_exceptions=True)
        await here.deliver()
        assert isinstance(outcomes[2], ZeroDivisionError)
        assert sorted(await text(here)) == ["0", "1", "2", "3"]
        assert await text(here) == ada.text
        with_others = Replica.load(here.logged())
        assert with_others.full() == await here.rooms.read(PROJECT, Replica.full)
        with_others.close()


async def test_an_edit_that_changes_nothing_writes_no_row__L3(database: MemoryDatabase) -> None:
    async with house(database) as here:
        await edit(here, append("x"))
        done = await edit(here, lambda doc: len(doc.get("t", type=pycrdt.Text)))
        assert (done.value, done.seq) == (1, 1)
        assert len(here.logged()) == 1


async def test_an_edit_over_the_documents_limit_is_undone_and_deletions_pass(
    database: MemoryDatabase,
) -> None:
    async with house(database, RoomLimits(max_document_bytes=200)) as here:
        await edit(here, append("x" * 100))
        with pytest.raises(TooLarge):
            await edit(here, append("y" * 200))
        assert await text(here) == "x" * 100

        def clear(doc: Document) -> None:
            doc.get("t", type=pycrdt.Text).clear()

        await edit(here, clear)
        await edit(here, append("room again" * 10))
        assert await text(here) == "room again" * 10


async def test_types_too_deep_are_undone_and_later_ones_still_pass__L7(
    database: MemoryDatabase,
) -> None:
    def deeper(doc: Document) -> None:
        inner: Any = doc.get("nodes", type=pycrdt.Map)
        while "in" in inner:
            inner = inner["in"]
        inner["in"] = pycrdt.Map()

    async with house(database) as here:
        ada = await here.guest("ada")
        with pytest.raises(TooDeep):
            for _ in range(64):
                await edit(here, deeper)
        depth = len(here.logged())
        assert depth < 64
        with pytest.raises(TooDeep):
            await edit(here, deeper)
        nodes: pycrdt.Map[Any] = ada.doc.get("nodes", type=pycrdt.Map)
        await here.deliver()
        await ada.edit(lambda _: nodes.update({"k": pycrdt.Map()}))
        await here.deliver()
        assert ada.connected
        assert len(here.logged()) == depth + 1


async def test_nobody_writes_under_the_id_of_the_room_itself__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        await edit(here, append("a"))
        [room] = here.rooms.live()
        own = await room.read(lambda replica: replica.client_id)
        forger, ada = await here.guest("forger"), await here.guest("ada")
        forged: pycrdt.Doc[Any] = pycrdt.Doc(client_id=own)
        forged.apply_update(forger.doc.get_update())
        forged.get("t", type=pycrdt.Text).insert(1, "forged")
        await forger.say(SyncUpdate(forged.get_update(forger.doc.get_state())))
        await here.deliver()
        assert forger.channel.closed is not None
        await edit(here, append("b"))
        await here.deliver()
        assert ada.text == "ab"


async def test_repeating_an_edit_of_the_room_is_no_forgery__L8(database: MemoryDatabase) -> None:
    async with house(database) as here:
        await edit(here, append("a"))
        ada = await here.guest("ada")
        await ada.say(SyncUpdate(ada.doc.get_update()))
        await here.deliver()
        assert ada.connected


async def test_an_edit_waits_for_a_room_that_is_closing_and_is_made_once__L5(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        await edit(here, append("a"))
        [room] = here.rooms.live()
        here.store.faults.hold_appends()
        first = asyncio.create_task(edit(here, append("b")))
        await settle()
        second = asyncio.create_task(edit(here, append("c")))
        await settle()
        room.close(DocumentFault(PROJECT, "closing"))
        third = asyncio.create_task(edit(here, append("d")))
        await settle()
        here.store.faults.release_appends()
        done = await asyncio.gather(first, second, third)
        assert [one.value for one in done] == ["ab", "abc", "abcd"]
        assert isinstance(room, Room)
        assert here.rooms.live() != (room,)


async def test_whoever_stops_waiting_ends_nothing(database: MemoryDatabase) -> None:
    async with house(database) as here:
        here.store.faults.hold_appends()
        waiting = asyncio.create_task(edit(here, append("made")))
        await settle()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        here.store.faults.release_appends()
        await here.deliver()
        assert await text(here) == "made"
