"""Which live connection a Yjs client id belongs to (L8).

A struct that is forged under somebody else's client id silences its victim for
good: the server believes that it has seen those clocks and ignores the real
edits. So an id that a live connection has used, in presence or in a logged edit,
belongs to it until the connection ends, and another *user* cannot write under it.
The same user may: a client that reconnects keeps its id, and its old socket may
still be dying. An id whose connection has just ended *rests* for a moment before
others may use it, or a dropped packet would be enough to take over its owner.

Not here: whether a write is refused or dropped. That is for presence and the room.
Time comes as an argument, in seconds of a monotonic clock.
"""

from dataclasses import dataclass
from typing import NewType

from server.protocol.ids import ClientId, UserId

PeerId = NewType("PeerId", int)
"""One connection, for as long as it lives; unique within a process."""

RESTING_SECONDS = 30.0
"""Longer than any client waits before it reconnects. Not longer, because a second
person at the same browser may hold unsent work of the first."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The connection, and the person behind it."""

    peer: PeerId
    user: UserId


class ClientOwners:
    """Client ids and their live owners, both ways."""

    def __init__(self) -> None:
        self._owner: dict[ClientId, Owner] = {}
        self._clients: dict[PeerId, set[ClientId]] = {}
        self._resting: dict[ClientId, tuple[UserId, float]] = {}

    def owner(self, client: ClientId) -> Owner | None:
        """The live connection that this id belongs to."""
        return self._owner.get(client)

    def is_foreign(self, client: ClientId, user: UserId, now: float) -> bool:
        """Whether the id belongs to somebody else who is, or was just now, connected."""
        owner = self._owner.get(client)
        if owner is not None:
            return owner.user != user
        last_user, until = self._resting.get(client, (user, now))
        return last_user != user and now < until

    def claim(self, client: ClientId, owner: Owner) -> None:
        """Give the id to ``owner``. The caller has asked :meth:`is_foreign`."""
        before = self._owner.get(client)
        if before == owner:
            return
        if before is not None:
            self._clients[before.peer].discard(client)
        self._resting.pop(client, None)
        self._owner[client] = owner
        self._clients.setdefault(owner.peer, set()).add(client)

    def count(self, peer: PeerId) -> int:
        """How many ids this connection holds."""
        return len(self._clients.get(peer, ()))

    def release(self, peer: PeerId, now: float) -> frozenset[ClientId]:
        """The connection has ended: its ids rest, then are free. Answers which they were."""
        self._wake(now)
        clients = frozenset(self._clients.pop(peer, ()))
        for client in clients:
            user = self._owner.pop(client).user
            self._resting[client] = (user, now + RESTING_SECONDS)
        return clients

    def _wake(self, now: float) -> None:
        rested = [client for client, (_, until) in self._resting.items() if until <= now]
        for client in rested:
            del self._resting[client]
