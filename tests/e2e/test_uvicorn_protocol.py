"""A peer that reads nothing is given up, whatever it keeps open (L6)."""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.edge import uvicorn_protocol
from server.edge.uvicorn_protocol import AbortingWebSocketProtocol

pytestmark = pytest.mark.anyio

FRAME = b"x" * 100_000
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {base64.b64encode(b'0' * 16).decode()}\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)


class Flood:
    """An application that sends until it is told that the peer is gone."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        await receive()
        await send({"type": "websocket.accept"})
        try:
            for _ in range(self.frames):
                await send({"type": "websocket.send", "bytes": FRAME})
            await send({"type": "websocket.close", "code": 4508})
        except OSError:
            self.gone.set()
        finally:
            self.ended.set()


class Watched(AbortingWebSocketProtocol):
    """Tells when its connection is really lost."""

    lost: asyncio.Event

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        super().connection_lost(exc)
        self.lost.set()


@asynccontextmanager
async def serving(
    app: Flood, protocol: type[WebSocketsSansIOProtocol]
) -> AsyncIterator[asyncio.StreamReader]:
    """A server, and a connection to it of which nobody reads more than the handshake."""
    config = uvicorn.Config(
        app, port=0, lifespan="off", log_config=None, ws=protocol, ws_ping_interval=0.1,
        ws_ping_timeout=0.1, ws_per_message_deflate=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(HANDSHAKE.encode())
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader
    finally:
        writer.transport.abort()
        await server.shutdown()


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when the watched protocol has lost its connection."""
    event = asyncio.Event()
    monkeypatch.setattr(Watched, "lost", event, raising=False)
    monkeypatch.setattr(uvicorn_protocol, "LINGER_SECONDS", 0.2)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    return event


async def test_an_unanswered_ping_ends_the_application_too_L6(lost: asyncio.Event) -> None:
    app = Flood(frames=1000)
    async with serving(app, Watched), asyncio.timeout(10):
        await app.gone.wait()
        await lost.wait()


async def test_a_closed_connection_that_nobody_reads_is_lost_in_bounded_time_L6(
    lost: asyncio.Event,
) -> None:
    app = Flood(frames=60)  # fits the buffers between us, not the peer's window
    async with serving(app, Watched), asyncio.timeout(10):
        await app.ended.wait()
        await lost.wait()
