"""What one taken-over connection says, carried into its room without a task.

One message after the other, in order. Most are understood and queued at once, on the
loop. Three things make the next one wait: a large message is being understood in a
thread, the room's inbox is full, the sender is too fast. Meanwhile nothing is read
from the socket, and what the parser already held waits here. At most one of the
three is awaited at a time, so at most one callback is on its way.

What does not live here: frames (``server.edge.fast_channel``), and the same for
servers that know only ASGI (``server.edge.yjs``).

Laws kept: L6 (too fast is read slowly, and what was said before the end is heard) and
L7 (whatever happens ends this connection only, with a code).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from server.edge.goodbye import say_goodbye
from server.edge.handover import LiveChannel
from server.edge.pace import Pace
from server.protocol.errors import Malformed
from server.room.peer import HEAVY_BYTES, Heard, Peer
from server.room.ports import Clock

Later = Callable[[float, Callable[[], None]], object]


class RoomReader:
    """The reader of one connection. ``on_end`` is called when it has said all."""

    __slots__ = ("_busy", "_channel", "_clock", "_ended", "_later", "_on_end", "_pace", "_peer",
                 "_waiting")  # fmt: skip

    def __init__(
        self,
        peer: Peer,
        channel: LiveChannel,
        pace: Pace | None,
        clock: Clock,
        later: Later,
        on_end: Callable[[], None],
    ) -> None:
        self._peer = peer
        self._channel = channel
        self._pace = pace
        self._clock = clock
        self._later = later
        self._on_end: Callable[[], None] | None = on_end
        self._busy = False
        self._ended = False
        self._waiting: deque[bytes | None] | None = None  # Made when needed: it is not small.

    def message(self, frame: bytes | None) -> None:
        """Take the next message, or keep it until its turn; None is text."""
        if not self._busy:
            self._take(frame)
        elif self._waiting is None:
            self._waiting = deque((frame,))
        else:
            self._waiting.append(frame)

    def ended(self) -> None:
        """The connection is over; what it said before is still heard."""
        self._ended = True
        if not self._busy:
            self._leave()

    # --- one message ---

    def _take(self, frame: bytes | None) -> None:
        try:
            if frame is None:
                raise Malformed("expected a binary message, got text")
            if len(frame) > HEAVY_BYTES:
                self._understand_in_a_thread(frame)
            else:
                self._hand_on(self._peer.understand(frame), len(frame))
        except Exception as error:
            self._fail(error)

    def _understand_in_a_thread(self, frame: bytes) -> None:
        self._pause()
        loop = asyncio.get_running_loop()
        understood = loop.run_in_executor(None, self._peer.understand, frame)
        understood.add_done_callback(partial(self._understood, len(frame)))

    def _understood(self, size: int, thought: "asyncio.Future[tuple[Heard, ...]]") -> None:
        try:
            self._hand_on(thought.result(), size)
        except Exception as error:
            self._fail(error)

    def _hand_on(self, heard: Sequence[Heard], size: int) -> None:
        self._peer.hear(heard, size)
        if self._peer.crowded:
            self._pause()
            self._peer.when_room(partial(self._spend, len(heard), size))
        else:
            self._spend(len(heard), size)

    def _spend(self, messages: int, size: int) -> None:
        now = self._clock.monotonic()
        wait = 0.0 if self._pace is None else self._pace.spend(messages, size, now)
        if wait > 0:
            self._pause()
            self._later(wait, self._go_on)
        elif self._busy:
            self._go_on()

    # --- waiting ---

    def _pause(self) -> None:
        self._busy = True
        self._channel.pause_reading()

    def _go_on(self) -> None:
        """Take what waits, until it is done or one of them makes the rest wait again."""
        self._busy = False
        while self._waiting and not self._busy:
            self._take(self._waiting.popleft())
        if self._busy:
            return
        self._waiting = None
        if self._ended:
            self._leave()
        else:
            self._channel.resume_reading()

    # --- the end ---

    def _fail(self, error: Exception) -> None:
        """Say why, and hear nothing more."""
        self._busy = False
        self._waiting = None
        say_goodbye(self._channel, error, self._peer.seat.project)
        self._leave()

    def _leave(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            self._ended = True
            self._peer.leave()
            on_end()
