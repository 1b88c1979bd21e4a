"""One connection in one room: what the edge holds, and what the room sends through.

The edge calls :meth:`Peer.receive` (or, where it cannot await, the steps that it is
made of), :meth:`Peer.drained` and :meth:`Peer.leave`; everything else is for the room
that owns the peer. Frames are decoded and walked
here, before they reach the room's inbox, so that bad bytes cost only their sender.

Law kept here: L6. A full channel turns the session to lagging; nothing is dropped
without a note of what will make up for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from server.document.portions import Known, Portions
from server.protocol.errors import TooLarge
from server.protocol.messages import KEEP_ALIVE, Message, SyncStep2, SyncUpdate, decode
from server.protocol.roles import Role
from server.protocol.structs import MAX_CLOCK
from server.protocol.update import UpdateShape, inspect
from server.room.commands import Command, Drained, Leave, Received, Refuse
from server.room.limits import RoomLimits
from server.room.live import LiveDocument
from server.room.ports import Attribution, Channel, Means, Seat
from server.session.owed import Owed
from server.session.owners import Owner, PeerId
from server.session.session import Session
from server.session.table import Delivery, State

Heard = Received | Refuse

HEAVY_BYTES = 256 * 1024
"""Above this, walking an update takes long enough that others would notice."""


class Inbox(Protocol):
    """Where a peer's commands go."""

    def put(self, command: Command, size: int) -> None:
        """Queue a command that holds about ``size`` bytes."""

    @property
    def full(self) -> bool:
        """Whether the inbox is over its bound."""

    async def has_room(self) -> None:
        """Return once the inbox is below its bound: back pressure to the sender."""

    def when_room(self, go_on: Callable[[], None]) -> None:
        """The same for those who cannot await."""


class Peer:
    """One connection. ``by`` attributes its edits, ``owner`` its client ids."""

    __slots__ = ("_backlog_bound", "_inbox", "_limits", "_portions", "by", "channel", "granted",
                 "id", "last_write", "owner", "seat", "session")  # fmt: skip

    def __init__(
        self, peer: PeerId, seat: Seat, role: Role, channel: Channel, inbox: Inbox,
        limits: RoomLimits, by: Attribution | None = None,
    ) -> None:  # fmt: skip
        self.id = peer
        self.seat = seat
        self.channel = channel
        self.session = Session(role)
        self.granted: Role | None = role
        """The newest word of the directory; the session follows in its turn."""
        self.owner = Owner(peer, seat.user)
        self.by = by or Attribution(seat.user, Means.CLIENT)
        self.last_write = 0.0
        self._portions: Portions | None = None
        self._inbox = inbox
        self._limits = limits
        self._backlog_bound = limits.max_backlog_bytes

    # --- for the edge ---

    def understand(self, frame: bytes) -> tuple[Heard, ...]:
        """What a websocket message says. Raises a ``PeerError`` that ends the connection.

        Pure: a large frame may be understood in a thread. Too large is no reason to end a
        connection: an unmodified client would come back with the same bytes for ever. It is
        told, and goes on with what it has.
        """
        try:
            return tuple(
                [Received(self, said, _shape(said)) for said in decode(frame, self._limits.frames)]
            )
        except TooLarge as error:
            return (Refuse(self, error.message),)

    def hear(self, heard: Sequence[Heard], size: int) -> None:
        """Hand what was understood to the room; ``size`` is that of the frame."""
        for command in heard:
            self._inbox.put(command, size)

    async def receive(self, frame: bytes) -> int:
        """Take one websocket message; return when the room has room for the next.

        Answers how many protocol messages it held.
        """
        if len(frame) > HEAVY_BYTES:
            heard = await asyncio.to_thread(self.understand, frame)
        else:
            heard = self.understand(frame)
        self.hear(heard, len(frame))
        await self._inbox.has_room()
        return len(heard)

    @property
    def crowded(self) -> bool:
        """Whether the room has no room for more; then read on only :meth:`when_room`."""
        return self._inbox.full

    def when_room(self, go_on: Callable[[], None]) -> None:
        """Call ``go_on`` once the room has room for the next message."""
        self._inbox.when_room(go_on)

    def drained(self) -> None:
        """The channel has handed over what it held."""
        if self.session.state is State.LAGGING:
            self._inbox.put(Drained(self), 0)

    def leave(self) -> None:
        """The connection has ended. A second call does nothing."""
        if self.session.state is not State.CLOSED:
            self._inbox.put(Leave(self), 0)

    # --- for the room ---

    def send(self, frame: bytes, now: float) -> bool:
        """Send; False if it was withheld, and the caller must note what makes up for it."""
        delivery = self.session.says()
        if delivery is Delivery.SEND:
            self._write(frame, now)
        return delivery is not Delivery.WITHHOLD

    def deliver(self, frames: Sequence[bytes], owed: Owed, now: float) -> None:
        """Send all of these, which say what is ``owed``; or note that."""
        match self.session.says():
            case Delivery.SEND:
                for frame in frames:
                    self._write(frame, now)
            case Delivery.WITHHOLD:
                self._note(owed)
            case Delivery.DROP:
                pass

    def put_off(self, owed: Owed) -> None:
        """What is too large to be told at once: the peer lags, and catches up in portions."""
        self.session.lag()
        self._note(owed)
        self._ask_for_more()

    @property
    def can_catch_up(self) -> bool:
        """Whether it lags, and its channel has room."""
        return self.session.state is State.LAGGING and self.channel.backlog <= self._backlog_bound

    def next_portion(self, document: LiveDocument) -> bytes | None:
        """The next of what it misses; None once it is small enough for one difference."""
        missed = self.session.missed
        if missed.weight <= self._limits.max_difference_bytes:
            return None
        if self._portions is None:
            self._portions = Portions(self._limits.portion_bytes)
        if missed.state is not None:
            return document.portion(self._portions, Known(missed.state, 0))
        return document.portion(self._portions, Known(missed.starts, MAX_CLOCK))

    def catch_up(self) -> Owed:
        """It is live again; answers what is left to be told, which is small."""
        self._portions = None
        missed = self.session.catch_up()
        missed.weight = 0
        return missed

    def send_portion(self, frame: bytes | None, now: float) -> None:
        """Part of what a lagging peer misses; the next follows as soon as there is room.

        None if it took so long to look for that others come first.
        """
        if self.session.state is not State.LAGGING:
            return
        if frame is not None:
            self.channel.write(frame)
            self.last_write = now
        if self.can_catch_up:
            self._ask_for_more()

    def keep_alive(self, now: float, silence: float) -> None:
        """Break a silence that would make the client give up."""
        if self.session.state is State.LIVE and now - self.last_write >= silence:
            self.channel.write(KEEP_ALIVE)
            self.last_write = now

    def close(self, code: int, reason: str) -> None:
        """End the connection from our side."""
        self.session.close()
        self.channel.close(code, reason)

    def _write(self, frame: bytes, now: float) -> None:
        self.channel.write(frame)
        self.last_write = now
        if self.channel.backlog > self._backlog_bound:
            self.session.lag()

    def _note(self, owed: Owed) -> None:
        if owed.state is not None:
            self._portions = None  # It holds less than we thought.
        self.session.missed.absorb(owed)

    def _ask_for_more(self) -> None:
        """As if the channel had drained. Not at once: others have their turn in between."""
        asyncio.get_running_loop().call_soon(self.drained)


def _shape(message: Message) -> UpdateShape | None:
    return inspect(message.update) if isinstance(message, SyncStep2 | SyncUpdate) else None
