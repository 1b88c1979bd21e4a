"""What happens to a project beside its document, told to whoever follows it: the seam to the
store. Records and a protocol only.

An event says that something happened, by ids; what it is now is asked of its own resource. So
no name, text or secret belongs into one: events outlive who they are about (L11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from server.protocol.ids import Millis, ProjectId, UserId

KEPT: Final = 1000
"""Events of each project, the newest."""

MAX_DATA_BYTES: Final = 4096
"""Of an event's data, as JSON."""

EventData = Mapping[str, str | int | None]


class EventKind(StrEnum):
    """What has happened. Clients pass over kinds that they do not know."""

    SNAPSHOT_TAKEN = "snapshot-taken"
    SNAPSHOT_REMOVED = "snapshot-removed"
    RESTORED = "restored"
    MEMBERS_CHANGED = "members-changed"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that has just happened, by whose doing (None: the server's, or an operator's)."""

    project: ProjectId
    kind: EventKind
    by: UserId | None
    data: EventData


@dataclass(frozen=True, slots=True)
class Event:
    """The same as it is kept. ``number`` counts the events of its project, without gap;
    ``kind`` may be one that only a newer version knows."""

    number: int
    at: Millis
    kind: str
    by: UserId | None
    data: EventData


class EventLog(Protocol):
    """Events of all projects: numbered in the transaction that commits them, so that whoever
    reads on from a number misses none. That there are some is news (``Changes.events``), also
    for the process that noted them."""

    async def note(self, new: NewEvent) -> int:
        """Its number. Raises ``NotFound`` for a project that is gone, ``Invalid`` for data over
        ``MAX_DATA_BYTES``."""

    async def after(self, project: ProjectId, number: int, limit: int) -> Sequence[Event]:
        """Those after a number, in order, as far as they are kept. Raises ``NotFound``."""

    async def newest(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, int]:
        """The newest number of each live project; 0 where there was none yet."""
