"""Doubles of the way to a peer: one that records, one that holds back.

``RecordingChannel`` hands everything over at once, like a socket whose peer reads.
While ``stalled`` it keeps what it is given, like one whose peer does not; its
backlog is then what it holds. ``resume`` hands it over and calls ``on_drained``.
"""

from collections.abc import Callable

from server.protocol.messages import Limits, Message, decode


class RecordingChannel:
    """A verified double of the ``Channel`` port: writes never block and never raise."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.held: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.stalled = False
        self.on_drained: Callable[[], None] = lambda: None

    @property
    def backlog(self) -> int:
        """Bytes that the peer has not read."""
        return sum(map(len, self.held))

    def write(self, frame: bytes) -> None:
        """Queue one message."""
        if self.closed is None:
            (self.held if self.stalled else self.frames).append(frame)

    def close(self, code: int, reason: str) -> None:
        """Close; only the first call counts."""
        if self.closed is None:
            self.closed = (code, reason)

    def resume(self) -> None:
        """The peer reads again."""
        self.stalled = False
        self.frames += self.held
        self.held = []
        self.on_drained()

    def messages(self, kind: type[Message] | None = None) -> list[Message]:
        """What the peer has read, decoded; only one kind if asked."""
        decoded = [message for frame in self.frames for message in decode(frame, Limits())]
        return [message for message in decoded if kind is None or isinstance(message, kind)]
