"""A house in memory behind a real uvicorn on a loopback port, and clients on raw sockets.

``serving`` runs the websocket route with either channel. ``Wire`` is a client that
says exactly the bytes that a test wants, legal or not; it reads only when asked to.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from websockets.frames import Frame, Opcode

from server.edge.app import build_app
from server.edge.fast_protocol import FastWebSocketProtocol
from server.edge.pace import ConnectionCount
from server.edge.secrets import token_digest
from server.edge.settings import Settings
from server.edge.tickets import TicketOffice
from server.edge.uvicorn_protocol import AbortingWebSocketProtocol
from server.edge.yjs import YjsEndpoint
from server.protocol.ids import ProjectId, UserId
from server.room.limits import RoomLimits
from server.room.rooms import Ports, Rooms, hosting
from tests.doubles.clock import ManualClock
from tests.doubles.memory_projection import Abreast
from tests.doubles.memory_store import MemoryStore

PROTOCOLS: dict[str, type[AbortingWebSocketProtocol]] = {
    "plain": AbortingWebSocketProtocol,
    "fast": FastWebSocketProtocol,
}
STEP_1 = bytes.fromhex("00000100")
EDIT = bytes.fromhex("00020c010101000401017402686900")
"""An update: client 1 puts "hi" into the root text "t"."""


@dataclass(slots=True)
class Wire:
    """One client on a raw socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answer: bytes = b""

    @property
    def status(self) -> int:
        """The HTTP status of the handshake."""
        return int(self.answer.split(b" ", 2)[1])

    def says(self, *frames: Frame, mask: bool = True) -> None:
        """Send frames in one write."""
        self.raw(b"".join(_bytes(frame, mask=mask) for frame in frames))

    def says_message(self, *messages: bytes) -> None:
        """Send binary messages in one write."""
        self.says(*(Frame(Opcode.BINARY, message) for message in messages))

    def raw(self, data: bytes) -> None:
        """Send these bytes."""
        self.writer.write(data)

    async def hears(self) -> Frame:
        """The next frame, whatever it is."""
        first, second = await self.reader.readexactly(2)
        assert not second & 0x80, "a server masks nothing"
        assert not first & 0x70, "no extension was agreed upon"
        size = second
        if second >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if second == 126 else 8), "big")
        data = await self.reader.readexactly(size)
        return Frame(Opcode(first & 0x0F), data, fin=bool(first & 0x80))

    async def hears_where(self, condition: Callable[[Frame], bool]) -> Frame:
        """The first of the next frames that fits."""
        async with asyncio.timeout(10):
            while not condition(frame := await self.hears()):
                pass
        return frame

    async def hears_message(self, start: bytes) -> bytes:
        """The first message that begins like this; pings before it are answered."""

        def fits(frame: Frame) -> bool:
            if frame.opcode is Opcode.PING:
                self.says(Frame(Opcode.PONG, frame.data))
                return False
            return frame.data[: len(start)] == start

        return bytes((await self.hears_where(fits)).data)

    async def is_told(self) -> tuple[int, str]:
        """Code and reason of the close frame, once it has come."""
        frame = await self.hears_where(lambda frame: frame.opcode is Opcode.CLOSE)
        return int.from_bytes(frame.data[:2], "big"), bytes(frame.data[2:]).decode()

    async def is_cut(self) -> None:
        """Return once the server has ended the connection."""
        async with asyncio.timeout(10):
            try:
                while await self.reader.read(1 << 16):
                    pass
            except ConnectionError:
                pass

    def reads_nothing(self) -> None:
        """Leave everything to the kernel's buffers, until :meth:`reads_again`."""
        self._transport.pause_reading()

    def reads_again(self) -> None:
        """Read when asked to."""
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        transport: Any = self.writer.transport  # typed as if nobody could read from it
        typed: asyncio.Transport = transport
        return typed

    def is_gone(self) -> None:
        """End without a word."""
        self.writer.transport.abort()


