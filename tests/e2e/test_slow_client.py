"""One client stops reading while much is written: nobody pays for it, and it ends up right.

``UPDATES=50000`` (``make slow-client``) is the long run. Clients here speak raw websockets:
one must be able to stop reading, which no honest library does, and to keep no document.

Long because one measurement needs its clients, its server and its clocks in sight.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pycrdt
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.protocol.ids import ClientId
from server.protocol.lib0 import write_string, write_uint
from server.protocol.messages import Limits, SyncStep1, SyncStep2, SyncUpdate, decode, encode
from server.protocol.update import inspect, read_state_vector
from tests.e2e.memory import Memory
from tests.e2e.server import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read in /proc"),
]

UPDATES = int(os.environ.get("UPDATES", "2000"))
SIZE = 10_000
WINDOW = 50
"""Updates under way at once: the writer waits for its own echo, as a person would."""
STAYING = 100
"""Values that are left when most are deleted: the document stays small."""
ALLOWANCE = 32 << 20
SLEEPERS = 8
"""Two runs of a server differ by as much as one client may cost. So eight stop reading, and
what that adds is shared out among them."""
PROMPT_S = 2.0
"""A window that takes no longer is prompt. A document far over the default limit takes longer
to compact: then it is held against the same run without slow clients."""
NOISE = 1.5
WRITER = 7
NO_LIMIT = Limits(max_frame_bytes=1 << 40)
SETTINGS = {"AGENTC_RATE_LIMITS": "off", "AGENTC_MAX_DOCUMENT_BYTES": str(1 << 32)}


def insertion(number: int) -> bytes:
    """The writer's next value, under a key of its own in the root map "m".

    Not one long text: pycrdt joins what one author types in a row, at a cost that grows with
    what is there, and that is not what is measured here.
    """
    key = b"\x28\x01" + write_string("m") + write_string(str(number))
    item = key + b"\x01\x77" + write_string(f"{number:08d}".ljust(SIZE, "."))
    return b"\x01\x01" + write_uint(WRITER) + write_uint(number) + item + b"\x00"


def deletion(number: int) -> bytes:
    """That value is gone again."""
    return b"\x00\x01" + write_uint(WRITER) + b"\x01" + write_uint(number) + b"\x01"


def script(deletes: bool) -> list[bytes]:
    """What the writer sends; with deletions, only the last values stay."""
    updates = []
    for number in range(UPDATES):
        updates.append(insertion(number))
        if deletes and number >= STAYING:
            updates.append(deletion(number - STAYING))
    return updates


@asynccontextmanager
async def client(url: str) -> AsyncIterator[ClientConnection]:
    """A websocket without compression, which buffers next to nothing and never pings."""
    async with connect(
        url, max_size=None, max_queue=1, compression=None, ping_interval=None, close_timeout=1
    ) as socket:
        yield socket


@dataclass
class Reader:
    """Notes when the writer's clocks arrive; keeps no document."""

    clock: int = 0
    deletions: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, socket: ClientConnection) -> None:
        """Read for ever."""
        async for frame in socket:
            assert isinstance(frame, bytes)
            for message in decode(frame, NO_LIMIT):
                if isinstance(message, SyncUpdate | SyncStep2):
                    self._note(message.update)

    def _note(self, update: bytes) -> None:
        shape = inspect(update)
        for run in shape.structs:
            assert run.start == self.clock, "in order, without a gap"
            self.clock = run.end
        self.deletions += sum(run.end - run.start for run in shape.deletes)
        self.news.set()

    async def reach(self, clock: int, deletions: int) -> None:
        """Return once so much has come."""
        while self.clock < clock or self.deletions < deletions:
            self.news.clear()
            await self.news.wait()


@dataclass
class Measured:
    """The server's memory after each window, and how long the slowest took to be read."""

    rss: list[int] = field(default_factory=list)
    slowest: float = 0.0

    def growth_over(self, other: "Measured") -> float:
        """How much more memory this run took: the median of the differences at each point.

        Not by the peaks. A document that grows is encoded anew now and then and compacted
        all the time, and the peaks of two equal runs lie further apart than what is looked for
        (93 MiB were seen at 100 MB).
        """
        return median(mine - theirs for mine, theirs in zip(self.rss, other.rss, strict=True))


async def write(url: str, process: psutil.Process, deletes: bool) -> Measured:
    """Write it all; an honest reader sees each window promptly."""
    measured, reader, echo = Measured(), Reader(), Reader()
    updates = script(deletes)
    clock = gone = 0
    async with client(url) as writing, client(url) as reading, asyncio.TaskGroup() as tasks:
        listeners = [
            tasks.create_task(echo.listen(writing)),
            tasks.create_task(reader.listen(reading)),
        ]
        for start in range(0, len(updates), WINDOW):
            began = time.monotonic()
            for update in updates[start : start + WINDOW]:
                shape = inspect(update)
                clock = max([clock, *(run.end for run in shape.structs)])
                gone += sum(run.end - run.start for run in shape.deletes)
                await writing.send(encode(SyncUpdate(update)))
            await echo.reach(clock, gone)
            await reader.reach(clock, gone)
            measured.slowest = max(measured.slowest, time.monotonic() - began)
            measured.rss.append(process.memory_info().rss)
        for listener in listeners:
            listener.cancel()
    return measured


