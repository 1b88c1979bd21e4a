"""A websocket with nothing behind it: every frame that it sends and hears is the test's.

Genuine clients hide when they were told what; this one keeps all of it.
"""

from types import TracebackType
from typing import Self

import pycrdt
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from server.protocol.messages import SyncStatus, SyncStep1, SyncUpdate, encode
from tests.e2e.server import Server

PATIENCE_S = 20.0
STEP_2 = b"\x00\x01"
NOTHING = b"\x00"
"""The state vector of an empty document."""


class Wire:
    """One connection to one project. Use as a context manager."""

    def __init__(self, server: Server, project: str, token: str) -> None:
        self._connecting = connect(f"{server.yjs}/{project}?token={token}", max_size=None)
        self.socket: ClientConnection
        self.heard: list[bytes] = []

    def __enter__(self) -> Self:
        self.socket = self._connecting.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connecting.__exit__(kind, error, trace)

    def save(self, update: bytes, name: bytes) -> None:
        """Send an edit and, in one frame, the question whether it is saved.

        The answer comes once everything sent before is durable, and not otherwise.
        """
        self.socket.send(encode(SyncUpdate(update)) + encode(SyncStatus(name)))

    def saved(self, update: bytes, name: bytes) -> None:
        """Send an edit, and wait to be told that it is saved."""
        self.save(update, name)
        self.until(saved_frame(name))

    def state(self) -> bytes:
        """The whole document, as the server tells it."""
        self.socket.send(encode(SyncStep1(NOTHING)))
        return self.until(STEP_2)

    def until(self, prefix: bytes) -> bytes:
        """Listen until a frame starts so; that frame."""
        while True:
            frame = self.hear()
            if frame.startswith(prefix):
                return frame

    def closed(self) -> int:
        """Listen to the end; the close code."""
        try:
            while True:
                self.hear()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, "the connection broke off"
            return closed.rcvd.code

    def was_told(self, words: bytes) -> bool:
        """Whether any frame so far holds these bytes."""
        return any(words in frame for frame in self.heard)

    def hear(self) -> bytes:
        """The next frame."""
        frame = self.socket.recv(timeout=PATIENCE_S)
        assert isinstance(frame, bytes)
        self.heard.append(frame)
        return frame


def saved_frame(name: bytes) -> bytes:
    """What says that all is saved."""
    return encode(SyncStatus(name))


def words(text: str, root: str = "t") -> bytes:
    """An update of somebody new, who types ``text``."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    doc.get(root, type=pycrdt.Text).insert(0, text)
    return doc.get_update()


def refusal(server: Server, project: str, token: str) -> tuple[int, str | None]:
    """Status and ``Retry-After`` of an upgrade that is refused; (101, None) if it is not."""
    try:
        with connect(f"{server.yjs}/{project}?token={token}"):
            return 101, None
    except InvalidStatus as refused:
        response = refused.response
        return response.status_code, response.headers.get("Retry-After")
