"""One connection in one room: what the edge holds, and what the room sends through.

The edge calls :meth:`Peer.receive`, :meth:`Peer.drained` and :meth:`Peer.leave`;
everything else is for the room that owns the peer. Frames are decoded and walked
here, before they reach the room's inbox, so that bad bytes cost only their sender.

Law kept here: L6. A full channel turns the session to lagging; nothing is dropped
without a note of what will make up for it.
"""

from collections.abc import Callable
from typing import Protocol

from server.protocol.errors import TooLarge
from server.protocol.messages import KEEP_ALIVE, SyncStep2, SyncUpdate, decode
from server.protocol.roles import Role
from server.protocol.update import inspect
from server.room.commands import Command, Drained, Leave, Received, Refuse
from server.room.limits import RoomLimits
from server.room.ports import Attribution, Channel, Means, Seat
from server.session.owners import Owner, PeerId
from server.session.session import Missed, Session
from server.session.table import Delivery, State


class Inbox(Protocol):
    """Where a peer's commands go."""

    def put(self, command: Command, size: int) -> None:
        """Queue a command that holds about ``size`` bytes."""

    async def has_room(self) -> None:
        """Return once the inbox is below its bound."""


class Peer:
    """One connection. ``by`` attributes its edits, ``owner`` its client ids."""

    __slots__ = ("_backlog_bound", "_frames", "_inbox", "by", "channel", "id", "last_write",
                 "owner", "seat", "session")  # fmt: skip

    def __init__(
        self, peer: PeerId, seat: Seat, role: Role, channel: Channel, inbox: Inbox,
        limits: RoomLimits,
    ) -> None:  # fmt: skip
        self.id = peer
        self.seat = seat
        self.channel = channel
        self.session = Session(role)
        self.owner = Owner(peer, seat.user)
        self.by = Attribution(seat.user, Means.CLIENT)
        self.last_write = 0.0
        self._inbox = inbox
        self._frames = limits.frames
        self._backlog_bound = limits.max_backlog_bytes

    # --- for the edge ---

    def receive(self, frame: bytes) -> None:
        """Take one websocket message. Raises a ``PeerError`` that ends the connection.

        Too large is no reason to end it: an unmodified client would come back with the
        same bytes for ever. It is told, and goes on with what it has.
        """
        try:
            for message in decode(frame, self._frames):
                shape = None
                if isinstance(message, SyncStep2 | SyncUpdate):
                    shape = inspect(message.update)
                self._inbox.put(Received(self, message, shape), len(frame))
        except TooLarge as error:
            self._inbox.put(Refuse(self, error.message), 0)

    async def ready(self) -> None:
        """Wait until the room has worked off what it was given: back pressure to the sender."""
        await self._inbox.has_room()

    def drained(self) -> None:
        """The channel has handed over what it held."""
        if self.session.state is State.LAGGING:
            self._inbox.put(Drained(self), 0)

    def leave(self) -> None:
        """The connection has ended. A second call does nothing."""
        if self.session.state is not State.CLOSED:
            self._inbox.put(Leave(self), 0)

    # --- for the room ---

    def send(self, frame: bytes, make_up: Callable[[Missed], None], now: float) -> None:
        """Send, or note by ``make_up`` what has to be made up for later."""
        delivery = self.session.says()
        if delivery is Delivery.SEND:
            self.channel.write(frame)
            self.last_write = now
            if self.channel.backlog > self._backlog_bound:
                self.session.lag()
        elif delivery is Delivery.WITHHOLD:
            make_up(self.session.missed)

    def keep_alive(self, now: float, silence: float) -> None:
        """Break a silence that would make the client give up."""
        if self.session.state is State.LIVE and now - self.last_write >= silence:
            self.channel.write(KEEP_ALIVE)
            self.last_write = now

    def close(self, code: int, reason: str) -> None:
        """End the connection from our side."""
        self.session.close()
        self.channel.close(code, reason)