class Sleeper:
    """A client with a document, who stops reading and later reads again."""

    def __init__(self, url: str, stayed: range) -> None:
        self._url = url
        self._stayed = stayed
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self.values: pycrdt.Map[str] = self.doc.get("m", type=pycrdt.Map)
        self.connections = 0
        self.frames = 0

    async def join(self, socket: ClientConnection) -> None:
        """Connect and sync, as everybody does."""
        self.connections += 1
        await socket.send(encode(SyncStep1(self.doc.get_state())))
        while not await self._read_one(socket):
            pass

    async def _read_one(self, socket: ClientConnection) -> bool:
        """Read a frame; whether it was a step 2."""
        frame = await socket.recv()
        assert isinstance(frame, bytes)
        self.frames += 1
        synced = False
        for message in decode(frame, NO_LIMIT):
            if isinstance(message, SyncUpdate | SyncStep2):
                self.doc.apply_update(message.update)
            synced = synced or isinstance(message, SyncStep2)
        return synced

    def done(self) -> bool:
        """Whether all that the writer wrote is here."""
        state = read_state_vector(self.doc.get_state())
        return state.get(ClientId(WRITER), 0) == UPDATES and len(self.values) == len(self._stayed)

    async def wake(self, socket: ClientConnection) -> None:
        """Read again until everything is here; connect anew if we were given up."""
        try:
            while not self.done():
                await self._read_one(socket)
        except ConnectionClosed:
            async with client(self._url) as again:
                await self.join(again)
                assert self.done()

    def check(self) -> None:
        """The right document: the values that stayed, whole; and not one by one."""
        assert set(self.values.keys()) == {str(number) for number in self._stayed}
        for number in self._stayed:
            assert self.values[str(number)] == f"{number:08d}".ljust(SIZE, ".")
        assert self.frames < UPDATES, "it lagged, and was caught up"


@dataclass
class Slow:
    """What a run with a slow client has shown."""

    writing: Measured
    catching_up: int
    """How far memory rose over what it was, in bytes, while the slow client read again."""
    connections: int


@asynccontextmanager
async def company(url: str) -> AsyncIterator[None]:
    """Somebody stays and reads, so that the document is not unloaded and loaded again."""

    async def listen(socket: ClientConnection) -> None:
        async for _ in socket:
            pass

    async with client(url) as socket:
        listening = asyncio.create_task(listen(socket))
        yield
        listening.cancel()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[str, psutil.Process]]:
    """One server with one project: where it is, and which process."""
    with Server(folder, settings=SETTINGS) as server:
        assert server.process is not None
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        url = f"{server.yjs}/{project}?token={token}"
        async with company(url):
            yield url, psutil.Process(server.process.pid)
        assert "Traceback" not in server.log()


async def run_without(folder: Path, *, deletes: bool) -> Measured:
    """One writer, one reader."""
    async with served(folder) as (url, process):
        measured = await write(url, process, deletes)
        await Memory(process).quiet()  # A server does not end in the middle of a compaction.
        return measured


async def run_with(folder: Path, *, deletes: bool) -> Slow:
    """The same, and some who stop reading; one reads again when all is written and quiet.

    Whatever the document itself costs has been paid by then, so that what is added is for
    the slow client alone.
    """
    stayed = range(UPDATES - STAYING if deletes else 0, UPDATES)
    async with served(folder) as (url, process), AsyncExitStack() as stack:
        memory = Memory(process)
        sleepers = [Sleeper(url, stayed) for _ in range(SLEEPERS)]
        sockets = [await stack.enter_async_context(client(url)) for _ in sleepers]
        for sleeper, socket in zip(sleepers, sockets, strict=True):
            await sleeper.join(socket)
        measured = await write(url, process, deletes)
        await memory.quiet()
        before = memory.now
        memory.forget_peak()
        await sleepers[0].wake(sockets[0])
        caught_up = Slow(measured, memory.peak - before, sleepers[0].connections)
    sleepers[0].check()
    return caught_up


@pytest.mark.parametrize("deletes", [False, True], ids=["inserts", "deletes"])
async def test_a_client_who_stops_reading_costs_the_others_nothing__L6(
    tmp_path_factory: pytest.TempPathFactory, deletes: bool
) -> None:
    without = await run_without(tmp_path_factory.mktemp("without"), deletes=deletes)
    slow = await run_with(tmp_path_factory.mktemp("with"), deletes=deletes)
    growth = slow.writing.growth_over(without) / SLEEPERS
    print(
        f"\n{UPDATES} updates of {SIZE} bytes, deletions {deletes}:"
        f" peak without {max(without.rss) >> 20} MiB, with {max(slow.writing.rss) >> 20} MiB;"
        f" growth for each while it does not read {growth / 2**20:.1f} MiB,"
        f" while it catches up {slow.catching_up / 2**20:.1f} MiB"
        f" over {slow.connections} connection(s);"
        f" slowest window {without.slowest:.2f} s and {slow.writing.slowest:.2f} s"
    )
    assert growth < ALLOWANCE
    assert slow.catching_up < ALLOWANCE
    assert slow.writing.slowest < max(PROMPT_S, NOISE * without.slowest)
