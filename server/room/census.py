"""Who is in which document of this process, and how far behind things are: for admins.

Read from what there is, at the moment that somebody asks; nothing is kept for it. What does
not live here: names and titles (the directory).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server.protocol.ids import ProjectId, Seq, UserId
from server.protocol.roles import Role
from server.room.room import Room


@dataclass(frozen=True, slots=True)
class Occupant:
    """A connection. ``backlog_bytes`` have been written to it and not yet been taken."""

    user: UserId
    role: Role
    backlog_bytes: int


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A live document. Ages in seconds, 0 when there is no such edit: of the oldest edit that
    waits for its commit, and of the oldest that no row shows yet."""

    project: ProjectId
    seq: Seq
    stored_bytes: int
    occupants: tuple[Occupant, ...]
    uncommitted_seconds: float
    unprojected_seconds: float


def busiest_first(found: Iterable[Occupancy]) -> list[Occupancy]:
    """Those with the most connections first, then by id."""
    return sorted(found, key=lambda one: (-len(one.occupants), one.project))


def occupants(room: Room) -> tuple[Occupant, ...]:
    """The connections of a room, in the order in which they came."""
    return tuple(
        Occupant(peer.seat.user, peer.session.role, peer.channel.backlog) for peer in room.peers
    )
