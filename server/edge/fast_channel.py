"""The room's ``Channel`` on picows: frames go straight to the transport.

No task and no queue stand between a room and a socket: ``write`` frames a message in
C and gives it to the kernel; only what the kernel does not take is kept, by the
transport, and counted in ``backlog``. Incoming messages are handed to one reader, on
the loop, as they are parsed. This class adds to the parser what it leaves to its
user: fragments, keepalive, the closing handshake with a bounded end, and bounds on
the memory that one connection can make the parser keep.

What does not live here: the HTTP handshake (``server.edge.fast_protocol``), and what
a message means (``server.edge.room_reader``).

Laws kept: L6 (a peer that reads nothing is given up) and L7 (bounded frames).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from server.edge.framing import READ_BYTES, frame_by_picows
from server.edge.goodbye import fit_reason
from server.edge.handover import Reader

PROTOCOL_ERROR, TOO_BIG, RESTART, NO_PONG = 1002, 1009, 1012, 1011
COPIED_BYTES = 8192
"""Up to here picows copies a message behind its header. For more it gives the transport a
view of its own header buffer, which its next frame overwrites: under uvloop a peer that
reads slowly would then get garbage. So larger frames are put together here."""

_MEDIUM = Struct("!BBH")
_LARGE = Struct("!BBQ")
_FINAL_BINARY = 0x82
_CODE = Struct("!H")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every connection of a server: uvicorn's settings."""

    max_size: int
    ping_interval: float | None
    ping_timeout: float | None
    linger: float
    """Seconds that a closed connection may take to read the rest, and to answer."""
    connections: set[Any]
    """Those that uvicorn closes at its end, and waits for."""


