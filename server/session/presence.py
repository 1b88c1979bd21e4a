"""Who is here: the awareness map of one document, and whose word counts in it.

The rule for one entry is that of y-protocols (a higher clock wins), with what a
server must add: an entry counts only from the connection that owns its client id.
Unmodified y-websocket clients repeat every change they receive, removals of
others included, so a foreign entry is no offence; it is dropped.

A removed id keeps its clock for a while (a *tombstone*), so that a late echo does
not bring the ghost back. A client that reconnects announces itself with a clock
that its tombstone has passed; it is shown the tombstone, and answers by
announcing itself anew with a higher clock (the y-protocols rule for "somebody
removed me while I live").

No I/O and no clock: time comes as an argument, in seconds of a monotonic clock.
Nothing of this is ever stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.protocol.awareness import PresenceEntry, removal
from server.protocol.ids import ClientId
from server.session.owners import ClientOwners, Owner, PeerId

TOMBSTONE_SECONDS = 90.0
"""Three times as long as any client remembers a peer that fell silent."""

CLIENTS_PER_CONNECTION = 64
"""More ids than any real client announces over one connection; bounds the map."""

BYTES_PER_CONNECTION = 128 * 1024
BYTES_IN_ALL = 4 * 1024 * 1024
"""Every joiner is sent the whole map; a cursor takes a hundred bytes."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What became of announced entries: to tell everybody, and to tell the sender only.

    ``too_large`` says that something was left out because it would not fit.
    """

    changed: tuple[PresenceEntry, ...]
    reminders: tuple[PresenceEntry, ...]
    too_large: bool


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The clock at which a client went away, and when to forget it."""

    clock: int
    until: float


class Presence:
    """The awareness map of one document."""

    def __init__(self, owners: ClientOwners) -> None:
        self._owners = owners
        self._entries: dict[ClientId, PresenceEntry] = {}
        self._gone: dict[ClientId, Tombstone] = {}
        self._weight = 0

    def all(self) -> tuple[PresenceEntry, ...]:
        """Everybody who is here now."""
        return tuple(self._entries.values())

    def some(self, clients: Iterable[ClientId]) -> tuple[PresenceEntry, ...]:
        """The newest word on each of these clients; those who left are shown as gone."""
        found = (self._entries.get(client) or self._removal(client) for client in clients)
        return tuple(entry for entry in found if entry is not None)

    def announce(
        self, owner: Owner, entries: Sequence[PresenceEntry], now: float, *, writes: bool
    ) -> Announced:
        """Take over the entries that are the connection's own and newer than known.

        ``writes`` says that the connection may write, which its ids are then reserved for.
        """
        changed: list[PresenceEntry] = []
        reminders: list[PresenceEntry] = []
        too_large = False
        for entry in entries:
            if self._is_ghost(entry, owner, now):
                reminders.extend(self.some([entry.client]))
            elif self._counts(entry, owner, now):
                if self._fits(entry, owner):
                    self._put(entry, owner, now, writes=writes)
                    changed.append(entry)
                else:
                    too_large = True
        return Announced(tuple(changed), tuple(reminders), too_large)

    def leave(self, peer: PeerId, now: float) -> tuple[PresenceEntry, ...]:
        """A connection has ended: the removals to tell everybody."""
        self._forget(now)
        gone = []
        for client in self._owners.release(peer, now):
            entry = self._entries.pop(client, None)
            if entry is not None:
                self._weight -= weight(entry)
                last_word = removal(client, entry.clock)
                self._gone[client] = Tombstone(last_word.clock, now + TOMBSTONE_SECONDS)
                gone.append(last_word)
        return tuple(gone)

    def _is_ghost(self, entry: PresenceEntry, owner: Owner, now: float) -> bool:
        """Somebody living announces an id that was removed at this clock or a later one."""
        grave = self._gone.get(entry.client)
        return (
            grave is not None
            and entry.state is not None
            and entry.clock <= grave.clock
            and not self._owners.is_foreign(entry.client, owner.user, now)
        )

    def _counts(self, entry: PresenceEntry, owner: Owner, now: float) -> bool:
        if self._owners.is_foreign(entry.client, owner.user, now):
            return False
        known = self._entries.get(entry.client)
        if known is None:
            return entry.state is not None
        holder = self._owners.owner(entry.client)
        is_farewell = entry.clock == known.clock and entry.state is None and holder == owner
        return entry.clock > known.clock or is_farewell

    def _fits(self, entry: PresenceEntry, owner: Owner) -> bool:
        """Bounded in number and weight for each connection, and in weight for all."""
        held = self._owners.clients(owner.peer)
        if entry.client not in held and len(held) >= CLIENTS_PER_CONNECTION:
            return False
        known = self._entries.get(entry.client)
        growth = weight(entry) - (0 if known is None else weight(known))
        own = sum(weight(self._entries[client]) for client in held if client in self._entries)
        return growth <= 0 or (
            own + growth <= BYTES_PER_CONNECTION and self._weight + growth <= BYTES_IN_ALL
        )

    def _put(self, entry: PresenceEntry, owner: Owner, now: float, *, writes: bool) -> None:
        self._owners.claim(entry.client, owner, writes=writes)
        before = self._entries.pop(entry.client, None)
        self._weight -= 0 if before is None else weight(before)
        if entry.state is None:
            self._gone[entry.client] = Tombstone(entry.clock, now + TOMBSTONE_SECONDS)
        else:
            self._entries[entry.client] = entry
            self._weight += weight(entry)
            self._gone.pop(entry.client, None)

    def _removal(self, client: ClientId) -> PresenceEntry | None:
        grave = self._gone.get(client)
        return None if grave is None else PresenceEntry(client, grave.clock, None)

    def _forget(self, now: float) -> None:
        expired = [client for client, grave in self._gone.items() if grave.until <= now]
        for client in expired:
            del self._gone[client]


def weight(entry: PresenceEntry) -> int:
    """Bytes that an entry takes, about."""
    return len((entry.state or "").encode()) + 16