def _bytes(frame: Frame, *, mask: bool) -> bytes:
    """The frame as it is sent; the library would refuse to use the reserved bit."""
    legal = Frame(frame.opcode, frame.data, fin=frame.fin)
    data = bytearray(legal.serialize(mask=mask))
    data[0] |= 0x40 if frame.rsv1 else 0
    return bytes(data)


@dataclass(slots=True)
class Served:
    """One server in memory, with a project of Ada's, reachable over the network."""

    store: MemoryStore
    rooms: Rooms
    uvicorn: uvicorn.Server
    project: ProjectId
    ada: UserId
    wires: list[Wire] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.uvicorn.servers[0].sockets[0].getsockname()[1]
        return port

    async def dials(self, query: str = "token=ada", path: str = "", **headers: str) -> Wire:
        """A client that has asked and read no answer yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)
        wire = Wire(reader, writer)
        self.wires.append(wire)
        asked = {
            "Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(b"0" * 16).decode(),
            "Sec-WebSocket-Version": "13", **headers,
        }  # fmt: skip
        lines = [f"GET /yjs/{path or self.project}?{query} HTTP/1.1"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in asked.items()]
        wire.raw("\r\n".join([*lines, "", ""]).encode())
        return wire

    async def connects(self, query: str = "token=ada", path: str = "", **headers: str) -> Wire:
        """A client that has been answered, with 101 or a refusal."""
        wire = await self.dials(query, path, **headers)
        async with asyncio.timeout(10):
            wire.answer = await wire.reader.readuntil(b"\r\n\r\n")
        return wire

    async def seated(self) -> Wire:
        """A client whose first question has been answered."""
        wire = await self.connects()
        assert wire.status == 101, wire.answer
        wire.says_message(STEP_1)
        await wire.hears_message(b"\x00\x01")
        return wire

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the server work until this holds."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - there is no event for most conditions
                await asyncio.sleep(0)

    async def until_empty(self) -> None:
        """Return once neither rooms nor uvicorn know of any connection."""
        state = self.uvicorn.server_state
        await self.until(lambda: not self.rooms.gauges().connections and not state.connections)


@asynccontextmanager
async def serving(
    channel: str, settings: Settings | None = None, limits: RoomLimits | None = None, **uv: Any
) -> AsyncIterator[Served]:
    """A server that runs while inside; ``uv`` are settings of uvicorn."""
    settings = settings or Settings()
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    directory = store.directory
    ada = await directory.add_user(email="ada@x.org", name="A", is_admin=False, password_hash=None)
    await directory.add_token(ada.id, digest=token_digest("ada"), label="t", expires_at=None)
    project = await directory.add_project("Plan", owner=ada.id, seed=None)
    ports = Ports(
        store.log,
        store.compaction,
        directory,
        store.feed,
        clock,
        Abreast(store.database),
        store.events,
    )
    limit = settings.max_connections_per_user if settings.rate_limits else None
    # The clock stands still, so nobody lingers.
    limits = replace(limits or RoomLimits(), linger_seconds=0.0, spacing_seconds=0.0)
    async with hosting(ports, limits) as rooms:
        count, tickets = ConnectionCount(limit), TicketOffice(b"key", clock)
        endpoint = YjsEndpoint(rooms, directory, clock, settings, count, tickets)
        app = build_app(routes=[endpoint.route()], clock=clock, max_body_bytes=1024)
        chosen = {"ws_ping_interval": None, "ws_max_size": 4 * settings.max_frame_bytes, **uv}
        config = uvicorn.Config(
            app, port=0, lifespan="off", log_config=None, access_log=False, http="httptools",
            ws=PROTOCOLS[channel], ws_per_message_deflate=False, timeout_graceful_shutdown=1,
            **chosen,
        )  # fmt: skip
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        served = Served(store, rooms, server, project.id, ada.id)
        try:
            yield served
        finally:
            for wire in served.wires:
                wire.is_gone()
            await server.shutdown()