class FastChannel(WSListener):
    """One connection after its handshake; made by the protocol that accepted it."""

    __slots__ = ("_closed", "_framed", "_loop", "_low", "_parts", "_paused", "_reader", "_renewing",
                 "_swollen", "_terms", "_timer", "_transport", "on_drained")  # fmt: skip

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, terms: Terms,
        low_water: int,
    ) -> None:  # fmt: skip
        self.on_drained: Callable[[], None] = _nobody
        self._transport = transport
        self._loop = loop
        self._terms = terms
        self._low = low_water
        self._reader: Reader | None = None
        self._framed: WSTransport
        self._parts: bytearray | None = None
        self._closed = False
        self._paused = True
        self._swollen = self._renewing = False
        self._timer: asyncio.TimerHandle | None = None
        transport.pause_reading()
        transport.set_write_buffer_limits(high=low_water, low=low_water)
        terms.connections.add(self)
        frame_by_picows(transport, self, terms.max_size)
        self._rest()

    # --- for the room ---

    @property
    def backlog(self) -> int:
        """Bytes written and not taken by the kernel."""
        return self._transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        """Send one message. After ``close`` it does nothing."""
        if self._closed:
            return
        size = len(frame)
        if size <= COPIED_BYTES:
            self._framed.send(WSMsgType.BINARY, frame)
        elif not self._framed.is_close_frame_sent:
            header = _MEDIUM.pack(_FINAL_BINARY, 126, size) if size < 1 << 16 else None
            header = header or _LARGE.pack(_FINAL_BINARY, 127, size)
            self._transport.writelines((header, frame))

    def close(self, code: int, reason: str) -> None:
        """Say goodbye behind what was written; a second call does nothing.

        The peer has a bounded time to read it all and to answer; reading goes on until
        then, for the answer.
        """
        if self._closed:
            return
        self._say_close(code, reason)
        self.resume_reading()

    # --- for the edge ---

    @property
    def listening(self) -> bool:
        """Whether this connection needs nobody's care any more."""
        return self._closed or self._reader is not None

    def listen(self, reader: Reader) -> None:
        """Hand what comes in to ``reader`` from now on."""
        self._reader = reader
        if self._closed:
            self._end()
        else:
            self.resume_reading()

    def pause_reading(self) -> None:
        """Read no more for now; what the parser holds is still handed on."""
        if not self._closed:  # The answer to a close is waited for.
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._paused = False
        if not self._renewing:
            self._transport.resume_reading()

    def shutdown(self) -> None:
        """uvicorn ends: the same as its own protocols do. Rooms have said goodbye before."""
        if not self._closed:
            self._say_close(RESTART, "")
        self._transport.close()

    # --- what picows calls ---

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The parser is ready, the first or one after it."""
        transport.request.headers.clear()  # It is kept as long as the connection, for nobody.
        self._framed = transport

    def on_ws_frame(self, _: WSTransport, frame: WSFrame) -> None:
        """One frame, valid by itself."""
        kind = frame.msg_type
        if self._swollen or frame.payload_size > READ_BYTES:
            self._renew_after(frame)
        if self._closed:
            if kind == WSMsgType.CLOSE:
                self._transport.close()
        elif frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._fail(PROTOCOL_ERROR, "no extension was agreed upon")
        elif kind == WSMsgType.BINARY and frame.fin and self._parts is None:
            self._deliver(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._collect(frame, first=kind == WSMsgType.BINARY)
        elif kind == WSMsgType.TEXT:
            self._deliver(None)
        else:
            self._control(kind, frame.get_payload_as_bytes())

    def on_ws_disconnected(self, _: WSTransport) -> None:
        """The transport is gone, for whatever reason."""
        self._closed = True
        self._cancel_timer()
        self._terms.connections.discard(self)
        self._end()

    def pause_writing(self) -> None:
        """The peer is behind. The room learns that from ``backlog``."""

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self.on_drained()

    # --- messages ---

    def _deliver(self, message: bytes | None) -> None:
        if self._reader is not None:
            self._reader.message(message)

    def _collect(self, frame: WSFrame, *, first: bool) -> None:
        """A fragment: in order, and together no larger than a message may be."""
        if first == (self._parts is not None):
            self._fail(PROTOCOL_ERROR, "fragments out of order")
            return
        parts = self._parts = bytearray() if self._parts is None else self._parts
        if len(parts) + frame.payload_size > self._terms.max_size:
            self._fail(TOO_BIG, "the fragments are too large together")
            return
        parts += frame.get_payload_as_memoryview()
        if frame.fin:
            self._parts = None
            self._deliver(bytes(parts))

    def _control(self, kind: WSMsgType, payload: bytes) -> None:
        if kind == WSMsgType.PING:
            # Who reads nothing gets no pongs either: they would pile up without bound.
            if self.backlog <= self._low:
                self._framed.send_pong(payload)
        elif kind == WSMsgType.PONG:
            self._rest()
        else:
            self._say_close(_CODE.unpack(payload[:2])[0] if payload else 1000, "")
            self._transport.close()

    # --- keepalive, with the one timer of a connection ---

    def _rest(self) -> None:
        """The peer is alive: ask again in a while."""
        if self._terms.ping_interval:
            self._set_timer(self._terms.ping_interval, self._ping)

    def _ping(self) -> None:
        if self._transport.is_closing():  # picows has closed it for a frame it could not read.
            self._transport.abort()
            return
        self._framed.send_ping()
        if self._terms.ping_timeout is None:
            self._rest()
        else:
            self._set_timer(self._terms.ping_timeout, self._miss)

    def _miss(self) -> None:
        """No pong in time. While we do not read that is our doing, and no reason."""
        if self._paused:
            self._rest()
            return
        self._say_close(NO_PONG, "keepalive ping timeout")
        self._transport.abort()

    def _set_timer(self, seconds: float, then: Callable[[], object]) -> None:
        self._cancel_timer()
        self._timer = self._loop.call_later(seconds, then)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- the end ---

    def _say_close(self, code: int, reason: str) -> None:
        """The last frame of ours; from now on a clock runs."""
        self._closed = True
        close: Any = self._framed.send_close  # picows' types know only the codes of the RFC.
        close(code, fit_reason(reason))
        self._set_timer(self._terms.linger, self._transport.abort)
        self._end()

    def _fail(self, code: int, reason: str) -> None:
        self._say_close(code, reason)
        self._transport.close()

    def _end(self) -> None:
        self.on_drained = _nobody
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.ended()

    # --- memory ---

    def _renew_after(self, frame: WSFrame) -> None:
        """The parser's buffer has grown to a large frame, and never shrinks. As soon as
        it is empty, the connection moves on to a fresh parser."""
        self._swollen = True
        if not frame.tail_size and not self._renewing:
            self._renewing = True
            self._transport.pause_reading()
            self._loop.call_soon(self._renew)

    def _renew(self) -> None:
        self._swollen = self._renewing = False
        if not self._closed:
            frame_by_picows(self._transport, self, self._terms.max_size)
        if not self._paused:
            self._transport.resume_reading()


def _nobody() -> None:
    """Nobody waits for this channel to drain."""
