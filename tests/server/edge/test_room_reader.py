"""A reader keeps order, waits where it must, and hears all that was said (L6, L7)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from server.edge.pace import Bucket, Pace
from server.edge.room_reader import RoomReader
from server.protocol.errors import RoomClosed
from server.protocol.ids import ProjectId, UserId
from server.protocol.messages import SyncStatus, SyncUpdate, encode
from server.protocol.roles import Role
from server.room.commands import Command, Leave, Received, Refuse
from server.room.inbox import Inbox
from server.room.limits import RoomLimits
from server.room.peer import HEAVY_BYTES, Peer
from server.room.ports import Seat
from server.session.owners import PeerId
from tests.doubles.channels import RecordingChannel
from tests.doubles.clock import ManualClock, settle
from tests.server.protocol.updates import section, text, update

pytestmark = pytest.mark.anyio

HEAVY = encode(SyncUpdate(update(section(7, 0, text("x" * (HEAVY_BYTES + 1))))))


class ReadChannel(RecordingChannel):
    """A channel that knows whether it is read, and whose end is told to its reader."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.reader: RoomReader | None = None

    def listen(self, reader: object) -> None:
        """Nothing to start."""

    def pause_reading(self) -> None:
        """Not read any more."""
        self.reading = False

    def resume_reading(self) -> None:
        """Read again."""
        self.reading = True

    def close(self, code: int, reason: str) -> None:
        """Close, and tell the reader as a socket does."""
        if self.closed is None:
            super().close(code, reason)
            if self.reader is not None:
                self.reader.ended()


@dataclass
class Desk:
    """A reader between a channel and an inbox that a test empties by hand."""

    inbox: Inbox
    channel: ReadChannel
    reader: RoomReader
    clock: ManualClock
    alarms: list[tuple[float, Callable[[], None]]]
    ends: list[str] = field(default_factory=list)

    def says(self, *frames: bytes | None) -> None:
        """Messages come in."""
        for frame in frames:
            self.reader.message(frame)

    def reads(self) -> bool:
        """Whether more would be read."""
        return self.channel.reading

    def taken(self) -> list[object]:
        """What the room takes: numbers of statuses, and other commands by their type."""
        return [_name(command) for command in self.inbox.take()]

    async def until_read(self) -> None:
        """Return once the reader reads on."""
        async with asyncio.timeout(10):
            while not self.channel.reading:
                await settle(1)

    def rings(self) -> float:
        """The one alarm that is set goes off; how long it was set for."""
        [(seconds, ring)] = self.alarms
        self.alarms.clear()
        self.clock.elapsed += seconds
        ring()
        return seconds


def _name(command: Command) -> object:
    if isinstance(command, Received) and isinstance(command.message, SyncStatus):
        return int(command.message.payload)
    return type(command)


def status(number: int) -> bytes:
    """A small message with a number."""
    return encode(SyncStatus(str(number).encode()))


@asynccontextmanager
async def desk(pace: Pace | None = None, max_bytes: int = 1 << 30) -> AsyncIterator[Desk]:
    """A reader of a peer that is in no room."""
    inbox, channel, clock = Inbox(max_bytes, 32), ReadChannel(), ManualClock()
    alarms: list[tuple[float, Callable[[], None]]] = []
    ends: list[str] = []
    seat = Seat(UserId("ada"), None, ProjectId("plan"))
    peer = Peer(PeerId(1), seat, Role.EDITOR, channel, inbox, RoomLimits())
    reader = RoomReader(
        peer, channel, pace, clock,
        lambda seconds, ring: alarms.append((seconds, ring)), lambda: ends.append("end"),
    )  # fmt: skip
    channel.reader = reader
    yield Desk(inbox, channel, reader, clock, alarms, ends)


async def test_small_messages_are_in_the_inbox_at_once() -> None:
    async with desk() as made:
        made.says(status(1), status(2))
        assert made.taken() == [1, 2]
        assert made.reads()


async def test_what_comes_behind_a_large_message_waits_for_it() -> None:
    async with desk() as made:
        made.says(status(1), HEAVY, status(2), HEAVY, status(3))
        assert made.taken() == [1]
        await made.until_read()
        assert made.taken() == [Received, 2, Received, 3]


async def test_a_full_inbox_stops_reading_until_it_is_taken_L6() -> None:
    async with desk(max_bytes=2) as made:
        made.says(status(1), status(2), status(3))
        assert not made.reads()
        assert made.taken() == [1]
        await settle()
        assert made.taken() == [2]
        await settle()
        assert made.taken() == [3]
        await settle()
        assert made.reads()


async def test_an_inbox_that_closes_lets_go_of_its_writers() -> None:
    async with desk(max_bytes=2) as made:
        made.says(status(1), status(2))
        made.inbox.close(RoomClosed("it has gone"))
        await made.until_read()


async def test_too_fast_is_read_slowly_and_nothing_is_lost_L6() -> None:
    async with desk(Pace(edits=Bucket(1.0, 0.0), size=Bucket(1e6, 0.0))) as made:
        made.says(*map(status, range(8)))
        assert made.taken() == [0, 1, 2, 3, 4, 5]
        assert made.rings() == 1
        assert made.taken() == [6]
        assert not made.reads()
        made.rings()
        assert made.taken() == [7]
        made.rings()
        assert made.reads()
        assert not made.alarms


async def test_text_is_malformed_and_nothing_behind_it_is_heard_L7() -> None:
    async with desk() as made:
        made.says(status(1), HEAVY, None, status(2))
        await settle()
        async with asyncio.timeout(10):
            while made.channel.closed is None:
                await settle(1)
        assert made.channel.closed[0] == 4400
        assert made.taken() == [1, Received, Leave]
        assert made.ends == ["end"]


async def test_a_large_message_that_does_not_decode_ends_the_connection_L7() -> None:
    async with desk() as made:
        made.says(b"\xff" * (HEAVY_BYTES + 1), status(1))
        async with asyncio.timeout(10):
            while made.channel.closed is None:
                await settle(1)
        assert made.channel.closed[0] == 4400
        assert made.taken() == [Leave]


async def test_what_was_said_before_the_end_is_heard_and_then_the_peer_leaves_L6() -> None:
    async with desk() as made:
        made.says(HEAVY, status(1))
        made.reader.ended()
        assert made.ends == []
        async with asyncio.timeout(10):
            while not made.ends:
                await settle(1)
        assert made.taken() == [Received, 1, Leave]


async def test_the_end_is_told_once() -> None:
    async with desk() as made:
        made.reader.ended()
        made.channel.close(4400, "again")
        assert made.ends == ["end"]
        assert made.taken() == [Leave]


async def test_a_message_over_the_limit_is_refused_and_the_connection_stays_L7() -> None:
    async with desk() as made:
        made.says(b"\x00\x02" + b"x" * (RoomLimits().frames.max_frame_bytes + 1))
        await made.until_read()
        assert made.taken() == [Refuse]
        assert made.channel.closed is None
