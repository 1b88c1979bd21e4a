"""A channel keeps order, drops nothing by itself, and never makes its room wait (L6)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.types import Message

from server.edge.asgi_channel import AsgiChannel
from server.room.ports import Channel

pytestmark = pytest.mark.anyio


class GatedSocket:
    """An ASGI ``send`` that takes a message only when the test lets one pass."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self._gate = asyncio.Semaphore(0)
        self._taken = asyncio.Condition()
        self.gone = False

    async def send(self, message: Message) -> None:
        """What a server offers."""
        await self._gate.acquire()
        if self.gone:
            raise OSError("the peer is gone")
        async with self._taken:
            self.taken.append(message)
            self._taken.notify_all()

    def let_pass(self, count: int = 1) -> None:
        """The peer reads."""
        for _ in range(count):
            self._gate.release()

    async def has_taken(self, count: int) -> list[Message]:
        """Wait until that many messages have passed."""
        async with self._taken:
            await self._taken.wait_for(lambda: len(self.taken) >= count)
        return self.taken


@asynccontextmanager
async def running(socket: GatedSocket, low_water: int = 100) -> AsyncIterator[AsgiChannel]:
    """A channel whose writer runs."""
    channel = AsgiChannel(socket.send, low_water=low_water)
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(channel.run())
        yield channel
        writer.cancel()


def frames(messages: list[Message]) -> list[bytes]:
    """The payloads."""
    return [message["bytes"] for message in messages if message["type"] == "websocket.send"]


async def soon(condition: Callable[[], bool]) -> None:
    """Let other tasks run until ``condition`` holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not become true")


async def test_it_is_a_channel() -> None:
    channel: Channel = AsgiChannel(GatedSocket().send, low_water=0)
    assert channel.backlog == 0


async def test_frames_leave_in_order_one_per_message() -> None:
    socket = GatedSocket()
    async with running(socket) as channel:
        socket.let_pass(3)
        for frame in (b"1", b"22", b"333"):
            channel.write(frame)
        assert frames(await socket.has_taken(3)) == [b"1", b"22", b"333"]
        await soon(lambda: channel.backlog == 0)


async def test_writing_to_a_peer_that_does_not_read_only_counts_L6() -> None:
    socket = GatedSocket()
    async with running(socket) as channel:
        for _ in range(50):
            channel.write(b"x" * 10)
        assert channel.backlog == 500
        socket.let_pass(20)
        await socket.has_taken(20)
        await soon(lambda: channel.backlog == 300)


async def test_draining_is_told_once_when_the_backlog_falls_to_low_water_L6() -> None:
    socket = GatedSocket()
    told: list[int] = []
    async with running(socket, low_water=10) as channel:
        channel.on_drained = lambda: told.append(channel.backlog)
        for _ in range(4):
            channel.write(b"x" * 5)
        socket.let_pass(1)
        await soon(lambda: channel.backlog == 15)
        assert told == []
        socket.let_pass(3)
        await soon(lambda: channel.backlog == 0)
        assert told == [10]


async def test_a_backlog_that_never_rose_is_not_told() -> None:
    socket = GatedSocket()
    told: list[int] = []
    async with running(socket, low_water=10) as channel:
        channel.on_drained = lambda: told.append(channel.backlog)
        socket.let_pass(1)
        channel.write(b"small")
        await socket.has_taken(1)
        await soon(lambda: channel.backlog == 0)
    assert told == []


async def test_frames_written_while_draining_are_sent_too() -> None:
    socket = GatedSocket()
    async with running(socket, low_water=0) as channel:
        channel.on_drained = lambda: channel.write(b"catch up")
        socket.let_pass(2)
        channel.write(b"late")
        assert frames(await socket.has_taken(2)) == [b"late", b"catch up"]


async def test_closing_waits_for_what_is_queued_and_happens_once() -> None:
    socket = GatedSocket()
    channel = AsgiChannel(socket.send, low_water=0)
    channel.write(b"last words")
    channel.close(4403, "no longer a member")
    channel.close(1000, "again")
    channel.write(b"too late")
    socket.let_pass(5)
    await channel.run()
    assert socket.taken == [
        {"type": "websocket.send", "bytes": b"last words"},
        {"type": "websocket.close", "code": 4403, "reason": "no longer a member"},
    ]
    assert channel.backlog == 0


async def test_a_peer_that_is_gone_ends_the_writer_and_frees_the_queue() -> None:
    socket = GatedSocket()
    channel = AsgiChannel(socket.send, low_water=0)
    channel.write(b"x" * 1000)
    channel.write(b"y" * 1000)
    socket.gone = True
    socket.let_pass(1)
    await channel.run()
    channel.write(b"z")
    assert channel.backlog == 0
