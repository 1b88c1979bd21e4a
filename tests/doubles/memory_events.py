"""The ``EventLog`` port in memory, held to the contract of the real one."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import ProjectId
from server.room.event_ports import KEPT, MAX_DATA_BYTES, Event, NewEvent
from server.room.ports import Clock


@dataclass(slots=True)
class Noted:
    """Events of all projects, shared by several processes."""

    of: dict[ProjectId, list[Event]] = field(default_factory=dict)
    newest: dict[ProjectId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryEvents:
    """One process's view. ``is_live`` knows the projects, ``tell`` says that there is news."""

    noted: Noted
    clock: Clock
    is_live: Callable[[ProjectId], bool]
    tell: Callable[[], None]

    async def note(self, new: NewEvent) -> int:
        """Keep an event."""
        self._require(new.project)
        if len(json.dumps(dict(new.data), separators=(",", ":"))) > MAX_DATA_BYTES:
            raise Invalid("too much data")
        number = self.noted.newest.get(new.project, 0) + 1
        event = Event(number, self.clock.now(), new.kind.value, new.by, dict(new.data))
        self.noted.newest[new.project] = number
        kept = self.noted.of.setdefault(new.project, [])
        kept.append(event)
        del kept[:-KEPT]
        self.tell()
        return number

    async def after(self, project: ProjectId, number: int, limit: int) -> Sequence[Event]:
        """Those after a number."""
        self._require(project)
        kept = self.noted.of.get(project, [])
        return [event for event in kept if event.number > number][:limit]

    async def newest(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, int]:
        """The newest number of each."""
        return {name: self.noted.newest.get(name, 0) for name in projects if self.is_live(name)}

    def _require(self, project: ProjectId) -> None:
        if not self.is_live(project):
            raise NotFound("no such project")
