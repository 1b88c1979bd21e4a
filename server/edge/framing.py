"""picows' parser on a transport that has shaken hands already.

picows knows websockets from their first byte only: its protocol object wants to see
the request and to answer it. Here both have passed; so it is shown a request that
says no more than it must, and its answer is made empty. What does not live here: what
becomes of the frames (``server.edge.fast_channel``).
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from picows import (
    WSAutoPingStrategy,
    WSListener,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]

READ_BYTES = 64 * 1024
"""Most that is read at once, so that what one read can hold is bounded."""

BUFFER_BYTES = 2048
"""Where a read buffer starts; most connections are quiet."""

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\n\r\n"
)


class _Framing(WSProtocol):  # type: ignore[misc]
    """picows' parser, which reads in bounded pieces."""

    __slots__ = ()

    def get_buffer(self, size_hint: int) -> memoryview:
        """Where the next bytes go."""
        buffer: memoryview = super().get_buffer(size_hint)
        return buffer[:READ_BYTES]

    @staticmethod
    def data_received(data: bytes) -> None:
        """Never called. uvloop keeps its reference to the method of this name until there is
        another one, and with it the whole object that did the handshake."""


class _Answered(WSUpgradeResponse):
    """The answer that picows gives: none, for it has been given."""

    def __init__(self) -> None:
        self.status = HTTPStatus.SWITCHING_PROTOCOLS
        headers: Any = {}  # picows notes a header in it, and reads none.
        self.headers = headers

    def to_bytes(self) -> bytearray:
        """Nothing to send."""
        return bytearray()


class _PeersFaults(logging.LoggerAdapter[logging.Logger]):
    """picows logs connections at INFO and what peers do wrong at ERROR; neither is news.

    An adapter, because picows makes a child of each ``Logger`` for each connection.
    """

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """At DEBUG, unless it tells of a bug."""
        super().log(level if "exc_info" in kwargs else logging.DEBUG, msg, *args, **kwargs)


LOGGER = _PeersFaults(logging.getLogger("picows"), {})


def frame_by_picows(transport: asyncio.Transport, listener: WSListener, max_size: int) -> None:
    """From here on ``listener`` hears of frames, none larger than ``max_size``.

    The transport must not be reading. ``on_ws_connected`` is called from within.
    """
    answer = WSUpgradeResponseWithListener(_Answered(), listener)

    def answered(_: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return answer

    framing = _Framing(
        None, None, False, answered, LOGGER,
        True,  # disconnect_on_exception
        None, False, 0, 0, WSAutoPingStrategy.PING_WHEN_IDLE,  # no timers, no task
        False,  # enable_auto_pong
        max_size, None, BUFFER_BYTES,
    )  # fmt: skip
    framing.connection_made(transport)
    framing.get_buffer(-1)[: len(HANDSHAKE)] = HANDSHAKE
    framing.buffer_updated(len(HANDSHAKE))
    transport.set_protocol(framing)
