"""What is taken as one, and that it means the same as one by one."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pycrdt import Doc, Text

from server.document.replica import Replica
from server.protocol.ids import ProjectId, UserId
from server.protocol.messages import SyncStep2, SyncUpdate
from server.protocol.roles import Role
from server.protocol.update import inspect
from server.room.commands import Command, Leave, Received, Typed
from server.room.inbox import Inbox
from server.room.limits import RoomLimits
from server.room.peer import Peer
from server.room.ports import Seat
from server.room.typing import by_runs, together
from server.session.owners import PeerId
from tests.doubles.channels import RecordingChannel
from tests.doubles.memory_store import MemoryDatabase
from tests.server.room.conftest import house

pytestmark = pytest.mark.anyio


def peer(number: int) -> Peer:
    seat = Seat(UserId(f"user {number}"), None, ProjectId("project"))
    inbox = Inbox(1 << 20, plenty=32)
    return Peer(PeerId(number), seat, Role.EDITOR, RecordingChannel(), inbox, RoomLimits())


class Typist:
    """Somebody whose every change is one update."""

    def __init__(self, number: int) -> None:
        self.peer = peer(number)
        self.doc: Doc[Text] = Doc(client_id=number)
        self.text = self.doc.get("text", type=Text)
        self._updates: list[bytes] = []
        self._watch = self.doc.observe(lambda event: self._updates.append(event.update))

    def types(self, words: str) -> list[Received]:
        for word in words.split():
            self.text += word
        return self.said()

    def deletes(self) -> list[Received]:
        del self.text[0:1]
        return self.said()

    def said(self) -> list[Received]:
        updates, self._updates = self._updates, []
        return [Received(self.peer, SyncUpdate(update), inspect(update)) for update in updates]


def sizes(commands: Sequence[Command]) -> list[int]:
    """How many updates each command stands for."""
    found = list(by_runs(commands))
    return [len(command.parts) if isinstance(command, Typed) else 1 for command in found]


async def test_what_continues_itself_is_one_run_and_all_else_ends_it__L3() -> None:
    ada, eve = Typist(1), Typist(2)
    said: list[Command] = [
        *ada.types("a b c"),
        *eve.types("d"),
        *ada.types("e f"),
        *ada.deletes(),
        *ada.types("g"),
        Leave(eve.peer),
        *ada.types("h i"),
    ]
    assert sizes(said) == [3, 1, 2, 1, 1, 1, 2]


async def test_a_step_2_or_a_gap_ends_a_run__L3() -> None:
    ada = Typist(1)
    first, second, third, fourth = ada.types("a b c d")
    assert isinstance(second.message, SyncUpdate)
    answer = Received(ada.peer, SyncStep2(second.message.update), second.shape)
    assert sizes([first, answer, third, fourth]) == [1, 1, 2]
    assert sizes([first, second, fourth]) == [2, 1]


async def test_a_run_means_what_its_parts_mean__L3() -> None:
    ada = Typist(1)
    [run] = by_runs(ada.types("one two three four"))
    assert isinstance(run, Typed)
    whole = together(run)
    assert isinstance(whole.message, SyncUpdate)
    assert whole.shape is not None and whole.shape.rests_on is not None
    assert replace(whole.shape, rests_on=None) == inspect(whole.message.update)
    assert all(client == ada.doc.client_id for client, _ in whole.shape.rests_on)
    replica = Replica()
    applied = replica.apply(whole.message.update, whole.shape)
    assert (applied.parked, replica.state_vector()) == (False, ada.doc.get_state())
    assert applied.event is not None
    assert inspect(applied.event).structs == whole.shape.structs
    replica.close()


async def test_typing_that_piles_up_is_one_row_and_counts_each_edit__L3(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, eve = await here.guest("ada"), await here.guest("eve")
        here.store.faults.hold_appends()
        await ada.type("first;")
        await asyncio.sleep(0)
        await here.deliver()
        edits = here.rooms.statistics.edits
        for word in range(20):
            await ada.type(f"{word};")
        here.store.faults.release_appends()
        await here.deliver()
        assert eve.text == ada.text
        assert len(here.logged()) == 2
        assert here.rooms.statistics.edits == edits + 20


async def test_a_viewer_who_types_much_is_told_and_changes_nothing__L8(
    database: MemoryDatabase,
) -> None:
    async with house(database) as here:
        ada, eve = await here.guest("ada"), await here.guest("eve", Role.VIEWER)
        for word in range(5):
            await eve.type(f"{word};")
        await here.deliver()
        assert (ada.text, here.logged()) == ("", [])
        assert eve.denied
