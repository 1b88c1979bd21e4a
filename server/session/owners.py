"""Which live connection a Yjs client id belongs to (L8).

A struct that is forged under somebody else's client id silences its victim for
good: the server believes that it has seen those clocks and ignores the real
edits. So an id that a live connection has used, in presence or in a logged edit,
belongs to it until the connection ends, and another *user* cannot write under it.
The same user may: a client that reconnects keeps its id, and its old socket may
still be dying. An id whose connection has just ended *rests* for a moment before
others may use it, or a dropped packet would be enough to take over its owner.

Owning an id is one thing, writing under it another: a viewer who shows a cursor owns
its id in the presence map, but keeps nobody from writing.

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


@dataclass(frozen=True, slots=True)
class _Claim:
    """``writes`` says that the owner had the right to write."""

    owner: Owner
    writes: bool


class ClientOwners:
    """Client ids and their live owners, both ways."""

    def __init__(self) -> None:
        self._claims: dict[ClientId, _Claim] = {}
        self._clients: dict[PeerId, set[ClientId]] = {}
        self._resting: dict[ClientId, tuple[_Claim, float]] = {}

    def owner(self, client: ClientId) -> Owner | None:
        """The live connection that this id belongs to."""
        claim = self._claims.get(client)
        return None if claim is None else claim.owner

    def is_foreign(self, client: ClientId, user: UserId, now: float) -> bool:
        """Whether the id belongs to somebody else who is, or was just now, connected."""
        claim = self._claim(client, now)
        return claim is not None and claim.owner.user != user

    def may_write(self, client: ClientId, user: UserId, now: float) -> bool:
        """Whether a write under this id would be no forgery."""
        claim = self._claim(client, now)
        return claim is None or claim.owner.user == user or not claim.writes

    def is_writer(self, client: ClientId, owner: Owner) -> bool:
        """Whether the id is known to be this very connection's, and to write."""
        claim = self._claims.get(client)
        return claim is not None and claim.writes and claim.owner == owner

    def claim(self, client: ClientId, owner: Owner, *, writes: bool) -> None:
        """Give the id to ``owner``. The caller has asked whether it may be given."""
        before = self._claims.get(client)
        if before is not None and before.owner != owner:
            self._clients[before.owner.peer].discard(client)
        self._resting.pop(client, None)
        self._claims[client] = _Claim(owner, writes)
        self._clients.setdefault(owner.peer, set()).add(client)

    def clients(self, peer: PeerId) -> frozenset[ClientId]:
        """The ids that this connection holds."""
        return frozenset(self._clients.get(peer, ()))

    def release(self, peer: PeerId, now: float) -> frozenset[ClientId]:
        """The connection has ended: its ids rest, then are free. Answers which they were."""
        self._wake(now)
        clients = frozenset(self._clients.pop(peer, ()))
        for client in clients:
            self._resting[client] = (self._claims.pop(client), now + RESTING_SECONDS)
        return clients

    def _claim(self, client: ClientId, now: float) -> _Claim | None:
        claim = self._claims.get(client)
        if claim is not None:
            return claim
        resting = self._resting.get(client)
        return resting[0] if resting is not None and now < resting[1] else None

    def _wake(self, now: float) -> None:
        rested = [client for client, (_, until) in self._resting.items() if until <= now]
        for client in rested:
            del self._resting[client]
