"""A well-behaved Yjs client without a socket: a document and a recording channel.

It speaks the protocol as y-websocket does: step 1 on connect, an update for each
edit, step 2 when asked. Frames that the room wrote wait until :meth:`Guest.read`,
so that a test decides when the network delivers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pycrdt

from server.protocol.errors import PeerError
from server.protocol.ids import ProjectId, UserId
from server.protocol.messages import (
    Denied,
    Message,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode,
)
from server.protocol.roles import Role
from server.room.peer import Peer
from server.room.ports import Seat
from server.room.rooms import Rooms
from tests.doubles.channels import RecordingChannel


@dataclass
class Guest:
    """One client; ``client_id`` fixed so that failures can be told apart."""

    name: str
    client_id: int
    doc: "pycrdt.Doc[Any]" = field(init=False)
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    peer: Peer | None = None
    denied: list[str] = field(default_factory=list)
    synced: bool = False

    def __post_init__(self) -> None:
        self.doc = pycrdt.Doc(client_id=self.client_id)
        self._seen = 0

    async def connect(self, rooms: Rooms, project: ProjectId, role: Role = Role.EDITOR) -> None:
        """Join, and ask for what is missing."""
        self.channel = RecordingChannel()
        self._seen, self.synced = 0, False
        seat = Seat(UserId(self.name), None, project)
        self.peer = await rooms.join(project, self.channel, seat, role)
        self.channel.on_drained = self.peer.drained
        await self.say(SyncStep1(self.doc.get_state()))

    def disconnect(self) -> None:
        """The socket is gone; what was not read is lost."""
        if self.peer is not None:
            self.peer.leave()
            self.peer = None

    @property
    def connected(self) -> bool:
        """Whether the room has not ended this connection."""
        return self.peer is not None and self.channel.closed is None

    async def say(self, message: Message) -> None:
        """Send one message; a refusal by the codec ends the connection, as at the edge."""
        await self.send(encode(message))

    async def send(self, frame: bytes) -> None:
        """Send raw bytes."""
        if self.peer is None or not self.connected:
            return
        try:
            await self.peer.receive(frame)
        except PeerError as error:
            self.channel.close(error.close_code, error.message)
            self.peer.leave()

    async def edit(self, change: Callable[["pycrdt.Doc[Any]"], None]) -> bytes:
        """Change the document, and tell the room if connected; the update."""
        before = self.doc.get_state()
        with self.doc.transaction():
            change(self.doc)
        update = self.doc.get_update(before)
        await self.say(SyncUpdate(update))
        return update

    async def type(self, words: str, at: int | None = None) -> bytes:
        """Insert ASCII words into the text ``t``, at the end if not said otherwise."""
        text = self.doc.get("t", type=pycrdt.Text)
        where = len(text) if at is None else min(at, len(text))
        return await self.edit(lambda _: text.insert(where, words))

    async def read(self, most: int | None = None) -> list[Message]:
        """Take what the network has delivered, at most so many frames; answer as needed."""
        frames = self.channel.messages()[self._seen :][:most]
        self._seen += len(frames)
        for message in frames:
            await self._take(message)
        return frames

    async def _take(self, message: Message) -> None:
        match message:
            case SyncStep1(state_vector):
                await self.say(SyncStep2(self.doc.get_update(state_vector)))
            case SyncStep2(update):
                self.doc.apply_update(update)
                self.synced = True
            case SyncUpdate(update):
                self.doc.apply_update(update)
            case Denied(reason):
                self.denied.append(reason)
            case _:
                pass

    @property
    def text(self) -> str:
        """The text ``t``."""
        return str(self.doc.get("t", type=pycrdt.Text))
